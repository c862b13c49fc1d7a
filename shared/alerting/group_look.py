"""One group at one moment: what fires, what its receiver takes for firing, and whether that is worth a message."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.alerting.compose import News
from shared.alerting.decision import Reason, reason_to_send
from shared.model.alert import Alert, GroupLog
from shared.model.finding import Severity, severity_rank
from shared.model.timing import Timing


class Members(msgspec.Struct):
    """The alerts of a group by finding key.

    `routed` are those that its receiver is to be told of now; the others it was told of once. `muted` are those that it
    is not to be shown, `explained` those of them that another finding explains.
    """

    alerts: dict[str, Alert] = {}
    routed: set[str] = set()
    muted: set[str] = set()
    explained: set[str] = set()


class Look:
    """A group's members beside what its receiver was last told."""

    def __init__(self, members: Members, log: GroupLog, *, wants_ends: bool = True, is_forgetful: bool = False) -> None:
        self.alerts = members.alerts
        self.log = log
        self.wants_ends = wants_ends
        self.is_forgetful = is_forgetful
        self.firing = {key for key, alert in self.alerts.items() if alert.phase == "firing"}
        self.muted = self.firing & members.muted
        self.shown = self.firing - self.muted
        self.ended = {key for key in log.firing if key in self.alerts and self.alerts[key].phase == "resolved"}
        self._explained = self.muted & members.explained
        self._due = self.shown & members.routed
        self.unmuted = frozenset(self._due & set(log.muted))
        self._critical = {key for key in self.shown if self.alerts[key].finding.severity == "critical"}
        # What has become critical since it was told is news, as if it had not been told.
        self.worsened = frozenset(self._critical & self._due & set(log.firing)) - set(log.critical)
        told = tuple(key for key in log.firing if key not in self.worsened)
        self.told_log = msgspec.structs.replace(log, firing=told)

    @property
    def known(self) -> set[str]:
        """What its receiver takes for firing after a message: what is shown, and what was shown before it was muted."""
        return self.shown | (self.muted & set(self.log.firing))

    @property
    def news(self) -> News:
        """What a message says of its findings beside their names."""
        hidden = self.known - self.shown
        return News(
            worsened=self.worsened,
            unsilenced=self.unmuted - set(self.log.explained),
            unexplained=self.unmuted & set(self.log.explained),
            still_silenced=len(hidden - self._explained),
            still_explained=len(hidden & self._explained),
        )

    @property
    def to_name(self) -> set[str]:
        """What a message is about."""
        return self.shown | self.ended if self.wants_ends else self.shown

    def reason(self, timing: Timing, now: datetime) -> Reason | None:
        """Why to send a message; for a receiver that wants no ends, also when there is one to be forgotten."""
        worst: Severity = min(
            (self.alerts[key].finding.severity for key in self._due), key=severity_rank, default="warning"
        )
        reason = reason_to_send(
            self.told_log,
            firing=self.known,
            resolved=self.ended,
            repeat=timing.repeat.of(worst),
            now=now,
            send_resolved=self.wants_ends,
        )
        if reason in {None, "repeat"} and self.unmuted & set(self.log.firing):
            return "unmuted"
        if reason is None and self.ended:
            return "some_resolved"
        # What cannot be confirmed is not repeated as if it were known: the source that fails is an alert of its own.
        # Nor is what is no longer for this receiver, who is owed its end alone.
        repeats = any(self.is_forgetful or not self.alerts[key].frozen for key in self._due)
        return None if reason == "repeat" and not repeats else reason

    def flush_at(self, reason: Reason | None, timing: Timing, now: datetime) -> datetime | None:
        """When the message goes out: gathered at first, spaced from the last one later; what got critical is not."""
        if reason is None:
            return None
        if reason == "repeat":
            return now
        due = now + timing.group_wait
        if self.log.sent_at is not None and self.log.firing and not self.worsened:
            # A clock that ran ahead when the last one was sent, here or elsewhere, puts nothing off.
            due = max(due, min(self.log.sent_at, now) + timing.group_interval)
        return due if self.log.flush_at is None else min(due, self.log.flush_at)

    def told(self, sent_at: datetime | None) -> GroupLog:
        """What the receiver knows after a message."""
        return GroupLog(
            firing=_sorted(self.known),
            critical=_sorted(self._critical | (set(self.log.critical) & self.muted)),
            muted=_sorted(self.muted),
            explained=_sorted(self._explained),
            resolved=_sorted(self.ended),
            sent_at=sent_at,
        )

    def untold(self, flush_at: datetime | None) -> GroupLog:
        """What is remembered where no message is due: also what has been muted since the last one, and still fires."""
        before = (set(self.log.muted) & self.firing) - self.muted
        return msgspec.structs.replace(
            self.log,
            flush_at=flush_at,
            muted=_sorted(before | self.muted),
            explained=_sorted((before & set(self.log.explained)) | self._explained),
        )


def _sorted(keys: set[str]) -> tuple[str, ...]:
    return tuple(sorted(keys))
