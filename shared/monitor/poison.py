"""Looks at the poison queue: what lies there was not read, and somebody should know."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import msgspec

from shared.model.tenant import TenantState
from shared.monitor.judging import commit_judged
from shared.monitor.monitor import Monitor
from shared.rules.messages_poisoned import POISON_QUEUE
from shared.storage.queue_depth import QueueDepth

LOOK_EVERY = timedelta(minutes=5)
"""How often the delivery timer looks, which comes every half minute; each look is a write of the document."""

LONGEST_LOOK = timedelta(seconds=10)
"""A look that takes longer has failed: the timer has alerts to deliver."""

_logger = logging.getLogger("linekeeper.poison")


class PoisonWatch:
    """One process's looks at the poison queue.

    The document tells when any instance looked last, and this object when this one tried: a look that fails leaves no
    trace in the document, and is not to be tried every half minute either.
    """

    def __init__(self, monitor: Monitor, longest: timedelta = LONGEST_LOOK) -> None:
        self._monitor = monitor
        self._longest = longest
        self._tried: datetime | None = None

    async def look_if_due(self) -> None:
        """Look, unless that was done or tried less than `LOOK_EVERY` ago."""
        if self._monitor.queues is None or not self._is_due(self._tried):
            return
        if self._is_due((await self._monitor.load()).poisoned_seen):
            await self.look()

    async def look(self) -> None:
        """Look, remember how many messages there are, and judge where that is news. A look that fails says nothing."""
        if self._monitor.queues is None:
            return
        now = self._tried = self._monitor.clock()
        depth = await _depth(self._monitor.queues, self._longest)
        if depth is None:
            return

        def step(document: TenantState) -> TenantState:
            return _with_look(document, depth, now)

        if (await self._monitor.load()).poisoned != depth:
            await commit_judged(self._monitor, step)
        else:
            await self._monitor.commit(step)

    def _is_due(self, last: datetime | None) -> bool:
        return last is None or self._monitor.clock() - last >= LOOK_EVERY


async def _depth(queues: QueueDepth, longest: timedelta) -> int | None:
    try:
        async with asyncio.timeout(longest.total_seconds()):
            return await queues.depth(POISON_QUEUE)
    except TimeoutError:
        _logger.warning("queue %s could not be looked at within %s", POISON_QUEUE, longest)
    except Exception:
        # Whatever is wrong with the queue must not keep alerts from being delivered.
        _logger.exception("queue %s could not be looked at", POISON_QUEUE)
    return None


def _with_look(state: TenantState, depth: int, now: datetime) -> TenantState:
    if state.poisoned_seen is not None and state.poisoned_seen > now:
        return state
    since = (state.poisoned_since or now) if depth else None
    return msgspec.structs.replace(state, poisoned=depth, poisoned_seen=now, poisoned_since=since)
