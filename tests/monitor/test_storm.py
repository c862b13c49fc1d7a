"""Many messages at once, and a Graph that wants to be left alone: few requests, and nothing is forgotten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from shared.model.change_message import ChangeMessage
from shared.monitor.ingest import catch_up, take_message
from shared.monitor.monitor import Monitor
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, line_names, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, Pauses, WatchedStore

USERS = [user_id(name) for name in line_names()[:40]]


def about(clock: Clock, *users: str) -> ChangeMessage:
    return ChangeMessage(tenant=TENANT_ID, users=users, received=clock.now)


async def test_500_notifications_about_40_users_in_50_messages_cost_one_read_and_one_evaluation(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, store: WatchedStore
) -> None:
    for user in USERS:
        sim.tenant.remove_license(user, RESOURCE_ACCOUNT)
    named = [USERS[number % 40] for number in range(500)]
    messages = [about(clock, *named[start : start + 10]) for start in range(0, 500, 10)]
    clock.advance(seconds=1)
    saves = store.saves
    await asyncio.gather(*(take_message(monitor, message) for message in messages))
    assert dict(sim.graph.requests) == {
        "GET users/delta": 1,
        "POST $batch": 2,
        "GET users/{id}": 40,
        "GET subscribedSkus": 1,
        "GET directory/subscriptions": 1,
    }
    assert store.saves == saves + 1
    found = {key for key in (await monitor.load()).alerts if key.startswith("resource-account-unlicensed")}
    assert found == {f"resource-account-unlicensed|{user}|" for user in USERS}


async def test_a_graph_that_wants_to_be_left_alone_is_and_what_was_named_is_read_afterwards(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, pauses: Pauses
) -> None:
    sim.graph.delta.lag = 3600
    for user in USERS[:2]:
        sim.tenant.remove_license(user, RESOURCE_ACCOUNT)
    sim.graph.outage, sim.graph.retry_after = 429, 600
    await take_message(monitor, about(clock, USERS[0]))
    sim.graph.outage = None
    sim.graph.requests.clear()
    assert pauses == []
    clock.advance(seconds=599)
    await take_message(monitor, about(clock, USERS[1]))
    await catch_up(monitor)
    assert not sim.graph.requests
    state = await monitor.load()
    assert (state.delta.awaited, state.alerts) == ((USERS[0], USERS[1]), {})
    clock.advance(seconds=1)
    await catch_up(monitor)
    state = await monitor.load()
    assert state.delta.awaited == ()
    assert state.alerts.keys() == {f"resource-account-unlicensed|{user}|" for user in USERS[:2]}


async def test_a_read_that_fails_is_tried_again_after_30_seconds_and_later_the_longer_it_fails(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.graph.outage = 500
    began = clock.now
    await take_message(monitor, about(clock, USERS[0]))
    waits = []
    for _ in range(6):
        retry_at = (await monitor.load()).source("accounts").retry_at
        assert retry_at is not None
        waits.append((retry_at - clock.now).total_seconds())
        clock.now = retry_at
        await catch_up(monitor)
    assert waits == [30, 30, 60, 120, 240, 300]
    assert (await monitor.load()).source("accounts").failing_since == began
