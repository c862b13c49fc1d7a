from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.delivery.bot import Bot
from shared.delivery.sender import Delayed, Delivered, Refused, Result
from shared.model.alert import Item, Message, Section
from shared.model.receiver import BotReceiver
from shared.model.secret import Secret
from simulator.bot_connector import SimulatedBotConnector

APP = "0f5c1a52-7a3f-4f6e-9a39-1c5f3d1f8a11"
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ITEM = Item(
    rule="resource-account-unlicensed",
    severity="critical",
    title="Resource account without a licence",
    name="AA Main Line Seattle",
    summary="No licence.",
    remedy="Assign one.",
    since=NOW,
)


def message(*kinds: str, headline: str = "Main line") -> Message:
    sections = msgspec.convert([{"kind": kind, "items": [], "total": 1} for kind in kinds], tuple[Section, ...])
    filled = tuple(msgspec.structs.replace(section, items=(ITEM,)) for section in sections)
    return Message(kind="alert", group="bot/accounts", severity="critical", headline=headline, sections=filled)


BROKEN = message("new", headline="Main line is down")
MENDED = message("resolved", headline="Main line is up")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def connector() -> SimulatedBotConnector:
    return SimulatedBotConnector(app_id=APP, tenant=TENANT)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bot(connector: SimulatedBotConnector, clock: Clock) -> AsyncIterator[Bot]:
    application = web.Application()
    connector.install(application)
    async with TestServer(application) as server:
        made = Bot(receiver(str(server.make_url("")), connector), clock=clock)
        yield made
        await made.close()


def receiver(service_url: str, connector: SimulatedBotConnector, **changed: object) -> BotReceiver:
    made = BotReceiver(
        name="bot",
        app_id=APP,
        app_password=Secret(connector.password),
        tenant=TENANT,
        service_url=service_url.rstrip("/"),
        team="19:team@thread.tacv2",
        channel=connector.channel,
    )
    return msgspec.structs.replace(made, **changed)


async def test_a_message_becomes_a_thread_with_a_receipt(bot: Bot, connector: SimulatedBotConnector) -> None:
    result = await bot.send(BROKEN)
    [card] = connector.cards
    assert card.summary == "Main line is down"
    assert card.card["type"] == "AdaptiveCard"
    number = card.activity
    assert result == Delivered(f"19%3Aoperations%40thread.tacv2%3Bmessageid%3D{number}/{number}")


async def test_what_a_toast_shows_is_the_cards_first_line_and_as_plain(
    bot: Bot, connector: SimulatedBotConnector
) -> None:
    item = msgspec.structs.replace(ITEM, subject_kind="resource_account", subject_id="1", numbers=("+14255550100",))
    await bot.send(msgspec.structs.replace(BROKEN, sections=(Section(kind="new", items=(item,), total=1),)))
    await bot.send(message("new", headline="\u202e<at>all</at>\n{{DATE(2026-11-20T10:00:00Z)}}" * 1000))
    shown, hostile = (card.summary for card in connector.cards)
    assert shown == "Callers to +14255550100 cannot be answered"
    assert len(hostile) == 120
    assert not [each for each in ("{{", "\u202e", "\n") if each in hostile]
    assert [card.card["fallbackText"] for card in connector.cards] == [shown, hostile]


async def test_a_recovery_changes_the_card_that_stands(bot: Bot, connector: SimulatedBotConnector) -> None:
    first = await bot.send(BROKEN)
    assert isinstance(first, Delivered)
    assert await bot.send(MENDED, first.receipt) == first
    [card] = connector.cards
    assert (card.summary, card.changes) == ("Main line is up", 1)


@pytest.mark.parametrize("kinds", [("new",), ("new", "resolved", "open"), ("open",)])
async def test_what_is_new_and_what_is_a_reminder_is_posted_because_a_changed_card_alerts_nobody(
    bot: Bot, connector: SimulatedBotConnector, kinds: tuple[str, ...]
) -> None:
    first = await bot.send(BROKEN)
    assert isinstance(first, Delivered)
    second = await bot.send(message(*kinds), first.receipt)
    assert isinstance(second, Delivered)
    assert second.receipt != first.receipt
    assert [card.changes for card in connector.cards] == [0, 0]


async def test_a_card_that_is_gone_is_posted_anew(bot: Bot, connector: SimulatedBotConnector) -> None:
    result = await bot.send(MENDED, "19%3Aoperations%40thread.tacv2%3Bmessageid%3D1/1")
    assert isinstance(result, Delivered)
    assert [card.summary for card in connector.cards] == ["Main line is up"]


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_card_that_may_no_longer_be_changed_is_posted_anew(status: int) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        asked.append(request.method)
        if request.method == "PUT":
            return httpx.Response(status)
        return httpx.Response(201, json={"id": "19:c;messageid=2", "activityId": "2"})

    assert await through(answer, MENDED, "c/1") == Delivered("19%3Ac%3Bmessageid%3D2/2")
    assert asked == ["PUT", "POST"]


@pytest.mark.parametrize("status", [408, 412, 429, 500, 502, 504])
async def test_what_may_work_later_is_delayed_and_a_card_that_stands_is_not_posted_twice(
    bot: Bot, connector: SimulatedBotConnector, status: int
) -> None:
    first = await bot.send(BROKEN)
    assert isinstance(first, Delivered)
    connector.refuse_with, connector.retry_after = status, "12"
    delayed = Delayed(f"the bot connector answered {status}", 12.0)
    assert await bot.send(MENDED, first.receipt) == delayed
    assert connector.requests.count("POST /v3/conversations") == 1
    assert await bot.send(BROKEN) == delayed
    assert len(connector.cards) == 1


@pytest.mark.parametrize("receipt", ["", "/", "x", "x/", "/1", "a/b/c", "19:c;messageid=1"])
async def test_a_receipt_that_is_none_leads_to_a_new_card(
    bot: Bot, connector: SimulatedBotConnector, receipt: str
) -> None:
    assert isinstance(await bot.send(MENDED, receipt), Delivered)
    assert [card.changes for card in connector.cards] == [0]


async def test_a_receipt_cannot_lead_to_another_path(bot: Bot, connector: SimulatedBotConnector) -> None:
    await bot.send(MENDED, "..%2F..%2Fx%3Fy%23/%2E%2E%2Fz")
    assert connector.requests[1] == "PUT /v3/conversations/..%2F..%2Fx%3Fy%23/activities/..%2Fz"


async def test_a_bot_that_is_not_in_the_team_is_refused(bot: Bot, connector: SimulatedBotConnector) -> None:
    connector.installed = False
    assert await bot.send(BROKEN) == Refused("the bot connector answered 403: the bot is not installed in the team")


async def test_a_channel_that_does_not_exist_is_refused(bot: Bot, connector: SimulatedBotConnector) -> None:
    connector.channel = "19:elsewhere@thread.tacv2"
    assert await bot.send(BROKEN) == Refused(
        "the bot connector answered 404: there is no such channel at this service_url"
    )


async def test_a_token_is_kept_until_shortly_before_its_end(
    bot: Bot, connector: SimulatedBotConnector, clock: Clock
) -> None:
    async def tokens_after(waited: timedelta) -> int:
        clock.now = NOW + waited
        await bot.send(BROKEN)
        return connector.requests.count("POST token")

    assert await tokens_after(timedelta(0)) == 1
    assert await tokens_after(timedelta(minutes=54, seconds=59)) == 1
    assert await tokens_after(timedelta(minutes=55)) == 2


async def test_a_token_that_is_no_longer_accepted_is_replaced_at_once(
    bot: Bot, connector: SimulatedBotConnector
) -> None:
    await bot.send(BROKEN)
    connector.revoke()
    assert isinstance(await bot.send(BROKEN), Delivered)
    assert connector.requests.count("POST token") == 2


async def test_a_bot_whose_new_tokens_are_not_accepted_either_is_refused() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        return httpx.Response(401)

    result = await through(answer, BROKEN)
    assert result == Refused(
        "the bot connector answered 401: the bot's token is not accepted; look at tenant and service_url"
    )


async def test_a_wrong_password_is_refused_with_its_codes(bot: Bot, connector: SimulatedBotConnector) -> None:
    connector.password = "another"
    assert await bot.send(BROKEN) == Refused("the bot's sign-in was refused (invalid_client, AADSTS7000215)")


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (httpx.Response(503, headers={"Retry-After": "7"}), Delayed("the bot connector answered 503", 7.0)),
        (httpx.Response(200, text="<html>"), Delayed("the bot's sign-in was answered without a token")),
        (
            httpx.Response(200, json={"access_token": "t\u00f6ken", "expires_in": 3600}),
            Delayed("the bot's sign-in was answered without a token"),
        ),
        (
            httpx.Response(200, json={"access_token": "", "expires_in": 3600}),
            Delayed("the bot's sign-in was answered without a token"),
        ),
        (httpx.Response(400, text="<html>"), Refused("the bot's sign-in was refused")),
    ],
)
async def test_a_sign_in_that_fails_posts_nothing(answer: httpx.Response, result: Result) -> None:
    assert await through(lambda _: answer, BROKEN) == result


@pytest.mark.parametrize(
    ("service_url", "changed", "token_url", "scope"),
    [
        (
            "https://smba.trafficmanager.net/amer",
            {},
            f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token",
            "api.botframework.com",
        ),
        (
            "https://smba.infra.gcc.teams.microsoft.com/gcc",
            {"multi_tenant": True},
            "https://login.microsoftonline.com/botframework.com/oauth2/v2.0/token",
            "api.botframework.com",
        ),
        (
            "https://smba.infra.gov.teams.microsoft.us/gcch",
            {},
            f"https://login.microsoftonline.us/{TENANT}/oauth2/v2.0/token",
            "api.botframework.us",
        ),
        (
            "https://smba.infra.dod.teams.microsoft.us/dod",
            {"multi_tenant": True},
            "https://login.microsoftonline.us/MicrosoftServices.onmicrosoft.us/oauth2/v2.0/token",
            "api.botframework.us",
        ),
    ],
)
async def test_each_cloud_gives_its_own_tokens(
    service_url: str, changed: dict[str, Any], token_url: str, scope: str
) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"access_token": "t", "expires_in": 3600, "id": "c", "activityId": "1"})

    assert await through(answer, BROKEN, service_url=service_url, **changed) == Delivered("c/1")
    assert [str(request.url) for request in asked] == [token_url, f"{service_url}/v3/conversations"]
    assert httpx.QueryParams(asked[0].content.decode())["scope"] == f"https://{scope}/.default"


@pytest.mark.parametrize("body", ["", "[]", '{"id": "c"}', '{"activityId": "1"}', '{"id": 5, "activityId": "1"}'])
async def test_a_card_that_was_taken_without_ids_has_no_receipt(body: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        return httpx.Response(202, text=body)

    assert await through(answer, BROKEN) == Delivered("")


async def test_all_requests_together_take_no_longer_than_one_message_may(connector: SimulatedBotConnector) -> None:
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if request.url.path.endswith("/token"):
            await asyncio.sleep(0.2)
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        await asyncio.sleep(0.2)
        return httpx.Response(401)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    bot = Bot(receiver("https://smba.trafficmanager.net", connector), client, Clock(), longest=0.3)
    assert await bot.send(BROKEN) == Delayed("the bot connector cannot be reached (TimeoutError)")
    await bot.close()
    assert asked == ["POST", "POST"]


async def test_neither_token_nor_password_is_in_any_log_or_reason(
    bot: Bot, connector: SimulatedBotConnector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = [repr(await bot.send(BROKEN))]
    [token] = connector._tokens
    connector.refuse_with = 400
    told += [repr(await bot.send(BROKEN)), repr(vars(bot)), bot.name, caplog.text]
    assert "httpcore" in caplog.text
    assert not [text for text in told if token in text or connector.password in text]


def test_bots_in_different_channels_have_different_names(connector: SimulatedBotConnector) -> None:
    one = receiver("https://smba.trafficmanager.net/amer", connector)
    other = msgspec.structs.replace(one, channel="19:other@thread.tacv2")
    assert len({Bot(one).name, Bot(other).name}) == 2
    assert len(Bot(one).name) == 8


async def through(
    answer: Callable[[httpx.Request], httpx.Response],
    sent: Message,
    receipt: str = "",
    *,
    service_url: str = "https://smba.trafficmanager.net/amer",
    **changed: Any,  # noqa: ANN401 - what a receiver has
) -> Result:
    """What comes of a message where requests are answered by a function."""
    of = receiver(service_url, SimulatedBotConnector(app_id=APP, tenant=TENANT), **changed)
    bot = Bot(of, httpx.AsyncClient(transport=httpx.MockTransport(answer)), Clock())
    try:
        return await bot.send(sent, receipt)
    finally:
        await bot.close()
