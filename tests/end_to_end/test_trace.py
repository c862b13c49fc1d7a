"""One change, one trace: from the webhook through the queue to the card, as an OTLP receiver sees it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id
from tools.otlp_receiver import Receiver, receiving

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]
MAIN_LINE = "AA Main Line Seattle"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def test_one_trace_leads_from_the_webhook_through_the_queue_to_the_card(
    contoso: SimulatorServer, environment: dict[str, str], start: Start, port: int, receiver: Receiver
) -> None:
    environment["LINEKEEPER_NOTIFICATION_URL"] = f"http://127.0.0.1:{port}"
    environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.url
    process = await start(environment, "serve", "--port", str(port))
    await contoso.channel.wait_for(lambda card: "New (5)" in card.text, 20)
    contoso.tenant.remove_license(user_id(MAIN_LINE), RESOURCE_ACCOUNT)
    await contoso.channel.wait_for(lambda card: MAIN_LINE in card.text, 20)
    process.send_signal(signal.SIGTERM)
    await process.communicate()

    webhook = next(span for span in receiver.spans if span.name == "notifications")
    trace = [span for span in receiver.spans if span.trace_id == webhook.trace_id]
    by_id = {span.span_id: span for span in trace}

    def path(span: Span) -> list[str]:
        above = by_id.get(span.parent_span_id)
        return [*(path(above) if above is not None else []), span.name]

    paths = [path(span) for span in trace]
    assert ["notifications", "changes", "read users"] in paths
    assert ["notifications", "changes", "evaluate"] in paths
    # Whoever posts the card says why: the change's own invocation, or one that posts already, by a link to the finding.
    posts = [span for span in receiver.spans if span.name == "deliver"]
    causes = {link.span_id for span in posts for link in span.links} | {span.parent_span_id for span in posts}
    assert causes & {span.span_id for span in trace if span.name in {"changes", "evaluate"}}
    assert not any(
        personal in str(span) for span in receiver.spans for personal in (MAIN_LINE, user_id(MAIN_LINE), "sig=")
    )
    assert receiver.metrics["linekeeper.notification.received"] == {"accepted"}
