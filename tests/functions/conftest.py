from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import azure.functions as func
import pytest

from shared.graph.credential import DevelopmentCredential
from shared.graph.reader import GraphReader
from shared.graph.transport import GraphTransport
from shared.host import HostSettings, LocalHost, SqliteQueueStore
from shared.model.tenant import TenantState
from shared.monitor.monitor import Monitor
from shared.monitor.runtime import Runtime
from shared.settings import Settings
from shared.state.memory import MemoryStore
from shared.state.store import Loaded
from shared.telemetry.telemetry import start

CONTOSO = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
FABRIKAM = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
NOWHERE = "http://127.0.0.1:9/v1.0"

Running = Callable[..., AbstractAsyncContextManager[tuple[LocalHost, SqliteQueueStore]]]


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class TroubledStore(MemoryStore):
    """A store in which something happens to some tenants before their documents are read."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: dict[str, Callable[[], Awaitable[object]]] = {}
        self.asked: list[str] = []

    async def load(self, tenant: str) -> Loaded:
        self.asked.append(tenant)
        if tenant in self.trouble:
            await self.trouble[tenant]()
        return await super().load(tenant)

    async def is_told(self, tenant: str) -> bool:
        """Whether the tenant's delivery timer has done its work, which leaves a trace in the document."""
        return bool((await super().load(tenant)).state.receivers)

    async def has(self, tenant: str) -> TenantState:
        return (await super().load(tenant)).state


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def troubled() -> TroubledStore:
    return TroubledStore()


@pytest.fixture
def two_tenants(tmp_path: Path) -> dict[str, str]:
    """The environment of a service that watches two."""
    config = tmp_path / "site.toml"
    config.write_text(f'[[tenants]]\nid = "{CONTOSO}"\n\n[[tenants]]\nid = "{FABRIKAM}"\n', encoding="utf-8")
    return {"LINEKEEPER_CONFIG": str(config), "LINEKEEPER_GRAPH_URL": NOWHERE}


@pytest.fixture
def built() -> dict[str, Monitor]:
    """The monitors that were made, by their tenants."""
    return {}


@pytest.fixture
async def make_runtime(
    troubled: TroubledStore, clock: Clock, built: dict[str, Monitor]
) -> AsyncIterator[Callable[[dict[str, str]], Runtime]]:
    """Runtimes whose tenants have all parts but a channel, around this test's store and clock."""
    made: list[Runtime] = []
    telemetry = start({})

    def build(settings: Settings) -> Monitor:
        transport = GraphTransport(NOWHERE, DevelopmentCredential(), sleep=no_pause)
        built[settings.tenant] = Monitor(
            settings=settings,
            store=troubled,
            reader=GraphReader(transport, clock),
            subscription=None,
            senders={},
            telemetry=telemetry,
            clock=clock,
            transport=transport,
        )
        return built[settings.tenant]

    def make(environment: dict[str, str]) -> Runtime:
        made.append(Runtime(environment, clock, build=build))
        return made[-1]

    yield make
    for runtime in made:
        await runtime.close()
    telemetry.shutdown()


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """A local host for some triggers, whose timers never fire by themselves."""

    @asynccontextmanager
    async def run(
        *triggers: func.Blueprint, settings: HostSettings | None = None
    ) -> AsyncIterator[tuple[LocalHost, SqliteQueueStore]]:
        app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
        for trigger in triggers:
            app.register_functions(trigger)
        with SqliteQueueStore(tmp_path / "queue.db") as queues:
            host = LocalHost(
                app=app,
                settings=settings or HostSettings(),
                queue_store=queues,
                environment={},
                sleep=lambda _seconds: asyncio.Event().wait(),
            )
            await host.start()
            try:
                yield host, queues
            finally:
                await host.stop(grace=1)

    return run


async def no_pause(_seconds: float) -> None:
    """A pause between two attempts that takes no time."""


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds; fail after a few seconds."""
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - what is waited for is in other hands
            await asyncio.sleep(0.01)
