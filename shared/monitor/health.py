"""Whether the service is alive and ready, without a secret and without a name."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shared.model.errors import LinekeeperError
from shared.model.sources import INTERVALS, REQUIRED, ReadState, Source
from shared.model.tenant import TenantState
from shared.monitor.monitor import Monitor
from shared.rules.delivery_failing import not_reached
from shared.state.store import Store

Status = Literal["ready", "starting", "degraded"]
Channel = Literal["off", "set", "failing"]
"""`off`: nobody is told; `failing`: a receiver is not reached, by the rule `delivery-failing`."""

WORST_FIRST: tuple[Status, ...] = ("degraded", "starting", "ready")
CHANNELS: tuple[Channel, ...] = ("set", "failing", "off")

KEEP = timedelta(seconds=10)
"""For how long what was found of several tenants is said again: anybody may ask, and each answer reads them all."""

AT_ONCE = 8
"""Documents that are read at the same time."""


class SourceHealth(msgspec.Struct, frozen=True):
    """How a source's last read went, and when it was last read completely."""

    state: ReadState
    as_of: datetime | None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`ready`: every source was read completely and recently; `starting`: none was yet; else `degraded`."""

    status: Status
    sources: dict[Source, SourceHealth] = {}
    waiting_messages: int = 0
    channel: Channel = "off"
    problem: str = ""

    @property
    def serves(self) -> bool:
        """Whether traffic should come here."""
        return self.status == "ready"


async def health(monitor: Monitor) -> Health:
    """The service's health now."""
    tells = bool(monitor.senders)
    try:
        state = await monitor.load()
    except LinekeeperError as problem:
        channel: Channel = "set" if tells else "off"
        return Health(status="degraded", channel=channel, problem=type(problem).__name__)
    return _judged(state, monitor.clock(), tells=tells)


class HealthOfAll(msgspec.Struct, frozen=True, kw_only=True):
    """The health of several tenants: overall that of the worst, and how many are how.

    Which they are is nobody's business here: anybody may ask. `channels` counts tenants too, but those whose document
    cannot be read.
    """

    status: Status
    tenants: dict[Status, int]
    channels: dict[Channel, int]

    @staticmethod
    def of(tenants: Iterable[Health]) -> HealthOfAll:
        """The whole of them; there is at least one."""
        known = tuple(tenants)
        found = Counter(each.status for each in known)
        channels = Counter(each.channel for each in known if not each.problem)
        return HealthOfAll(
            status=min(found, key=WORST_FIRST.index),
            tenants={each: found[each] for each in reversed(WORST_FIRST)},
            channels={each: channels[each] for each in CHANNELS},
        )

    @property
    def serves(self) -> bool:
        """Whether traffic should come here: a tenant that cannot be read takes the service from no other."""
        return self.tenants["ready"] > 0


class HealthDesk:
    """Tells how several tenants are, from their documents alone.

    Args:
        tenants: their ids, and whether anybody is to be told of each.
        store: where the documents are.
        clock: the time.
    """

    def __init__(self, tenants: Mapping[str, bool], store: Store, clock: Callable[[], datetime]) -> None:
        self._tenants = tenants
        self._store = store
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._reading = asyncio.Semaphore(AT_ONCE)
        self._found: tuple[datetime, HealthOfAll] | None = None

    async def look(self) -> HealthOfAll:
        """The health of all, as it is or was a moment ago."""
        async with self._one_at_a_time:
            if self._found is None or self._clock() - self._found[0] >= KEEP:
                found = HealthOfAll.of(await asyncio.gather(*map(self._of, self._tenants)))
                self._found = (self._clock(), found)
            return self._found[1]

    async def _of(self, tenant: str) -> Health:
        async with self._reading:
            try:
                state = (await self._store.load(tenant)).state
            except LinekeeperError as problem:
                return Health(status="degraded", problem=type(problem).__name__)
        return _judged(state, self._clock(), tells=self._tenants[tenant])


def _judged(state: TenantState, now: datetime, *, tells: bool) -> Health:
    fresh = [state.source(source).is_fresh(now, INTERVALS[source]) for source in REQUIRED]
    untried = all(state.source(source).state == "absent" for source in REQUIRED)
    return Health(
        status="ready" if all(fresh) else "starting" if untried else "degraded",
        sources={
            source: SourceHealth(known.state, known.complete_as_of)
            for source in INTERVALS
            if (known := state.source(source))
        },
        waiting_messages=sum(not entry.refused for entry in state.outbox),
        channel="off" if not tells else "failing" if not_reached(state, now) else "set",
    )
