"""What somebody can do who holds the client state, or records what Graph sends: have the service read, a little."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from shared.model.change_message import ChangeMessage, Lifecycle
from shared.monitor.ingest import take_message
from shared.monitor.monitor import Monitor
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, WatchedStore

LINE = user_id("AA Main Line Seattle")
READS_OF_ONE_MESSAGE = {
    "GET users/delta": 1,
    "POST $batch": 1,
    "GET users/{id}": 1,
    "GET subscribedSkus": 1,
    "GET directory/subscriptions": 1,
}
"""The most that a message about one account costs: one delta read, and what delta did not bring, read directly."""


def about(clock: Clock, *users: str, lifecycle: tuple[Lifecycle, ...] = ()) -> ChangeMessage:
    return ChangeMessage(tenant=TENANT_ID, users=users, lifecycle=lifecycle, received=clock.now)


async def test_a_notification_that_is_replayed_at_once_costs_one_read_however_often(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    message = about(clock, LINE)
    clock.advance(seconds=1)
    await take_message(monitor, message)
    before = dict(sim.graph.requests)
    assert before.items() <= READS_OF_ONE_MESSAGE.items()
    state = await monitor.load()
    await asyncio.gather(*(take_message(monitor, message) for _ in range(50)))
    assert dict(sim.graph.requests) == before
    assert await monitor.load() == state


async def test_a_notification_that_is_replayed_later_costs_one_read_and_changes_no_finding(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await take_message(monitor, about(clock, LINE))
    alerts = (await monitor.load()).alerts
    for _ in range(5):
        clock.advance(minutes=2)
        sim.graph.requests.clear()
        await take_message(monitor, about(clock, LINE))
        assert dict(sim.graph.requests).items() <= READS_OF_ONE_MESSAGE.items()
        state = await monitor.load()
        assert state.alerts.keys() == alerts.keys()
        assert [each.phase for each in state.alerts.values()] == [each.phase for each in alerts.values()]


async def test_a_notification_about_strangers_reads_them_and_follows_nobody(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, store: WatchedStore
) -> None:
    strangers = tuple(f"0bad0bad-0bad-4bad-8bad-{number:012d}" for number in range(40))
    accounts, saves = (await monitor.load()).accounts, store.saves
    await take_message(monitor, about(clock, *strangers))
    assert (await monitor.load()).accounts == accounts
    assert sim.graph.requests["GET users/delta"] == 1
    assert sim.graph.requests["GET users/{id}"] <= len(strangers)
    assert store.saves <= saves + 2


async def test_the_service_asks_graph_for_nothing_but_reads_and_its_own_subscription(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    forged = Lifecycle("7f105c7d-2dc5-4530-97cd-4e7ae6534c07", "subscriptionRemoved")
    await take_message(monitor, about(clock, LINE))
    await take_message(monitor, about(clock, lifecycle=(forged,)))
    asked = {name for name in sim.graph.requests if not name.startswith("GET ")}
    assert asked <= {
        "POST $batch",
        "POST directoryObjects/getByIds",
        "POST subscriptions",
        "PATCH subscriptions/{id}",
        "DELETE subscriptions/{id}",
    }
