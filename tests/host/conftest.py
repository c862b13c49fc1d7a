from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import azure.functions as func
import pytest

from shared.host import HostSettings, LocalHost, SqliteQueueStore

NOON = 1_795_176_000.0  # 2026-11-20T12:00:00Z
PATIENCE = 5.0


class VirtualTime:
    """A clock that stands still until a test moves it, and the sleep that goes with it."""

    def __init__(self) -> None:
        self.now = NOON
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        sleeper = (self.now + seconds, asyncio.get_running_loop().create_future())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1]
        finally:
            self._sleepers.remove(sleeper)

    async def run_until(self, reached: Callable[[], bool], *, at_most: float = 3600.0) -> None:
        """Moves on from sleeper to sleeper until the condition holds."""
        limit = self.now + at_most
        while not reached():
            await asyncio.sleep(0.002)
            if reached():
                return
            waiting = [wake for wake, future in self._sleepers if not future.done()]
            if waiting and min(waiting) > limit:
                pytest.fail("the condition was not reached in time")
            if waiting:
                self.move_to(min(waiting))

    def move_to(self, moment: float) -> None:
        self.now = max(self.now, moment)
        for wake, future in self._sleepers:
            if wake <= self.now and not future.done():
                future.set_result(None)


async def wait_until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not reached():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


@pytest.fixture
def virtual_time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    return wait_until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteQueueStore]:
    with SqliteQueueStore(tmp_path / "queues.db") as opened:
        yield opened


@pytest.fixture
async def start_host(store: SqliteQueueStore) -> AsyncIterator[Callable[..., Awaitable[LocalHost]]]:
    hosts: list[LocalHost] = []

    async def start(app: func.FunctionApp, **changed: Any) -> LocalHost:  # noqa: ANN401 - LocalHost's own keywords
        keywords: dict[str, Any] = {"settings": HostSettings(), "queue_store": store, "environment": {}} | changed
        host = LocalHost(app=app, **keywords)
        hosts.append(host)
        await host.start()
        return host

    yield start
    for host in hosts:
        await host.stop(PATIENCE)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
