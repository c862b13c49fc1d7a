"""What broke together is told together, once, and again only when something is new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.model.alert import Message
from shared.model.finding import Finding, Severity

MINUTE = 60
HOUR = 3600

MakeFinding = Callable[..., Finding]
NewDesk = Callable[..., Any]
Named = Callable[[Message], dict[str, list[str]]]


def test_the_first_message_waits_for_what_breaks_with_it(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk = new_desk()
    queues = [make_finding("unlicensed", number) for number in range(12)]
    for second in range(12):
        assert desk.look(second, *queues[: second + 1]) == ()
    assert desk.look(29, *queues) == ()
    (message,) = desk.look(30, *queues)
    assert [section.total for section in message.sections] == [12]
    assert list(named(message)) == ["new"]


def test_what_clears_before_the_wait_is_over_is_never_told(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    found = make_finding("unlicensed")
    assert desk.look(0, found) == ()
    assert desk.look(20) == ()
    assert desk.look(30) == desk.look(HOUR) == ()
    assert (desk.alerts, desk.groups) == ({}, {})


def test_the_wait_starts_anew_after_a_blip(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    found = make_finding("unlicensed")
    desk.look(0, found)
    desk.look(20)
    assert desk.look(25, found) == desk.look(54, found) == ()
    assert len(desk.look(55, found)) == 1


def test_what_falls_due_before_the_next_look_goes_now(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    assert len(new_desk().look(0, make_finding("unlicensed"), ahead=30)) == 1
    assert new_desk().look(0, make_finding("unlicensed"), ahead=29) == ()


def test_later_messages_of_a_group_keep_the_interval(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk = new_desk()
    one, two, three = (make_finding("unlicensed", number) for number in range(3))
    desk.look(0, one)
    assert len(desk.look(30, one)) == 1
    assert desk.look(40, one, two) == desk.look(329, one, two, three) == ()
    (message,) = desk.look(330, one, two, three)
    assert {kind: len(names) for kind, names in named(message).items()} == {"new": 2, "open": 1}


def test_what_comes_long_after_the_last_message_still_gathers(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    one, two = make_finding("unlicensed", 1), make_finding("unlicensed", 2)
    desk.look(0, one)
    desk.look(30, one)
    assert desk.look(HOUR, one, two) == desk.look(HOUR + 29, one, two) == ()
    assert len(desk.look(HOUR + 30, one, two)) == 1


def test_families_are_told_apart(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    found = [make_finding("short", "tenant", "warning"), make_finding("unlicensed"), make_finding("misused", 1)]
    desk.look(0, *found)
    messages = desk.look(30, *found)
    assert [(message.group, message.severity) for message in messages] == [
        ("teams/accounts", "critical"),
        ("teams/allocation", "warning"),
    ]


def test_an_end_is_told_once_and_then_forgotten(new_desk: NewDesk, make_finding: MakeFinding, named: Named) -> None:
    desk = new_desk()
    found = make_finding("unlicensed")
    desk.look(0, found)
    desk.look(30, found)
    assert desk.look(40) == desk.look(329) == ()
    (message,) = desk.look(330)
    assert named(message) == {"resolved": ["Sales"]}
    assert message.severity == "resolved"
    assert (desk.alerts, desk.groups) == ({}, {})
    assert desk.look(HOUR) == ()


def test_one_end_among_several_names_what_is_still_open(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk = new_desk()
    one, two = make_finding("unlicensed", 1), make_finding("misused", 2)
    desk.look(0, one, two)
    desk.look(30, one, two)
    desk.look(400, two)
    (message,) = desk.look(430, two)
    assert {kind: len(names) for kind, names in named(message).items()} == {"resolved": 1, "open": 1}
    assert message.severity == "resolved"


@pytest.mark.parametrize(("severity", "after"), [("critical", 4 * HOUR), ("warning", 24 * HOUR)])
def test_an_unchanged_group_is_told_again_by_its_worst_severity(
    new_desk: NewDesk, make_finding: MakeFinding, severity: Severity, after: int
) -> None:
    desk = new_desk()
    found = [make_finding("unlicensed", 1, "warning"), make_finding("unlicensed", 2, severity)]
    desk.look(0, *found)
    desk.look(30, *found)
    assert desk.look(30 + after, *found) == ()
    (message,) = desk.look(31 + after, *found)
    assert (message.severity, [section.kind for section in message.sections]) == (severity, ["open"])
    assert desk.look(31 + 2 * after, *found) == ()
    assert len(desk.look(32 + 2 * after, *found)) == 1


def test_a_notice_stays_out_of_the_stream(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    notice, warning = make_finding("unlicensed", 1, "info"), make_finding("unlicensed", 2, "warning")
    desk.look(0, notice)
    assert desk.look(8 * 24 * HOUR, notice) == ()
    assert notice.key in desk.alerts
    desk.look(9 * 24 * HOUR, notice, warning)
    (message,) = desk.look(9 * 24 * HOUR + 30, notice, warning)
    assert [section.total for section in message.sections] == [1]


def test_a_notice_that_ends_is_forgotten(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    desk.look(0, make_finding("unlicensed", 1, "info"))
    desk.look(HOUR)
    assert desk.alerts == {}


def test_a_notice_that_becomes_a_warning_is_told(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    desk.look(0, make_finding("unlicensed", 1, "info"))
    worse = make_finding("unlicensed", 1, "warning")
    desk.look(HOUR, worse)
    assert len(desk.look(HOUR + 30, worse)) == 1


def test_a_warning_that_becomes_a_notice_stays_with_whoever_was_told_until_it_ends(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk = new_desk()
    worse, milder = make_finding("unlicensed", 1, "warning"), make_finding("unlicensed", 1, "info")
    desk.look(0, worse)
    desk.look(30, worse)
    assert desk.look(400, milder) == desk.look(430, milder) == ()
    desk.look(HOUR)
    (message,) = desk.look(HOUR + 30)
    assert named(message) == {"resolved": ["Sales"]}
    assert (desk.alerts, desk.groups) == ({}, {})


def test_a_rule_that_no_longer_exists_closes_its_group(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    found = make_finding("unlicensed")
    desk.look(0, found)
    desk.look(30, found)
    desk.topics = {"short": desk.topics["short"]}
    desk.look(400)
    desk.look(430)
    assert (desk.alerts, desk.groups) == ({}, {})


def test_what_came_back_and_cleared_untold_is_not_told_as_mended_again(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk = new_desk()
    standing, blip = make_finding("unlicensed", 1), make_finding("misused", 2)
    desk.look(0, standing, blip)
    desk.look(30, standing, blip)
    desk.look(330, standing)
    assert len(desk.look(360, standing)) == 1
    desk.look(370, standing, blip)
    desk.look(380, standing)
    assert set(desk.alerts) == {standing.key}
    (message,) = desk.look(360 + 4 * HOUR + 1, standing)
    assert list(named(message)) == ["open"]


def test_what_becomes_critical_after_it_was_told_is_told_as_new(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk = new_desk()
    milder, worse = make_finding("unlicensed", 1, "warning"), make_finding("unlicensed", 1, "critical")
    desk.look(0, milder)
    assert len(desk.look(30, milder)) == 1
    desk.look(400, worse)
    (message,) = desk.look(430, worse)
    assert message.severity == "critical"
    assert list(named(message)) == ["new"]
    assert desk.look(1000, worse) == ()
    assert desk.look(1400, milder) == ()
