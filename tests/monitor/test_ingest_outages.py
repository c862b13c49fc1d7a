from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.model.change_message import ChangeMessage
from shared.model.sources import FRESH_INTERVALS, INTERVALS
from shared.model.tenant import TenantState
from shared.monitor.ingest import read_changes, read_licences, take_message
from shared.monitor.monitor import Monitor
from shared.monitor.upkeep import keep_subscription
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock

MakeMonitor = Callable[..., Monitor]

LINE = user_id("AA Main Line Seattle")
OTHER_LINE = user_id("CQ Reception Seattle")
UNLICENSED = f"resource-account-unlicensed|{LINE}|"
ALSO_UNLICENSED = f"resource-account-unlicensed|{OTHER_LINE}|"
STALE = {"source-stale|accounts|", "source-stale|licences|"}
ALL_STALE = STALE | {"source-stale|calling|", "source-stale|numbers|"}
INTERVAL = INTERVALS["accounts"]


def firing(state: TenantState) -> set[str]:
    return {key for key, alert in state.alerts.items() if alert.phase == "firing"}


async def read(monitor: Monitor) -> TenantState:
    """What the timers do in an interval; gives the document after it."""
    await read_licences(monitor)
    await read_changes(monitor)
    return await monitor.load()


@pytest.fixture
async def broken(sim: SimulatorServer, monitor: Monitor, clock: Clock) -> Monitor:
    """A monitor that knows of a line without a licence, just before Graph goes down."""
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    assert firing(await read(monitor)) == {UNLICENSED}
    sim.graph.outage = 500
    clock.now += INTERVAL
    return monitor


@pytest.mark.parametrize("status", [401, 403, 500, 502])
async def test_a_graph_that_is_down_is_no_error_but_a_failed_source(
    sim: SimulatorServer, broken: Monitor, clock: Clock, status: int
) -> None:
    before = await broken.load()
    sim.graph.outage = status
    after = await read(broken)
    await take_message(broken, ChangeMessage(tenant=TENANT_ID, users=(LINE,), received=clock.now))
    await keep_subscription(broken)
    for source in ("accounts", "licences"):
        known = after.sources[source]
        assert (known.state, known.tried_at) == ("failed", clock.now)
        assert known.complete_as_of == before.sources[source].complete_as_of
        assert str(status) in known.problem
    assert (after.accounts, after.skus, after.delta) == (before.accounts, before.skus, before.delta)


async def test_a_source_that_asks_to_wait_is_a_failed_source(sim: SimulatorServer, broken: Monitor) -> None:
    sim.graph.outage, sim.graph.retry_after = 429, 600
    assert {known.state for known in (await read(broken)).sources.values()} == {"failed"}


async def test_nothing_is_resolved_or_found_while_graph_is_down(
    sim: SimulatorServer, broken: Monitor, clock: Clock
) -> None:
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    sim.tenant.remove_license(OTHER_LINE, RESOURCE_ACCOUNT)
    for _ in range(FRESH_INTERVALS - 1):
        assert firing(await read(broken)) == {UNLICENSED}
        clock.now += INTERVAL
    sim.graph.outage = None
    assert firing(await read(broken)) == {ALSO_UNLICENSED}


async def test_after_three_intervals_the_sources_are_findings_and_what_rests_on_them_is_frozen(
    broken: Monitor, clock: Clock
) -> None:
    for _ in range(FRESH_INTERVALS - 1):
        await read(broken)
        clock.now += INTERVAL
    assert firing(await read(broken)) == {UNLICENSED}
    clock.now += timedelta(seconds=1)
    state = await read(broken)
    assert firing(state) == {UNLICENSED, *ALL_STALE}
    assert state.alerts[UNLICENSED].frozen
    assert not any(state.alerts[key].frozen for key in ALL_STALE)


async def test_after_an_outage_the_sources_are_no_longer_findings(
    sim: SimulatorServer, broken: Monitor, clock: Clock
) -> None:
    clock.now += FRESH_INTERVALS * INTERVAL
    assert firing(await read(broken)) == {UNLICENSED, *ALL_STALE}
    sim.graph.outage = None
    clock.now += INTERVAL
    state = await read(broken)
    assert firing(state) == {UNLICENSED}
    assert not state.alerts[UNLICENSED].frozen
    assert {(each.to, each.key) for each in state.recent[-4:]} == {("resolved", key) for key in ALL_STALE}


async def test_a_licence_given_back_during_a_long_outage_ends_the_frozen_alert_after_it(
    sim: SimulatorServer, broken: Monitor, clock: Clock
) -> None:
    clock.now += FRESH_INTERVALS * INTERVAL
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    assert UNLICENSED in firing(await read(broken))
    sim.graph.outage = None
    assert firing(await read(broken)) == set()


async def test_one_source_may_be_stale_while_the_other_is_read(
    sim: SimulatorServer, broken: Monitor, clock: Clock
) -> None:
    sim.graph.outage = None
    sim.graph.refusals["GET subscribedSkus"] = 500
    for _ in range(FRESH_INTERVALS + 1):
        clock.now += INTERVAL
        state = await read(broken)
    assert firing(state) == {UNLICENSED, "source-stale|licences|"}
    assert state.alerts[UNLICENSED].frozen
    assert state.sources["accounts"].complete_as_of == clock.now


async def test_a_change_is_seen_although_the_licences_beside_it_cannot_be_read(
    sim: SimulatorServer, monitor: Monitor
) -> None:
    sim.graph.refusals["GET subscribedSkus"] = 500
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    assert firing(await monitor.load()) == {UNLICENSED}


async def test_what_was_named_and_could_not_be_read_is_read_when_graph_is_back(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.graph.delta.lag = 60
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    message = ChangeMessage(tenant=TENANT_ID, users=(LINE,), received=clock.now)
    sim.graph.refusals["GET users/{id}"] = 500
    before = await monitor.load()
    await take_message(monitor, message)
    after = await monitor.load()
    assert after.delta.link != before.delta.link
    assert after.delta == msgspec.structs.replace(before.delta, link=after.delta.link, awaited=(LINE,))
    sim.graph.refusals.clear()
    clock.now += INTERVAL
    await read_changes(monitor)
    assert firing(await monitor.load()) == {UNLICENSED}


async def test_while_a_tenant_has_never_been_read_that_is_a_finding(
    sim: SimulatorServer, make_monitor: MakeMonitor, clock: Clock
) -> None:
    monitor = make_monitor(graph_url=sim.graph_url)
    sim.graph.outage = 500
    state = await read(monitor)
    assert firing(state) == STALE
    assert (state.accounts, state.delta.link) == ({}, "")
    sim.graph.outage = None
    clock.now += INTERVAL
    state = await read(monitor)
    assert len(state.accounts) == 90
    assert not STALE & firing(state)


async def test_a_first_read_that_gets_the_licences_alone_keeps_them_and_says_so(
    sim: SimulatorServer, make_monitor: MakeMonitor
) -> None:
    monitor = make_monitor(graph_url=sim.graph_url)
    sim.graph.refusals["GET users"] = 500
    await read_changes(monitor)
    state = await monitor.load()
    assert {name: known.state for name, known in state.sources.items()} == {
        "licences": "complete",
        "accounts": "failed",
    }
    assert len(state.skus) == 3
    assert firing(state) == {"source-stale|accounts|"}


async def test_an_expired_delta_link_followed_by_an_outage_loses_no_account(
    sim: SimulatorServer, broken: Monitor, clock: Clock
) -> None:
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    sim.graph.outage = None
    sim.graph.delta.expire_tokens()
    sim.graph.refusals["GET users"] = 500
    await read_changes(broken)
    state = await broken.load()
    assert len(state.accounts) == 85
    assert firing(state) == {UNLICENSED}
    sim.graph.refusals.clear()
    clock.now += INTERVAL
    assert firing(await read(broken)) == set()
