"""The subscription is kept, and after a gap what it could not tell is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from shared.model.change_message import ChangeMessage, Lifecycle
from shared.model.tenant import TenantState
from shared.monitor.ingest import read_changes, take_message
from shared.monitor.monitor import Monitor
from shared.monitor.service import Service
from shared.monitor.upkeep import keep_subscription
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, RecordingSender, WatchedStore

MakeMonitor = Callable[..., Monitor]
LINE = user_id("AA Main Line Seattle")
UNLICENSED = f"resource-account-unlicensed|{LINE}|"
NEW_SECRET = "another-client-state-of-over-32-characters"


def told(clock: Clock, event: str) -> ChangeMessage:
    return ChangeMessage(tenant=TENANT_ID, lifecycle=(Lifecycle("one", event),), received=clock.now)


async def test_a_new_client_state_replaces_the_subscription_once_and_loses_no_change(
    sim: SimulatorServer,
    monitor: Monitor,
    make_monitor: MakeMonitor,
    subscriber: str,
    sender: RecordingSender,
    *,
    clock: Clock,
) -> None:
    await Service(monitor).keep_subscription()
    (before,) = sim.graph.subscriptions.live
    renewed = make_monitor(graph_url=sim.graph_url, sender=sender, notification_url=subscriber, client_state=NEW_SECRET)
    clock.advance(minutes=5)
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await Service(renewed).keep_subscription()
    (after,) = sim.graph.subscriptions.live
    assert (after.id != before.id, after.client_state) == (True, NEW_SECRET)
    assert UNLICENSED in (await renewed.load()).alerts
    assert not await keep_subscription(renewed)
    assert sim.graph.subscriptions.live == [after]


async def test_a_subscription_that_an_empty_document_knows_nothing_of_is_made_with_our_client_state(
    sim: SimulatorServer, monitor: Monitor, make_monitor: MakeMonitor, subscriber: str, store: WatchedStore
) -> None:
    await store.put(TenantState(tenant=TENANT_ID))
    reinstalled = make_monitor(graph_url=sim.graph_url, notification_url=subscriber, client_state=NEW_SECRET)
    assert [held.client_state == NEW_SECRET for held in sim.graph.subscriptions.live] == [False]
    await keep_subscription(reinstalled)
    assert [held.client_state for held in sim.graph.subscriptions.live] == [NEW_SECRET]
    assert monitor.tenant == reinstalled.tenant


async def test_a_subscription_gone_between_two_rounds_is_made_anew_and_what_it_missed_is_found(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    await Service(monitor).keep_subscription()
    (before,) = sim.graph.subscriptions.live
    sim.graph.subscriptions.drop(before.id)
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    clock.advance(hours=1)
    await Service(monitor).keep_subscription()
    state = await monitor.load()
    assert UNLICENSED in state.alerts
    assert [state.subscription.id] == [held.id for held in sim.graph.subscriptions.live]


async def test_a_renewal_that_graph_asked_for_and_that_failed_is_made_up_for_in_the_next_round(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    await keep_subscription(monitor)
    (before,) = sim.graph.subscriptions.live
    clock.advance(hours=1)
    sim.graph.outage = 500
    await take_message(monitor, told(clock, "reauthorizationRequired"))
    assert (await monitor.load()).subscription.problem
    sim.graph.outage = None
    clock.advance(hours=1)
    await keep_subscription(monitor)
    (after,) = sim.graph.subscriptions.live
    assert after.expiration_date_time > before.expiration_date_time


@pytest.mark.parametrize("event", ["missed", "subscriptionRemoved"])
async def test_where_changes_may_have_been_lost_everything_is_read(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, event: str
) -> None:
    await keep_subscription(monitor)
    if event == "subscriptionRemoved":
        sim.graph.subscriptions.drop(sim.graph.subscriptions.live[0].id)
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    sim.graph.requests.clear()
    clock.advance(minutes=1)
    await take_message(monitor, told(clock, event))
    assert UNLICENSED in (await monitor.load()).alerts
    assert sim.graph.requests["GET users"] == 2
    assert len(sim.graph.subscriptions.live) == 1


async def test_a_delta_timer_leaves_graph_alone_until_it_may_be_asked_again(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.graph.outage, sim.graph.retry_after = 429, 600
    await read_changes(monitor)
    sim.graph.outage = None
    clock.advance(minutes=5)
    sim.graph.requests.clear()
    await read_changes(monitor)
    assert not sim.graph.requests
