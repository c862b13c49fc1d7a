"""A card's first two lines: what callers notice and how many, never more than is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.delivery.card_verdict import occasion, standing, verdict
from shared.model.alert import Item, Message, Section
from tools.sample_cards import SAMPLES

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HEADLINE = "Account without a licence: Sales"


def item(*numbers: str, **changed: object) -> Item:
    values: dict[str, Any] = {
        "rule": "resource-account-unlicensed",
        "subject_kind": "resource_account",
        "subject_id": "1",
        "title": "Account without a licence",
        "severity": "critical",
        "name": "Sales",
        "summary": "No licence.",
        "remedy": "Assign one.",
        "numbers": numbers,
        "since": NOW,
        **changed,
    }
    return Item(**values)


def message(*items: Item, kind: str = "new", total: int | None = None, **changed: object) -> Message:
    section = Section(kind=kind, items=items, total=len(items) if total is None else total)  # type: ignore[arg-type]
    values: dict[str, Any] = {"kind": "alert", "group": "g", "severity": "critical", "headline": HEADLINE, **changed}
    return Message(**({"sections": (section,)} | values))


def test_one_number_is_named() -> None:
    assert verdict(message(item("+14255550100"))) == "Callers to +14255550100 cannot be answered"


def test_several_numbers_are_counted_each_once() -> None:
    twelve = [item(f"+1425555{number:04}", "+14255550000") for number in range(12)]
    assert verdict(message(*twelve)) == "Callers to 12 numbers cannot be answered"
    assert verdict(message(item("+1", "+2"))) == "Callers to 2 numbers cannot be answered"


def test_what_is_not_named_makes_it_at_least_so_many() -> None:
    twenty = [item(f"+1425555{number:04}") for number in range(20)]
    assert verdict(message(*twenty, total=57)) == "Callers to at least 20 numbers cannot be answered"


def test_a_line_without_a_number_of_its_own_is_called_by_its_name() -> None:
    assert verdict(message(item())) == "Callers of Sales cannot be answered"
    two = message(item(), item(subject_id="2"))
    assert verdict(two) == "Callers of 2 lines cannot be answered"
    mixed = message(item("+1"), item(subject_id="2"))
    assert verdict(mixed) == "Callers to 1 number and of 1 other line cannot be answered"


def test_a_suspicion_is_said_as_one_and_only_where_nothing_is_certain() -> None:
    suspect = item("+1", rule="resource-account-two-step-swap")
    assert verdict(message(suspect)) == "Callers to +1 may not be answered"
    assert verdict(message(suspect, item("+2"))) == "Callers to +2 cannot be answered"


def test_a_warning_does_not_say_that_callers_are_lost() -> None:
    assert verdict(message(item("+1", severity="warning"), severity="warning")) == HEADLINE


def test_money_is_said_in_the_words_of_its_finding() -> None:
    assert verdict(SAMPLES["money"]) == "90 accounts need a licence and 85 are covered: 5 must be bought"
    tenant = {"subject_kind": "tenant", "severity": "warning"}
    assert verdict(message(item(**tenant, summary="x" * 200))) == HEADLINE
    assert verdict(message(item(**tenant), item(**tenant))) == HEADLINE


def test_what_is_new_counts_before_what_is_open() -> None:
    sections = (
        Section(kind="new", items=(item("+1"),), total=1),
        Section(kind="open", items=(item("+2"), item("+3")), total=2),
    )
    both = message(sections=sections)
    assert verdict(both) == "Callers to +1 cannot be answered"
    assert standing(both) == "Critical \N{MIDDLE DOT} 1 new \N{MIDDLE DOT} 2 still open"


def test_what_has_ended_is_mended_for_its_callers_and_no_promise_is_made_beyond_it() -> None:
    ended = item("+1", ended=NOW + timedelta(hours=1))
    mended = message(ended, kind="resolved", severity="resolved")
    assert verdict(mended) == "Mended for callers to +1"
    assert standing(mended) == "Resolved \N{MIDDLE DOT} 1 mended \N{MIDDLE DOT} none still open"
    others = message(ended, kind="resolved", severity="resolved", firing=3)
    assert standing(others) == "Resolved \N{MIDDLE DOT} 1 mended \N{MIDDLE DOT} 3 still open"


def test_what_nobody_calls_is_mended_by_its_title() -> None:
    plain = {"severity": "warning", "ended": NOW, "kind": "resolved"}
    kind = plain.pop("kind")
    one = message(item(**plain), kind=str(kind), severity="resolved")
    assert verdict(one) == "Mended: Account without a licence: Sales"
    two = message(item(**plain), item(**plain), kind=str(kind), severity="resolved")
    assert verdict(two) == "Mended: 2 \N{MULTIPLICATION SIGN} Account without a licence"
    unlike = message(item(**plain), item(**plain, title="Other"), kind=str(kind), severity="resolved")
    assert verdict(unlike) == HEADLINE


def test_what_became_worse_is_not_counted_as_new() -> None:
    both = message(item("+1"), item("+2", worse=True))
    assert standing(both) == "Critical \N{MIDDLE DOT} 1 new \N{MIDDLE DOT} 1 worse"


def test_a_card_that_tells_nothing_new_says_why_it_comes() -> None:
    spoken = message(item("+1"), kind="open", headline="No longer silenced: Account without a licence: Sales")
    assert verdict(spoken) == "Callers to +1 cannot be answered"
    assert occasion(spoken) == spoken.headline
    assert occasion(message(item("+1"), kind="open", headline=f"Still open: {HEADLINE}")) == ""
    assert occasion(message(item("+1"))) == ""


@pytest.mark.parametrize("kind", ["announcement", "digest", "heartbeat", "notice", "test"])
def test_other_messages_begin_with_their_headline(kind: str) -> None:
    other = Message(kind=kind, group="g", severity="info", headline="As it is")  # type: ignore[arg-type]
    assert verdict(other) == "As it is"
