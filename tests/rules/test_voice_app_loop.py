"""Circles out of which no caller finds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.model.finding import Finding
from shared.model.voice import AutoAttendant, CallQueue, MenuOption
from shared.rules.snapshot import Snapshot
from shared.rules.voice_app_loop import RULE
from simulator.directory import SimulatedTenant

Lines = Callable[..., Snapshot]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Options = Callable[..., MenuOption]

NUMBER = "+14255550100"


def found(snapshot: Snapshot) -> list[Finding]:
    return list(RULE.check(snapshot))


def test_contoso_has_no_circle(tenant: SimulatedTenant, as_read: Callable[[SimulatedTenant], Snapshot]) -> None:
    assert found(as_read(tenant)) == []


def test_two_attendants_of_contoso_that_send_callers_to_each_other_are_one_circle(
    tenant: SimulatedTenant, as_read: Callable[[SimulatedTenant], Snapshot]
) -> None:
    names = ("AA Main Line London", "AA After Hours London")
    tenant.voice.circle(*names)
    (finding,) = found(as_read(tenant))
    assert finding.severity == "critical"
    assert finding.subject.id == min(tenant.voice.attendant(name).identity for name in names)
    assert finding.evidence["circle_length"] == 2
    assert "+442079460000 > AA Main Line London" in finding.summary


def test_an_attendant_and_an_empty_queue_that_send_callers_to_each_other_are_told_once(
    make_lines: Lines, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    main = make_attendant("main", make_option("automatic", "app:sales"))
    sales = make_queue("sales", no_agent="app:main")
    (finding,) = found(make_lines(main, sales, on={1: "main"}, numbers={1: NUMBER}))
    assert (finding.severity, finding.subject.id, finding.aspect) == ("critical", "main", "")
    assert finding.summary == (
        "Callers go round in a circle and come to nobody: Main line > automatically > Sales queue > no agents > "
        "Main line. Callers come by +1 425 555 0100 > Main line; 1 number and 1 other app lead there."
    )
    assert finding.evidence["circle"] == ["main", "sales"]
    assert finding.evidence["numbers"] == [NUMBER]


def test_a_circle_that_no_call_comes_to_says_so(make_lines: Lines, make_queue: Queues) -> None:
    (finding,) = found(make_lines(make_queue("b", no_agent="app:a"), make_queue("a", no_agent="app:b")))
    assert (finding.subject.id, finding.severity) == ("a", "info")
    assert finding.summary == (
        "Callers would go round in a circle and come to nobody: A queue > no agents > B queue > no agents > A queue. "
        "No call comes there: A queue."
    )


def test_a_circle_inside_teams_is_as_bad_as_one_behind_a_number(make_lines: Lines, make_queue: Queues) -> None:
    (finding,) = found(make_lines(make_queue("b", no_agent="app:a"), make_queue("a", no_agent="app:b"), on={1: "b"}))
    assert (finding.subject.id, finding.severity) == ("a", "critical")


@pytest.mark.parametrize(
    "changed",
    [
        {"no_agent": "app:main", "users": ("ann",)},
        {"no_agent": "app:main", "groups": ("team",)},
        {"no_agent": "disconnect"},
        {"no_agent": "shared_voicemail=voicemail:office"},
        {"no_agent": "user:ann"},
    ],
)
def test_a_queue_by_which_callers_leave_is_no_part_of_a_circle(
    make_lines: Lines,
    make_attendant: Attendants,
    make_queue: Queues,
    make_option: Options,
    changed: dict[str, object],
) -> None:
    main = make_attendant("main", make_option("automatic", "app:sales"))
    assert found(make_lines(main, make_queue("sales", **changed), on={1: "main"})) == []


def test_a_menu_that_leads_back_to_itself_by_a_key_is_no_circle(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("1", "app:main"), make_option("2", "user:ann"))
    assert found(make_lines(main, on={1: "main"})) == []


def test_a_long_circle_is_told_in_bounds(make_lines: Lines, make_queue: Queues) -> None:
    queues = [make_queue(f"q{place:03}", no_agent=f"app:q{(place + 1) % 300:03}") for place in range(300)]
    (finding,) = found(make_lines(*queues))
    assert finding.evidence["circle_length"] == 300
    assert finding.evidence["circle"] == [f"q{place:03}" for place in range(20)]
    assert len(finding.summary) < 700
    assert "Q000 queue" in finding.summary
    assert "…" in finding.summary
