"""GET /api/status, status.json and status/view on the local host: who is let in, and what browsers are told."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import azure.functions as func
import httpx
import pytest

from functions import status
from shared.host import HostSettings, LocalHost, LocalQueueDepth, SqliteQueueStore, read_functions
from shared.host.bindings import HttpRoute
from shared.model.directory import Account
from shared.model.tenant import TenantState
from shared.monitor.runtime import Runtime
from shared.monitor.silence_link import LIFETIME, access_of
from shared.monitor.status_link import status_token
from shared.settings import load
from shared.state.sqlite import SqliteStore

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT, OTHER = "84bd8158-6d4d-4958-8b9f-9d6445542f95", "94bd8158-6d4d-4958-8b9f-9d6445542f95"
API_KEY = "an-api-key-of-forty-characters-for-tests"
CLIENT_STATE = "a client state of forty characters, fully"
KEY = {"x-linekeeper-key": API_KEY}
LIST = f'[[tenants]]\nid = "{TENANT}"\nname = "Contoso"\n\n[[tenants]]\nid = "{OTHER}"\n'

ForAll = ("status", "status.json", "status/view")
Get = Callable[..., Awaitable[httpx.Response]]
Sites = Callable[..., AbstractAsyncContextManager[Get]]


async def ask(
    visitor: httpx.AsyncClient, root: str, place: str, headers: Mapping[str, str] | None = None, **query: str
) -> httpx.Response:
    return await visitor.get(f"{root}/{place}", params=query or None, headers=headers)


@pytest.fixture
async def site(tmp_path: Path, make_state: Callable[..., TenantState], make_account: Callable[..., Account]) -> Sites:
    """Runs the function over a document with one line that has no licence, and gives what asks it for an address."""
    store = SqliteStore(tmp_path / "linekeeper.db")
    assert await store.save(make_state(make_account(1, name="<b>Reception</b>")), "")

    @asynccontextmanager
    async def run(
        *, keys_are_checked: bool = False, now: datetime = NOW, store: str = "", **more: str
    ) -> AsyncIterator[Get]:
        environment = {
            "LINEKEEPER_TENANT_ID": TENANT,
            "LINEKEEPER_STORE": f"sqlite:{store or tmp_path / 'linekeeper.db'}",
            "LINEKEEPER_CLIENT_STATE": CLIENT_STATE,
            **more,
        }
        runtime = Runtime(environment, clock=lambda: now)
        app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
        app.register_functions(status.blueprint(runtime))
        with SqliteQueueStore(tmp_path / "queue.db") as queues:
            runtime.queues = None if keys_are_checked else LocalQueueDepth(queues)
            host = LocalHost(app=app, settings=HostSettings(), queue_store=queues, environment={})
            await host.start()
            try:
                async with httpx.AsyncClient() as visitor:
                    yield partial(ask, visitor, f"{host.url}/api")
            finally:
                await host.stop()

    return run


def token(now: datetime = NOW, tenant: str = TENANT) -> str:
    key = access_of(load({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_CLIENT_STATE": CLIENT_STATE})).link_key
    assert key is not None
    return status_token(key, tenant, now)


def text_of(answer: httpx.Response) -> str:
    without_style = re.sub(r"<style>.*?</style>", "", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without_style)).split())


def test_the_platform_guards_the_page_and_the_json_and_leaves_the_link_to_us() -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    app.register_functions(status.blueprint(Runtime({})))
    found = {each.name: each.trigger for each in read_functions(app, {})}
    routes = {name: each for name, each in found.items() if isinstance(each, HttpRoute)}
    assert {name: (each.template, each.auth_level) for name, each in routes.items()} == {
        "status": ("status", "function"),
        "status_json": ("status.json", "function"),
        "status_view": ("status/view", "anonymous"),
    }
    assert {each.template: set(each.methods) for each in routes.values()} == {
        "status": {"GET"},
        "status.json": {"GET"},
        "status/view": {"GET", "HEAD"},
    }


async def test_programs_may_ask_the_pages_address_for_json(site: Sites) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/json;q=0.9"}
    async with site() as get:
        asked = await get("status", {"Accept": "application/json"})
        assert asked.json() == (await get("status.json")).json()
        assert (await get("status", browser)).headers["Content-Type"] == "text/html; charset=utf-8"
        by_link = await get("status/view", {"Accept": "application/json"}, token=token())
        assert by_link.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_where_the_platform_checks_keys_none_is_asked_for_again(site: Sites) -> None:
    async with site(keys_are_checked=True, LINEKEEPER_API_KEY=API_KEY) as get:
        assert (await get("status", {"x-forwarded-for": "203.0.113.7"})).status_code == 200
        assert (await get("status.json", {"Host": "lines.contoso.example"}, code="a function key")).status_code == 200


async def test_with_a_key_of_its_own_the_local_host_shows_nothing_without_it(site: Sites) -> None:
    async with site(LINEKEEPER_API_KEY=API_KEY) as get:
        for place in ("status", "status.json"):
            for headers, query in (
                ({}, {}),
                ({"x-linekeeper-key": API_KEY + "x"}, {}),
                ({}, {"code": API_KEY[:-1]}),
                ({}, {"code": f"{API_KEY}\N{SNOWMAN}"}),
                ({}, {"token": token(), "tenant": TENANT}),
                ({}, {"tenant": OTHER}),
            ):
                answer = await get(place, headers, **query)
                assert answer.status_code == 401
                assert answer.headers["WWW-Authenticate"] == "LinekeeperKey"
                assert "LINEKEEPER_API_KEY: in the header x-linekeeper-key" in answer.text
                assert "Reception" not in answer.text
            assert (await get(place, KEY)).status_code == 200
            assert (await get(place, code=API_KEY)).status_code == 200


async def test_a_browser_that_came_with_a_key_in_the_query_can_follow_the_links(site: Sites) -> None:
    async with site(LINEKEEPER_API_KEY=API_KEY) as get:
        page = await get("status", code=API_KEY)
        (link,) = re.findall(r'href="(status\.json[^"]*)"', page.text)
        assert (await get(html.unescape(link))).status_code == 200
        assert API_KEY not in (await get("status", KEY)).text


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"x-forwarded-for": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 proxy"},
        {"Origin": "https://evil.example"},
        {"Host": "lines.contoso.example"},
    ],
)
async def test_without_a_key_of_its_own_the_local_host_shows_it_to_its_own_machine_alone(
    site: Sites, elsewhere: dict[str, str]
) -> None:
    async with site() as get:
        assert (await get("status")).status_code == 200
        assert (await get("status.json", {"Host": "localhost:7071"})).status_code == 200
        assert (await get("status", elsewhere)).status_code == 401


async def test_a_link_opens_the_page_from_anywhere_for_a_day_and_nothing_else(site: Sites) -> None:
    far = {"x-forwarded-for": "203.0.113.7"}
    async with site(LINEKEEPER_API_KEY=API_KEY) as get:
        page = await get("status/view", far, token=token(), tenant=TENANT)
        assert page.status_code == 200
        assert "&lt;b&gt;Reception&lt;/b&gt;" in page.text
        assert 'href="status' not in page.text
        assert (await get("status/view", far, token=token())).status_code == 200
    async with site(now=NOW + LIFETIME - timedelta(seconds=1)) as get:
        assert (await get("status/view", far, token=token())).status_code == 200
    async with site(now=NOW + LIFETIME) as get:
        expired = await get("status/view", far, token=token())
        assert expired.status_code == 410
        assert text_of(expired).endswith(
            "This link has expired Links on cards work for 24 hours. Take the link of a newer card, or open "
            "/api/status with the service's key."
        )


async def test_a_link_that_is_forged_cut_or_for_another_tenant_says_what_to_do(site: Sites) -> None:
    async with site(LINEKEEPER_API_KEY=API_KEY) as get:
        refused = [
            await get("status/view"),
            await get("status/view", token="nonsense"),
            await get("status/view", token=token()[:-3]),
            await get("status/view", token=token(tenant=OTHER)),
            await get("status/view", token=token(), tenant=OTHER),
            await get("status/view", token=token(tenant=OTHER), tenant=OTHER),
            await get("status/view", token=token(), tenant="x" * 5000),
            await get("status/view", KEY, tenant=OTHER),
        ]
    assert {each.status_code for each in refused} == {401}
    assert {each.headers["WWW-Authenticate"] for each in refused} == {"LinekeeperLink"}
    # One text for all: which tenants are watched is no business of strangers.
    assert len({each.text for each in refused}) == 1
    assert "Take it from the card again" in text_of(refused[0])


async def test_every_answer_tells_browsers_to_keep_lend_and_guess_nothing(site: Sites) -> None:
    async with site(LINEKEEPER_API_KEY=API_KEY) as get:
        answers = [await get(place, headers) for place in ForAll for headers in ({}, KEY)]
        answers += [await get("status/view", token=token()), await get("status", KEY, tenant="nobody")]
    assert {each.status_code for each in answers} == {200, 401, 404}
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert policy.endswith("form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert "Set-Cookie" not in answer.headers
        if answer.headers["Content-Type"] == "application/json":
            continue
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy
        assert "<script" not in answer.text


async def test_a_document_that_cannot_be_read_is_not_described_to_strangers(site: Sites, tmp_path: Path) -> None:
    async with site(store=str(tmp_path / "missing" / "linekeeper.db")) as get:
        page, programs = await get("status"), await get("status.json")
        by_link = await get("status/view", token=token())
    for answer in (page, programs, by_link):
        assert answer.status_code == 503
        assert "It is not known whether callers would be answered" in answer.text
        assert "missing" not in answer.text
    assert programs.json() == {"schema": 1, "error": programs.json()["error"]}


async def test_a_document_that_is_none_says_so_and_who_holds_a_key_is_told_why(site: Sites, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    await SqliteStore(path).save(TenantState(tenant=TENANT), "")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE documents SET content = x'00'")
    database.close()
    async with site(store=str(path)) as get:
        page, by_link = await get("status"), await get("status/view", token=token())
    assert (page.status_code, by_link.status_code) == (503, 503)
    assert "document of this tenant cannot be read" in text_of(page)
    assert text_of(by_link).endswith("cannot be read. The service's log says why.")
    assert len(text_of(page)) > len(text_of(by_link))


async def test_of_several_tenants_all_are_shown_the_worst_first_and_each_leads_to_its_own(
    site: Sites, tmp_path: Path
) -> None:
    config = tmp_path / "linekeeper.toml"
    config.write_text(LIST, encoding="utf-8")
    several = {"LINEKEEPER_CONFIG": str(config), "LINEKEEPER_TENANT_ID": "", "LINEKEEPER_API_KEY": API_KEY}
    async with site(**several) as get:
        page = await get("status", code=API_KEY)
        links = [html.unescape(each) for each in re.findall(r'href="(status\?tenant[^"]*)"', page.text)]
        assert [re.findall("tenant=([^&]*)", each) for each in links] == [[OTHER], [TENANT]]
        assert text_of(page).index("? Not known") < text_of(page).index("Contoso")
        for link in links:
            own = await get(link)
            assert own.status_code == 200
            assert f'href="status?code={API_KEY}">all tenants</a>' in own.text
        (json_link,) = re.findall(r'href="(status\.json[^"]*)"', page.text)
        every = (await get(json_link)).json()
        assert (every["schema"], every["as_of"]) == (1, "2026-11-20T10:00:00Z")
        assert [(each["tenant"], each["name"], each["level"]) for each in every["tenants"]] == [
            (OTHER, "", "unknown"),
            (TENANT, "Contoso", "warning"),
        ]
        assert (await get("status.json", KEY, tenant="contoso")).json()["tenant"] == TENANT
        assert (await get("status.json", KEY, tenant=OTHER.upper())).json()["tenant"] == OTHER
        unknown = await get("status.json", KEY, tenant="Contosso")
        assert unknown.status_code == 404
        assert "Contoso" in unknown.json()["error"]
        # A link is of one tenant: it opens no list, and names its own.
        assert (await get("status/view", token=token())).status_code == 401
