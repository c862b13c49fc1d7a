"""How many messages the local host's queues hold, for what runs on its event loop."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from shared.host.queue import SqliteQueueStore

_logger = logging.getLogger("linekeeper.host")


class LocalQueueDepth:
    """The queues of one file. What asks for them must not be slowed down by a disk, nor fail with it."""

    def __init__(self, store: SqliteQueueStore) -> None:
        self._store = store

    async def depth(self, queue: str) -> int | None:
        """How many messages the queue holds, 0 where there is no such queue; None where that cannot be told now."""
        try:
            return await asyncio.to_thread(self._store.depth, queue)
        except sqlite3.Error as problem:
            _logger.warning("queue %s could not be looked at: %s", queue, problem)
            return None
