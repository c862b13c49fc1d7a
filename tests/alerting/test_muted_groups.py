"""What is muted is not told, and its muting is no recovery: what a receiver knows stays what it was told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.model.alert import Message
from shared.model.finding import Finding

HOUR = 3600

MakeFinding = Callable[..., Finding]
NewDesk = Callable[..., Any]
Named = Callable[[Message], dict[str, list[str]]]


def test_what_is_muted_from_the_start_is_never_told(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk, found = new_desk(), make_finding("unlicensed")
    desk.muted = {found.key}
    assert desk.look(0, found) == desk.look(30, found) == desk.look(9 * HOUR, found) == ()
    assert desk.look(10 * HOUR) == desk.look(11 * HOUR) == ()


def test_muting_everything_that_was_told_is_no_recovery(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk, found = new_desk(), make_finding("unlicensed")
    desk.look(0, found)
    assert len(desk.look(30, found)) == 1
    desk.muted = {found.key}
    assert desk.look(HOUR, found) == desk.look(2 * HOUR, found) == desk.look(9 * HOUR, found) == ()


def test_what_still_fires_when_its_silence_ends_is_told_again_as_such(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk, found = new_desk(), make_finding("unlicensed")
    desk.look(0, found)
    desk.look(30, found)
    desk.muted = {found.key}
    desk.look(HOUR, found)
    desk.muted = set()
    assert desk.look(2 * HOUR, found) == ()
    (message,) = desk.look(2 * HOUR + 30, found)
    assert message.headline.startswith("No longer silenced: ")
    assert named(message) == {"open": ["Sales"]}
    assert message.severity == "critical"
    assert desk.look(2 * HOUR + 600, found) == ()


def test_what_was_never_shown_is_new_when_its_silence_ends(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk, found = new_desk(), make_finding("unlicensed")
    desk.muted = {found.key}
    desk.look(0, found)
    desk.muted = set()
    desk.look(HOUR, found)
    (message,) = desk.look(HOUR + 30, found)
    assert named(message) == {"new": ["Sales"]}


def test_the_end_of_what_was_told_and_then_muted_is_told(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk, found = new_desk(), make_finding("unlicensed")
    desk.look(0, found)
    desk.look(30, found)
    desk.muted = {found.key}
    desk.look(HOUR, found)
    desk.look(2 * HOUR)
    (message,) = desk.look(2 * HOUR + 30)
    assert message.severity == "resolved"


def test_others_of_the_group_are_told_while_one_is_muted(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk = new_desk()
    one, other = make_finding("unlicensed", 1, name="One"), make_finding("unlicensed", 2, name="Other")
    desk.muted = {one.key}
    desk.look(0, one, other)
    (message,) = desk.look(30, one, other)
    assert named(message) == {"new": ["Other"]}
    assert message.firing == 1


def test_what_has_become_critical_since_it_was_told_says_so(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    desk.look(0, make_finding("unlicensed", 1, "warning"))
    desk.look(30, make_finding("unlicensed", 1, "warning"))
    desk.look(HOUR, make_finding("unlicensed", 1))
    (message,) = desk.look(HOUR + 30, make_finding("unlicensed", 1))
    ((item,),) = (section.items for section in message.sections)
    assert (item.worse, item.severity, message.severity) == (True, "critical", "critical")


@given(st.lists(st.tuples(st.sets(st.integers(0, 3)), st.sets(st.integers(0, 3))), max_size=20))
def test_a_receiver_is_told_of_an_end_exactly_where_it_was_told_of_a_beginning(
    new_desk: NewDesk, make_finding: MakeFinding, steps: list[tuple[set[int], set[int]]]
) -> None:
    desk = new_desk()
    known: set[str] = set()
    for number, (found, muted) in enumerate([*steps, (set(), set())]):
        findings = [make_finding("unlicensed", each, name=str(each)) for each in found]
        desk.muted = {make_finding("unlicensed", each).key for each in muted}
        for second in (0, 400):  # the second look is after every wait
            for message in desk.look(number * HOUR + second, *findings):
                sections = {section.kind: {item.key for item in section.items} for section in message.sections}
                assert not sections.get("new", set()) & known
                assert not sections.get("new", set()) & desk.muted
                assert sections.get("resolved", set()) <= known
                known = (known | sections.get("new", set())) - sections.get("resolved", set())
    assert known == set()
