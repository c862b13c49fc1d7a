"""What becomes of each message: taken once, in order and in time, or given up by a rule that says so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench.week.record import BOUND, DAY, HOUR, TICK, Moment, Record
from shared.model.alert import Message, OutboxEntry
from shared.model.tenant import TenantState

LONGEST_PAUSE = timedelta(minutes=15)
A_HOUR = 60
OUTBOX_LIMIT = 200
TOO_OLD = timedelta(days=2)

Name = tuple[str, str]
"""Which message it is: the id that the service gave it, and its text, since an id may have been given twice."""


def name_of(entry: OutboxEntry) -> Name:
    """Which message an entry is."""
    return entry.id, entry.message.text


@dataclass(frozen=True)
class Saying:
    """What a message says: what is open, what has ended, and of what is news since when it was owed."""

    opens: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    owed: dict[tuple[str, str], datetime] = field(default_factory=dict)


@dataclass
class Post:
    """One message on its way."""

    number: int
    entry: OutboxEntry
    since: Moment
    saying: Saying
    accepted: list[datetime] = field(default_factory=list)
    excused: int = 0
    """How often a process died, or hung for longer than its claim, between posting this and recording it."""
    fate: str = "waiting"


class Posts:
    """All messages that ever waited."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self.all: dict[Name, Post] = {}
        self.live: set[Name] = set()
        """Those that are in the outbox."""
        self.latencies: dict[str, list[float]] = defaultdict(list)
        self.last_bad: dict[str, datetime] = {}
        self._attempts: dict[str, list[datetime]] = defaultdict(list)
        self._dropped: Counter[str] = Counter()

    def composed(self, entry: OutboxEntry, saying: Saying, now: datetime) -> None:
        """A message was put into the outbox."""
        name = name_of(entry)
        self.all[name] = Post(len(self.all), entry, self._record.moment(now), saying)
        self.live.add(name)
        self._record.counts[f"composed {entry.message.kind}"] += 1

    def waiting(self, receiver: str | None = None) -> Iterator[Post]:
        """Those that wait to be taken."""
        for post in map(self.all.__getitem__, self.live):
            if post.fate == "waiting" and receiver in {None, post.entry.receiver}:
                yield post

    def posted(self, receiver: str, message: Message, state: TenantState, now: datetime) -> Post | None:
        """Which message is being posted; none where it does not wait."""
        for entry in state.outbox:
            if entry.receiver == receiver and entry.message == message and not entry.refused:
                return self.all[name_of(entry)]
        self._record.breaks(now, f"posted what does not wait: {receiver} {message.headline}")
        return None

    def accepted(self, post: Post, now: datetime) -> None:
        """A receiver took a message."""
        post.accepted.append(now)
        receiver = post.entry.receiver
        self._attempts[receiver].append(now)
        self._record.counts["accepted"] += 1
        if len(post.accepted) > 1:
            self._record.counts["repeated"] += 1
            self._record.counts["items repeated"] += len(post.saying.owed)
            if len(post.accepted) - 1 > post.excused:
                self._record.breaks(now, f"told twice without need: {post.entry.id}")
            return
        earlier = [each for each in self.waiting(receiver) if each.number < post.number and not each.accepted]
        if earlier:
            self._record.breaks(now, f"told out of order: {post.entry.id} before {earlier[0].entry.id}")
        self._arrived(post, now)

    def rejected(self, receiver: str, now: datetime) -> None:
        """A receiver took nothing this time."""
        self._record.counts["refused by a channel"] += 1
        self._attempts[receiver].append(now)
        self.last_bad[receiver] = now

    def gave_up(self, entry: OutboxEntry, now: datetime) -> Post | None:
        """The message, if it was given up and was not before."""
        post = self.all[name_of(entry)]
        if post.fate != "waiting":
            return None
        given_up = entry.refused.startswith("given up")
        self._ended(post, "given up after a day" if given_up else "refused for good")
        if given_up and now - entry.created < DAY:
            self._record.breaks(now, f"given up too early: {entry.id}")
        return None if post.accepted else post

    def saved(self, state: TenantState, now: datetime) -> None:
        """What has left the outbox was taken, or was given up by a rule and is counted; or else is lost."""
        gone = self.live.difference(map(name_of, state.outbox))
        dropped = Counter({name: known.dropped for name, known in state.receivers.items()})
        lately, self._dropped = dropped - self._dropped, dropped
        for post in sorted(map(self.all.__getitem__, gone), key=lambda each: each.number):
            if post.accepted:
                post.fate = "delivered"
            elif post.fate == "waiting" and lately[post.entry.receiver]:
                lately[post.entry.receiver] -= 1
                self._check_dropped(post, now)
                self._ended(post, "dropped, as too many waited")
            elif post.fate == "waiting":
                post.fate = "lost"
                self._record.breaks(now, f"LOST: {post.entry.id} left the outbox and nobody took it")
            self.live.discard(name_of(post.entry))

    def _check_dropped(self, post: Post, now: datetime) -> None:
        waiting = sum(1 for _ in self.waiting(post.entry.receiver))
        if waiting < OUTBOX_LIMIT and now - post.entry.created < TOO_OLD:
            self._record.breaks(now, f"dropped while only {waiting} waited: {post.entry.id}")

    def _ended(self, post: Post, fate: str) -> None:
        post.fate = fate
        if not post.accepted:
            self._record.counts[f"messages {fate}"] += 1
            self._record.counts[f"items in messages {fate}"] += len(post.saying.owed)

    def _arrived(self, post: Post, now: datetime) -> None:
        self._record.counts["items told"] += len(post.saying.owed)
        receiver, created = post.entry.receiver, post.entry.created
        self.latencies[receiver].extend(
            (now - since).total_seconds() for (key, _), since in post.saying.owed.items() if key
        )
        if now - created > 2 * TICK:
            self._record.counts["messages delayed by more than a minute"] += 1
        free = max(created, self.last_bad.get(receiver, created))
        paced = sum(at > free - HOUR for at in self._attempts[receiver]) // A_HOUR * HOUR
        unwatched = self._record.unwatched(now) - post.since.unwatched
        if now > free + LONGEST_PAUSE + BOUND + unwatched + paced:
            what = f"told too late: {post.entry.id}, though {receiver} took everything since {free}"
            self._record.breaks(now, what)
