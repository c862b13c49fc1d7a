"""Queues that nobody is meant to answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.finding import Finding
from shared.model.voice import Agent, AutoAttendant, CallQueue, MenuOption, QueueExit
from shared.rules.call_queue_without_agents import RULE
from shared.rules.snapshot import Snapshot
from simulator.directory import SimulatedTenant

Lines = Callable[..., Snapshot]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Options = Callable[..., MenuOption]

NUMBER = "+14255550100"


def found(snapshot: Snapshot) -> list[Finding]:
    return list(RULE.check(snapshot))


@pytest.fixture
def on_line(make_lines: Lines) -> Callable[..., Finding]:
    """What is found of a queue `sales` that a number leads to."""

    def finding(*queues: CallQueue) -> Finding:
        (only,) = found(make_lines(*queues, on={1: "sales"}, numbers={1: NUMBER}))
        return only

    return finding


def test_contoso_has_no_queue_without_agents(
    tenant: SimulatedTenant, as_read: Callable[[SimulatedTenant], Snapshot]
) -> None:
    assert found(as_read(tenant)) == []


def test_a_queue_of_contoso_whose_agents_all_leave_is_found_and_forwards(
    tenant: SimulatedTenant, as_read: Callable[[SimulatedTenant], Snapshot]
) -> None:
    name = "CQ Sales Seattle"
    tenant.voice.remove_agent(name)
    (finding,) = found(as_read(tenant))
    assert (finding.severity, finding.subject.name, finding.subject.kind) == ("warning", name, "voice_app")


@pytest.mark.parametrize(
    "members",
    [
        {"users": ("ann",)},
        {"agents": (Agent("ann"),)},
        {"groups": ("team",)},
        {"channel": "19:sales@thread.tacv2"},
        {"shifts_group": "early"},
    ],
)
def test_a_queue_that_anything_is_meant_to_answer_is_not_flagged(
    make_lines: Lines, make_queue: Queues, members: dict[str, object]
) -> None:
    assert found(make_lines(make_queue("sales", **members), on={1: "sales"})) == []


def test_a_shifts_team_without_a_group_of_it_answers_nothing(
    on_line: Callable[..., Finding], make_queue: Queues
) -> None:
    assert on_line(make_queue("sales", shifts_team="team")).severity == "critical"


@pytest.mark.parametrize("action", ["queue", "disconnect", ""])
def test_a_reachable_one_whose_callers_wait_or_are_cut_off_is_critical(
    on_line: Callable[..., Finding], make_queue: Queues, action: str
) -> None:
    assert on_line(make_queue("sales", no_agent=action)).severity == "critical"


@pytest.mark.parametrize("way", ["app:billing", "shared_voicemail=voicemail:office", "voicemail=user:ann", "unknown"])
def test_a_queue_without_agents_whose_callers_are_led_on_is_only_a_warning(
    on_line: Callable[..., Finding], make_queue: Queues, way: str
) -> None:
    finding = on_line(make_queue("sales", no_agent=way), make_queue("billing", users=("ann",)))
    assert finding.severity == "warning"
    assert "nobody" not in str(finding.evidence["way"])


def test_one_that_no_call_comes_to_is_a_warning(make_lines: Lines, make_queue: Queues) -> None:
    (finding,) = found(make_lines(make_queue("sales", no_agent="disconnect")))
    assert finding.severity == "warning"
    assert "No call comes there" in finding.summary


def test_one_that_only_a_menu_leads_to_is_critical(
    make_lines: Lines, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    main = make_attendant("main", make_option("2", "app:sales"))
    (finding,) = found(make_lines(main, make_queue("sales"), on={1: "main"}, numbers={1: NUMBER}))
    assert finding.severity == "critical"
    assert finding.summary == (
        "It has no agents: callers wait, and nobody comes. Callers come by "
        "+1 425 555 0100 > Main line > key 2 > Sales queue > nobody; 1 number and 1 other app lead there."
    )
    assert finding.remedy == (
        "Give it people, a group or a channel: Teams admin center: Voice > Call queues > Sales queue > Call answering; "
        "or send callers on under Exception handling > No agents."
    )
    assert finding.evidence["numbers"] == [NUMBER]


def test_what_callers_meet_is_said(on_line: Callable[..., Finding], make_queue: Queues) -> None:
    said: dict[str, dict[str, object]] = {
        "they are cut off": {"no_agent": "queue", "timeout": "disconnect"},
        "the timeout sends them on": {"timeout": "app:billing"},
        "callers come to voicemail": {"no_agent": "shared_voicemail=voicemail:office"},
        "callers are cut off": {"no_agent": "disconnect"},
        "callers are sent on": {"no_agent": "app:billing"},
        "not known here": {"no_agent": QueueExit("unknown")},
    }
    billing = make_queue("billing", users=("ann",))
    for words, exits in said.items():
        assert words in on_line(make_queue("sales", **exits), billing).summary


def test_nothing_is_said_without_an_export(make_lines: Lines, make_queue: Queues) -> None:
    assert found(make_lines(make_queue("sales"), sources={})) == []


@given(order=st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_the_export_changes_nothing(make_lines: Lines, make_queue: Queues, order: list[str]) -> None:
    queues = {
        "a": make_queue("a"),
        "b": make_queue("b", timeout="app:a"),
        "c": make_queue("c", users=("ann",), timeout="app:b"),
        "d": make_queue("d", no_agent="app:c"),
    }
    ways = [[queues[each] for each in names] for names in (order, sorted(order))]
    one, other = (found(make_lines(*each, on={1: "c"}, numbers={1: NUMBER})) for each in ways)
    assert one == other
    assert [finding.key for finding in one] == [f"{RULE.id}|{each}|" for each in "abd"]
