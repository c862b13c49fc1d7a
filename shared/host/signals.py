"""Runs a host for as long as its process is wanted."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from shared.host.local_host import LocalHost


async def serve_until_signal(
    host: LocalHost, *, grace: float = 10.0, ready: Callable[[str], object] | None = None
) -> None:
    """Runs the host until the process is asked to end by SIGTERM or SIGINT.

    Args:
        host: not yet stopped.
        grace: seconds that what is in flight gets to end.
        ready: called with the host's URL once it answers.
    """
    stop = asyncio.Event()
    with _signals_set(stop):
        try:
            await host.start()
            if ready is not None:
                ready(host.url)
            await stop.wait()
        finally:
            await host.stop(grace)


@contextmanager
def _signals_set(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    watched = (signal.SIGTERM, signal.SIGINT)
    try:
        for number in watched:
            loop.add_signal_handler(number, stop.set)
    except NotImplementedError:
        # Windows' loop has no signal handlers.
        def set_from_handler(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(stop.set)

        earlier = {number: signal.signal(number, set_from_handler) for number in watched}
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)
        return
    try:
        yield
    finally:
        for number in watched:
            loop.remove_signal_handler(number)
