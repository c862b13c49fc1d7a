"""What a message says, before any channel's format: the verdict first, then what changed, then the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from shared.alerting.decision import Reason
from shared.model.alert import Alert, GroupLog, Item, Message, Section
from shared.model.finding import Severity, severity_rank

MAX_ITEMS = 20
"""How many findings a message names; the rest is counted."""

SectionKind = Literal["new", "open", "resolved"]


def compose(
    group: str,
    alerts: Mapping[str, Alert],
    log: GroupLog,
    reason: Reason,
    *,
    tenant: str = "",
    worsened: frozenset[str] = frozenset(),
    facts: tuple[tuple[str, str], ...] = (),
    as_of: datetime | None = None,
) -> Message:
    """Compose a group's message from its alerts (by finding key) and from what its receiver knew before.

    `worsened` are those that have become critical since they were told: they are new again.
    """
    known = frozenset(log.firing)
    ordered = sorted(alerts.items(), key=lambda pair: pair[1].finding.order)
    firing = [(key, alert) for key, alert in ordered if alert.phase == "firing"]
    ended = [(key, alert) for key, alert in ordered if alert.phase == "resolved"]
    fresh = [(key, alert) for key, alert in firing if key not in known]
    standing = [(key, alert) for key, alert in firing if key in known]
    worst: Severity = min((alert.finding.severity for _, alert in firing), key=severity_rank, default="info")
    return Message(
        kind="alert",
        group=group,
        severity=worst if fresh or reason in {"repeat", "unmuted"} else "resolved",
        headline=_headline(*([alert for _, alert in each] for each in (fresh, standing, ended)), reason=reason),
        sections=tuple(_sections((("new", fresh), ("resolved", ended), ("open", standing)), worsened)),
        facts=facts,
        link=(fresh or standing or ended)[0][1].topic.link,
        as_of=as_of,
        firing=len(firing),
        tenant=tenant,
    )


def _headline(fresh: list[Alert], standing: list[Alert], ended: list[Alert], *, reason: Reason) -> str:
    if fresh:
        return _summary(fresh)
    if reason == "unmuted":
        return f"No longer silenced: {_summary(standing)}"
    if not ended:
        return f"Still open: {_summary(standing)}"
    if standing:
        return f"{_summary(ended)} ({len(standing)} still open)"
    return f"{_summary(ended)} (all clear)"


def _summary(alerts: list[Alert]) -> str:
    if len(alerts) == 1:
        alert = alerts[0]
        name = alert.finding.subject.name
        return f"{alert.topic.title}: {name}" if name else alert.topic.title
    titles = Counter(alert.topic.title for alert in alerts)
    return ", ".join(f"{count} \N{MULTIPLICATION SIGN} {title}" for title, count in titles.items())


def _sections(
    parts: Iterable[tuple[SectionKind, list[tuple[str, Alert]]]], worsened: frozenset[str]
) -> Iterable[Section]:
    left = MAX_ITEMS
    for kind, alerts in parts:
        if alerts:
            shown = alerts[:left]
            left -= len(shown)
            yield Section(
                kind=kind,
                items=tuple(item_of(key, alert, worse=key in worsened) for key, alert in shown),
                total=len(alerts),
            )


def item_of(key: str, alert: Alert, *, worse: bool = False) -> Item:
    """A finding as messages show it."""
    finding = alert.finding
    numbers = finding.evidence.get("numbers")
    return Item(
        key=key,
        rule=finding.rule,
        subject_kind=finding.subject.kind,
        subject_id=finding.subject.id,
        title=alert.topic.title,
        severity=finding.severity,
        name=finding.subject.name,
        summary=finding.summary,
        remedy=finding.remedy,
        commands=finding.commands,
        numbers=tuple(numbers) if isinstance(numbers, list) else (),
        since=alert.since,
        ended=alert.ended,
        worse=worse,
    )
