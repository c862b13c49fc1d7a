from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from aiohttp import web
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.delivery.sender import Delivered, Result, Sender
from shared.model.alert import Message
from shared.model.tenant import TenantState
from shared.monitor.assembly import assemble
from shared.monitor.ingest import read_everything
from shared.monitor.monitor import Monitor
from shared.settings import Secret, Settings
from shared.state.memory import MemoryStore
from shared.state.store import Loaded
from shared.telemetry.telemetry import Telemetry
from simulator import SimulatorServer, contoso
from simulator.contoso import TENANT_ID, unlicensed_line_names, user_id

NOWHERE = "http://127.0.0.1:9/v1.0"


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class RecordingSender:
    """A channel that keeps what it is sent, and answers what a test laid ready: after that, that it took it."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.answers: list[Result | Exception] = []
        self.during: Callable[[], Awaitable[object]] | None = None

    async def send(self, message: Message) -> Result:
        self.sent.append(message)
        during, self.during = self.during, None
        if during is not None:
            await during()
        answer = self.answers.pop(0) if self.answers else Delivered()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        pass

    @property
    def headlines(self) -> list[str]:
        return [message.headline for message in self.sent]


class WatchedStore(MemoryStore):
    """A store that counts what it writes, and lets others do something just before it does."""

    def __init__(self) -> None:
        super().__init__()
        self.saves = 0
        self.before_save: Callable[[], Awaitable[object]] | None = None

    async def save(self, state: TenantState, version: str) -> bool:
        before_save, self.before_save = self.before_save, None
        if before_save is not None:
            await before_save()
        saved = await super().save(state, version)
        self.saves += saved
        return saved

    async def put(self, state: TenantState) -> None:
        """Lay a document ready, as if others had saved it."""
        loaded: Loaded = await self.load(state.tenant)
        await super().save(state, loaded.version)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sender() -> RecordingSender:
    return RecordingSender()


@pytest.fixture
def store() -> WatchedStore:
    return WatchedStore()


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def telemetry(spans: InMemorySpanExporter) -> Iterator[Telemetry]:
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    made = Telemetry(tracers, MeterProvider(shutdown_on_exit=False))
    yield made
    made.shutdown()


@pytest.fixture
async def sim(clock: Clock) -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(contoso(clock)) as server:
        yield server


@pytest.fixture
async def make_monitor(
    store: WatchedStore, clock: Clock, telemetry: Telemetry
) -> AsyncIterator[Callable[..., Monitor]]:
    """Puts a monitor together from the real parts, around this test's store and clock."""
    made: list[Monitor] = []

    def make(
        *,
        graph_url: str = NOWHERE,
        sender: Sender | None = None,
        notification_url: str | None = None,
        clock: Callable[[], datetime] = clock,
    ) -> Monitor:
        settings = Settings(
            tenant=TENANT_ID,
            graph_url=graph_url,
            notification_url=notification_url,
            client_state=Secret("a-client-state-of-at-least-32-characters"),
        )
        monitor = msgspec.structs.replace(assemble(settings, telemetry, clock, store), sender=sender)
        made.append(monitor)
        return monitor

    yield make
    for monitor in made:
        await monitor.close()


@pytest.fixture
async def subscriber() -> AsyncIterator[str]:
    """The root of a service that passes Graph's handshake."""

    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=request.query["validationToken"])

    application = web.Application()
    application.router.add_post("/api/notifications", echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def monitor(
    sim: SimulatorServer, make_monitor: Callable[..., Monitor], sender: RecordingSender, subscriber: str, clock: Clock
) -> Monitor:
    """A monitor that has read the tenant, in which every line has its licence, five minutes ago."""
    for name in unlicensed_line_names():
        sim.tenant.purge(user_id(name))
    made = make_monitor(graph_url=sim.graph_url, sender=sender, notification_url=subscriber)
    await read_everything(made)
    clock.advance(minutes=5)
    sim.graph.requests.clear()
    return made
