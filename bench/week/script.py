"""What happens in the week: what breaks and is mended, who is silenced, which source and which channel fails."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from bench.week.faults import FAULTS
from bench.week.record import HOUR
from bench.week.service import Cast
from bench.week.tenant import DOUBLE, SIGN_IN, TENANT, UNLICENSED, Line
from shared.model.silence import Silence
from shared.model.sources import Source
from shared.model.tenant import TenantState
from shared.state.store import commit

READ_EVERY = 10
"""Ticks between two reads of the same source by its timer."""

MINUTE = timedelta(minutes=1)
Happening = Callable[[], object]


class Script:
    """The week as a list of happenings in the order of their times, made of one seed."""

    def __init__(self, cast: Cast, chance: random.Random, days: float, say: Callable[[str], None], breaks: int) -> None:
        self.cast = cast
        self.chance = chance
        self.start = cast.clock.now
        self.end = self.start + timedelta(days=days)
        self.changed = False
        self._say = say
        self._breaks = breaks
        self._order = itertools.count()
        self._coming: list[tuple[datetime, int, Happening]] = []
        self._silences = itertools.count(1)
        self._wanted: list[Silence] = []
        hours = int(days * 24)
        for hour in range(hours):
            self._plan_hour(self.start + hour * HOUR)
        self._plan_channels(days)
        self._plan_sources(hours)
        self._plan_silences(hours)
        self._plan_outages(hours)

    def at(self, when: datetime, what: Happening) -> None:
        """Let something happen."""
        heapq.heappush(self._coming, (when, next(self._order), what))

    async def play(self, now: datetime) -> None:
        """Let everything happen that is to have happened by now."""
        self.changed = False
        while self._coming and self._coming[0][0] <= now:
            heapq.heappop(self._coming)[2]()
        for silence in self._wanted:
            await commit(self.cast.store, TENANT, lambda state, silence=silence: _with(state, silence))  # type: ignore[misc]
            self.cast.witness.lives.silences[silence.id] = silence
        self._wanted.clear()

    def mend_all(self) -> None:
        """Let the tenant, the sources and the channels be as they should be."""
        self._coming.clear()
        self.cast.failing.clear()
        self.cast.down = False
        self.cast.world.suspended = False
        for line in self.cast.world.lines:
            line.unlicensed = line.double = line.unusable = line.sign_in = line.number_failed = False
        for channel in self.cast.channels.values():
            channel.mood = "well"

    # What breaks

    def _plan_hour(self, hour: datetime) -> None:
        chance = self.chance
        kind = chance.choices(("calm", "busy", "storm"), (0.4, 0.45, 0.15))[0]
        if kind == "storm":
            self.at(hour + chance.uniform(0, 40) * MINUTE, self._storm)
        for minute in range(0, 60, 5):
            busy = chance.randint(self._breaks // 3, self._breaks)
            for _ in range(busy if kind == "busy" else chance.random() < 0.1):  # noqa: PLR2004
                self.at(hour + (minute + chance.uniform(0, 5)) * MINUTE, self._break_one)
        for _ in range(chance.choice((0, 0, 1, 2))):
            self.at(hour + chance.uniform(0, 60) * MINUTE, self._arm)
        if chance.random() < 0.1:  # noqa: PLR2004 - now and then
            self.at(hour + chance.uniform(0, 60) * MINUTE, self._move_number)
        if chance.random() < 0.03:  # noqa: PLR2004 - about five times a week
            self.at(hour, lambda: self._suspend(suspended=True))
            self.at(hour + chance.uniform(0.5, 6) * HOUR, lambda: self._suspend(suspended=False))

    def _break_one(self) -> None:
        line = self.chance.choice(self.cast.world.lines)
        what = self.chance.choice(line.breaks)
        if what == "number_failed" and not line.has_number:
            what = "sign_in"
        if getattr(line, what):
            return
        self._set(line, what, broken=True)
        lasts = self.chance.choice((0.5, 3, 11, 15, 30, 90)) * self.chance.uniform(0.8, 1.2)
        if self.chance.random() < 0.02:  # noqa: PLR2004 - some stay broken, and are repeated
            lasts *= 20
        mended = self.cast.clock.now + lasts * MINUTE
        self.at(mended, lambda: self._set(line, what, broken=False))
        if self.chance.random() < 0.15:  # noqa: PLR2004 - some come back at once
            self.at(mended + self.chance.uniform(0.5, 12) * MINUTE, lambda: self._set(line, what, broken=True))
            self.at(mended + self.chance.uniform(13, 40) * MINUTE, lambda: self._set(line, what, broken=False))

    def _storm(self) -> None:
        lines = self.chance.sample(self.cast.world.lines, len(self.cast.world.lines) // 2)
        until = self.cast.clock.now + self.chance.uniform(15, 90) * MINUTE
        self._say(f"a storm breaks {len(lines)} lines")
        for line in lines:
            what = line.breaks[0]
            self._set(line, what, broken=True)
            self.at(until, lambda line=line, what=what: self._set(line, what, broken=False))  # type: ignore[misc]

    def _set(self, line: Line, what: str, *, broken: bool) -> None:
        setattr(line, what, broken)
        self.changed = True

    def _move_number(self) -> None:
        line = self.chance.choice(self.cast.world.lines[::6])
        line.has_number = not line.has_number
        line.number_failed = False

    def _suspend(self, *, suspended: bool) -> None:
        self.cast.world.suspended = suspended
        self._say("a licence is suspended" if suspended else "the suspended licence is renewed")

    def _arm(self) -> None:
        self.chance.choice(self.cast.instances).fault = self.chance.choice(FAULTS)

    # Who does not answer

    def _plan_channels(self, days: float) -> None:
        day = timedelta(days=days / 7)
        for begin, lasts in ((0.4, 3), (1.3, 5), (3.2, 2), (4.0, 22 * days / 7)):
            self._spell("works", self.start + begin * day, lasts * HOUR, "unreachable")
        self._spell("gone", self.start + 4.1 * day, 30 * HOUR * days / 7, "unreachable")
        for begin in (0.6, 2.1, 5.8):
            self._spell("gone", self.start + begin * day, 3 * HOUR, "closed")
        for begin in range(7):
            self._spell("far", self.start + (begin + 0.2) * day, self.chance.uniform(1, 5) * HOUR, "busy")
        self.at(self.start, lambda: self._be("pager", "unsteady"))

    def _spell(self, name: str, begin: datetime, lasts: timedelta, mood: str) -> None:
        self.at(begin, lambda: self._be(name, mood))
        self.at(begin + lasts, lambda: self._be(name, "well"))

    def _be(self, name: str, mood: str) -> None:
        self.cast.channels[name].mood = mood  # type: ignore[assignment]
        self._say(f"the channel {name} is {mood}")

    def _plan_sources(self, hours: int) -> None:
        sources: tuple[Source, ...] = ("accounts", "licences", "numbers")
        for _ in range(max(1, hours // 28)):
            source = self.chance.choice(sources)
            begin = self.start + self.chance.uniform(1, hours) * HOUR
            self.at(begin, lambda source=source: self._fail(source, failing=True))  # type: ignore[misc]
            end = begin + self.chance.choice((0.1, 0.4, 2, 4)) * HOUR
            self.at(end, lambda source=source: self._fail(source, failing=False))  # type: ignore[misc]

    def _fail(self, source: Source, *, failing: bool) -> None:
        (self.cast.failing.add if failing else self.cast.failing.discard)(source)
        self._say(f"{source} {'can no longer be read' if failing else 'can be read again'}")

    def _plan_outages(self, hours: int) -> None:
        """Now and then nothing runs at all, for minutes or for hours."""
        for _ in range(max(1, hours // 42)):
            begin = self.start + self.chance.uniform(2, hours) * HOUR
            self.at(begin, lambda: self._stop(down=True))
            self.at(begin + self.chance.choice((0.1, 0.5, 1.5)) * HOUR, lambda: self._stop(down=False))

    def _stop(self, *, down: bool) -> None:
        if down != self.cast.down:
            self.cast.witness.record.counts["times that nothing ran at all"] += down
            self.cast.down = down
            self._say("nothing runs any more" if down else "the service is started again")

    # Who is silenced

    def _plan_silences(self, hours: int) -> None:
        for _ in range(hours // 3):
            self.at(self.start + self.chance.uniform(0, hours) * HOUR, self._silence_some)
        if hours >= 72:  # noqa: PLR2004 - long enough for a notice before the end
            self.at(self.start + 2 * HOUR, self._silence_two_for_days)

    def _silence_some(self) -> None:
        rules = self.chance.choice(((UNLICENSED,), (SIGN_IN, DOUBLE), ()))
        subjects = tuple(line.id for line in self.chance.sample(self.cast.world.lines, 8))
        if rules and self.chance.random() < 0.3:  # noqa: PLR2004 - some cover a whole rule
            subjects = ()
        begin = self.cast.clock.now + self.chance.uniform(0, 1) * HOUR
        self._silence(rules, subjects, begin, begin + self.chance.uniform(0.3, 5) * HOUR)

    def _silence_two_for_days(self) -> None:
        """Both end at the same minute, as those of one change window do."""
        begin = self.cast.clock.now + MINUTE
        for line in self.cast.world.lines[:2]:
            self._silence((SIGN_IN,), (line.id,), begin, begin + timedelta(days=2, hours=12))

    def _silence(self, rules: tuple[str, ...], subjects: tuple[str, ...], begin: datetime, end: datetime) -> None:
        now = self.cast.clock.now
        self._wanted.append(
            Silence(
                id=f"s{next(self._silences)}",
                rules=rules,
                subjects=subjects,
                starts=begin,
                ends=end,
                author="The week",
                reason="A change window",
                created=now,
            )
        )


def _with(state: TenantState, silence: Silence) -> TenantState:
    return msgspec.structs.replace(state, silences={**state.silences, silence.id: silence})
