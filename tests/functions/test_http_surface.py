"""What the service's routes tell browsers and strangers: headers, methods, redirections, and bodies made to break."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import azure.functions as func
import httpx
import pytest

from functions import health, notifications, runbooks, silences, status
from shared.host import HostSettings, LocalHost, SqliteQueueStore
from shared.model.alert import Alert
from shared.model.directory import Account
from shared.model.finding import Finding, key_of
from shared.model.tenant import TenantState
from shared.monitor.runtime import Runtime
from shared.monitor.silence_link import LIFETIME, access_of, sign
from shared.monitor.status_link import status_token
from shared.state.sqlite import SqliteStore

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
API_KEY = "an-api-key-of-forty-characters-for-tests"
CLIENT_STATE = "a client state of forty characters, fully"
RULE = "resource-account-unlicensed"
BRACKETS = b"[" * 20_000

STRICT = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
PAGES = ("silences", "silences?token=forged", "status", "status/view", "status/view?token=forged", "SILENCE", "VIEW")
"""Pages for people, refusals among them; the last two are those that a card's links open."""


class Site:
    """The service's routes on a machine, and a visitor from elsewhere."""

    def __init__(self, host: LocalHost, visitor: httpx.AsyncClient, silence: str, view: str) -> None:
        self._root = f"{host.url}/api"
        self._visitor = visitor
        self.token = silence
        self._pages = {"SILENCE": f"silences?token={silence}", "VIEW": f"status/view?token={view}&tenant={TENANT}"}

    async def send(
        self,
        method: str,
        place: str,
        *,
        body: bytes = b"",
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        address = f"{self._root}/{self._pages.get(place, place)}"
        if form is not None:
            return await self._visitor.request(method, address, data=form, headers=headers)
        return await self._visitor.request(method, address, content=body, headers=headers)


@pytest.fixture
async def site(
    tmp_path: Path,
    make_state: Callable[..., TenantState],
    make_account: Callable[..., Account],
    make_finding: Callable[..., Finding],
    make_alert: Callable[..., Alert],
) -> AsyncIterator[Site]:
    found = make_finding(RULE, 1)
    store = SqliteStore(tmp_path / "linekeeper.db")
    assert await store.save(make_state(make_account(1), alerts={found.key: make_alert(found)}), "")
    runtime = Runtime(
        {
            "LINEKEEPER_TENANT_ID": TENANT,
            "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
            "LINEKEEPER_CLIENT_STATE": CLIENT_STATE,
            "LINEKEEPER_API_KEY": API_KEY,
        },
        clock=lambda: NOW,
    )
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    for route in (notifications, health, silences, status, runbooks):
        app.register_functions(route.blueprint(runtime))
    key = access_of(runtime.settings).link_key
    assert key is not None
    silence = sign(key, TENANT, [key_of(RULE, found.subject.id)], NOW + LIFETIME)
    with SqliteQueueStore(tmp_path / "queue.db") as queues:
        host = LocalHost(app=app, settings=HostSettings(), queue_store=queues, environment={})
        await host.start()
        try:
            async with httpx.AsyncClient() as visitor:
                yield Site(host, visitor, silence, status_token(key, TENANT, NOW))
        finally:
            await host.stop()


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_forbids_frames_scripts_referrers_and_caches(site: Site, page: str) -> None:
    answer = await site.send("GET", page, headers={"x-linekeeper-key": API_KEY} if page == "status" else {})
    assert answer.headers["content-type"].startswith("text/html")
    assert {name: answer.headers.get(name) for name in STRICT} == STRICT
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert {"base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("place", ["health", "runbooks/source-stale", "status.json", "notifications"])
async def test_what_is_no_page_is_taken_for_none(site: Site, place: str) -> None:
    if place == "notifications":
        answer = await site.send("POST", "notifications?validationToken=%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        assert answer.text == "<script>alert(1)</script>"
    else:
        answer = await site.send("GET", place)
    assert answer.headers["content-type"].partition(";")[0] in {"text/plain", "application/json"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("place", ["notifications", "health", "runbooks/source-stale", "status", "status.json"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"])
async def test_a_method_that_a_route_does_not_have_reaches_nothing(site: Site, place: str, method: str) -> None:
    answer = await site.send(method, place)
    assert answer.status_code == 404
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "place", ["SILENCE", "VIEW", "silences", "status/view?token=forged", "runbooks/source-stale", "runbooks/nothing"]
)
async def test_what_a_card_links_to_answers_head_as_it_does_get_without_a_body(site: Site, place: str) -> None:
    got, head = await site.send("GET", place), await site.send("HEAD", place)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}
    assert int(head.headers["content-length"]) == len(got.content) > 0


async def test_a_head_does_nothing_where_a_post_would(site: Site) -> None:
    form = {"token": site.token, "action": "add", "for": "4h", "author": "a", "reason": "b"}
    assert (await site.send("HEAD", "silences", form=form)).status_code == 401
    assert (await site.send("HEAD", "SILENCE", form=form)).status_code == 200
    listed = await site.send("GET", "silences", headers={"x-linekeeper-key": API_KEY, "accept": "application/json"})
    assert listed.json()["silences"] == []


async def test_a_get_does_nothing_where_a_post_would(site: Site) -> None:
    await site.send("GET", f"silences?token={site.token}&action=add&for=4h&author=a&reason=b")
    listed = await site.send("GET", "silences", headers={"x-linekeeper-key": API_KEY, "accept": "application/json"})
    assert listed.json()["silences"] == []


async def test_another_site_cannot_act_with_a_visitors_rights(site: Site) -> None:
    form = {"action": "add", "for": "4h", "author": "a", "reason": "b"}
    told = {"origin": "https://evil.example", "cookie": f"x-linekeeper-key={API_KEY}; token={site.token}"}
    answer = await site.send("POST", "silences", form=form, headers=told)
    assert answer.status_code == 401
    listed = await site.send("GET", "silences", headers={"x-linekeeper-key": API_KEY, "accept": "application/json"})
    assert listed.json()["silences"] == []


async def test_the_one_redirection_stays_on_the_service_whatever_host_was_asked_for(site: Site) -> None:
    form = {"token": site.token, "action": "add", "for": "4h", "author": "//evil.example", "reason": "b"}
    told = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    answer = await site.send("POST", "silences", form=form, headers=told)
    assert answer.status_code == 303
    place = urlsplit(answer.headers["location"])
    assert (place.scheme, place.netloc, place.path) == ("", "", "silences")


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize(
    "body",
    [
        BRACKETS,
        b'{"action":"add","rules":' + BRACKETS,
        b'{"unknown":' + BRACKETS,
        b'{"token":' + BRACKETS,
        b'{"from":' + BRACKETS,
        b"&".join([b"rules=a"] * 2_000),
        b"\xff\xfe\x00",
        b"token=\xed\xa0\x80",
    ],
)
async def test_no_body_breaks_the_silences(site: Site, content_type: str, body: bytes) -> None:
    for key in ({}, {"x-linekeeper-key": API_KEY}):
        answer = await site.send("POST", "silences", body=body, headers={"content-type": content_type, **key})
        assert answer.status_code == (400 if key else 401)


@pytest.mark.parametrize(
    "body", [BRACKETS * 50, b'{"value":' + BRACKETS * 50, b'{"value":[' + BRACKETS, b'{"value":[{"a":']
)
async def test_no_body_breaks_the_webhook(site: Site, body: bytes) -> None:
    assert (await site.send("POST", "notifications", body=body)).status_code == 202


async def test_a_stranger_learns_no_name_no_secret_and_no_place(site: Site) -> None:
    for place in ("health", "silences", "status", "status.json", "status/view", "runbooks/nothing", "nothing"):
        said = (await site.send("GET", place)).text
        assert not [each for each in (API_KEY, CLIENT_STATE, "Line 1", ".db", "/tmp", "Traceback") if each in said]  # noqa: S108
