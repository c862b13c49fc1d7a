"""The links that a message is posted with: what each silences, and what it says that it does."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.card_links import links
from shared.model.alert import Item, Message, Section
from shared.model.finding import key_of
from shared.model.secret import Secret
from shared.model.sources import GRAPH_URL
from shared.monitor.message_links import LONGEST_URL, linked
from shared.monitor.silence_link import Grant, access_of, granted
from shared.monitor.status_link import may_view
from shared.settings import Settings

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
RULE = "resource-account-unlicensed"
SETTINGS = Settings(
    tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95",
    graph_url="http://127.0.0.1:9/v1.0",
    notification_url="https://lines.contoso.example",
    client_state=Secret("a client state of forty characters, fully"),
)


def item(number: int, aspect: str = "") -> Item:
    key = key_of(RULE, str(uuid.UUID(int=number, version=4)), aspect)
    return Item(key=key, rule=RULE, severity="critical", title="T", name="N", summary="S", remedy="R", since=NOW)


def section(kind: Literal["new", "open", "resolved"], *items: Item, total: int = 0) -> Section:
    return Section(kind=kind, items=items, total=total or len(items))


def message(*sections: Section, **changed: Any) -> Message:  # noqa: ANN401 - a message's own fields
    values: dict[str, Any] = {
        "kind": "alert",
        "group": "teams/accounts",
        "severity": "critical",
        "headline": "H",
        "sections": sections,
        **changed,
    }
    return Message(**values)


def silence_of(posted: Message, settings: Settings = SETTINGS) -> tuple[str, tuple[str, ...]] | None:
    """What the silence link of a message says, and the findings that it opens."""
    found = [each for each in linked(posted, settings, NOW).links if "/api/silences?" in each[1]]
    if not found:
        return None
    [(title, url)] = found
    (token,) = parse_qs(urlsplit(url).query)["token"]
    grant = granted(access_of(settings), token=token, api_key="", now=NOW + timedelta(hours=23))
    assert isinstance(grant, Grant)
    assert grant.findings is not None
    return title, grant.findings


def test_a_link_silences_the_one_finding_that_is_new() -> None:
    posted = message(section("new", item(1)), section("resolved", item(2)), section("open", item(3)))
    assert silence_of(posted) == ("Silence this", (item(1).key,))


def test_a_link_on_a_card_with_several_says_how_many_it_silences() -> None:
    posted = message(section("new", item(1), item(2), item(3)), section("open", item(4)))
    assert silence_of(posted) == ("Silence these 3", (item(1).key, item(2).key, item(3).key))


def test_a_link_that_does_not_silence_all_that_is_new_says_so() -> None:
    assert silence_of(message(section("new", item(1), item(2), total=37))) == (
        "Silence 2 of 37",
        (item(1).key, item(2).key),
    )


def test_a_reminder_silences_what_it_reminds_of() -> None:
    assert silence_of(message(section("open", item(1), item(2)))) == ("Silence these 2", (item(1).key, item(2).key))


@pytest.mark.parametrize(
    "posted",
    [
        message(section("resolved", item(1)), severity="resolved"),
        message(section("resolved", item(1)), section("open", item(2)), severity="resolved"),
        message(section("new", item(1)), group="teams/monitor"),
        message(section("open", item(1)), group="teams", kind="digest"),
        message(),
    ],
)
def test_where_nothing_can_be_silenced_there_is_no_link(posted: Message) -> None:
    assert silence_of(posted) is None


def test_without_a_public_address_or_a_key_there_is_no_link() -> None:
    posted = message(section("new", item(1)))
    tenant = SETTINGS.tenant
    assert silence_of(posted, Settings(tenant=tenant, client_state=SETTINGS.client_state)) is None
    assert silence_of(posted, Settings(tenant=tenant, notification_url=SETTINGS.notification_url)) is None


@given(st.lists(st.text(max_size=120), min_size=1, max_size=20))
def test_a_link_is_never_too_long_for_a_card_or_a_browser(aspects: list[str]) -> None:
    posted = message(section("new", *(item(number, aspect) for number, aspect in enumerate(aspects))))
    shown = linked(posted, SETTINGS, NOW)
    assert all(len(url) <= LONGEST_URL for _, url in shown.links)
    assert len(list(links(shown))) == len(shown.links)


def test_a_link_that_would_be_too_long_silences_the_first_and_says_how_many() -> None:
    aspects = [hashlib.sha512(bytes([number])).hexdigest() for number in range(20)]
    items = [item(number, aspect) for number, aspect in enumerate(aspects)]
    found = silence_of(message(section("new", *items)))
    assert found is not None
    title, keys = found
    assert title == f"Silence {len(keys)} of 20"
    assert keys == tuple(each.key for each in items[: len(keys)])
    assert 5 < len(keys) < 20
    endless = "".join(hashlib.sha512(bytes([number])).hexdigest() for number in range(30))
    assert silence_of(message(section("new", item(1, endless)))) is None


def test_twenty_findings_of_one_rule_fit_into_one_link() -> None:
    found = silence_of(message(section("new", *(item(number * 10**30) for number in range(20)))))
    assert found is not None
    assert found[0] == "Silence these 20"


def status_of(posted: Message, settings: Settings = SETTINGS) -> list[str]:
    """Where a message's links to the status page lead."""
    return [url for title, url in linked(posted, settings, NOW).links if title == "Status page"]


@pytest.mark.parametrize(
    "posted",
    [
        message(section("new", item(1))),
        message(section("resolved", item(1)), severity="resolved"),
        message(section("new", item(1)), group="teams/monitor"),
        message(section("open", item(1)), group="teams", kind="digest"),
        message(kind="announcement"),
        message(kind="notice"),
    ],
)
def test_a_card_leads_to_the_status_page_of_its_tenant_for_a_day_and_to_nothing_else(posted: Message) -> None:
    [url] = status_of(posted)
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://lines.contoso.example/api/status/view"
    query = parse_qs(parts.query)
    (token,), access = query["token"], access_of(SETTINGS)
    assert query["tenant"] == [SETTINGS.tenant]
    assert isinstance(may_view(access, token=token, now=NOW + timedelta(hours=23)), Grant)
    assert not isinstance(may_view(access, token=token, now=NOW + timedelta(hours=25)), Grant)
    assert not isinstance(granted(access, token=token, api_key="", now=NOW), Grant)


def test_neither_a_heartbeat_nor_a_test_nor_a_service_without_a_public_address_leads_to_the_status_page() -> None:
    assert status_of(message(kind="heartbeat")) == status_of(message(kind="test")) == []
    posted = message(section("new", item(1)))
    assert status_of(posted, Settings(tenant=SETTINGS.tenant, client_state=SETTINGS.client_state)) == []
    assert status_of(posted, Settings(tenant=SETTINGS.tenant, notification_url=SETTINGS.notification_url)) == []


def test_the_links_of_a_card_are_signed_with_the_key_of_their_own_where_there_is_one() -> None:
    own = msgspec.structs.replace(SETTINGS, link_key=Secret("a key of their own, which nobody else knows"))
    posted = message(section("new", item(1)))
    assert silence_of(posted, own) == ("Silence this", (item(1).key,))
    [url] = status_of(posted, own)
    (token,) = parse_qs(urlsplit(url).query)["token"]
    assert isinstance(may_view(access_of(own), token=token, now=NOW), Grant)
    assert not isinstance(may_view(access_of(SETTINGS), token=token, now=NOW), Grant)


@pytest.mark.parametrize(
    ("group", "title", "host"),
    [
        ("teams/accounts", "Admin centre", "admin.microsoft.com"),
        ("teams/allocation", "Admin centre", "admin.microsoft.com"),
        ("teams/lines", "Teams admin centre", "admin.teams.microsoft.com"),
    ],
)
def test_an_alert_leads_to_where_it_is_mended(group: str, title: str, host: str) -> None:
    settings = Settings(tenant=SETTINGS.tenant, graph_url=GRAPH_URL)
    [(shown, url)] = linked(message(section("new", item(1)), group=group), settings, NOW).links
    assert (shown, urlsplit(url).hostname) == (title, host)
    ended = message(section("resolved", item(1)), group=group, severity="resolved")
    assert linked(ended, settings, NOW).links == ()


@pytest.mark.parametrize("graph_url", ["https://graph.microsoft.us/v1.0", "http://127.0.0.1:9/v1.0"])
def test_other_clouds_have_other_admin_centres_and_get_no_link(graph_url: str) -> None:
    settings = Settings(tenant=SETTINGS.tenant, graph_url=graph_url)
    assert linked(message(section("new", item(1))), settings, NOW).links == ()
