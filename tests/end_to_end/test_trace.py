"""One change, one trace: from the webhook through the queue to the card, as an OTLP receiver sees it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]
MAIN_LINE = "AA Main Line Seattle"


class Receiver:
    """An OTLP/HTTP receiver that keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.metrics: dict[str, set[str]] = {}
        self.url = ""

    async def take_traces(self, request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await self._body(request))
        self.spans.extend(
            span for resource in sent.resource_spans for scope in resource.scope_spans for span in scope.spans
        )
        return web.Response()

    async def take_metrics(self, request: web.Request) -> web.Response:
        sent = ExportMetricsServiceRequest.FromString(await self._body(request))
        for resource in sent.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    outcomes = {pair.value.string_value for each in metric.sum.data_points for pair in each.attributes}
                    self.metrics.setdefault(metric.name, set()).update(outcomes)
        return web.Response()

    @staticmethod
    async def _body(request: web.Request) -> bytes:
        return await request.read()  # aiohttp has undone the compression


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take_traces)
    app.router.add_post("/v1/metrics", made.take_metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


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
    # Whoever posts the card says why: the change's own invocation, or one that posts already, by a link.
    posts = [span for span in receiver.spans if span.name == "deliver"]
    causes = {link.span_id for span in posts for link in span.links} | {span.parent_span_id for span in posts}
    assert causes & {span.span_id for span in trace if span.name == "changes"}
    assert not any(
        personal in str(span) for span in receiver.spans for personal in (MAIN_LINE, user_id(MAIN_LINE), "sig=")
    )
    assert receiver.metrics["linekeeper.notification.received"] == {"accepted"}
