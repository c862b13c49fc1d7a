"""Queues all of whose agents have opted out, for long enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.finding import Finding
from shared.model.voice import Agent, CallQueue
from shared.rules.call_queue_nobody_opted_in import RULE
from shared.rules.engine import evaluate
from shared.rules.snapshot import Snapshot
from shared.rules.thresholds import BusinessHours, Thresholds
from shared.voice.opt_out import opted_out_since
from simulator.directory import SimulatedTenant

NUMBER = "+14255550100"
OUT = (Agent("ann", opted_in=False), Agent("bob", opted_in=False))

Lines = Callable[..., Snapshot]
Queues = Callable[..., CallQueue]
Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(make_lines: Lines, make_snapshot: Callable[..., Snapshot]) -> Judge:
    """What is found of a queue `sales` on a line, of which an export so many minutes before the last told first."""

    def findings(queue: CallQueue, minutes: int | None = 30, **thresholds: Any) -> list[Finding]:  # noqa: ANN401
        read = make_lines(queue, on={1: "sales"}, numbers={1: NUMBER})
        assert read.voice is not None
        since = {} if minutes is None else {"sales": read.voice.exported_at - timedelta(minutes=minutes)}
        later = make_lines(queue, on={1: "sales"}, numbers={1: NUMBER}, opted_out_since=since)
        return list(RULE.check(make_snapshot(later.state, thresholds=Thresholds(**thresholds))))

    return findings


def test_a_queue_whose_agents_have_opted_out_for_long_enough_is_found(judge: Judge, make_queue: Queues) -> None:
    (finding,) = judge(make_queue("sales", agents=OUT))
    assert finding.severity == "critical"
    assert finding.summary == (
        "All 2 agents have opted out since 2026-11-20 07:30 UTC at the latest: callers wait, and nobody comes. "
        "Callers come by +1 425 555 0100 > Sales queue > nobody; 1 number and 0 other apps lead there."
    )
    assert "Voice > Call queues > Sales queue > Agent selection" in finding.remedy
    assert finding.evidence["agents"] == ["ann", "bob"]
    assert finding.evidence["since"] == "2026-11-20T07:30:00Z"


@pytest.mark.parametrize(("minutes", "told"), [(0, False), (14, False), (15, True), (600, True)])
def test_it_ripens_from_export_to_export(judge: Judge, make_queue: Queues, minutes: int, told: bool) -> None:  # noqa: FBT001
    assert bool(judge(make_queue("sales", agents=OUT), minutes)) is told


def test_an_old_export_does_not_ripen_by_itself(
    make_lines: Lines, make_snapshot: Callable[..., Snapshot], make_queue: Queues
) -> None:
    read = make_lines(make_queue("sales", agents=OUT), on={1: "sales"})
    assert read.voice is not None
    state = make_lines(
        make_queue("sales", agents=OUT), on={1: "sales"}, opted_out_since=opted_out_since({}, read.voice)
    ).state
    assert list(RULE.check(make_snapshot(state, now=read.voice.exported_at + timedelta(hours=20)))) == []


def test_how_long_is_a_setting(judge: Judge, make_queue: Queues) -> None:
    assert judge(make_queue("sales", agents=OUT), 30, nobody_opted_in=timedelta(hours=1)) == []
    assert judge(make_queue("sales", agents=OUT), 0, nobody_opted_in=timedelta(0)) != []


@pytest.mark.parametrize(
    ("opens", "closes", "told"), [(time(7), time(9), True), (time(8), time(9), False), (time(7), time(8), False)]
)
def test_only_business_hours_count_at_the_time_of_the_export_and_before_it(
    judge: Judge,
    make_queue: Queues,
    opens: time,
    closes: time,
    told: bool,  # noqa: FBT001 - what is expected
) -> None:
    hours = BusinessHours(opens=opens, closes=closes)
    assert bool(judge(make_queue("sales", agents=OUT), business_hours=hours)) is told


@pytest.mark.parametrize(
    ("opens", "closes", "why"),
    [
        (time(7), time(9), []),
        (time(7, 45), time(9), []),
        (
            time(7, 50),
            time(9),
            ["the last export was made at 2026-11-20 08:00 UTC, when agents still had time to opt in after opening"],
        ),
        (time(7), time(8), ["the last export was made at 2026-11-20 08:00 UTC, outside business hours"]),
    ],
)
def test_an_export_from_outside_business_hours_neither_opens_nor_resolves(  # noqa: PLR0917 - a table
    make_lines: Lines,
    make_snapshot: Callable[..., Snapshot],
    make_queue: Queues,
    opens: time,
    closes: time,
    why: list[str],
) -> None:
    state = make_lines(make_queue("sales", agents=(Agent("ann", opted_in=True),)), on={1: "sales"}).state
    thresholds = Thresholds(business_hours=BusinessHours(opens=opens, closes=closes))
    evaluation = evaluate([RULE], make_snapshot(state, thresholds=thresholds))
    assert [each.why for each in evaluation.skipped] == why
    assert evaluation.findings == ()


def test_without_business_hours_every_export_counts(
    make_lines: Lines, make_snapshot: Callable[..., Snapshot], make_queue: Queues
) -> None:
    state = make_lines(make_queue("sales", agents=OUT), on={1: "sales"}).state
    assert evaluate([RULE], make_snapshot(state)).skipped == ()


@pytest.mark.parametrize(
    "members",
    [
        {"agents": (Agent("ann", opted_in=True), Agent("bob", opted_in=False))},
        {"agents": (Agent("ann"), Agent("bob", opted_in=False))},
        {"agents": OUT, "users": ("cleo",)},
        {"agents": ()},
        {"groups": ("team",)},
    ],
)
def test_a_queue_with_somebody_who_may_be_there_is_not_flagged(
    judge: Judge, make_queue: Queues, members: dict[str, object]
) -> None:
    assert judge(make_queue("sales", **members)) == []


def test_a_queue_of_which_no_export_told_first_is_not_flagged_yet(judge: Judge, make_queue: Queues) -> None:
    assert judge(make_queue("sales", agents=OUT), None) == []


@pytest.mark.parametrize(
    ("way", "severity"),
    [("queue", "critical"), ("disconnect", "critical"), ("", "critical"), ("app:billing", "warning")],
)
def test_how_bad_it_is_follows_from_what_callers_meet(
    judge: Judge, make_queue: Queues, way: str, severity: str
) -> None:
    (finding,) = judge(make_queue("sales", agents=OUT, no_agent=way))
    assert finding.severity == severity


def test_a_queue_that_no_call_comes_to_is_a_warning(make_lines: Lines, make_queue: Queues, now: datetime) -> None:
    since = {"sales": now - timedelta(days=1)}
    (finding,) = RULE.check(make_lines(make_queue("sales", agents=OUT), opted_out_since=since))
    assert finding.severity == "warning"


def test_contoso_is_found_only_once_all_agents_of_a_queue_have_opted_out(
    tenant: SimulatedTenant,
    as_read: Callable[[SimulatedTenant], Snapshot],
    make_snapshot: Callable[..., Snapshot],
) -> None:
    name = "CQ Reception Seattle"
    thresholds = Thresholds(nobody_opted_in=timedelta(0))

    def keys() -> list[str]:
        read = as_read(tenant)
        assert read.voice is not None
        state = msgspec.structs.replace(read.state, opted_out_since=opted_out_since({}, read.voice))
        return [finding.subject.name for finding in RULE.check(make_snapshot(state, thresholds=thresholds))]

    assert keys() == []
    tenant.voice.opt_out(name)
    assert keys() == [name]
    tenant.voice.opt_in(name, tenant.voice.queue(name).agents[0].object_id)
    assert keys() == []


@given(agents=st.permutations([*OUT, Agent("cleo", opted_in=False)]))
def test_the_order_of_the_agents_changes_nothing(
    make_lines: Lines, make_queue: Queues, now: datetime, agents: list[Agent]
) -> None:
    since = {"sales": now - timedelta(days=1)}
    one, other = (
        list(RULE.check(make_lines(make_queue("sales", agents=tuple(each)), opted_out_since=since)))
        for each in (agents, sorted(agents, key=lambda agent: agent.id))
    )
    assert one == other
    assert len(one) == 1
