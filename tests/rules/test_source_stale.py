"""The rule about the sources themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.model.finding import Finding
from shared.model.sources import SOURCES, Source, SourceState
from shared.model.tenant import TenantState
from shared.rules.snapshot import Snapshot
from shared.rules.source_stale import RULE

MakeState = Callable[..., TenantState]
Judge = Callable[[TenantState], list[Finding]]


@pytest.fixture
def judge(make_snapshot: Callable[..., Snapshot]) -> Judge:
    return lambda state: list(RULE.check(make_snapshot(state)))


@pytest.fixture
def judge_every_source(make_snapshot: Callable[..., Snapshot]) -> Judge:
    intervals = dict.fromkeys(SOURCES, timedelta(minutes=5))
    return lambda state: list(RULE.check(make_snapshot(state, intervals=intervals)))


@pytest.mark.parametrize(
    ("minutes", "severity"), [(0, None), (15, None), (16, "warning"), (50, "warning"), (51, "critical")]
)
def test_a_source_is_stale_after_three_intervals_and_critical_after_ten(
    judge: Judge, make_state: MakeState, now: datetime, minutes: int, severity: str | None
) -> None:
    found = judge(make_state(read=now - timedelta(minutes=minutes)))
    assert [finding.severity for finding in found] == ([severity] * 2 if severity else [])
    assert [finding.subject.id for finding in found] == (["accounts", "licences"] if severity else [])


def test_a_failed_read_does_not_make_fresh_knowledge_stale(judge: Judge, make_state: MakeState, now: datetime) -> None:
    failed = SourceState(state="failed", tried_at=now, complete_as_of=now - timedelta(minutes=10), problem="timed out")
    assert judge(make_state(sources={"licences": failed, "accounts": failed})) == []


def test_a_stale_source_says_since_when_and_why(judge: Judge, make_state: MakeState, now: datetime) -> None:
    complete = SourceState(state="complete", tried_at=now, complete_as_of=now)
    failed = SourceState(state="failed", tried_at=now, complete_as_of=now - timedelta(minutes=20), problem="timed out")
    (found,) = judge(make_state(sources={"licences": complete, "accounts": failed}))
    assert (found.subject.kind, found.subject.id) == ("source", "accounts")
    assert "could not read the accounts of this tenant since 2026-11-20 09:40 UTC" in found.summary
    assert found.remedy.endswith("Last problem: timed out")
    assert found.evidence == {"state": "failed", "complete_as_of": "2026-11-20T09:40:00Z", "problem": "timed out"}


def test_a_source_that_was_tried_and_never_read_is_a_finding(
    judge: Judge, make_state: MakeState, now: datetime
) -> None:
    failed = SourceState(state="failed", tried_at=now, problem="the permission User.Read.All is missing")
    (found,) = judge(make_state(sources={"accounts": failed}))
    assert (found.severity, found.evidence["complete_as_of"]) == ("warning", "never")
    assert "accounts" in found.summary
    assert found.remedy.endswith("the permission User.Read.All is missing")


@pytest.mark.parametrize("source", ["numbers", "calling"])
def test_an_optional_source_that_was_never_permitted_is_not_stale(
    judge_every_source: Judge, make_state: MakeState, now: datetime, source: Source
) -> None:
    refused = SourceState(state="failed", tried_at=now, problem="refused", permission="Some.Read.All")
    known = make_state().sources
    assert judge_every_source(make_state(sources={**known, source: refused})) == []
    timed_out = SourceState(state="failed", tried_at=now, problem="timed out")
    (found,) = judge_every_source(make_state(sources={**known, source: timed_out}))
    assert found.subject.id == source


def test_an_optional_source_whose_permission_was_taken_away_becomes_stale(
    judge_every_source: Judge, make_state: MakeState, now: datetime
) -> None:
    refused = SourceState(
        state="failed", tried_at=now, complete_as_of=now - timedelta(hours=1), permission="Some.Read.All"
    )
    (found,) = judge_every_source(make_state(sources={**make_state().sources, "numbers": refused}))
    assert (found.subject.id, found.severity) == ("numbers", "critical")


@pytest.mark.parametrize("source", ["licences", "accounts"])
def test_a_required_source_without_its_permission_is_stale_as_well(
    judge_every_source: Judge, make_state: MakeState, now: datetime, source: Source
) -> None:
    refused = SourceState(state="failed", tried_at=now, problem="refused", permission="Some.Read.All")
    (found,) = judge_every_source(make_state(sources={**make_state().sources, source: refused}))
    assert found.subject.id == source


def test_a_source_that_nobody_reads_is_not_stale(judge: Judge, make_state: MakeState) -> None:
    assert judge(make_state(read=None)) == []


def test_another_problem_of_the_same_source_is_the_same_finding(
    judge: Judge, make_state: MakeState, now: datetime
) -> None:
    keys = {
        judge(make_state(sources={"accounts": SourceState(state="failed", tried_at=now, problem=problem)}))[0].key
        for problem in ("timed out", "refused")
    }
    assert keys == {"source-stale|accounts|"}
