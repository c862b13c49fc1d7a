from __future__ import annotations

import asyncio
import gzip
import logging
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from shared.delivery.posting import LARGEST_ANSWER, Answer, Poster
from shared.delivery.sender import Delayed, Delivered, Refused, Result
from shared.delivery.workflows import WorkflowsWebhook
from shared.model.alert import Item, Message, Section
from shared.model.secret import Secret
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


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (302, ""),
        (400, ""),
        (401, ": its URL is dead: it is not signed as it must be, or was made anew"),
        (403, ": its URL is dead: posting there is no longer allowed"),
        (404, ": its URL is dead: nothing is there any more"),
        (410, ": its URL is dead: it was taken away"),
        (413, ": the message is too large"),
    ],
)
async def test_what_would_be_refused_again_is_refused_and_says_why(
    sim: SimulatorServer, status: int, said: str
) -> None:
    sim.channel.refuse_with = status
    assert await send(sim.webhook_url) == Refused(f"the webhook answered {status}{said}")


async def test_a_signature_that_does_not_fit_is_refused(sim: SimulatorServer) -> None:
    result = await send(f"{sim.webhook_url}x")
    assert isinstance(result, Refused)
    assert result.reason.startswith("the webhook answered 401: its URL is dead")


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


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1/workflows",
        "http://host:port/workflows",
        "https://\x00/",
        "ftp://example.com/",
        "/hooks/1",
        "https://xn--zzzz--.logic.azure.com/",
    ],
)
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


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("", Delivered()),
        ("1", Delivered()),
        ("{}", Delivered()),
        ('{"error": null, "ok": true}', Delivered()),
        ("[" * 100_000, Delivered()),
        (
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
            Delayed("the webhook answered 200, and its body says HTTP error 429", 30.0),
        ),
        (
            "Microsoft Teams endpoint returned HTTP error 413 with ContextId",
            Refused("the webhook answered 200, and its body says HTTP error 413: the message is too large"),
        ),
        (
            "Webhook message delivery failed",
            Refused("the webhook answered 200, and its body says that delivery failed"),
        ),
        (
            '{"error": {"code": "WorkflowNotFound", "message": "the URL https://x/?sig=s3cret-signature"}}',
            Refused("the webhook answered 200, and its body says an error (WorkflowNotFound)"),
        ),
        (
            '{"error": {"code": "TooManyRequests"}}',
            Delayed("the webhook answered 200, and its body says an error (TooManyRequests)", 30.0),
        ),
        (
            '{"error": "see https://x/?sig=s3cret-signature"}',
            Refused("the webhook answered 200, and its body says an error"),
        ),
        ('{"ok": false}', Refused("the webhook answered 200, and its body says an error")),
    ],
)
async def test_a_success_whose_body_says_an_error_is_none(body: str, result: Result) -> None:
    assert await answered(200, body, {"Retry-After": "30"}) == result


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "2.5"}, 2.5),
        ({"Retry-After": "9" * 400}, 86_400.0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Fri, 20 Nov 2026 10:02:00 GMT"}, 120.0),
        ({"Retry-After": "Fri, 20 Nov 2026 10:02:00 GMT", "Date": "Fri, 20 Nov 2026 10:01:30 GMT"}, 30.0),
        ({"Retry-After": "Fri, 20 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"Retry-After": "Fri, 20 Nov 2126 09:00:00 GMT"}, 86_400.0),
    ],
)
async def test_a_delay_is_told_in_seconds_or_as_a_date_and_is_no_longer_than_a_day(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert await answered(429, "", headers) == Delayed("the webhook answered 429", seconds)


async def test_a_message_that_was_taken_is_not_sent_again_because_the_rest_of_the_answer_is_broken() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise httpx.ReadError("gone")

    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(202, content=broken())))
    webhook = WorkflowsWebhook(Secret("https://x.logic.azure.com/"), client)
    assert await webhook.send(MESSAGE) == Delivered()
    await webhook.close()


async def test_an_answer_is_never_unpacked_so_that_a_small_one_cannot_become_huge() -> None:
    asked: list[str] = []
    packed = gzip.compress(b"x" * 50_000_000)

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["Accept-Encoding"])
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(packed))

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    poster = Poster("the webhook", client, lambda: datetime(2026, 11, 20, tzinfo=UTC))
    found = await poster.ask("POST", "https://x.logic.azure.com/", content=b"", headers={})
    await poster.close()
    assert isinstance(found, Answer)
    assert found.body == packed[:LARGEST_ANSWER]
    assert asked == ["identity"]


async def test_plain_http_which_stays_on_this_machine_is_given_to_no_proxy(
    sim: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"http://127.0.0.1:{closed_port()}"
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, nobody)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert await send(sim.webhook_url) == Delivered()
    assert await send("https://x.logic.azure.com/") == Delayed("the webhook cannot be reached (ConnectError)")


async def test_no_more_than_the_beginning_of_an_answer_is_read() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 8192

    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=endless())))
    webhook = WorkflowsWebhook(Secret("https://x.logic.azure.com/"), client)
    assert await webhook.send(MESSAGE) == Delivered()
    await webhook.close()
    assert read <= 9


async def test_an_answer_that_trickles_in_for_ever_is_given_up() -> None:
    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    client = httpx.AsyncClient(transport=httpx.MockTransport(hang))
    poster = Poster("the webhook", client, lambda: datetime(2026, 11, 20, tzinfo=UTC), longest=0.05)
    result = await poster.ask("POST", "https://x.logic.azure.com/", content=b"", headers={})
    assert result == Delayed("the webhook cannot be reached (TimeoutError)")
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(202, content=trickle())))
    poster = Poster("the webhook", client, lambda: datetime(2026, 11, 20, tzinfo=UTC), longest=0.05)
    assert await poster.ask("POST", "https://x.logic.azure.com/", content=b"", headers={}) == Answer(202)


async def test_a_redirect_does_not_carry_the_message_elsewhere() -> None:
    result = await answered(307, "", {"Location": "https://example.com/"})
    assert result == Refused("the webhook answered 307")


async def answered(status: int, body: str, headers: dict[str, str]) -> Result:
    """What comes of a message that is answered so, at ten o'clock."""

    async def answer(_: httpx.Request) -> httpx.Response:
        # A stream, so that the body is decoded when it is read and not before.
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body.encode()))

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    webhook = WorkflowsWebhook(
        Secret("https://x.logic.azure.com/"), client, lambda: datetime(2026, 11, 20, 10, tzinfo=UTC)
    )
    try:
        return await webhook.send(MESSAGE)
    finally:
        await webhook.close()


def assert_secret(url: str, text: str) -> None:
    """What gives the webhook away: its path, and the signature in its query."""
    parts = httpx.URL(url)
    assert parts.path not in text
    assert parts.params["sig"] not in text
