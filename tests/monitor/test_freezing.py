"""What cannot be read proves nothing: "source-stale and permission-missing freeze every rule that needs the source"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.licensing.policy import CURRENT
from shared.model.alert import Alert
from shared.model.finding import Finding
from shared.model.sources import SOURCES, Source, SourceState
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.model.voice import VoiceExport
from shared.monitor.evaluate import evaluate
from shared.monitor.occasion import Occasion
from shared.rules.catalogue import RULES
from shared.rules.rule import Rule

NEEDS = [pytest.param(rule, source, id=f"{rule.id}-{source}") for rule in RULES for source in sorted(rule.reads)]
READING = [pytest.param(rule, id=rule.id) for rule in RULES if rule.reads]
LONG_AGO = timedelta(days=3)

MakeState = Callable[..., TenantState]
MakeFinding = Callable[..., Finding]
MakeAlert = Callable[..., Alert]


def bad(how: str, now: datetime) -> SourceState:
    """A source of which nothing can be concluded."""
    known = SourceState(state="failed", tried_at=now, complete_as_of=now - LONG_AGO, problem="no answer")
    return {
        "stale": SourceState(state="complete", tried_at=now - LONG_AGO, complete_as_of=now - LONG_AGO),
        "failed": known,
        "refused": SourceState(
            state="failed", tried_at=now, complete_as_of=now - LONG_AGO, problem="403", permission="Some.Read.All"
        ),
        "in part": SourceState(state="partial", tried_at=now, complete_as_of=now, problem="a page is missing"),
        "never read": SourceState(),
    }[how]


def open_alert(rule: Rule, make_alert: MakeAlert, make_finding: MakeFinding, now: datetime) -> dict[str, Alert]:
    found = make_finding(rule.id, "nobody", rule.severity)
    return {found.key: make_alert(found, family=rule.family, since=now - timedelta(hours=1))}


def complete(now: datetime) -> dict[Source, SourceState]:
    return dict.fromkeys(SOURCES, SourceState(state="complete", tried_at=now, complete_as_of=now))


def export(now: datetime) -> VoiceExport:
    return VoiceExport(
        exported_at=now, complete=True, attendants=(), queues=(), instances=(), associations=(), statuses=()
    )


@pytest.mark.parametrize("how", ["stale", "failed", "refused", "in part", "never read"])
@pytest.mark.parametrize(("rule", "source"), NEEDS)
def test_a_rule_that_needs_what_cannot_be_read_is_frozen(  # noqa: PLR0917 - fixtures
    make_state: MakeState,
    make_finding: MakeFinding,
    make_alert: MakeAlert,
    now: datetime,
    rule: Rule,
    source: Source,
    how: str,
) -> None:
    alerts = open_alert(rule, make_alert, make_finding, now)
    state = make_state(alerts=alerts, sources={**complete(now), source: bad(how, now)}, voice=export(now))
    for minute in range(3):
        occasion = Occasion(now=now + timedelta(minutes=minute), policy=CURRENT, timing=Timing(hold=1))
        state = evaluate(state, occasion)
    (key,) = alerts
    assert (state.alerts[key].phase, state.alerts[key].frozen) == ("firing", True)
    assert "resolved" not in {transition.to for transition in state.recent}


@pytest.mark.parametrize("rule", READING)
def test_the_same_rule_ends_what_complete_and_fresh_reads_no_longer_show(
    make_state: MakeState, make_finding: MakeFinding, make_alert: MakeAlert, now: datetime, rule: Rule
) -> None:
    alerts = open_alert(rule, make_alert, make_finding, now)
    state = make_state(alerts=alerts, sources=complete(now), voice=export(now))
    state = evaluate(state, Occasion(now=now, policy=CURRENT, timing=Timing(hold=1)))
    assert [transition.key for transition in state.recent if transition.to == "resolved"] == list(alerts)
