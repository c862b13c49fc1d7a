"""What the witness keeps in common: what was counted, what was broken, and for how long nobody looked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

TICK = timedelta(seconds=30)
GROUP_WAIT = timedelta(seconds=30)
GROUP_INTERVAL = timedelta(minutes=5)
BOUND = GROUP_WAIT + GROUP_INTERVAL + TICK
"""After how long at the latest a change is in the outbox, as long as somebody looks every tick."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Moment:
    """A time, and how much of the time before it nobody had looked: what happens since is owed the rest."""

    at: datetime
    unwatched: timedelta


@dataclass
class Record:
    """Counts, broken promises, and the time that passed without anybody looking for what is due."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[datetime, str]] = field(default_factory=list)
    _unwatched: timedelta = timedelta(0)
    _looked: datetime | None = None

    def breaks(self, now: datetime, what: str) -> None:
        """Note that something that must never happen did."""
        self.counts[f"BROKEN {what.partition(':')[0]}"] += 1
        self.broken.append((now, what))

    def looked(self, now: datetime) -> None:
        """The service has looked for what is due, to the end."""
        self._unwatched, self._looked = self.unwatched(now), now

    def unwatched(self, now: datetime) -> timedelta:
        """For how long by now nobody has looked, beyond the time between two looks."""
        since = self._looked or now
        return self._unwatched + max(timedelta(0), now - since - TICK)

    def moment(self, now: datetime) -> Moment:
        """This moment."""
        return Moment(now, self.unwatched(now))

    def watched(self, since: Moment, now: datetime) -> timedelta:
        """For how long since a moment somebody has looked every tick."""
        return now - since.at - (self.unwatched(now) - since.unwatched)

    @property
    def lost(self) -> int:
        """How many things were lost."""
        return sum("LOST" in what for _, what in self.broken)
