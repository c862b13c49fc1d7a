"""What a card says of each finding: few in full, many as a line each; and what to do, behind a button."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.delivery.card import card
from shared.delivery.card_mended import MENDED
from shared.model.alert import Item, Message, Section
from shared.rules.catalogue import RULES
from tests.delivery.reading import face, lines
from tools.sample_cards import SAMPLES, unlicensed

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SINCE = "Since {{DATE(2026-11-20T10:00:00Z,SHORT)}} {{TIME(2026-11-20T10:00:00Z)}}"
TITLE = "Resource account without a licence"


def message(*sections: Section, **changed: object) -> Message:
    values: dict[str, Any] = {"kind": "alert", "group": "g", "severity": "critical", "headline": "H", **changed}
    return Message(sections=sections, **values)


def new(*items: Item) -> Section:
    return Section(kind="new", items=items, total=len(items))


def folded(what: Message) -> list[str]:
    return lines(card(what).get("actions", []))


def test_one_finding_says_who_what_and_since_when() -> None:
    assert face(message(new(unlicensed(0))))[2:] == [
        "New (1)",
        "AA Main Line Seattle",
        TITLE,
        "No licence: callers to +14255550100 cannot be answered.",
        SINCE,
    ]


def test_numbers_that_the_summary_does_not_name_stand_beside_the_name() -> None:
    item = msgspec.structs.replace(unlicensed(0), summary="No licence.", numbers=("+1", "+2", "+3", "+4"))
    texts = face(message(new(item)))
    assert "AA Main Line Seattle \N{MIDDLE DOT} +1, +2, +3 +1\N{NO-BREAK SPACE}more" in texts


def test_many_findings_of_a_kind_get_a_line_each_under_what_they_share() -> None:
    texts = face(message(new(*map(unlicensed, range(3)))))
    assert texts[2:] == [
        "New (3)",
        TITLE,
        SINCE,
        "AA Main Line Seattle \N{MIDDLE DOT} +14255550100",
        "AA Main Line Chicago \N{MIDDLE DOT} +14255550101",
        "AA Main Line Atlanta \N{MIDDLE DOT} +14255550102",
    ]


def test_times_that_differ_stand_on_each_line() -> None:
    later = msgspec.structs.replace(unlicensed(2), since=NOW + timedelta(minutes=1))
    texts = face(message(new(unlicensed(0), unlicensed(1), later)))
    assert SINCE not in texts
    assert len([text for text in texts if "since {{DATE(2026-11-20T10:0" in text]) == 3


def test_a_line_without_numbers_says_what_is_wrong_instead() -> None:
    items = [msgspec.structs.replace(unlicensed(place), numbers=(), summary="Broken.") for place in range(3)]
    assert "AA Main Line Seattle \N{MIDDLE DOT} Broken." in face(message(new(*items)))


def test_what_became_worse_says_from_what_to_what() -> None:
    texts = face(SAMPLES["worse"])
    assert "Worse (1)" in texts
    assert "Was a warning, is critical now." in texts
    assert SAMPLES["worse"].text == "Has become critical: CQ Orders Munich."
    assert SAMPLES["worse"].text not in texts
    unsilenced = msgspec.structs.replace(SAMPLES["worse"], text="Has become critical: A. No longer silenced: B.")
    assert unsilenced.text in face(unsilenced)
    both = face(message(new(unlicensed(0), msgspec.structs.replace(unlicensed(1), worse=True))))
    assert "New or worse (2)" in both
    many = [msgspec.structs.replace(unlicensed(place), worse=place == 1) for place in range(3)]
    assert len([text for text in face(message(new(*many))) if "was a warning, is critical now" in text]) == 1


def test_a_finding_of_another_severity_than_the_card_says_which() -> None:
    mild = msgspec.structs.replace(unlicensed(0), severity="warning")
    assert f"Warning \N{MIDDLE DOT} {TITLE}" in face(message(new(mild)))


def test_what_is_known_is_only_named_beside_something_new() -> None:
    known = Section(kind="open", items=(unlicensed(1), unlicensed(2)), total=2)
    texts = face(message(new(unlicensed(0)), known))
    place = texts.index("Still open (2)")
    assert texts[place + 1 : place + 3] == [
        f"2 \N{MULTIPLICATION SIGN} {TITLE}",
        "AA Main Line Chicago, AA Main Line Atlanta",
    ]


def test_a_reminder_says_all_that_a_first_card_says() -> None:
    what = message(Section(kind="open", items=(unlicensed(0),), total=1))
    assert "No licence: callers to +14255550100 cannot be answered." in face(what)
    assert "AA Main Line Seattle" in folded(what)


def test_a_mended_finding_says_what_mended_it_how_long_it_lasted_and_needs_no_remedy() -> None:
    ended = msgspec.structs.replace(unlicensed(0), ended=NOW + timedelta(hours=2, minutes=5, seconds=7))
    what = message(Section(kind="resolved", items=(ended,), total=1), severity="resolved")
    texts = face(what)
    assert texts[2:6] == [
        "Mended (1)",
        "AA Main Line Seattle \N{MIDDLE DOT} +14255550100",
        TITLE,
        "It holds a licence again, or no longer needs one.",
    ]
    assert texts[6].startswith("Lasted 2\N{NO-BREAK SPACE}h 5\N{NO-BREAK SPACE}min, until {{DATE(2026-11-20T12:05:07Z")
    assert folded(what) == []


def test_many_mended_findings_get_a_line_each() -> None:
    ended = [msgspec.structs.replace(unlicensed(place), ended=NOW + timedelta(minutes=3)) for place in range(3)]
    texts = face(message(Section(kind="resolved", items=tuple(ended), total=3), severity="resolved"))
    assert texts.count("It holds a licence again, or no longer needs one.") == 1
    assert "AA Main Line Chicago \N{MIDDLE DOT} +14255550101 \N{MIDDLE DOT} Lasted 3\N{NO-BREAK SPACE}min" in texts


@pytest.mark.parametrize(
    ("lasted", "said"),
    [
        (timedelta(0), "1 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=61), "1 h 1 min"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_length_of_time_is_said_in_its_two_largest_units(lasted: timedelta, said: str) -> None:
    ended = msgspec.structs.replace(unlicensed(0), ended=NOW + lasted)
    texts = face(message(Section(kind="resolved", items=(ended,), total=1)))
    [text] = [text for text in texts if text.startswith("Lasted")]
    assert text.replace("\N{NO-BREAK SPACE}", " ").startswith(f"Lasted {said}, until ")


def test_every_rule_says_what_is_true_once_it_no_longer_holds() -> None:
    assert [rule.id for rule in RULES if rule.id not in MENDED] == []


def test_a_rule_that_the_card_does_not_know_claims_no_more_than_that_it_was_not_found() -> None:
    ended = msgspec.structs.replace(unlicensed(0), rule="new-rule", ended=NOW)
    what = message(Section(kind="resolved", items=(ended,), total=1))
    assert "Newer reads no longer find this." in face(what)


def test_a_remedy_is_its_sentence_and_then_three_labelled_ways_without_saying_a_command_twice() -> None:
    item = unlicensed(0)
    assert item.commands is not None
    texts = folded(message(new(item)))
    request, kind, body = item.commands.request.replace("\n\n", "\n").split("\n")
    assert texts == [
        "AA Main Line Seattle",
        "Assign the Teams Phone Resource Account licence:",
        "PowerShell",
        item.commands.powershell,
        "Request",
        request,
        kind,
        body,
        "Admin centre",
        item.commands.admin_centre,
    ]


def test_a_remedy_that_several_share_is_said_once() -> None:
    items = [msgspec.structs.replace(unlicensed(n), commands=None, remedy="Buy one.") for n in range(6)]
    assert folded(message(new(*items))) == [
        ", ".join(item.name for item in items[:5]) + " +1 more",
        "Buy one.",
    ]


def test_findings_without_a_remedy_have_no_button() -> None:
    for remedy in ("", " ", "\u202e\x00"):
        assert "actions" not in card(message(new(msgspec.structs.replace(unlicensed(0), remedy=remedy))))


def test_what_is_blank_leaves_no_empty_line_behind() -> None:
    blank = msgspec.structs.replace(unlicensed(0), name="\u202e", summary="\x00 ", numbers=("",), remedy=" ")
    assert face(message(new(blank)))[2:] == ["New (1)", TITLE, SINCE]
    assert face(message(new(unlicensed(0)), Section(kind="open", items=(blank,), total=1)))[-3:] == [
        "Still open (1)",
        TITLE,
        SINCE,
    ]


def test_the_button_of_a_resolved_card_is_about_the_rest() -> None:
    ended = msgspec.structs.replace(unlicensed(0), ended=NOW)
    sections = (
        Section(kind="resolved", items=(ended,), total=1),
        Section(kind="open", items=(unlicensed(1),), total=1),
    )
    [action] = card(message(*sections, severity="resolved"))["actions"]
    assert action["title"] == "What is left to do"
    assert "AA Main Line Chicago" in lines(action)
