"""What the document says, as measurements: what holds, after each evaluation; how alive we are, more often. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime

from shared.model.alert import Alert
from shared.model.change_message import QUEUE
from shared.model.finding import SEVERITIES, Severity
from shared.model.sources import REQUIRED, SOURCES, Source
from shared.model.tenant import TenantState
from shared.model.voice import AutoAttendant
from shared.monitor.evaluate import Judgement
from shared.monitor.measuring_licences import of_accounts, of_licences
from shared.rules.catalogue import RULES
from shared.rules.messages_poisoned import LOOK_LASTS
from shared.rules.snapshot import Snapshot
from shared.telemetry.meters import Measurement

HEALTHS = ("ok", "degraded", "broken")

LINE_RULES_READ: Source = "voice"
"""The source without which nothing is said of voice apps."""


def what_holds(judgement: Judgement) -> Iterator[Measurement]:
    """The ledger, the accounts, the voice apps and the findings: what the rules saw, and the document after them."""
    yield from of_licences(judgement.snapshot)
    yield from of_accounts(judgement.snapshot)
    yield from _voice_apps(judgement.snapshot, judgement.state)
    yield from _findings(judgement.state, judgement.silent)


def how_alive(
    state: TenantState,
    now: datetime,
    receivers: tuple[str, ...],
    *,
    quiet: Collection[str] = (),
    sees_queue: bool = True,
    subscribes: bool = True,
) -> Iterator[Measurement]:
    """Ages, what is left of the subscription, and what waits.

    Args:
        state: the document.
        now: the time.
        receivers: those of the settings.
        quiet: those of them that get no heartbeat which could be late.
        sees_queue: whether the poison queue can be looked at.
        subscribes: whether Graph is to tell of changes; a subscription of the past may end.
    """
    if state.evaluated_at is not None:
        yield _age("evaluation.age", state.evaluated_at, now)
    for source in SOURCES:
        complete = state.source(source).complete_as_of
        if complete is not None:
            yield _age("source.age", complete, now, source=source)
    if subscribes and state.subscription.expires is not None:
        left = (state.subscription.expires - now).total_seconds()
        yield Measurement(
            name="linekeeper.subscription.remaining", value=left, attributes={"resource": "users"}, grows=-1
        )
    if sees_queue and state.poisoned_seen is not None and now - state.poisoned_seen <= LOOK_LASTS:
        yield Measurement(name="linekeeper.queue.depth", value=state.poisoned, attributes={"queue": f"{QUEUE}-poison"})
    waiting = Counter(entry.receiver for entry in state.outbox if not entry.refused)
    for receiver in receivers:
        yield Measurement(
            name="linekeeper.delivery.waiting", value=waiting[receiver], attributes={"receiver": receiver}
        )
        known = state.receivers.get(receiver)
        if known is not None and known.delivered_at is not None and receiver not in quiet:
            yield _age("delivery.heartbeat.age", known.delivered_at, now, receiver=receiver)
    for severity, since in _oldest(state).items():
        yield _age("finding.age.max", since, now, severity=severity)


def _age(name: str, since: datetime, now: datetime, **attributes: str) -> Measurement:
    return Measurement(name=f"linekeeper.{name}", value=(now - since).total_seconds(), attributes=attributes, grows=1)


def _findings(state: TenantState, silent: frozenset[str]) -> Iterator[Measurement]:
    """Findings that hold, with a zero for each rule that judged and found nothing: that is something known."""
    counts = Counter({(rule.id, rule.severity, "firing"): 0 for rule in RULES if rule.id not in silent})
    counts.update(
        (alert.finding.rule, alert.finding.severity, disposition(alert))
        for alert in state.alerts.values()
        if alert.phase != "resolved"
    )
    for (rule, severity, how), count in sorted(counts.items()):
        yield Measurement(
            name="linekeeper.finding.active",
            value=count,
            attributes={"rule.id": rule, "severity": severity, "disposition": how},
        )


def disposition(alert: Alert) -> str:
    """How an alert stands, the reason for its silence first."""
    if alert.phase == "pending":
        return "pending"
    if alert.muted_by:
        return "silenced" if alert.muted_by.startswith("silence:") else "inhibited"
    return "frozen" if alert.frozen else "firing"


def _oldest(state: TenantState) -> dict[Severity, datetime]:
    oldest: dict[Severity, datetime] = {}
    for severity in SEVERITIES:
        begun = [
            alert.since
            for alert in state.alerts.values()
            if alert.phase == "firing" and alert.finding.severity == severity
        ]
        if begun:
            oldest[severity] = min(begun)
    return oldest


def _voice_apps(snapshot: Snapshot, state: TenantState) -> Iterator[Measurement]:
    """Attendants and queues by their worst finding, of their own or of the accounts that they stand on.

    Where licences or accounts are not known now, what was broken counts as such until its end is seen, as its findings
    do; of none is said that it is well.
    """
    lines = snapshot.lines
    if lines is None or snapshot.why_not_usable(LINE_RULES_READ):
        return
    worst: dict[str, Severity] = {}
    for alert in state.alerts.values():
        if alert.phase == "firing" and alert.finding.severity != "info":
            subject = alert.finding.subject.id
            if worst.get(subject) != "critical":
                worst[subject] = alert.finding.severity
    known = not any(snapshot.why_not_usable(source) for source in REQUIRED)
    counts: Counter[tuple[str, str]] = Counter(
        {(kind, health): 0 for kind in ("auto_attendant", "call_queue") for health in HEALTHS if known}
    )
    for app in lines.apps:
        accounts = lines.graph.accounts_by_app.get(app.id, ())
        severities = {worst.get(subject) for subject in (app.id, *accounts)}
        health = "broken" if "critical" in severities else "degraded" if "warning" in severities else "ok"
        if known or health != "ok":
            counts["auto_attendant" if isinstance(app, AutoAttendant) else "call_queue", health] += 1
    for (kind, health), count in sorted(counts.items()):
        yield Measurement(name="linekeeper.voice_app.count", value=count, attributes={"type": kind, "health": health})
