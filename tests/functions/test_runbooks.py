"""The pages on what to do: each alert and each rule about the monitor has one, and the service hands it out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import azure.functions as func
import pytest

from functions import runbooks
from shared.model.alert import Item, Message, Section
from shared.model.secret import Secret
from shared.monitor.message_links import linked
from shared.monitor.runbooks import FOLDER
from shared.monitor.runtime import Runtime
from shared.monitor.unreadable import TOO_LARGE, UNREADABLE
from shared.rules.catalogue import RULES
from shared.settings import Settings

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PAGES = sorted(FOLDER.glob("*.md"))
ABOUT_THE_MONITOR = sorted({rule.id for rule in RULES if rule.topic.family == "monitor"} | {UNREADABLE, TOO_LARGE})
"""Whatever a card about the monitor may be about: rules, and the document that no rule can be asked of."""
SETTINGS = Settings(
    tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95",
    graph_url="http://127.0.0.1:9/v1.0",
    notification_url="https://lines.contoso.example",
    client_state=Secret("a client state of forty characters, fully"),
)


async def asked(page: str) -> func.HttpResponse:
    (function,) = runbooks.blueprint(Runtime({}))._function_builders
    run = cast("Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]", function._function.get_user_function())
    return await run(func.HttpRequest("GET", "http://127.0.0.1/", route_params={"page": page}, body=b""))


def card(*rules: str, family: str = "monitor", over: bool = False) -> Message:
    items = tuple(
        Item(key=f"{rule}||", rule=rule, severity="warning", title=rule, name="N", summary="S", remedy="R", since=NOW)
        for rule in rules
    )
    return Message(
        kind="alert",
        group=f"teams/{family}",
        severity="resolved" if over else "warning",
        headline="H",
        sections=(Section(kind="resolved" if over else "new", items=items, total=len(items)),),
    )


def links(message: Message, settings: Settings = SETTINGS) -> list[tuple[str, str]]:
    return [each for each in linked(message, settings, NOW).links if "/api/runbooks/" in each[1]]


@pytest.mark.parametrize("rule", ABOUT_THE_MONITOR)
async def test_a_rule_about_the_monitor_has_a_page_and_its_card_leads_there(rule: str) -> None:
    [(title, url)] = links(card(rule))
    assert title == "What to do"
    assert url == f"https://lines.contoso.example/api/runbooks/{rule}"
    answer = await asked(rule)
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert f"`{rule}`" in answer.get_body().decode()


def test_a_card_about_several_rules_leads_to_the_first_two_and_says_which_is_which() -> None:
    assert [title for title, _ in links(card(*ABOUT_THE_MONITOR[:3]))] == [
        f"What to do: {rule}" for rule in ABOUT_THE_MONITOR[:2]
    ]


def test_cards_about_lines_or_about_an_end_and_those_of_a_service_without_an_address_have_no_such_link() -> None:
    assert links(card("call-queue-unanswered", family="lines")) == []
    assert links(card(ABOUT_THE_MONITOR[0], over=True)) == []
    nowhere = Settings(tenant=SETTINGS.tenant, graph_url=SETTINGS.graph_url)
    assert links(card(ABOUT_THE_MONITOR[0]), nowhere) == []


@pytest.mark.parametrize(
    "page", ["nothing", "", "..", "../settings", "../../host.json", "nothing.md", ".md", "/etc/passwd"]
)
async def test_what_is_no_page_is_not_found_and_the_pages_are_named(page: str) -> None:
    answer = await asked(page)
    assert answer.status_code == 404
    assert "source-stale" in answer.get_body().decode()


@pytest.mark.parametrize("page", [each.stem for each in PAGES])
async def test_every_link_of_a_page_leads_on_from_where_it_is_handed_out(page: str) -> None:
    answer = (await asked(page)).get_body().decode()
    for target in re.findall(r"\]\(([^)]+)\)", answer):
        if not target.startswith("https://"):
            assert target.startswith("/api/runbooks/")
            assert (await asked(target.removeprefix("/api/runbooks/"))).status_code == 200
    for file in re.findall(r"`(docs/[^`]+)`", answer):
        assert (FOLDER.parents[1] / file).is_file()


async def test_a_page_about_another_page_and_about_another_file_says_where_each_is() -> None:
    text = (await asked("source-stale")).get_body().decode()
    assert "[permission-missing](/api/runbooks/permission-missing)" in text
    assert "(`docs/exporter.md`)" in text
    assert "../" not in text


async def test_a_page_is_had_by_the_name_of_its_file_too() -> None:
    assert (await asked("lines-down.md")).get_body() == (await asked("lines-down")).get_body()


async def test_a_page_is_text_to_a_browser_and_nothing_else() -> None:
    headers = (await asked("source-stale")).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_who_tells_what_it_means_where_to_look_how_to_mend_and_when_it_is_over(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parts = ("# ", "\nTold by: ", "\n**What it means.**", "\n## Look\n", "\n## Mend\n", "\n**It is over** ")
    places = [text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_leads_to_pages_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file(), target


def test_an_alert_that_a_page_names_exists() -> None:
    alerts = (FOLDER.parents[1] / "dashboards/alerts.yaml").read_text(encoding="utf-8")
    for page in PAGES:
        for name in re.findall(r"`(Linekeeper[A-Za-z]+)`", page.read_text(encoding="utf-8")):
            assert f"- alert: {name}\n" in alerts
