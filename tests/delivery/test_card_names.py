"""Whatever the tenant's names say, a card is deaf to it: they are text, on one line, and bounded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.delivery.card import MAX_BYTES, envelope
from shared.delivery.card_text import named, numbers_of, plain
from shared.model.alert import Item, Message, Section
from shared.model.finding import Commands
from tests.delivery.reading import elements, sent

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DATED = "{{DATE(2026-11-20T10:00:00Z,SHORT)}} {{TIME(2026-11-20T10:00:00Z)}}"

HOSTILE = [
    "[x](javascript:alert(1))",
    "<at>all</at>",
    "{{DATE(2026-11-20T10:00:00Z,SHORT)}}",
    "{{{DATE(2026-11-20T10:00:00Z,SHORT)}}}",
    "{ {{{{TIME(2026-11-20T10:00:00Z)}}}}",
    "{\u202e{DATE(2026-11-20T10:00:00Z,SHORT)}}",
    "{\x00{DATE(2026-11-20T10:00:00Z,SHORT)}}",
    "${name}",
    "**bold** _it_ `code` # head > quote",
    "<img src=x onerror=alert(1)>",
    "\u202egnp.exe\u200f\u2066",
    "\N{TELEPHONE RECEIVER}\N{ZERO WIDTH JOINER}\N{WOMAN}" * 40,
    "Sales\r\n\r\n- one\n- two\u2028three",
    '"}]}},{"type":"Action.Submit"',
    "half a pair \ud800",
    "x" * 10_000,
]


def item(name: str, **changed: object) -> Item:
    values: dict[str, Any] = {
        "rule": "resource-account-unlicensed",
        "title": name,
        "severity": "critical",
        "name": name,
        "summary": name,
        "remedy": name,
        "numbers": (name,),
        "since": NOW,
        **changed,
    }
    return Item(**values)


def message(name: str, **changed: object) -> Message:
    """A message in which every text that a tenant can write says the same."""
    sections = [Section(kind=kind, items=(item(name, ended=NOW),), total=2) for kind in ("new", "resolved", "open")]
    values: dict[str, Any] = {
        "kind": "alert",
        "group": "teams/accounts",
        "severity": "critical",
        "headline": name,
        "text": name,
        "sections": tuple(sections),
        "facts": ((name, name),),
        "as_of": NOW,
        "tenant": name,
        **changed,
    }
    return Message(**values)


@pytest.mark.parametrize("kind", ["alert", "announcement", "digest", "heartbeat", "notice", "test"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_nothing_but_text(name: str, kind: str) -> None:
    shown, harmless = (sent(message(each, kind=kind)) for each in (name, "seven8 x"))
    shape = {each.get("type") for each in elements(shown)}
    assert shape <= {each.get("type") for each in elements(harmless)} | {"ColumnSet", "Column"}
    assert {"TextBlock", "FactSet", "Action.Submit", "Action.OpenUrl"}.isdisjoint(shape)
    texts = [each["text"] for each in elements(shown) if each.get("type") == "TextRun"]
    assert not [text for text in texts if "{{" in text.replace(DATED, "")]
    assert not [text for text in texts if len(text.splitlines()) > 1]
    assert "{{" not in shown["fallbackText"]


def test_a_command_is_shown_as_it_is_or_not_at_all() -> None:
    def folded(command: str) -> list[str]:
        commands = Commands(powershell=command, request="GET x", admin_centre="Words.")
        new = Section(kind="new", items=(item("Sales", remedy="Mend.", commands=commands),), total=1)
        [action] = sent(message("Sales", sections=(new,)))["actions"]
        return [each["text"] for each in elements(action) if each.get("type") == "TextRun"]

    fitting = "Set-MgUserLicense -UserId '5b6a' -AddLicenses @(@{SkuId='440e'; DisabledPlans=@('a', 'b')})"
    assert fitting in folded(fitting)
    for other in ("x {{DATE(2026-11-20T10:00:00Z)}}", "x" * 1501, "\N{TELEPHONE RECEIVER}" * 500, "a \u202eb"):
        assert not [text for text in folded(other) if text.startswith(other[:3])]
        assert "Does not fit on a card: it stands on the status page." in folded(other)


def test_a_name_is_shown_as_it_is_where_it_harms_nobody() -> None:
    for name in (
        "Müller & Söhne",
        "[Sales] (EMEA) {1}",
        "<Support>",
        "销售",
        "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}",
    ):
        assert plain(name) == named(name) == name


def test_a_name_written_from_right_to_left_keeps_its_direction_to_itself() -> None:
    assert plain("خدمة العملاء") == "خدمة العملاء"
    assert named("خدمة العملاء") == "\N{FIRST STRONG ISOLATE}خدمة العملاء\N{POP DIRECTIONAL ISOLATE}"
    assert named("\N{RIGHT-TO-LEFT OVERRIDE}Sales") == "Sales"


def test_a_long_name_is_cut_and_shows_it() -> None:
    assert plain("x" * 401) == "x" * 399 + "\N{HORIZONTAL ELLIPSIS}"
    assert plain("x" * 400) == "x" * 400


def test_many_numbers_are_counted_and_each_is_named_once() -> None:
    assert numbers_of(["+14255550100"]) == "+14255550100"
    assert numbers_of(["+1", "+1", "", "+2", "+3", "+4", "+5"]) == "+1, +2, +3 +2\N{NO-BREAK SPACE}more"
    assert numbers_of([]) == ""


anything = st.text(max_size=600)
braces = st.lists(st.sampled_from(["{", "{{", "{ {", "\u2060", "\u202e", "\x00", "DATE", "\n"]), max_size=6).map(
    "".join
)


@given(braces | anything, st.integers(2, 500))
def test_no_text_leaves_a_template_brace_a_second_line_or_its_bounds(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert "{{" not in shown
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= limit
    assert shown.encode().decode() == shown


@given(braces | anything)
def test_what_is_plain_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@settings(max_examples=60)
@given(st.lists(st.tuples(anything, anything), max_size=20), st.integers(0, 500))
def test_whatever_is_told_the_envelope_is_json_within_the_budget_and_counts_all(
    texts: list[tuple[str, str]], more: int
) -> None:
    items = tuple(item(name, summary=text, remedy=text, ended=NOW + timedelta(minutes=1)) for name, text in texts)
    sections = (Section(kind="new", items=items, total=len(items) + more),)
    body = envelope(message("Sales", sections=sections))
    assert len(body) <= MAX_BYTES
    assert json.loads(body)["type"] == "message"
    if items or more:
        assert f"New ({len(items) + more})" in body.decode()
