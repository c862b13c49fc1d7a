"""What has happened to findings beside their beginning and end is said in words, for channels that show only text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.model.finding import Finding

HOUR = 3600

MakeFinding = Callable[..., Finding]
NewDesk = Callable[..., Any]

LINE = "Account without a licence: Sales"


def test_that_a_warning_has_become_critical_is_said_in_the_headline_and_in_the_text(
    new_desk: NewDesk, make_finding: MakeFinding
) -> None:
    desk = new_desk()
    warning, critical = make_finding("unlicensed", 1, "warning"), make_finding("unlicensed", 1)
    desk.look(0, warning)
    desk.look(30, warning)
    desk.look(HOUR, critical)
    (message,) = desk.look(HOUR + 30, critical)
    assert message.headline == f"Has become critical: {LINE}"
    assert message.text == "Has become critical: Sales."
    assert [item.worse for item in message.sections[0].items] == [True]


def test_beside_what_is_new_the_text_alone_says_what_has_become_critical(
    new_desk: NewDesk, make_finding: MakeFinding
) -> None:
    desk = new_desk()
    worse = [make_finding("unlicensed", number, "warning", name=f"Line {number}") for number in range(7)]
    desk.look(0, *worse)
    desk.look(30, *worse)
    after = [make_finding("unlicensed", number, name=f"Line {number}") for number in range(8)]
    desk.look(HOUR, *after)
    (message,) = desk.look(HOUR + 30, *after)
    assert "critical" not in message.headline
    assert message.text == "Has become critical: Line 0, Line 1, Line 2, Line 3, Line 4 (+2 more)."


def test_the_end_of_a_silence_beside_something_new_is_said_in_the_text(
    new_desk: NewDesk, make_finding: MakeFinding
) -> None:
    desk = new_desk()
    one, new = make_finding("unlicensed", 1, name="One"), make_finding("unlicensed", 2, name="New")
    desk.look(0, one)
    desk.look(30, one)
    desk.muted = {one.key}
    desk.look(HOUR, one)
    desk.muted = set()
    desk.look(2 * HOUR, one, new)
    (message,) = desk.look(2 * HOUR + 30, one, new)
    assert message.headline == "Account without a licence: New"
    assert message.text == "No longer silenced: One."


def test_an_end_is_no_all_clear_while_others_that_were_told_are_silenced_or_explained(
    new_desk: NewDesk, make_finding: MakeFinding
) -> None:
    desk = new_desk()
    ends, silenced, explained = (make_finding("unlicensed", number, name=f"Line {number}") for number in (1, 2, 3))
    cause = make_finding("misused", 9, "critical", name="Cause")
    desk.look(0, ends, silenced, explained)
    desk.look(30, ends, silenced, explained)
    desk.look(400, ends, silenced, explained, cause)
    desk.look(430, ends, silenced, explained, cause)
    desk.muted, desk.explained = {silenced.key}, {explained.key: cause.key}
    desk.look(HOUR, silenced, explained, cause)
    (message,) = desk.look(HOUR + 30, silenced, explained, cause)
    assert message.headline == (
        "Account without a licence: Line 1 (1 still open, 1 still silenced, 1 explained by another finding)"
    )
    assert message.firing == 3


def test_what_is_no_longer_explained_is_told_as_such_and_once(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    line, cause = make_finding("unlicensed", 1), make_finding("misused", 9, "critical", name="Cause")
    desk.look(0, line)
    desk.look(30, line)
    desk.explained = {line.key: cause.key}
    desk.look(HOUR, line, cause)
    assert [item.name for each in desk.look(HOUR + 30, line, cause) for item in each.sections[0].items] == ["Cause"]
    desk.explained = {}
    desk.look(2 * HOUR, line, cause)
    (message,) = desk.look(2 * HOUR + 30, line, cause)
    assert message.headline == f"No longer explained by another finding: {LINE}"
    assert desk.look(2 * HOUR + 600, line, cause) == ()
