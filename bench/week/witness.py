"""The witness: told of all that the service saves and of all that receivers take, and checks it against the rules.

It knows from `Lives` what fires, from `Groups` who must be told of what, from `Posts` what becomes of each message, and
from `Warnings` who must know of a receiver that is not reached. None of them uses code of the service beside the nouns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from bench.week.caught_up import CatchingUp
from bench.week.lives import SOURCE_STALE, Lives, family_of
from bench.week.posts import Post, Posts, Saying, name_of
from bench.week.record import Record
from bench.week.told import Groups
from bench.week.warned import Warnings
from shared.model.alert import Message, OutboxEntry
from shared.model.finding import Severity
from shared.model.tenant import TenantState

BYTES = 18 * 1024
"""How large a card may be."""


class Witness:
    """Checks what is written and what is taken, and counts."""

    def __init__(self) -> None:
        self.record = Record()
        self.lives = Lives()
        self.groups = Groups(self.lives, self.record)
        self.posts = Posts(self.record)
        self.catching_up = CatchingUp(self.groups, self.record)
        self.warnings = Warnings(self.groups, self.posts, self.record)
        self.largest = 0

    def evaluated(self, state: TenantState, sources: Iterable[str], now: datetime) -> None:
        """An evaluation has been saved that had read these sources completely."""
        for source in sources:
            self.lives.as_of[source] = now
        self.lives.evaluated(now, self.groups.is_believed)
        theirs = _firing(state)
        expected = self.lives.firing | self.lives.stale_sources(now)
        judged = {key: how for key, how in theirs.items() if family_of(key) != "monitor" or SOURCE_STALE in key}
        if expected != judged:
            mine, other = (
                sorted(each)[:3] for each in (expected.items() - judged.items(), judged.items() - expected.items())
            )
            self.record.breaks(now, f"what fires is not what should: only expected {mine}, only there {other}")
        self.warnings.evaluated(theirs, now)

    def saved(self, state: TenantState, now: datetime) -> None:
        """Whatever was saved: what is told by it, and what is gone from the outbox."""
        self.groups.monitor = {key: how for key, how in _firing(state).items() if family_of(key) == "monitor"}
        self.catching_up.saved(state, now)
        self.groups.owe(now)
        for entry in state.outbox:
            if name_of(entry) not in self.posts.all:
                self._composed(entry, now)
            elif entry.refused and (post := self.posts.gave_up(entry, now)) is not None:
                self.warnings.gave_up(entry.receiver, now)
                self.catching_up.gave_up(post, now)
        self.catching_up.check_told(now)
        self.posts.saved(state, now)

    def _check_heard(self, now: datetime) -> None:
        saying: dict[str, set[str]] = defaultdict(set)
        for group, ends in self.catching_up.promised():
            saying[group] |= ends
        for post in self.posts.waiting():
            if post.entry.message.kind == "alert":
                saying[post.entry.message.group] |= post.saying.ends
                self.groups.on_its_way(post.entry.message, now)
        self.groups.check_heard(saying, now)

    def _composed(self, entry: OutboxEntry, now: datetime) -> None:
        saying = Saying()
        if entry.message.kind == "alert":
            if any(post.entry.message.group == entry.message.group for post in self.posts.waiting(entry.receiver)):
                self.record.counts["composed while another of its group waited"] += 1
            saying = self.catching_up.composed(entry) or self.groups.composed(entry)
        self.posts.composed(entry, saying, now)
        self.warnings.composed(entry)

    def looked(self, now: datetime) -> None:
        """The service has looked for what is due, to the end."""
        self.record.looked(now)
        self.groups.owe(now)
        self._check_heard(now)
        self.groups.check_late(now)
        self.catching_up.check_late(now)
        self.warnings.check_late(now)

    def posted(self, receiver: str, message: Message, state: TenantState, size: int, now: datetime) -> Post | None:
        """A message reaches a channel, as a card of so many bytes; tells which message it is, if one waits."""
        self.largest = max(self.largest, size)
        if size > BYTES:
            self.record.breaks(now, f"too large: a card of {size} bytes for {message.group}")
        return self.posts.posted(receiver, message, state, now)

    def accepted(self, post: Post, now: datetime) -> None:
        """A receiver took a message."""
        self.posts.accepted(post, now)
        self.warnings.accepted(post.entry.receiver, now)
        self.catching_up.accepted(post.entry.receiver, now)
        if post.entry.message.kind == "alert":
            self.groups.took(self.groups.of(post.entry.message), post.saying)

    def in_flight(self, post: Post) -> None:
        """A process died, or hung, that had posted this and not recorded it: it may come once more."""
        post.excused += 1
        self.record.counts["posts in flight at a crash"] += 1

    def rejected(self, receiver: str, now: datetime) -> None:
        """A receiver took nothing this time."""
        self.posts.rejected(receiver, now)
        self.warnings.rejected(receiver, now)

    @property
    def is_calm(self) -> bool:
        """Whether nothing fires, and everybody was told so."""
        open_groups = any(group.believed or group.owed for group in self.groups.all.values())
        return not (open_groups or any(self.posts.waiting()) or self.lives.all or self.groups.monitor)

    def finish(self, now: datetime) -> None:
        """All is quiet, everybody takes what comes: whatever is still owed is lost."""
        for post in sorted(self.posts.waiting(), key=lambda each: each.number):
            self.record.breaks(now, f"LOST: {post.entry.id} still waits at the end")
        for what in self.groups.left():
            self.record.breaks(now, f"LOST: {what}")
        self.warnings.finish(self.lives.silences, now)
        repeated, in_flight = self.record.counts["repeated"], self.record.counts["posts in flight at a crash"]
        if repeated > in_flight:
            self.record.breaks(now, f"more repeated than was in flight at crashes: {repeated} of {in_flight}")
        if in_flight > self.record.counts["crashes"]:
            self.record.breaks(now, f"more in flight than there were crashes: {in_flight}")


def _firing(state: TenantState) -> dict[str, Severity]:
    return {key: alert.finding.severity for key, alert in state.alerts.items() if alert.phase == "firing"}
