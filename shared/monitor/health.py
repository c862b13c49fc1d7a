"""Whether the service is alive and ready, without a secret and without a name."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from shared.model.errors import LinekeeperError
from shared.model.sources import INTERVALS, REQUIRED, ReadState, Source
from shared.monitor.monitor import Monitor


class SourceHealth(msgspec.Struct, frozen=True):
    """How a source's last read went, and when it was last read completely."""

    state: ReadState
    as_of: datetime | None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`ready`: every source was read completely and recently; `starting`: none was yet; else `degraded`."""

    status: Literal["ready", "starting", "degraded"]
    sources: dict[Source, SourceHealth] = {}
    waiting_messages: int = 0
    channel: Literal["set", "not set"] = "not set"
    problem: str = ""


async def health(monitor: Monitor) -> Health:
    """The service's health now."""
    channel: Literal["set", "not set"] = "set" if monitor.senders else "not set"
    try:
        state = await monitor.load()
    except LinekeeperError as problem:
        return Health(status="degraded", channel=channel, problem=type(problem).__name__)
    now = monitor.clock()
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
        channel=channel,
    )
