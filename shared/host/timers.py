"""Runs timer functions when they are due, one run at a time, and remembers across restarts when they last ran."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import msgspec
from azure.functions.timer import TimerRequest

from shared.host.bindings import BoundFunction, TimerTrigger
from shared.host.database import Database, StorageThread
from shared.host.errors import InvocationError
from shared.host.invoke import Invoker
from shared.host.work import Clock, Sleep, Work, first_of

MONITORED_INTERVAL = 60.0
"""Seconds: a schedule with shorter intervals is never remembered, as on Azure."""

LATE_AFTER = 1.0
"""Seconds behind its time from which a run is called past due."""

LONGEST_SLEEP = 30.0
"""Seconds slept at once: the wall clock may be set, and a laptop may sleep, under a longer wait."""

_TABLE = """
CREATE TABLE IF NOT EXISTS timers (
    function TEXT PRIMARY KEY,
    schedule TEXT NOT NULL,
    last REAL,
    next REAL NOT NULL
)
"""
_NEVER = "0001-01-01T00:00:00+00:00"
_logger = logging.getLogger("linekeeper.host")


class TimerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """When a timer ran last, if ever, and when it is due next; seconds since the epoch."""

    last: float | None
    due: float


class TimerStatuses:
    """What the host remembers of its timers, in the same file as the queues."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as connection:
            connection.execute(_TABLE)

    def load(self, function: str, schedule: str) -> TimerStatus | None:
        """The status recorded for the function; None when there is none or its schedule was another."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT last, next FROM timers WHERE function = ? AND schedule = ?", (function, schedule)
            ).fetchone()
        return None if row is None else TimerStatus(last=row[0], due=row[1])

    def save(self, function: str, schedule: str, status: TimerStatus) -> None:
        """Records the status in place of any earlier one."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO timers (function, schedule, last, next) VALUES (?, ?, ?, ?)",
                (function, schedule, status.last, status.due),
            )


class TimerListener:
    """Runs one timer function. Runs missed while it was busy, or while the host was down, are made up for by one."""

    def __init__(
        self,
        function: BoundFunction,
        trigger: TimerTrigger,
        *,
        statuses: TimerStatuses,
        storage: StorageThread,
        invoker: Invoker,
        work: Work,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self._function = function
        self._trigger = trigger
        self._statuses = statuses
        self._storage = storage
        self._invoker = invoker
        self._work = work
        self._clock = clock
        self._sleep = sleep
        self._one_at_a_time = asyncio.Lock()
        first = trigger.schedule.next_after(clock())
        long_enough = trigger.schedule.next_after(first) - first >= MONITORED_INTERVAL
        self._monitored = trigger.use_monitor and long_enough
        self._status = TimerStatus(last=None, due=first)

    async def run(self) -> None:
        """Runs the function whenever it is due until the host stops."""
        await self._recall()
        if self._trigger.run_on_startup and self._status.due > self._clock():
            await self._run_once(past_due=False)
        while not self._work.stopping.is_set():
            left = self._status.due - self._clock()
            if left > 0:
                await first_of(self._sleep(min(left, LONGEST_SLEEP)), self._work.stopping.wait())
            else:
                await self._run_once(past_due=-left >= LATE_AFTER)

    async def invoke(self, *, past_due: bool = False) -> bool:
        """Runs the function now, after a run that is under way, and says whether it succeeded."""
        async with self._one_at_a_time:
            try:
                await self._invoker.invoke(self._function, self._request(past_due=past_due))
            except InvocationError:
                return False
            return True

    async def _recall(self) -> None:
        if not self._monitored:
            return
        expression = self._trigger.schedule.expression
        try:
            recalled = await self._storage.run(self._statuses.load, self._function.name, expression)
            if recalled is None:
                await self._storage.run(self._statuses.save, self._function.name, expression, self._status)
            else:
                self._status = recalled
        except Exception:
            _logger.exception("the last run of timer %s is not known", self._function.name)

    async def _run_once(self, *, past_due: bool) -> None:
        began = self._clock()
        await self._work.begin(self.invoke(past_due=past_due))
        self._status = TimerStatus(last=began, due=self._trigger.schedule.next_after(began))
        if not self._monitored:
            return
        try:
            await self._storage.run(
                self._statuses.save, self._function.name, self._trigger.schedule.expression, self._status
            )
        except Exception:
            _logger.exception("the last run of timer %s was not recorded", self._function.name)

    def _request(self, *, past_due: bool) -> TimerRequest:
        status = {
            "Last": _NEVER if self._status.last is None else _iso(self._status.last),
            "Next": _iso(self._status.due),
            "LastUpdated": _NEVER if self._status.last is None else _iso(self._status.last),
        }
        return TimerRequest(
            past_due=past_due,
            schedule_status=status if self._monitored else None,
            schedule={"AdjustForDST": True},
        )


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
