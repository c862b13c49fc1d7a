"""What a message says, before any channel's format: the verdict first, then what changed, then the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Literal

import msgspec

from shared.alerting.decision import Reason
from shared.model.alert import Alert, GroupLog, Item, Message, Section
from shared.model.finding import Severity, severity_rank

MAX_ITEMS = 20
"""How many findings a message names; the rest is counted."""

BECAME_CRITICAL = "Has become critical: "
UNSILENCED = "No longer silenced: "
UNEXPLAINED = "No longer explained by another finding: "

MAX_NAMES = 5
"""How many of them a sentence names."""

SectionKind = Literal["new", "open", "resolved"]
Known = list[tuple[str, Alert]]


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of some findings of a group, by their keys.

    `worsened` have become critical since they were told: they are new again. `unsilenced` are no longer silenced, and
    `unexplained` no longer hidden behind the finding that explained them. `still_silenced` and `still_explained` count
    those that the receiver was told of, that still fire, and that are not shown.
    """

    worsened: AbstractSet[str] = frozenset()
    unsilenced: AbstractSet[str] = frozenset()
    unexplained: AbstractSet[str] = frozenset()
    still_silenced: int = 0
    still_explained: int = 0


NO_NEWS = News()


def compose(
    group: str,
    alerts: Mapping[str, Alert],
    log: GroupLog,
    reason: Reason,
    *,
    news: News = NO_NEWS,
    tenant: str = "",
    facts: tuple[tuple[str, str], ...] = (),
    as_of: datetime | None = None,
) -> Message:
    """Compose a group's message from its alerts (by finding key) and from what its receiver knew before.

    What cannot be seen from the names alone is said in words, for channels that show nothing but text.
    """
    known = frozenset(log.firing)
    ordered = sorted(alerts.items(), key=lambda pair: pair[1].finding.order)
    firing = [(key, alert) for key, alert in ordered if alert.phase == "firing"]
    ended = [(key, alert) for key, alert in ordered if alert.phase == "resolved"]
    fresh = [(key, alert) for key, alert in firing if key not in known]
    standing = [(key, alert) for key, alert in firing if key in known]
    back = [(key, alert) for key, alert in standing if key in news.unsilenced or key in news.unexplained]
    worst: Severity = min((alert.finding.severity for _, alert in firing), key=severity_rank, default="info")
    return Message(
        kind="alert",
        group=group,
        severity=worst if fresh or back or reason in {"first", "repeat"} else "resolved",
        headline=_headline(fresh, back if reason == "unmuted" else standing, ended, reason, news),
        text=" ".join(_sentences(firing, news, told_in_headline=reason == "unmuted")),
        sections=tuple(_sections((("new", fresh), ("resolved", ended), ("open", standing)), news.worsened)),
        facts=facts,
        link=(fresh or standing or ended)[0][1].topic.link,
        as_of=as_of,
        firing=len(firing) + news.still_silenced + news.still_explained,
        tenant=tenant,
    )


def _headline(fresh: Known, standing: Known, ended: Known, reason: Reason, news: News) -> str:
    if fresh:
        return f"{BECAME_CRITICAL if all(key in news.worsened for key, _ in fresh) else ''}{_summary(fresh)}"
    if reason == "unmuted":
        explained = all(key in news.unexplained for key, _ in standing)
        return f"{UNEXPLAINED if explained else UNSILENCED}{_summary(standing)}"
    if not ended or reason == "first":  # told anew, because what was told before was given up on its way
        return f"Still open: {_summary(standing)}"
    left = [f"{len(standing)} still open"] if standing else []
    left += [f"{news.still_silenced} still silenced"] if news.still_silenced else []
    left += [f"{news.still_explained} explained by another finding"] if news.still_explained else []
    return f"{_summary(ended)} ({', '.join(left) or 'all clear'})"


def _sentences(firing: Known, news: News, *, told_in_headline: bool) -> Iterable[str]:
    """What has happened to findings beside their beginning and end; the ends of silences unless the headline has it."""
    told: tuple[tuple[str, AbstractSet[str]], ...] = ((BECAME_CRITICAL, news.worsened),)
    if not told_in_headline or (news.unsilenced and news.unexplained):
        told += ((UNSILENCED, news.unsilenced), (UNEXPLAINED, news.unexplained))
    for words, keys in told:
        names = [alert.finding.subject.name or alert.topic.title for key, alert in firing if key in keys]
        more = f" (+{len(names) - MAX_NAMES} more)" if len(names) > MAX_NAMES else ""
        if names:
            yield f"{words}{', '.join(names[:MAX_NAMES])}{more}."


def _summary(known: Known) -> str:
    alerts = [alert for _, alert in known]
    if len(alerts) == 1:
        alert = alerts[0]
        name = alert.finding.subject.name
        return f"{alert.topic.title}: {name}" if name else alert.topic.title
    titles = Counter(alert.topic.title for alert in alerts)
    return ", ".join(f"{count} \N{MULTIPLICATION SIGN} {title}" for title, count in titles.items())


def _sections(parts: Iterable[tuple[SectionKind, Known]], worsened: AbstractSet[str]) -> Iterable[Section]:
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
