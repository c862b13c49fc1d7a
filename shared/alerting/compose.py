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
    facts: tuple[tuple[str, str], ...] = (),
    as_of: datetime | None = None,
) -> Message:
    """Compose a group's message from its alerts (by finding key) and from what its receiver knew before."""
    known = frozenset(log.firing)
    ordered = sorted(alerts.items(), key=lambda pair: pair[1].finding.order)
    firing = [(key, alert) for key, alert in ordered if alert.phase == "firing"]
    ended = [alert for _, alert in ordered if alert.phase == "resolved"]
    fresh = [alert for key, alert in firing if key not in known]
    standing = [alert for key, alert in firing if key in known]
    worst: Severity = min((alert.finding.severity for _, alert in firing), key=severity_rank, default="info")
    return Message(
        kind="alert",
        group=group,
        severity=worst if fresh or reason == "repeat" else "resolved",
        headline=_headline(fresh, standing, ended),
        sections=tuple(_sections((("new", fresh), ("resolved", ended), ("open", standing)))),
        facts=facts,
        link=(fresh or standing or ended)[0].topic.link,
        as_of=as_of,
    )


def _headline(fresh: list[Alert], standing: list[Alert], ended: list[Alert]) -> str:
    if fresh:
        return _summary(fresh)
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


def _sections(parts: Iterable[tuple[SectionKind, list[Alert]]]) -> Iterable[Section]:
    left = MAX_ITEMS
    for kind, alerts in parts:
        if alerts:
            shown = alerts[:left]
            left -= len(shown)
            yield Section(kind=kind, items=tuple(_item(alert) for alert in shown), total=len(alerts))


def _item(alert: Alert) -> Item:
    finding = alert.finding
    return Item(
        rule=finding.rule,
        title=alert.topic.title,
        severity=finding.severity,
        name=finding.subject.name,
        summary=finding.summary,
        remedy=finding.remedy,
        since=alert.since,
        ended=alert.ended,
    )
