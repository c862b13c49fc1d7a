"""What is being worked on, so that a stop can wait for it, and waiting that a stop can end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from shared.host.errors import HostError

T = TypeVar("T")

Clock = Callable[[], float]
"""Seconds since the epoch."""

Sleep = Callable[[float], Awaitable[object]]
"""Waits for that many seconds."""

CANCELLED_GRACE = 1.0
"""Seconds that cancelled work gets to put things back."""

_logger = logging.getLogger("linekeeper.host")


class Work:
    """The invocations in flight.

    Attributes:
        stopping: set when nothing new may begin.
    """

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Runs the work as a task that `finish` waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def finish(self, grace: float) -> None:
        """Lets everything end within `grace` seconds and cancels what does not."""
        self.stopping.set()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while self._tasks and (left := deadline - loop.time()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left)
        if self._tasks:
            _logger.warning("%d tasks did not end in time and are cancelled", len(self._tasks))
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(set(self._tasks), timeout=CANCELLED_GRACE)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        # A failed invocation has been logged, and whoever awaits it hears of it.
        if error is not None and not isinstance(error, HostError):
            _logger.error("the host lost a part of itself", exc_info=error)


async def first_of(*waits: Awaitable[object]) -> None:
    """Waits until the first of them is over and cancels the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
