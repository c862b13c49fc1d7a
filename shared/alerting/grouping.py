"""Groups of alerts: what broke together is told together, once, in order, and again only when something is new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from shared.alerting.compose import compose
from shared.alerting.decision import Reason, reason_to_send
from shared.alerting.routing import Routes, group_of
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
    routes: Routes,
    tenant: str,
    timing: Timing,
    now: datetime,
    ahead: timedelta = timedelta(0),
    facts: Facts | None = None,
    as_of: datetime | None = None,
) -> Told:
    """Look at every group and compose what is due.

    Alerts that are no worse than info stay out of the stream, unless they were worse when they were told; so does what
    is pending, and what is muted is not shown. An ended alert is forgotten once all its receivers were told of the end,
    or were never told of the beginning.

    Args:
        alerts: all alerts by finding key.
        groups: what is known of each group's receiver, by the group.
        routes: the receivers, and which alerts go to each.
        tenant: whose alerts these are.
        timing: the waits.
        now: the time of the look.
        ahead: what falls due within this time goes now, because the next look comes no earlier.
        facts: figures to show, by rule family.
        as_of: how recent the data behind the alerts is.
    """
    members = _by_group(alerts, groups, routes, tenant)
    logs: dict[str, GroupLog] = {}
    messages: list[Message] = []
    waiting: set[str] = set()
    for group in sorted(members.keys() | groups.keys()):
        look = _Look(members.get(group, {}), groups.get(group, GroupLog()))
        reason = look.reason(timing, now)
        flush_at = _flush_at(look.log, reason, timing, now)
        if reason is not None and flush_at is not None and flush_at <= now + ahead:
            log = look.told_now(now)
            shown = {key: look.members[key] for key in look.shown | look.ended}
            receiver, _, family = group.partition("/")
            silent = receiver in routes.without_resolved and not look.shown
            if shown and not silent:  # empty where the rules behind all that was told are no more
                messages.append(
                    compose(
                        group,
                        shown,
                        look.told_log,
                        reason,
                        tenant=tenant,
                        worsened=look.worsened,
                        facts=(facts or {}).get(family, ()),
                        as_of=as_of,
                    )
                )
        else:
            log = msgspec.structs.replace(look.log, flush_at=flush_at, muted=look.still_muted)
            waiting |= look.ended
        if look.firing or log.firing or log.flush_at:
            logs[group] = log
    kept = {key: alert for key, alert in alerts.items() if alert.phase != "resolved" or key in waiting}
    return Told(kept, logs, tuple(messages))


class _Look:
    """A group at one moment: what fires, what of it is shown, and what its receiver takes for firing and has ended."""

    def __init__(self, members: Mapping[str, Alert], log: GroupLog) -> None:
        self.members = members
        self.log = log
        self.firing = {key for key, alert in members.items() if alert.phase == "firing"}
        self.muted = {key for key in self.firing if members[key].muted_by}
        self.shown = self.firing - self.muted
        self.ended = {key for key in log.firing if key in members} - self.firing
        self.critical = {key for key in self.shown if members[key].finding.severity == "critical"}
        # What has become critical since it was told is news, as if it had not been told.
        self.worsened = frozenset(self.critical & set(log.firing)) - set(log.critical)
        told = tuple(key for key in log.firing if key not in self.worsened)
        self.told_log = msgspec.structs.replace(log, firing=told)

    @property
    def known(self) -> set[str]:
        """What its receiver takes for firing after a message: what is shown, and what was shown before it was muted."""
        return self.shown | (self.muted & set(self.log.firing))

    @property
    def still_muted(self) -> tuple[str, ...]:
        """What has been muted since the last message, and still fires."""
        return tuple(sorted((set(self.log.muted) & self.firing) | self.muted))

    def reason(self, timing: Timing, now: datetime) -> Reason | None:
        worst: Severity = min(
            (self.members[key].finding.severity for key in self.shown), key=severity_rank, default="warning"
        )
        reason = reason_to_send(
            self.told_log, firing=self.known, resolved=self.ended, repeat=timing.repeat.of(worst), now=now
        )
        if reason in {None, "repeat"} and self.shown & set(self.log.firing) & set(self.log.muted):
            return "unmuted"
        # What cannot be confirmed is not repeated as if it were known; the source that fails is an alert of its own.
        unconfirmed = all(self.members[key].frozen for key in self.shown)
        return None if reason == "repeat" and unconfirmed else reason

    def told_now(self, now: datetime) -> GroupLog:
        """What the receiver knows after a message."""
        return GroupLog(
            firing=tuple(sorted(self.known)),
            critical=tuple(sorted(self.critical | (set(self.log.critical) & self.muted))),
            muted=tuple(sorted(self.muted)),
            resolved=tuple(sorted(self.ended)),
            sent_at=now,
        )


def _by_group(
    alerts: Mapping[str, Alert], groups: Mapping[str, GroupLog], routes: Routes, tenant: str
) -> dict[str, dict[str, Alert]]:
    members: dict[str, dict[str, Alert]] = {}
    for key, alert in alerts.items():
        if alert.phase == "pending":
            continue
        if alert.finding.severity != "info":
            for receiver in routes.of(alert, tenant):
                members.setdefault(group_of(receiver, alert.topic.family), {})[key] = alert
    for group, log in groups.items():
        # Who was told of a beginning is told of the end, whatever the routes and the severity are by then.
        for key in log.firing:
            if key in alerts:
                members.setdefault(group, {})[key] = alerts[key]
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
