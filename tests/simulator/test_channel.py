import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from simulator import SimulatorServer

CARD = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "AA Main Line is down"}]}
CARD_TYPE = "application/vnd.microsoft.card.adaptive"


def envelope(card: object, content_type: str = CARD_TYPE) -> dict[str, Any]:
    return {"type": "message", "attachments": [{"contentType": content_type, "contentUrl": None, "content": card}]}


@pytest_asyncio.fixture
async def web(server: SimulatorServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as client:
        yield client


async def test_a_card_in_its_envelope_is_accepted_and_kept(server: SimulatorServer, web: httpx.AsyncClient) -> None:
    answer = await web.post(server.webhook_url, json=envelope(CARD))
    assert (answer.status_code, answer.content) == (202, b"")
    [posted] = server.channel.cards
    assert posted.card == CARD
    assert "AA Main Line is down" in posted.text
    assert server.channel.answers == [202]


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ({"text": "down"}, "text alone"),
        (CARD, "bare card"),
        ({"@type": "MessageCard", "text": "down"}, "MessageCard"),
        ([], "JSON object"),
        ({"type": "message", "attachments": []}, "attachments"),
        (envelope(CARD, "application/vnd.microsoft.card.hero"), "contentType"),
        (envelope({"type": "Container"}), "AdaptiveCard"),
        (envelope(CARD | {"version": "1.6"}), "newer than 1.5"),
        (envelope(CARD | {"version": "new"}), "no version"),
        (envelope({"type": "AdaptiveCard"}), "no version"),
    ],
)
async def test_what_a_flow_could_not_post_is_refused_with_a_reason(
    server: SimulatorServer, web: httpx.AsyncClient, message: object, word: str
) -> None:
    answer = await web.post(server.webhook_url, json=message)
    assert answer.status_code == 400
    assert word in answer.json()["error"]["message"]
    assert not server.channel.cards


async def test_what_is_no_json_is_refused(server: SimulatorServer, web: httpx.AsyncClient) -> None:
    for content, kind in (
        (b"{", "application/json"),
        (b"[" * 20_000, "application/json"),
        (b"\xff", "application/json"),
        (b"{}", "text/plain"),
    ):
        answer = await web.post(server.webhook_url, content=content, headers={"Content-Type": kind})
        assert answer.status_code == 400


async def test_the_size_limit_counts_bytes_and_not_characters(server: SimulatorServer, web: httpx.AsyncClient) -> None:
    def body(text: str) -> bytes:
        return json.dumps(envelope(CARD | {"body": [{"type": "TextBlock", "text": text}]}), ensure_ascii=False).encode()

    room = 28 * 1024 - len(body(""))
    headers = {"Content-Type": "application/json"}
    assert (await web.post(server.webhook_url, content=body("x" * room), headers=headers)).status_code == 202
    assert (await web.post(server.webhook_url, content=body("x" * (room + 1)), headers=headers)).status_code == 413
    assert (await web.post(server.webhook_url, content=body("é" * (room - 5)), headers=headers)).status_code == 413


async def test_a_wrong_signature_or_workflow_is_unauthorised(server: SimulatorServer, web: httpx.AsyncClient) -> None:
    for url in (
        f"{server.webhook_url}x",
        server.webhook_url.split("?")[0],
        server.webhook_url.replace("/workflows/", "/workflows/0"),
    ):
        assert (await web.post(url, json=envelope(CARD))).status_code == 401


async def test_a_refusal_can_be_switched_on(server: SimulatorServer, web: httpx.AsyncClient) -> None:
    server.channel.refuse_with = 429
    server.channel.retry_after = 3
    answer = await web.post(server.webhook_url, json=envelope(CARD))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    server.channel.refuse_with = None
    assert (await web.post(server.webhook_url, json=envelope(CARD))).status_code == 202
    assert server.channel.answers == [429, 202]


async def test_a_card_can_be_waited_for(server: SimulatorServer, web: httpx.AsyncClient) -> None:
    waiting = asyncio.create_task(server.channel.wait_for(lambda posted: "down" in posted.text))
    await web.post(server.webhook_url, json=envelope(CARD))
    first = await waiting
    assert (await server.channel.wait_for(lambda posted: "down" in posted.text)) is first
    with pytest.raises(TimeoutError):
        await server.channel.wait_for(lambda _: True, timeout=0.05, after=1)
    await web.post(server.webhook_url, json=envelope(CARD))
    assert (await server.channel.wait_for(lambda _: True, after=1)).index == 1


async def test_the_page_brings_everything_it_needs_from_its_own_host(
    server: SimulatorServer, web: httpx.AsyncClient
) -> None:
    page = await web.get(server.channel_page_url)
    assert "Simulated channel" in page.text
    assert "Contoso" in page.text
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    for name, kind in (("channel.css", "text/css"), ("channel.js", "javascript"), ("host-config.js", "javascript")):
        part = await web.get(f"/channel/{name}")
        assert kind in part.headers["Content-Type"]
        assert "://" not in part.text
    assert (await web.get("/channel/channel.py")).status_code == 404
    assert (await web.get("/channel/adaptivecards.min.js")).status_code in {200, 404}


async def test_the_page_reads_the_cards_that_it_does_not_have_yet(
    server: SimulatorServer, web: httpx.AsyncClient
) -> None:
    await web.post(server.webhook_url, json=envelope(CARD))
    await web.post(server.webhook_url, json=envelope(CARD))
    listed = (await web.get("/channel/cards.json", params={"after": "1"})).json()
    assert (listed["team"], listed["channel"]) == ("Contoso", "Telephony operations")
    assert [card["index"] for card in listed["cards"]] == [1]
    assert len((await web.get("/channel/cards.json?after=x")).json()["cards"]) == 2
