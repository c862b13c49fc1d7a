"""That a receiver which is reached again is told what was in the messages to it that were given up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bench.week.posts import Post, Saying
from bench.week.record import BOUND, Moment, Record
from bench.week.told import Groups
from shared.model.alert import OutboxEntry
from shared.model.tenant import TenantState

MISSED = "Mended while this channel could not be reached"


@dataclass
class GivenUp:
    """An alert that was given up, and since when its receiver has been reached again."""

    post: Post
    at: datetime
    reached: Moment | None = None


class CatchingUp:
    """What was given up at each receiver, until it is told what it missed.

    What began and ended in such messages is not told at all: nobody there knew of it.
    """

    def __init__(self, groups: Groups, record: Record) -> None:
        self._groups = groups
        self._record = record
        self._given_up: dict[str, list[GivenUp]] = {}
        self._until: dict[str, datetime | None] = {}
        self._missed: dict[str, set[str]] = {}

    def gave_up(self, post: Post, now: datetime) -> None:
        """A message was given up."""
        if post.entry.message.kind == "alert":
            self._given_up.setdefault(post.entry.receiver, []).append(GivenUp(post, now))

    def accepted(self, receiver: str, now: datetime) -> None:
        """A receiver took a message: it is reached again."""
        for each in self._given_up.get(receiver, []):
            each.reached = each.reached or self._record.moment(now)

    def saved(self, state: TenantState, now: datetime) -> None:
        """Whether somebody was told now what was missed; checked by what was given up until then."""
        self._missed = {}
        for receiver, known in state.receivers.items():
            if known.caught_up_at is None or known.caught_up_at == self._until.get(receiver):
                continue
            self._until[receiver] = known.caught_up_at
            mine = self._given_up.get(receiver, [])
            covered = [each for each in mine if each.reached is not None]
            self._given_up[receiver] = [each for each in mine if each.reached is None]
            if not covered:
                self._record.breaks(now, f"caught up without need: {receiver}")
            self._tell(covered)

    def composed(self, entry: OutboxEntry) -> Saying | None:
        """What a message says of what was missed; none where it is another one."""
        if not entry.message.headline.startswith(MISSED):
            return None
        group, missed = self._groups.of(entry.message), self._missed.pop(entry.message.group, set())
        (section,) = entry.message.sections
        told = {item.key for item in section.items}
        if section.kind != "resolved" or not told <= missed or section.total != len(missed):
            what = f"wrong ends in what was missed: {group.receiver} {section.total}, not {len(missed)}"
            self._record.breaks(entry.created, what)
        return Saying(ends=frozenset(missed), owed={(key, "end"): entry.created for key in missed})

    def promised(self) -> Iterator[tuple[str, frozenset[str]]]:
        """The ends that are to be told once somebody is reached again, by group."""
        for each in (one for all_of_them in self._given_up.values() for one in all_of_them):
            yield each.post.entry.message.group, each.post.saying.ends

    def check_told(self, now: datetime) -> None:
        """Whether all was told that a receiver missed."""
        for group, missed in self._missed.items():
            self._record.breaks(now, f"LOST: {group} not told of the ends of {sorted(missed)[:3]} of {len(missed)}")
        self._missed = {}

    def check_late(self, now: datetime) -> None:
        """Whether somebody has been reached for too long without being told what was missed."""
        for receiver, all_of_them in self._given_up.items():
            late = [
                each
                for each in all_of_them
                if each.reached is not None and self._record.watched(each.reached, now) > 2 * BOUND
            ]
            for each in late:
                self._record.breaks(now, f"LOST: {receiver} was not told what was in {each.post.entry.id}")
                all_of_them.remove(each)

    def _tell(self, covered: list[GivenUp]) -> None:
        for each in covered:
            group = self._groups.of(each.post.entry.message)
            group.again = True
            ends = {key for key in each.post.saying.ends if key in group.heard and key not in group.believed}
            if ends:
                self._missed.setdefault(each.post.entry.message.group, set()).update(ends)
