"""From what is known to what is to be told: rules, lives, groups, outbox. One pure step on the document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from shared.alerting import lifecycle
from shared.alerting.allocation import allocation_changed, figures, qualifying_by_sku
from shared.alerting.grouping import tell
from shared.licensing.policy import Policy
from shared.licensing.price import Price
from shared.model.alert import Message, OutboxEntry
from shared.model.sources import GRAPH_URL, INTERVALS, REQUIRED, Source
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.histories import with_histories
from shared.rules.catalogue import RULES
from shared.rules.engine import Evaluation
from shared.rules.engine import evaluate as run_rules
from shared.rules.rule import LICENCE_RULE_PAGE
from shared.rules.snapshot import Snapshot
from shared.rules.thresholds import DEFAULTS, Thresholds

RECEIVER = "teams"
"""The one receiver there is: the Teams channel of the settings."""

RECENT = 200
"""Transitions that the document remembers."""

OUTBOX_LIMIT = 200
"""Messages that wait at most: where no channel is set, the oldest make room."""

TOPICS = {rule.id: rule.topic for rule in RULES}


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """When and how an evaluation happens, and the trace that it belongs to."""

    now: datetime
    policy: Policy
    timing: Timing
    expects_subscription: bool = False
    intervals: Mapping[Source, timedelta] = msgspec.field(default_factory=lambda: INTERVALS)
    thresholds: Thresholds = DEFAULTS
    price: Price | None = None
    graph_url: str = GRAPH_URL
    traceparent: str = ""


def judge(state: TenantState, occasion: Occasion) -> tuple[Snapshot, Evaluation]:
    """What the rules say of the document now."""
    snapshot = snapshot_of(state, occasion)
    return snapshot, run_rules(RULES, snapshot)


def snapshot_of(state: TenantState, occasion: Occasion) -> Snapshot:
    """What the rules see of the document."""
    return Snapshot(
        state,
        now=occasion.now,
        policy=occasion.policy,
        intervals=occasion.intervals,
        expects_subscription=occasion.expects_subscription,
        thresholds=occasion.thresholds,
        price=occasion.price,
        graph_url=occasion.graph_url,
    )


def evaluate(state: TenantState, occasion: Occasion) -> TenantState:
    """The document with its alerts carried on, and with what is due in its outbox."""
    state = with_histories(snapshot_of(state, occasion))
    snapshot, evaluation = judge(state, occasion)
    lives = lifecycle.step(
        state.alerts,
        evaluation.findings,
        topics=TOPICS,
        silent_rules=frozenset(skipped.rule for skipped in evaluation.skipped),
        now=occasion.now,
    )
    state, announcements = _announced(state, snapshot)
    state = msgspec.structs.replace(
        state,
        alerts=lives.alerts,
        recent=(*state.recent, *lives.transitions)[-RECENT:],
        outbox=posted(state.outbox, announcements, occasion),
    )
    return told(state, occasion)


def told(state: TenantState, occasion: Occasion, ahead: timedelta = timedelta(0)) -> TenantState:
    """The document after a look at its groups; what falls due within `ahead` is due now."""
    snapshot = snapshot_of(state, occasion)
    as_of = min((known.complete_as_of for known in state.sources.values() if known.complete_as_of), default=None)
    result = tell(
        state.alerts,
        state.groups,
        timing=occasion.timing,
        now=occasion.now,
        ahead=ahead,
        facts={"allocation": figures(snapshot.allocation)} if _ledger_is_sound(snapshot) else {},
        as_of=as_of,
    )
    return msgspec.structs.replace(
        state,
        alerts=result.alerts,
        groups=result.groups,
        outbox=posted(state.outbox, result.messages, occasion),
    )


def posted(
    outbox: tuple[OutboxEntry, ...], messages: tuple[Message, ...], occasion: Occasion
) -> tuple[OutboxEntry, ...]:
    """The outbox with messages added, oldest first."""
    stamp = occasion.now.isoformat()
    entries = tuple(
        OutboxEntry(
            id=f"{stamp}/{message.kind}/{message.group}",
            receiver=RECEIVER,
            message=message,
            created=occasion.now,
            due=occasion.now,
            traceparent=occasion.traceparent,
        )
        for message in messages
    )
    return (*outbox, *entries)[-OUTBOX_LIMIT:]


def _announced(state: TenantState, snapshot: Snapshot) -> tuple[TenantState, tuple[Message, ...]]:
    """Whether the allocation moved since the last complete read, and the document that remembers the new one."""
    if not _ledger_is_sound(snapshot):
        return state, ()
    ledger = snapshot.allocation
    messages: tuple[Message, ...] = ()
    if state.entitled is not None and state.entitled != ledger.entitled:
        message = allocation_changed(
            state.entitled,
            ledger,
            state.qualifying_by_sku,
            now=snapshot.now,
            link=LICENCE_RULE_PAGE,
            price=snapshot.price,
            unread=state.subscriptions is None and not state.entitled_with_trials,
        )
        messages = (message,)
    counted = qualifying_by_sku(ledger)
    state = msgspec.structs.replace(
        state,
        entitled=ledger.entitled,
        entitled_with_trials=state.subscriptions is None,
        qualifying_by_sku=counted,
    )
    return state, messages


def _ledger_is_sound(snapshot: Snapshot) -> bool:
    return all(not snapshot.why_not_usable(source) for source in REQUIRED)
