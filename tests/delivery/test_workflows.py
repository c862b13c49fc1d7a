from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from shared.delivery.sender import Delayed, Delivered, Refused, Result
from shared.delivery.workflows import WorkflowsWebhook
from shared.model.alert import Item, Message, Section
from shared.settings import Secret
from simulator import SimulatorServer, contoso

MESSAGE = Message(
    kind="alert",
    group="accounts",
    severity="critical",
    headline="Resource account without a licence: AA Main Line Seattle",
)


@pytest.fixture
async def sim() -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(contoso()) as server:
        yield server


@pytest.fixture(autouse=True)
def level_of_the_http_library() -> Iterator[None]:
    """A webhook turns the library's log down for the whole process: not for other tests."""
    logger = logging.getLogger("httpx")
    level = logger.level
    yield
    logger.setLevel(level)


async def send(url: str, message: Message = MESSAGE) -> Result:
    webhook = WorkflowsWebhook(Secret(url))
    try:
        return await webhook.send(message)
    finally:
        await webhook.close()


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


async def test_a_message_becomes_a_card_in_the_channel(sim: SimulatorServer) -> None:
    assert await send(sim.webhook_url) == Delivered()
    assert [MESSAGE.headline in card.text for card in sim.channel.cards] == [True]


async def test_a_message_with_more_findings_than_a_card_holds_is_accepted(sim: SimulatorServer) -> None:
    item = Item(
        rule="resource-account-unlicensed",
        severity="critical",
        title="Resource account without a licence",
        name="AA Main Line Zürich" * 20,
        summary="No licence: callers to this line cannot be answered. " * 20,
        remedy="Assign the licence. " * 20,
        since=sim.tenant.clock(),
    )
    sections = (Section(kind="new", items=(item,) * 20, total=300),)
    message = Message(kind="alert", group="accounts", severity="critical", headline="300 findings", sections=sections)
    assert await send(sim.webhook_url, message) == Delivered()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
async def test_what_would_be_refused_again_is_refused(sim: SimulatorServer, status: int) -> None:
    sim.channel.refuse_with = status
    assert await send(sim.webhook_url) == Refused(f"the webhook answered {status}")


async def test_a_signature_that_does_not_fit_is_refused(sim: SimulatorServer) -> None:
    assert await send(f"{sim.webhook_url}x") == Refused("the webhook answered 401")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_what_may_work_later_is_delayed(sim: SimulatorServer, status: int) -> None:
    sim.channel.refuse_with = status
    assert await send(sim.webhook_url) == Delayed(f"the webhook answered {status}", None)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_delay_is_as_long_as_the_channel_asks_for(sim: SimulatorServer, status: int) -> None:
    sim.channel.refuse_with = status
    sim.channel.retry_after = 17
    assert await send(sim.webhook_url) == Delayed(f"the webhook answered {status}", 17.0)


async def test_a_webhook_that_cannot_be_reached_is_delayed() -> None:
    result = await send(f"http://127.0.0.1:{closed_port()}/workflows/1?sig=s3cret")
    assert result == Delayed("the webhook cannot be reached (ConnectError)")


async def test_a_webhook_that_does_not_answer_in_time_is_delayed(sim: SimulatorServer) -> None:
    webhook = WorkflowsWebhook(Secret(sim.webhook_url), httpx.AsyncClient(timeout=1e-9))
    assert isinstance(await webhook.send(MESSAGE), Delayed)
    await webhook.close()


@pytest.mark.parametrize("url", ["https://[::1/workflows", "http://host:port/workflows", "https://\x00/"])
async def test_a_url_that_is_none_is_refused(url: str) -> None:
    assert await send(url) == Refused("the webhook's URL is no URL")


@pytest.mark.parametrize("status", [None, 400, 429])
async def test_the_url_is_in_no_log_and_in_no_reason(
    sim: SimulatorServer, caplog: pytest.LogCaptureFixture, status: int | None
) -> None:
    caplog.set_level(logging.DEBUG)
    sim.channel.refuse_with = status
    told = f"{await send(sim.webhook_url)!r}\n{caplog.text}"
    assert "httpcore" in told
    assert sim.channel.answers == [status or 202]
    assert_secret(sim.webhook_url, told)


async def test_the_url_of_a_webhook_that_cannot_be_reached_is_in_no_log_and_in_no_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"http://127.0.0.1:{closed_port()}/workflows/0a1b2c?api-version=1&sig=s3cret-signature"
    assert_secret(url, f"{await send(url)!r}\n{caplog.text}")


async def test_a_webhook_shows_a_short_hash_in_place_of_its_url(sim: SimulatorServer) -> None:
    webhook = WorkflowsWebhook(Secret(sim.webhook_url))
    other = WorkflowsWebhook(Secret(f"{sim.webhook_url}x"))
    assert_secret(sim.webhook_url, f"{webhook!r} {vars(webhook)!r} {webhook.name}")
    assert len(webhook.name) == 8
    assert webhook.name != other.name
    await webhook.close()
    await other.close()


def assert_secret(url: str, text: str) -> None:
    """What gives the webhook away: its path, and the signature in its query."""
    parts = httpx.URL(url)
    assert parts.path not in text
    assert parts.params["sig"] not in text
