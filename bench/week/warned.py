"""That somebody is told of a receiver that is not reached, and each of them once a day that it is."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from bench.week.posts import Posts
from bench.week.record import BOUND, DAY, GROUP_INTERVAL, HOUR, TICK, Moment, Record
from bench.week.told import DELIVERY_FAILING, RECEIVERS, Groups
from shared.model.alert import OutboxEntry
from shared.model.finding import Severity
from shared.model.silence import Silence

WARNED_AFTER = 2 * GROUP_INTERVAL + BOUND
"""How long it may take until somebody else is told that a receiver takes nothing: an evaluation may have failed."""

CLEARED_AFTER = timedelta(minutes=15)
NOTICE_BEFORE = timedelta(hours=24)
LONG_SILENCE = timedelta(days=2)


class Warnings:
    """Who is not reached, and whether others know; and the messages that go by the calendar."""

    def __init__(self, groups: Groups, posts: Posts, record: Record) -> None:
        self._groups = groups
        self._posts = posts
        self._record = record
        self._refusals: list[tuple[Moment, str]] = []
        self._unreached: dict[str, Moment] = {}
        self._reached: dict[str, Moment] = {}
        self._heartbeats: dict[str, Moment] = {}
        self._notices: dict[str, int] = defaultdict(int)

    def composed(self, entry: OutboxEntry) -> None:
        """A message was put into the outbox."""
        if entry.message.kind == "notice":
            self._notices[entry.receiver] += 1
        elif entry.message.kind == "heartbeat":
            before, now = self._heartbeats[entry.receiver], self._record.moment(entry.created)
            if now.at - before.at < DAY - TICK:
                self._record.breaks(now.at, f"a heartbeat too soon: {entry.id}")
            self._heartbeats[entry.receiver] = now

    def accepted(self, receiver: str, now: datetime) -> None:
        """A receiver took a message."""
        self._unreached.pop(receiver, None)
        self._reached.setdefault(receiver, self._record.moment(now))

    def rejected(self, receiver: str, now: datetime) -> None:
        """A receiver took nothing this time."""
        self._reached.pop(receiver, None)
        self._unreached.setdefault(receiver, self._record.moment(now))

    def gave_up(self, receiver: str, now: datetime) -> None:
        """A message was given up: somebody else must be told."""
        self._refusals.append((self._record.moment(now), receiver))

    def evaluated(self, theirs: dict[str, Severity], now: datetime) -> None:
        """What the service says of receivers: none may be called unreached that takes what it is sent."""
        for receiver in RECEIVERS:
            since = self._reached.get(receiver)
            if f"{DELIVERY_FAILING}|{receiver}|" not in theirs or since is None:
                continue
            oldest = min((post.entry.created for post in self._posts.waiting(receiver)), default=now)
            if self._record.watched(since, now) > CLEARED_AFTER and now - oldest < HOUR:
                self._record.breaks(now, f"a false alarm: {receiver} takes what it is sent since {since.at}")
                self._reached[receiver] = self._record.moment(now)

    def check_late(self, now: datetime) -> None:
        """Whether somebody should know by now."""
        left = []
        for since, receiver in self._refusals:
            if self._is_known(receiver):
                continue
            if self._record.watched(since, now) > WARNED_AFTER:
                self._record.breaks(now, f"nobody was told: {receiver} refused a message at {since.at}")
            else:
                left.append((since, receiver))
        self._refusals = left
        for receiver, since in self._unreached.items():
            oldest = min((post.entry.created for post in self._posts.waiting(receiver)), default=now)
            waits = now - max(since.at, oldest) - (self._record.unwatched(now) - since.unwatched)
            if waits > HOUR + WARNED_AFTER and not self._is_known(receiver):
                self._record.breaks(now, f"nobody was told: {receiver} has taken nothing since {since.at}")
                self._unreached[receiver] = self._record.moment(now)
        for receiver in RECEIVERS:
            last = self._heartbeats.setdefault(receiver, self._record.moment(now))
            if self._record.watched(last, now) > DAY + 2 * TICK:
                self._record.breaks(now, f"no heartbeat: {receiver} since {last.at}")
                self._heartbeats[receiver] = self._record.moment(now)

    def finish(self, silences: dict[str, Silence], now: datetime) -> None:
        """Whether the end of each long silence was told to everybody a day before, once."""
        due = sum(
            each.ends - each.starts >= LONG_SILENCE and each.ends - NOTICE_BEFORE < now for each in silences.values()
        )
        for receiver in RECEIVERS:
            if self._notices[receiver] != due:
                self._record.breaks(now, f"notices: {receiver} had {self._notices[receiver]} of {due}")

    def _is_known(self, receiver: str) -> bool:
        key = f"{DELIVERY_FAILING}|{receiver}|"
        return any(key in group.believed for group in self._groups.all.values() if group.receiver != receiver)
