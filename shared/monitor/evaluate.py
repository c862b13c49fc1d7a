"""From what is known to what holds: rules and the lives of their findings, then what is to be told. One pure step."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime

import msgspec

from shared.alerting import lifecycle
from shared.alerting.lifecycle import RuleLife
from shared.model.alert import Transition
from shared.model.sources import Source
from shared.model.tenant import TenantState
from shared.monitor.histories import with_histories
from shared.monitor.occasion import Occasion, snapshot_of
from shared.monitor.telling import announced, told
from shared.rules.catalogue import RULES
from shared.rules.engine import Around, Evaluation
from shared.rules.engine import evaluate as run_rules
from shared.rules.snapshot import Snapshot

RECENT = 200
"""Transitions that the document remembers."""


class Judgement(msgspec.Struct, frozen=True):
    """What the rules saw, the document after them, the steps that findings took, and the rules that could not judge."""

    snapshot: Snapshot
    state: TenantState
    steps: tuple[Transition, ...]
    silent: frozenset[str] = frozenset()


_NEVER = datetime.min.replace(tzinfo=UTC)


def judge(state: TenantState, occasion: Occasion, around: Around = nullcontext) -> tuple[Snapshot, Evaluation]:
    """What the rules say of the document now."""
    snapshot = snapshot_of(state, occasion)
    return snapshot, run_rules(RULES, snapshot, around)


def evaluate(state: TenantState, occasion: Occasion) -> TenantState:
    """The document with its alerts carried on, and with what is due in its outbox."""
    return evaluated(state, occasion).state


def evaluated(state: TenantState, occasion: Occasion, around: Around = nullcontext) -> Judgement:
    """The same, with what it rests on and what it changed."""
    state = with_histories(snapshot_of(state, occasion))
    snapshot, evaluation = judge(state, occasion, around)
    lives = lifecycle.step(
        state.alerts, evaluation.findings, rules=_lives_of(state, evaluation, occasion), now=occasion.now
    )
    state = msgspec.structs.replace(
        state,
        alerts=lives.alerts,
        recent=(*state.recent, *lives.transitions)[-RECENT:],
        evaluated_at=occasion.now,
    )
    return Judgement(
        snapshot,
        told(announced(state, snapshot, occasion), occasion),
        tuple(lives.transitions),
        frozenset(skipped.rule for skipped in evaluation.skipped),
    )


def _lives_of(state: TenantState, evaluation: Evaluation, occasion: Occasion) -> dict[str, RuleLife]:
    """How the findings of each rule live now.

    What Graph says is said by several replicas, and its end must be seen more than once. An export is one whole, and
    what rules say of the monitor itself they know.
    """
    silent = {skipped.rule for skipped in evaluation.skipped}
    return {
        rule.id: RuleLife(
            topic=rule.topic,
            pending=occasion.timing.pending.get(rule.id, rule.pending),
            evidence=max((_as_of(state, source) for source in rule.reads), default=occasion.now),
            reads={source: _as_of(state, source) for source in rule.reads if source != "voice"},
            hold=occasion.timing.hold if rule.reads - {"voice"} else 1,
            silent=rule.id in silent,
        )
        for rule in RULES
    }


def _as_of(state: TenantState, source: Source) -> datetime:
    return state.source(source).complete_as_of or _NEVER
