"""Many instances on one tenant, as when the platform scales out: every change on one card, none twice and none lost."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shared.alerting.pacing import Pace
from shared.delivery.sender import Delivered, Result
from shared.graph.credential import DevelopmentCredential
from shared.graph.reader import GraphReader
from shared.graph.transport import GraphTransport
from shared.model.alert import Message
from shared.model.change_message import ChangeMessage
from shared.model.errors import Conflict
from shared.model.job import JobName
from shared.model.secret import Secret
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.monitor import Monitor
from shared.monitor.service import Service
from shared.rules.catalogue import RULES
from shared.settings import Settings
from shared.settings_file import FileSettings
from shared.settings_storage import StorageConnection
from shared.state.blob import BlobStore
from shared.state.sqlite import SqliteStore
from shared.state.store import Store
from shared.storage.connection import blob_service
from shared.telemetry.telemetry import Telemetry
from simulator import SimulatorServer
from simulator.contoso import E5, RESOURCE_ACCOUNT, TENANT_ID, line_names, unlicensed_line_names, user_id

if TYPE_CHECKING:
    from tests.azurite.server import Azurite
    from tests.monitor.conftest import Clock

INSTANCES = 4
MOST_ATTEMPTS = 5
"""How often a queue hands over a message that fails (maxDequeueCount in host.json)."""

AT_ONCE = Timing(
    group_wait=timedelta(0),
    group_interval=timedelta(0),
    hold=1,
    pending={rule.id: timedelta(0) for rule in RULES},
)
RULE = "resource-account-unlicensed"

Open = Callable[[], Store]


class Channel:
    """A channel that takes a moment for every card, in which others may do what they like."""

    def __init__(self) -> None:
        self.cards: list[Message] = []

    async def send(self, message: Message, receipt: str = "") -> Result:  # noqa: ARG002 - a channel that keeps no card
        self.cards.append(message)
        await asyncio.sleep(0.005)
        return Delivered()

    async def close(self) -> None:
        pass

    def told(self, kind: str) -> Counter[str]:
        """On how many cards each account stands as new, or as mended."""
        return Counter(
            item.subject_id
            for card in self.cards
            if card.kind == "alert"
            for section in card.sections
            if section.kind == kind
            for item in section.items
            if item.rule == RULE
        )


class Instances:
    """Services of one tenant that share nothing but the place of its document and the channel."""

    def __init__(self, monitors: Iterable[Monitor], channel: Channel, clock: Clock) -> None:
        self.channel = channel
        self.conflicts = 0
        self._monitors = tuple(monitors)
        self._services = tuple(Service(monitor) for monitor in self._monitors)
        self._clock = clock

    async def document(self) -> TenantState:
        return await self._monitors[0].load()

    async def all_take(self, *messages: ChangeMessage) -> None:
        """Every instance gets every message, at the same time, as it would from its queue."""
        await asyncio.gather(*(self._take(service, each) for each in messages for service in self._services))

    async def all_run(self, job: JobName) -> None:
        """Every instance runs a timer at the same time, which the platform itself would not let happen."""
        await asyncio.gather(*(service.run(job) for service in self._services))

    async def first_read(self) -> None:
        await self._services[0].run("licences")
        self._clock.advance(minutes=5)

    async def _take(self, service: Service, message: ChangeMessage) -> None:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                await service.take_message(message)
            except Conflict:
                self.conflicts += 1
                if attempt == MOST_ATTEMPTS:
                    raise
            else:
                return

    def about(self, *users: str) -> ChangeMessage:
        return ChangeMessage(tenant=TENANT_ID, users=users, received=self._clock.now)


@pytest.fixture(params=["sqlite", "blob"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the place of the documents once more, as another instance does."""
    if request.param == "sqlite":
        return lambda: SqliteStore(tmp_path / "linekeeper.db")
    azurite: Azurite = request.getfixturevalue("azurite")
    connection = StorageConnection(connection_string=Secret(azurite.connection_string))
    container = f"instances-{uuid.uuid4().hex}"
    blob_service(connection).create_container(container)
    return lambda: BlobStore(lambda: blob_service(connection), container)


@pytest.fixture
async def instances(sim: SimulatorServer, opened: Open, clock: Clock, telemetry: Telemetry) -> AsyncIterator[Instances]:
    """Four of them, once one has read a tenant in which every line is licensed."""
    for name in unlicensed_line_names():
        sim.tenant.purge(user_id(name))
    sim.tenant.set_enabled_units(E5, 560)
    sim.tenant.set_enabled_units(RESOURCE_ACCOUNT, 90)
    channel = Channel()
    monitors = [monitor_of(sim, opened(), channel, clock, telemetry) for _ in range(INSTANCES)]
    made = Instances(monitors, channel, clock)
    await made.first_read()
    channel.cards.clear()
    yield made
    for monitor in monitors:
        await monitor.close()


def monitor_of(sim: SimulatorServer, store: Store, channel: Channel, clock: Clock, telemetry: Telemetry) -> Monitor:
    transport = GraphTransport(sim.graph_url, DevelopmentCredential())
    return Monitor(
        settings=Settings(tenant=TENANT_ID, graph_url=sim.graph_url, file=FileSettings(alerting=AT_ONCE)),
        store=store,
        reader=GraphReader(transport, clock),
        subscription=None,
        senders={"teams": channel},
        telemetry=telemetry,
        clock=clock,
        transport=transport,
        paces={"teams": Pace(per_second=1_000_000, per_hour=1_000_000)},
    )


async def test_four_instances_that_hear_of_the_same_change_send_one_card_for_it(
    sim: SimulatorServer, instances: Instances, clock: Clock
) -> None:
    users = [user_id(name) for name in line_names()[:3]]
    for number, user in enumerate(users, 1):
        sim.tenant.remove_license(user, RESOURCE_ACCOUNT)
        told = instances.about(user)
        clock.advance(seconds=1)
        await instances.all_take(told, told)
        assert instances.channel.told("new") == Counter(users[:number])
        assert len(instances.channel.cards) == number
        clock.advance(minutes=1)
    for user in users:
        sim.tenant.assign_license(user, RESOURCE_ACCOUNT)
    told = instances.about(*users)
    clock.advance(seconds=1)
    await instances.all_take(told)
    assert instances.channel.told("resolved") == Counter(users)
    assert len(instances.channel.cards) == len(users) + 1
    assert (await instances.document()).outbox == ()


async def test_a_storm_that_is_spread_over_four_instances_loses_nothing_and_tells_nothing_twice(
    sim: SimulatorServer, instances: Instances, clock: Clock
) -> None:
    users = [user_id(name) for name in line_names()[:12]]
    waves = [users[:4], users[4:8], users[8:]]
    for wave in waves:
        for user in wave:
            sim.tenant.remove_license(user, RESOURCE_ACCOUNT)
        # Each named in several messages, as Graph does, beside people of whom nothing is known.
        messages = [instances.about(user, str(uuid.uuid4())) for user in wave for _ in range(2)]
        clock.advance(seconds=1)
        await asyncio.gather(instances.all_take(*messages), instances.all_run("deliver"), instances.all_run("delta"))
        clock.advance(minutes=1)
    await instances.all_run("deliver")
    assert instances.channel.told("new") == Counter(users)
    document = await instances.document()
    firing = {alert.finding.subject.id for alert in document.alerts.values() if alert.finding.rule == RULE}
    assert firing == set(users)
    assert (document.outbox, document.delta.awaited) == ((), ())


async def test_four_instances_that_start_together_tell_of_what_is_wrong_once(
    sim: SimulatorServer, opened: Open, clock: Clock, telemetry: Telemetry
) -> None:
    channel = Channel()
    monitors = [monitor_of(sim, opened(), channel, clock, telemetry) for _ in range(INSTANCES)]
    started = Instances(monitors, channel, clock)
    try:
        await started.all_run("licences")
        await started.all_run("deliver")
    finally:
        for monitor in monitors:
            await monitor.close()
    assert channel.told("new") == Counter(user_id(name) for name in unlicensed_line_names())
    assert len({(card.group, card.headline, card.sections) for card in channel.cards}) == len(channel.cards)
