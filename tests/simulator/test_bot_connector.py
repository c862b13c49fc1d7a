from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.bot_connector import SimulatedBotConnector

APP = "0f5c1a52-7a3f-4f6e-9a39-1c5f3d1f8a11"
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
CARD = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "down"}]}
ATTACHMENT = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": CARD}
ACTIVITY = {"type": "message", "summary": "down", "attachments": [ATTACHMENT]}


@pytest.fixture
def connector() -> SimulatedBotConnector:
    return SimulatedBotConnector(app_id=APP, tenant=TENANT)


@pytest_asyncio.fixture
async def http(connector: SimulatedBotConnector) -> AsyncIterator[httpx.AsyncClient]:
    application = web.Application()
    connector.install(application)
    async with TestServer(application) as server, httpx.AsyncClient(base_url=str(server.make_url("/"))) as client:
        yield client


async def sign_in(http: httpx.AsyncClient, connector: SimulatedBotConnector, **changed: str) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": APP,
        "client_secret": connector.password,
        "scope": "https://api.botframework.com/.default",
    }
    return await http.post(f"/{TENANT}/oauth2/v2.0/token", data=form | changed)


async def signed(http: httpx.AsyncClient, connector: SimulatedBotConnector) -> dict[str, str]:
    granted = (await sign_in(http, connector)).json()
    return {"Authorization": f"Bearer {granted['access_token']}"}


def thread(connector: SimulatedBotConnector, **changed: object) -> dict[str, Any]:
    return {
        "isGroup": True,
        "bot": {"id": f"28:{APP}"},
        "tenantId": TENANT,
        "channelData": {"channel": {"id": connector.channel}},
        "activity": ACTIVITY,
    } | changed


async def test_a_card_becomes_a_thread_and_can_be_changed(
    http: httpx.AsyncClient, connector: SimulatedBotConnector
) -> None:
    headers = await signed(http, connector)
    made = await http.post("/v3/conversations", json=thread(connector), headers=headers)
    assert made.status_code == 201
    [card] = connector.cards
    assert made.json() == {"id": card.conversation, "activityId": card.activity}
    assert card.conversation.startswith(f"{connector.channel};messageid=")
    path = f"/v3/conversations/{card.conversation.replace(':', '%3A')}/activities/{card.activity}"
    changed = await http.put(path, json=ACTIVITY | {"summary": "up"}, headers=headers)
    assert (changed.status_code, card.summary, card.changes) == (200, "up", 1)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "invalid_client"),
        ({"scope": "https://graph.microsoft.com/.default"}, "invalid_request"),
    ],
)
async def test_a_wrong_sign_in_gives_no_token(
    http: httpx.AsyncClient, connector: SimulatedBotConnector, changed: dict[str, str], error: str
) -> None:
    answer = await sign_in(http, connector, **changed)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] == error


async def test_without_a_token_that_was_given_nothing_is_posted(
    http: httpx.AsyncClient, connector: SimulatedBotConnector
) -> None:
    headers = await signed(http, connector)
    connector.revoke()
    for given in ({}, {"Authorization": "Bearer guessed"}, headers):
        assert (await http.post("/v3/conversations", json=thread(connector), headers=given)).status_code == 401
    assert connector.cards == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"isGroup": False}, 400),
        ({"bot": {"id": APP}}, 400),
        ({"activity": {"type": "message", "text": "down"}}, 400),
        ({"activity": None}, 400),
        ({"channelData": {"channel": {"id": "19:elsewhere@thread.tacv2"}}}, 404),
    ],
)
async def test_a_thread_of_another_shape_is_refused(
    http: httpx.AsyncClient, connector: SimulatedBotConnector, changed: dict[str, object], status: int
) -> None:
    headers = await signed(http, connector)
    answer = await http.post("/v3/conversations", json=thread(connector, **changed), headers=headers)
    assert (answer.status_code, connector.cards) == (status, [])


async def test_a_bot_that_is_not_in_the_team_may_do_nothing_there(
    http: httpx.AsyncClient, connector: SimulatedBotConnector
) -> None:
    headers = await signed(http, connector)
    connector.installed = False
    assert (await http.post("/v3/conversations", json=thread(connector), headers=headers)).status_code == 403


async def test_a_card_that_is_not_there_cannot_be_changed(
    http: httpx.AsyncClient, connector: SimulatedBotConnector
) -> None:
    headers = await signed(http, connector)
    assert (await http.put("/v3/conversations/x/activities/1", json=ACTIVITY, headers=headers)).status_code == 404
