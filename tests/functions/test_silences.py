"""GET and POST /api/silences on the local host: who may do what, pages that act on nobody's behalf, and plain JSON."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func
import httpx
import msgspec
import pytest

from functions import silences
from shared.host import HostSettings, LocalHost, SqliteQueueStore, read_functions
from shared.host.bindings import HttpRoute
from shared.model.alert import Alert
from shared.model.directory import Account
from shared.model.finding import Finding, key_of
from shared.model.secret import Secret
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.monitor.runtime import Runtime
from shared.monitor.silence_link import LIFETIME, Access, link_key, sign
from shared.state.sqlite import SqliteStore

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
API_KEY = "an api key for tests"
LINK_KEY = link_key(b"a client state of forty characters, fully")
RULE = "resource-account-unlicensed"
HOSTILE = "<script>alert(1)</script> & \"Sales\" 'line'"
JSON = {"Accept": "application/json"}
KEY = {"x-linekeeper-key": API_KEY}

DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "silences.md"

MakeGuid = Callable[[int], str]


def silence(name: str, **changed: Any) -> Silence:  # noqa: ANN401 - a silence's own fields
    values: dict[str, Any] = {
        "id": name,
        "rules": (RULE,),
        "starts": NOW - timedelta(hours=1),
        "ends": NOW + timedelta(hours=3),
        "author": "Ada",
        "reason": "Migration",
        "created": NOW - timedelta(hours=1),
        **changed,
    }
    return Silence(**values)


class Site:
    """The running function, its document, and a visitor."""

    def __init__(self, host: LocalHost, store: SqliteStore, visitor: httpx.AsyncClient, subject: str) -> None:
        self.address = f"{host.url}/api/silences"
        self.store = store
        self.visitor = visitor
        self.subject = subject
        self.finding = key_of(RULE, subject)
        self.token = self.link()

    def link(self, *findings: str, expires: datetime = NOW + LIFETIME) -> str:
        """The token of a link, for the site's own finding where none is named."""
        return sign(LINK_KEY, TENANT, findings or [self.finding], expires)

    async def get(self, token: str = "", **headers: str) -> httpx.Response:
        return await self.visitor.get(self.address, params={"token": token} if token else {}, headers=headers)

    async def send_form(self, fields: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.visitor.post(self.address, data=fields, headers=headers)

    async def send_json(self, body: object, **headers: str) -> httpx.Response:
        return await self.visitor.post(self.address, json=body, headers=headers)

    async def silences(self) -> dict[str, Silence]:
        return (await self.store.load(TENANT)).state.silences

    async def put(self, *wanted: Silence) -> None:
        loaded = await self.store.load(TENANT)
        state = msgspec.structs.replace(loaded.state, silences={each.id: each for each in wanted})
        assert await self.store.save(state, loaded.version)

    def form(self, **changed: str) -> dict[str, str]:
        return {"token": self.token, "action": "add", "for": "4h", "author": "Ada", "reason": "Migration"} | changed


@pytest.fixture
async def site(
    tmp_path: Path,
    make_state: Callable[..., TenantState],
    make_account: Callable[..., Account],
    make_finding: Callable[..., Finding],
    make_alert: Callable[..., Alert],
) -> AsyncIterator[Site]:
    store = SqliteStore(tmp_path / "linekeeper.db")
    found = [make_finding(RULE, each) for each in (1, 2)]
    document = make_state(
        make_account(1, name=HOSTILE), make_account(2), alerts={each.key: make_alert(each) for each in found}
    )
    assert await store.save(document, "")
    environment = {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}"}
    access = Access(tenant=TENANT, link_key=LINK_KEY, api_key=Secret(API_KEY))
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    app.register_functions(silences.blueprint(Runtime(environment, clock=lambda: NOW), lambda: access))
    with SqliteQueueStore(tmp_path / "queue.db") as queues:
        host = LocalHost(app=app, settings=HostSettings(), queue_store=queues, environment={})
        await host.start()
        async with httpx.AsyncClient() as visitor:
            yield Site(host, store, visitor, found[0].subject.id)
        await host.stop()


def text_of(page: httpx.Response) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page.text, flags=re.DOTALL)))


def test_the_address_is_open_on_the_platform_because_each_request_is_checked_here() -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    app.register_functions(silences.blueprint(Runtime({})))
    (found,) = read_functions(app, {})
    assert isinstance(found.trigger, HttpRoute)
    assert (found.name, found.trigger.template) == ("silences", "silences")
    assert found.trigger.methods == {"GET", "HEAD", "POST"}
    assert found.trigger.auth_level == "anonymous"


async def test_without_a_link_or_the_key_nothing_is_shown_or_done_and_the_answer_says_how(site: Site) -> None:
    await site.put(silence("a"))
    add = {"action": "add", "rules": [RULE], "for": "1h", "author": "Eve", "reason": "Because"}
    answers = [
        await site.get(),
        await site.get("nonsense"),
        await site.get(**JSON),
        await site.get(**{"x-linekeeper-key": "wrong"}),
        await site.send_json(add),
        await site.send_json({"action": "end", "id": "a"}, **{"x-linekeeper-key": API_KEY + "x"}),
        await site.send_form({**site.form(), "token": site.token[:-4]}),
        await site.visitor.post(site.address, content=b"\xff\x00", headers={"Content-Type": "text/plain"}),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "LinekeeperKey"
        assert "x-linekeeper-key" in answer.text
        assert "Migration" not in answer.text
    assert await site.silences() == {"a": silence("a")}


async def test_an_expired_link_says_so_and_does_nothing(site: Site) -> None:
    token = site.link(expires=NOW)
    page = await site.get(token)
    assert page.status_code == 410
    assert "Links on cards work for 24 hours" in text_of(page)
    assert (await site.get(token, **JSON)).json()["error"].startswith("This link has expired")
    assert (await site.send_form(site.form(token=token))).status_code == 410
    assert await site.silences() == {}


async def test_a_link_shows_its_finding_and_a_form_and_changes_nothing(site: Site) -> None:
    page = await site.get(site.token)
    assert page.status_code == 200
    shown = text_of(page)
    assert HOSTILE in shown
    assert "Critical" in shown
    assert "Firing since 2026-11-20 10:00 UTC." in shown
    assert re.findall(r'name="for" value="(\w+)"', page.text) == ["1h", "4h", "1d", "7d", "30d"]
    assert await site.silences() == {}


async def test_what_the_page_may_do_is_next_to_nothing(site: Site) -> None:
    for answer in (await site.get(site.token), await site.get(), await site.get(**KEY), await site.get(**JSON)):
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    page = await site.get(site.token)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text.lower()
    assert " style=" not in page.text
    assert "http" not in page.text


async def test_a_link_for_several_findings_shows_each_and_silences_them_and_nothing_beside(
    site: Site, make_guid: MakeGuid
) -> None:
    one, two, other = key_of(RULE, make_guid(1)), key_of(RULE, make_guid(2)), key_of("voice-app-loop", make_guid(2))
    token = site.link(one, two, other)
    page = await site.get(token)
    shown = text_of(page)
    assert "Silence these 3 alerts" in shown
    assert "Silence all 3" in shown
    assert HOSTILE in shown
    assert "Account 2" in shown
    assert (await site.send_form(site.form(token=token))).status_code == 303
    made = {each.rules: each.subjects for each in (await site.silences()).values()}
    assert made == {(RULE,): (make_guid(1), make_guid(2)), ("voice-app-loop",): (make_guid(2),)}
    page = await site.get(token)
    assert page.text.count("End it now") == 2
    assert "End it now" not in (await site.get(site.link(one))).text
    again = await site.send_json(
        {"action": "add", "token": token, "for": "1h", "author": "Ada", "reason": "Migration"}, **JSON
    )
    assert (again.status_code, len(again.json()["silences"])) == (201, 2)
    ended = await site.send_form({"token": token, "action": "end", "id": min(await site.silences())})
    assert ended.status_code == 303


async def test_a_link_for_many_findings_gives_each_a_line_so_that_the_form_is_near(
    site: Site, make_guid: MakeGuid
) -> None:
    page = await site.get(site.link(*(key_of(RULE, make_guid(number)) for number in (1, 2, 8, 9))))
    assert page.text.count("<section") == 1
    assert len(re.findall(r"<li[^>]*>", page.text)) == 4
    shown = text_of(page)
    assert HOSTILE in shown
    assert "<script" not in page.text
    assert (shown.count("Critical \N{MIDDLE DOT} "), shown.count("not firing now")) == (2, 2)
    assert "Silence all 4" in shown


async def test_the_form_silences_the_links_finding_and_leads_back_to_the_page(site: Site) -> None:
    answer = await site.send_form(site.form(author="Ada <b>", reason='"Because"\n& so on'))
    assert (answer.status_code, answer.text) == (303, "")
    (made,) = (await site.silences()).values()
    assert (made.rules, made.subjects, made.severities) == ((RULE,), (site.subject,), ())
    assert (made.starts, made.ends) == (NOW, NOW + timedelta(hours=4))
    assert (made.author, made.reason) == ("Ada <b>", '"Because" & so on')
    page = await site.visitor.get(httpx.URL(site.address).join(answer.headers["Location"]))
    assert page.status_code == 200
    assert "Silenced until 2026-11-20 14:00 UTC" in text_of(page)
    assert "<b>" not in page.text
    assert "Ada <b>" in text_of(page)


async def test_the_page_offers_to_end_what_its_link_may_end_and_ends_it(site: Site) -> None:
    await site.send_form(site.form())
    (made,) = await site.silences()
    page = await site.get(site.token)
    assert re.findall(r'name="id" value="(\w+)"', page.text) == [made]
    answer = await site.send_form({"token": site.token, "action": "end", "id": made})
    assert answer.status_code == 303
    assert (await site.silences())[made].ends == NOW
    assert "End it now" not in (await site.get(site.token)).text


async def test_a_link_ends_no_silence_that_covers_more_than_its_finding(site: Site, make_guid: MakeGuid) -> None:
    others = (
        silence("wide"),
        silence("other", subjects=(make_guid(2),)),
        silence("both", subjects=(site.subject, make_guid(2))),
        silence("milder", subjects=(site.subject,), severities=("critical",)),
    )
    await site.put(*others)
    page = await site.get(site.token)
    assert text_of(page).count("Silenced until") == 3
    assert "End it now" not in page.text
    for name in ("wide", "other", "both", "milder", "unknown"):
        answer = await site.send_form({"token": site.token, "action": "end", "id": name})
        assert answer.status_code == 400
        assert "A link ends silences of what its card is about and no others." in text_of(answer)
    assert await site.silences() == {each.id: each for each in others}


@pytest.mark.parametrize("more", [{"rules": "*"}, {"subjects": "tenant"}, {"severities": "critical"}])
async def test_a_link_silences_nothing_beside_its_finding(site: Site, more: dict[str, str]) -> None:
    answer = await site.send_form(site.form(**more))
    assert answer.status_code == 400
    assert "a link silences what its card is about and nothing else" in text_of(answer).lower()
    assert await site.silences() == {}


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"author": ""}, "A silence needs its author: who wants it."),
        ({"reason": "  "}, "A silence needs its reason: why."),
        ({"for": "<b>"}, "is a duration such as 30m, 4h or 7d, not '<b>'."),
        ({"for": "91d"}, "A silence lasts 90 days at most"),
        ({"for": "99999999999d"}, "is a duration such as"),
        ({"for": ""}, "Say either `for` how long"),
        ({"until": "2026-11-20T12:00:00Z"}, "Say either `for` how long"),
        ({"for": "", "until": "2026-11-20T12:00:00"}, "Times need their zone"),
        ({"action": "dance"}, "The request cannot be read: Invalid enum value 'dance'"),
        ({"colour": "red"}, "The request cannot be read: Object contains unknown field `colour`"),
    ],
)
async def test_a_form_with_a_mistake_comes_back_with_what_is_wrong(
    site: Site, changed: dict[str, str], complaint: str
) -> None:
    answer = await site.visitor.post(f"{site.address}?token={site.token}", data=site.form(**changed))
    assert answer.status_code == 400
    assert complaint in text_of(answer)
    assert 'role="alert"' in answer.text
    assert await site.silences() == {}


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"action": "fly"}, "Invalid enum value 'fly'"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"for": 4}, "Expected `str`, got `int`"),
        ({"for": "soon"}, "`for` is a duration such as"),
    ],
)
async def test_a_link_in_a_body_that_is_wrong_is_told_what_is_wrong_and_anything_else_needs_a_link(
    site: Site, changed: dict[str, object], complaint: str
) -> None:
    body = site.form() | changed
    answer = await site.send_json(body)
    assert answer.status_code == 400
    assert complaint.lower() in answer.json()["error"].lower()
    if "for" not in changed or changed["for"] == "soon":
        form = await site.send_form(body)
        assert form.status_code == 400
        assert complaint.lower() in text_of(form).lower()
    for token, status in (("none", 401), (site.token[:-4], 401), (site.link(expires=NOW), 410), (7, 401)):
        assert (await site.send_json({**body, "token": token})).status_code == status
    assert await site.silences() == {}


async def test_what_was_typed_is_not_lost_to_a_mistake(site: Site) -> None:
    answer = await site.send_form(site.form(**{"author": 'Ada "A" <L>', "reason": " ", "for": "7d"}))
    assert 'value="Ada &quot;A&quot; &lt;L&gt;"' in answer.text
    assert re.findall(r'value="(\w+)" required checked', answer.text) == ["7d"]


@pytest.mark.parametrize(
    "name",
    [
        "[x](javascript:alert(1))<script>alert(1)</script>",
        "<at>all</at>\u202egnp.exe\u2066",
        '"><img src=x onerror=alert(1)>{{DATE(2026-11-20T10:00:00Z)}}',
        "a\x00b\r\n</section>",
        "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}" * 100,
        "x" * 300,
    ],
)
async def test_a_hostile_name_is_nothing_but_text_on_the_page(
    site: Site, make_account: Callable[..., Account], name: str
) -> None:
    loaded = await site.store.load(TENANT)
    accounts = {site.subject: make_account(1, name=name)}
    assert await site.store.save(msgspec.structs.replace(loaded.state, accounts=accounts), loaded.version)
    page = await site.get(site.token)
    assert page.status_code == 200
    assert re.findall(r"<h2>(.*?)</h2>", page.text, re.DOTALL)
    (heading,) = re.findall(r"<h2>(.*?)</h2>", page.text, re.DOTALL)
    assert not re.search(r"[<>\x00-\x1f\u202a-\u202e\u2066]", heading)
    assert len(html.unescape(heading)) <= 300
    assert page.text.count("<section") == 1


async def test_the_monitors_own_findings_cannot_be_silenced_by_any_link(site: Site) -> None:
    token = site.link(key_of("source-stale", "accounts"))
    page = await site.get(token)
    assert "is never silenced" in text_of(page)
    assert "<form" not in page.text
    answer = await site.send_form(site.form(token=token))
    assert answer.status_code == 400
    assert await site.silences() == {}


async def test_a_finding_that_ended_meanwhile_is_still_shown_by_its_rule(site: Site, make_guid: MakeGuid) -> None:
    gone = key_of("voice-app-loop", make_guid(9), "aspect|with|bars")
    await site.put(silence("loops", rules=("voice-app-*",), subjects=(make_guid(9),), severities=("critical",)))
    page = await site.get(site.link(gone))
    assert page.status_code == 200
    assert "It is not firing now." in text_of(page)
    assert make_guid(9) in text_of(page)
    assert "Silenced until" in text_of(page)


async def test_programs_with_the_key_add_list_and_end_in_json(site: Site) -> None:
    body = {
        "action": "add",
        "rules": ["resource-account-*"],
        "subjects": ["tenant", "Account 2"],
        "severities": ["critical"],
        "until": "2026-11-21T10:00:00+01:00",
        "author": "Ada",
        "reason": "Migration",
    }
    answer = await site.send_json(body, **KEY)
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    made = answer.json()["silence"]
    assert (made["state"], made["ends"]) == ("active", "2026-11-21T09:00:00Z")
    assert made["subjects"][0] == {"id": TENANT, "name": "the tenant"}
    assert made["findings"] == {"count": 1, "names": ["Account 2"]}
    shown = (await site.get(**KEY, **JSON)).json()
    assert shown == {"schema": 1, "silences": [made]}
    ended = await site.send_json({"action": "end", "id": made["id"]}, **KEY)
    assert (ended.status_code, ended.json()["silence"]["state"]) == (200, "ended")
    again = await site.send_json({"action": "end", "id": made["id"]}, **KEY)
    assert (again.status_code, set(again.json())) == (400, {"schema", "error"})


async def test_the_documented_request_is_understood_and_every_key_of_it_is_documented(
    site: Site, make_account: Callable[..., Account]
) -> None:
    page = DOCUMENTED.read_text()
    (body,) = (json.loads(each) for each in re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    loaded = await site.store.load(TENANT)
    accounts = {site.subject: make_account(1, name=body["subjects"][0])}
    assert await site.store.save(msgspec.structs.replace(loaded.state, accounts=accounts), loaded.version)
    answer = await site.send_json(body, **KEY)
    assert answer.status_code == 201
    made = answer.json()["silence"]
    assert made["subjects"] == [{"id": site.subject, "name": body["subjects"][0]}]
    assert made["ends"] == "2026-11-20T14:00:00Z"
    known = re.findall(r"^\| (`[a-z`, ]+`) \|", page, re.MULTILINE)
    assert {name for row in known for name in re.findall("`([a-z]+)`", row)} == {*body, "from", "until", "token"}


async def test_a_link_serves_programs_too_within_its_finding(site: Site) -> None:
    await site.put(silence("other", rules=("allocation-short",)))
    body = {"action": "add", "token": site.token, "for": "1h", "author": "Ada", "reason": "Migration"}
    made = (await site.send_json(body)).json()["silence"]
    shown = (await site.get(site.token, **JSON)).json()
    assert shown == {"schema": 1, "findings": [site.finding], "silences": [made]}


async def test_the_key_shows_people_everything_without_forms(site: Site) -> None:
    assert "Nothing is silenced." in text_of(await site.get(**KEY))
    later = silence("later", starts=NOW + timedelta(hours=1), subjects=(site.subject,), severities=("info",))
    await site.put(silence("a"), later, silence("over", ends=NOW))
    page = await site.get(**KEY)
    shown = text_of(page)
    for words in ("Silenced until 2026-11-20 13:00", "Silenced from 2026-11-20 11:00", "Ended on 2026-11-20 10:00"):
        assert words in shown
    assert shown.count(HOSTILE) == 2
    assert "<form" not in page.text
    form = {"action": "end", "id": "a"}
    done = await site.send_form(form, **KEY)
    assert (done.status_code, done.headers["Location"]) == (303, "silences")
    assert (await site.send_form(form, **KEY)).status_code == 400


async def test_too_large_a_request_is_not_read(site: Site) -> None:
    answer = await site.send_form(site.form(reason="a" * 40_000))
    assert answer.status_code == 413
    fields = {"token": site.token, "action": "add", **{f"rules{each}": "x" for each in range(300)}}
    assert (await site.send_form(fields)).status_code == 401
    assert await site.silences() == {}


async def test_a_store_that_cannot_be_reached_is_not_described_to_strangers(tmp_path: Path) -> None:
    nowhere = tmp_path / "missing" / "linekeeper.db"
    runtime = Runtime({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": f"sqlite:{nowhere}"}, clock=lambda: NOW)
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    access = Access(tenant=TENANT, api_key=Secret(API_KEY))
    app.register_functions(silences.blueprint(runtime, lambda: access))
    with SqliteQueueStore(tmp_path / "queue.db") as queues:
        host = LocalHost(app=app, settings=HostSettings(), queue_store=queues, environment={})
        await host.start()
        async with httpx.AsyncClient() as visitor:
            answer = await visitor.get(f"{host.url}/api/silences", headers=KEY)
        await host.stop()
    assert answer.status_code == 503
    assert "missing" not in answer.text


async def test_two_people_who_silence_at_once_both_are_heard(site: Site) -> None:
    answers = await asyncio.gather(*(site.send_form(site.form(author=name)) for name in ("Ada", "Grace")))
    assert [each.status_code for each in answers] == [303, 303]
    assert {each.author for each in (await site.silences()).values()} == {"Ada", "Grace"}
