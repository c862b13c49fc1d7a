"""Groups of alerts: what broke together is told together, once, in order, and again only when something is new."""

from __future__ import annotations

from collections.abc import Mapping
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

    Alerts that are no worse than info stay out of the stream, unless they were worse when they were told. An ended
    alert is forgotten once its receiver was told of the end, or was never told of the beginning.

    Args:
        alerts: all alerts by finding key.
        groups: what each group's receiver knows.
        timing: the waits.
        now: the time of the look.
        ahead: what falls due within this time goes now, because the next look comes no earlier.
        facts: figures to show, by rule family.
        as_of: how recent the data behind the alerts is.
    """
    members = _by_group(alerts, groups)
    logs: dict[str, GroupLog] = {}
    messages: list[Message] = []
    waiting: set[str] = set()
    for group in sorted(members.keys() | groups.keys()):
        look = _Look(group, members.get(group, {}), groups.get(group, GroupLog()))
        reason = look.reason(timing, now)
        flush_at = _flush_at(look.log, reason, timing, now)
        log = msgspec.structs.replace(look.log, flush_at=flush_at)
        if reason is not None and flush_at is not None and flush_at <= now + ahead:
            log = GroupLog(
                firing=tuple(sorted(look.firing)),
                critical=tuple(sorted(look.critical)),
                resolved=tuple(sorted(look.ended)),
                sent_at=now,
            )
            told = {key: look.members[key] for key in look.firing | look.ended}
            if told:  # empty where the rules behind all that was told are no more
                messages.append(
                    compose(group, told, look.told_log, reason, facts=(facts or {}).get(group, ()), as_of=as_of)
                )
        else:
            waiting |= look.ended
        if look.firing or log.firing or log.flush_at:
            logs[group] = log
    kept = {key: alert for key, alert in alerts.items() if alert.phase == "firing" or key in waiting}
    return Told(kept, logs, tuple(messages))


class _Look:
    """A group at one moment: what fires, and what has ended of that which its receiver takes for firing."""

    def __init__(self, group: str, members: Mapping[str, Alert], log: GroupLog) -> None:
        self.group = group
        self.members = members
        self.log = log
        self.firing = {key for key, alert in members.items() if alert.phase == "firing"}
        self.ended = {key for key in log.firing if key in members} - self.firing
        self.critical = {key for key in self.firing if members[key].finding.severity == "critical"}
        # What has become critical since it was told is news, as if it had not been told.
        worsened = self.critical - set(log.critical)
        self.told_log = msgspec.structs.replace(log, firing=tuple(key for key in log.firing if key not in worsened))

    def reason(self, timing: Timing, now: datetime) -> Reason | None:
        worst: Severity = min(
            (self.members[key].finding.severity for key in self.firing), key=severity_rank, default="warning"
        )
        reason = reason_to_send(
            self.told_log, firing=self.firing, resolved=self.ended, repeat=timing.repeat.of(worst), now=now
        )
        # What cannot be confirmed is not repeated as if it were known; the source that fails is an alert of its own.
        unconfirmed = all(self.members[key].frozen for key in self.firing)
        return None if reason == "repeat" and unconfirmed else reason


def _by_group(alerts: Mapping[str, Alert], groups: Mapping[str, GroupLog]) -> dict[str, dict[str, Alert]]:
    told = {key for log in groups.values() for key in log.firing}
    members: dict[str, dict[str, Alert]] = {}
    for key, alert in alerts.items():
        if alert.finding.severity != "info" or key in told:
            members.setdefault(alert.topic.family, {})[key] = alert
    return members


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
