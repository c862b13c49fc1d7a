from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.alerting.pacing import Pace
from shared.delivery.sender import Delivered, Result, Sender
from shared.graph.credential import DevelopmentCredential
from shared.graph.reader import BUDGET, GraphReader
from shared.graph.subscription import ChangeSubscription
from shared.graph.transport import GraphTransport
from shared.model.alert import Message
from shared.model.secret import Secret
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.assembly import NOTIFICATIONS_PATH
from shared.monitor.baseline import read_everything
from shared.monitor.monitor import Monitor
from shared.monitor.upkeep import keep_subscription
from shared.rules.catalogue import RULES
from shared.settings import Settings
from shared.settings_file import FileSettings, SourceSettings
from shared.state.memory import MemoryStore
from shared.state.store import Loaded
from shared.telemetry.telemetry import Telemetry
from simulator import SimulatorServer, contoso
from simulator.contoso import E5, RESOURCE_ACCOUNT, TENANT_ID, unlicensed_line_names, user_id

NOWHERE = "http://127.0.0.1:9/v1.0"
PROMPT = Timing(hold=1, pending={rule.id: timedelta(0) for rule in RULES})
"""Findings count and end at the first look, for tests that are not about waiting."""

AtFirst = Callable[[str, Callable[[], object]], None]
CLIENT_STATE = "a-client-state-of-at-least-32-characters"


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Pauses(list[float]):
    """The pauses that were made between two attempts; none of them takes time."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Counters:
    """What the telemetry's counters stand at."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        self._reader = reader

    def of(self, name: str) -> dict[tuple[str, ...], int]:
        """A counter's values, by the values of its attributes in the order of their names."""
        data = self._reader.get_metrics_data()
        return {
            tuple(str(value) for _, value in sorted((point.attributes or {}).items())): int(point.value)
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
            if isinstance(point, NumberDataPoint)
        }


class Requests(Counter[str]):
    """Counts requests, and does something the moment that a route's first one is counted, before it is answered."""

    def __init__(self, route: str, then: Callable[[], object]) -> None:
        super().__init__()
        self._route = route
        self._then: Callable[[], object] | None = then

    def __setitem__(self, key: str, value: int) -> None:
        super().__setitem__(key, value)
        if key == self._route and self._then is not None:
            then, self._then = self._then, None
            then()


class RecordingSender:
    """A channel that keeps what it is sent, and answers what a test laid ready: after that, that it took it."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.answers: list[Result | Exception] = []
        self.during: Callable[[], Awaitable[object]] | None = None

    async def send(self, message: Message, receipt: str = "") -> Result:  # noqa: ARG002 - a channel that keeps no card
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
def metric_reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def counters(metric_reader: InMemoryMetricReader) -> Counters:
    return Counters(metric_reader)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def telemetry(spans: InMemorySpanExporter, metric_reader: InMemoryMetricReader) -> Iterator[Telemetry]:
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    made = Telemetry(tracers, MeterProvider([metric_reader], shutdown_on_exit=False))
    yield made
    made.shutdown()


@pytest.fixture
async def sim(clock: Clock) -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(contoso(clock)) as server:
        yield server


@pytest.fixture
def at_first(sim: SimulatorServer) -> AtFirst:
    """Lets something happen when a route is first asked for, just before that is answered."""

    def arrange(route: str, then: Callable[[], object]) -> None:
        sim.graph.requests = Requests(route, then)

    return arrange


@pytest.fixture
async def make_monitor(
    store: WatchedStore, clock: Clock, telemetry: Telemetry, pauses: Pauses
) -> AsyncIterator[Callable[..., Monitor]]:
    """Puts a monitor together from the real parts, around this test's store and clock; no pause of it takes time."""
    made: list[Monitor] = []

    def make(
        *,
        graph_url: str = NOWHERE,
        sender: Sender | None = None,
        notification_url: str | None = None,
        clock: Callable[[], datetime] = clock,
        client_state: str = CLIENT_STATE,
        budget: timedelta = BUDGET,
        **sources: Any,  # noqa: ANN401 - settings of sources
    ) -> Monitor:
        settings = Settings(
            tenant=TENANT_ID,
            graph_url=graph_url,
            notification_url=notification_url,
            client_state=Secret(client_state),
            file=FileSettings(alerting=PROMPT, sources=SourceSettings(**sources)),
        )
        transport = GraphTransport(graph_url, DevelopmentCredential(), sleep=pauses, telemetry=telemetry)
        subscription = None
        if notification_url is not None:
            subscription = ChangeSubscription(
                transport,
                notification_url=notification_url + NOTIFICATIONS_PATH,
                client_state=client_state,
                clock=clock,
            )
        monitor = Monitor(
            settings=settings,
            store=store,
            reader=GraphReader(transport, clock, budget),
            subscription=subscription,
            senders={"teams": sender} if sender is not None else {},
            telemetry=telemetry,
            clock=clock,
            transport=transport,
            paces={"teams": Pace(per_second=1_000_000, per_hour=1_000_000)},
        )
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
    """A monitor that has subscribed and read the tenant, in which every line is licensed, five minutes ago."""
    for name in unlicensed_line_names():
        sim.tenant.purge(user_id(name))
    # Seats and licences to spare, so that the allocation gives no hint either.
    sim.tenant.set_enabled_units(E5, 560)
    sim.tenant.set_enabled_units(RESOURCE_ACCOUNT, 90)
    made = make_monitor(graph_url=sim.graph_url, sender=sender, notification_url=subscriber)
    await read_everything(made)
    await keep_subscription(made)
    clock.advance(minutes=5)
    sim.graph.requests.clear()
    return made
