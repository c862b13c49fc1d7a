"""Groups of alerts: what broke together is told together, once, in order, and again only when something is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.alerting.compose import compose
from shared.alerting.decision import Reason, reason_to_send
from shared.model.alert import Alert, GroupLog, Message
from shared.model.finding import Severity, severity_rank
from shared.model.timing import Timing

Facts = Mapping[str, tuple[tuple[str, str], ...]]


class Told(msgspec.Struct, frozen=True):
    """The groups and alerts after a look at every group, and the messages to send."""

    alerts: dict[str, Alert]
    groups: dict[str, GroupLog]
    messages: tuple[Message, ...]


def tell(
    alerts: Mapping[str, Alert],
    groups: Mapping[str, GroupLog],
    *,
    timing: Timing,
    now: datetime,
    ahead: timedelta = timedelta(0),
    facts: Facts | None = None,
    as_of: datetime | None = None,
) -> Told:
    """Look at every group and compose what is due.

    Alerts that are no worse than info stay out of the stream. An ended alert is forgotten once its receiver was told
    of the end, or was never told of the beginning.

    Args:
        alerts: all alerts by finding key.
        groups: what each group's receiver knows.
        timing: the waits.
        now: the time of the look.
        ahead: what falls due within this time goes now, because the next look comes no earlier.
        facts: figures to show, by rule family.
        as_of: how recent the data behind the alerts is.
    """
    kept = dict(alerts)
    logs: dict[str, GroupLog] = {}
    messages: list[Message] = []
    members = _by_group(alerts)
    for group in sorted(members.keys() | groups.keys()):
        mine = members.get(group, {})
        log = groups.get(group, GroupLog())
        firing = {key for key, alert in mine.items() if alert.phase == "firing"}
        known = frozenset(log.firing) | frozenset(log.resolved)
        resolved = {key for key, alert in mine.items() if alert.phase == "resolved" and key in known}
        reason = reason_to_send(
            log, firing=firing, resolved=resolved, repeat=timing.repeat.of(_worst(mine, firing)), now=now
        )
        flush_at = _flush_at(log, reason, timing, now)
        sending = reason is not None and flush_at is not None and flush_at <= now + ahead
        if reason is not None and sending:
            told = {key: mine[key] for key in firing | resolved}
            messages.append(compose(group, told, log, reason, facts=(facts or {}).get(group, ()), as_of=as_of))
            log = GroupLog(firing=tuple(sorted(firing)), resolved=tuple(sorted(resolved)), sent_at=now)
        else:
            log = msgspec.structs.replace(log, flush_at=flush_at)
        for key in mine.keys() - firing:
            if sending or key not in resolved:
                del kept[key]
        if firing or log.firing or log.flush_at:
            logs[group] = log
    return Told(kept, logs, tuple(messages))


def _by_group(alerts: Mapping[str, Alert]) -> dict[str, dict[str, Alert]]:
    groups: dict[str, dict[str, Alert]] = {}
    for key, alert in alerts.items():
        if alert.finding.severity != "info":
            groups.setdefault(alert.topic.family, {})[key] = alert
    return groups


def _worst(alerts: Mapping[str, Alert], keys: Iterable[str]) -> Severity:
    return min((alerts[key].finding.severity for key in keys), key=severity_rank, default="warning")


def _flush_at(log: GroupLog, reason: Reason | None, timing: Timing, now: datetime) -> datetime | None:
    """When the group's message goes out: gathered at first, spaced from the last one later."""
    if reason is None:
        return None
    if reason == "repeat":
        return now
    if log.flush_at is not None:
        return log.flush_at
    gathered = now + timing.group_wait
    if log.sent_at is None or not log.firing:
        return gathered
    return max(gathered, log.sent_at + timing.group_interval)
