from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.model.change_message import ChangeMessage
from shared.model.tenant import DeltaPosition, TenantState
from shared.monitor.baseline import read_everything
from shared.monitor.ingest import read_changes, read_licences, take_message
from shared.monitor.monitor import Monitor
from simulator import ServicePlan, SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, line_names, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, WatchedStore

LINE = user_id("AA Main Line Seattle")
PERSON = user_id("Adele Archer")
UNLICENSED = f"resource-account-unlicensed|{LINE}|"
RESOURCE_ACCOUNT_PLAN = ServicePlan("f47330e9-c134-43b3-9993-e7f004506889", "MCOEV_VIRTUALUSER", "Communications")
NEW_SKU = "5a1e0000-0000-4000-8000-00000000c0de"


def transitions(state: TenantState) -> list[tuple[str, str]]:
    return [(each.to, each.key) for each in state.recent]


def another(monitor: Monitor) -> Monitor:
    """A second instance of the service on the same document: it does not wait for the first one's reads."""
    return msgspec.structs.replace(monitor, reading=asyncio.Lock())


async def test_two_reads_of_changes_at_once_find_what_happened_once(sim: SimulatorServer, monitor: Monitor) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await asyncio.gather(read_changes(monitor), read_changes(monitor))
    state = await monitor.load()
    assert transitions(state) == [("firing", UNLICENSED)]
    assert state.accounts[LINE].licences == ()


async def test_messages_and_timers_at_once_find_what_happened_once(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    names = line_names()[:6]
    for name in names:
        sim.tenant.remove_license(user_id(name), RESOURCE_ACCOUNT)
    messages = [ChangeMessage(tenant=TENANT_ID, users=(user_id(name),), received=clock.now) for name in names]
    await asyncio.gather(
        *(take_message(monitor, message) for message in messages), read_licences(monitor), read_changes(monitor)
    )
    expected = {("firing", f"resource-account-unlicensed|{user_id(name)}|") for name in names}
    found = transitions(await monitor.load())
    assert (set(found), len(found)) == (expected, 6)


async def test_a_first_read_by_several_at_once_is_one_first_read(
    sim: SimulatorServer, monitor: Monitor, store: WatchedStore
) -> None:
    await store.put(TenantState(tenant=TENANT_ID))
    await asyncio.gather(read_licences(monitor), read_changes(monitor), read_changes(monitor))
    state = await monitor.load()
    assert len(state.accounts) == 85
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    assert transitions(await monitor.load()) == [("firing", UNLICENSED)]


async def test_an_older_delta_read_does_not_undo_a_newer_one(
    sim: SimulatorServer, monitor: Monitor, store: WatchedStore, clock: Clock
) -> None:
    async def newer() -> None:
        clock.advance(seconds=1)
        sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
        await read_changes(another(monitor))
        positions.append((await monitor.load()).delta)

    positions: list[DeltaPosition] = []
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    store.before_save = newer
    await read_changes(monitor)
    state = await monitor.load()
    assert RESOURCE_ACCOUNT in state.accounts[LINE].sku_ids
    assert [state.delta] == positions
    assert transitions(state) == []


async def test_an_older_direct_read_does_not_undo_a_newer_delta_read(
    sim: SimulatorServer, monitor: Monitor, store: WatchedStore, clock: Clock
) -> None:
    async def newer() -> None:
        clock.advance(seconds=1)
        sim.graph.delta.lag = 0
        sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
        await read_changes(another(monitor))

    sim.graph.delta.lag = 60
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    store.before_save = newer
    await take_message(monitor, ChangeMessage(tenant=TENANT_ID, users=(LINE,), received=clock.now))
    state = await monitor.load()
    assert RESOURCE_ACCOUNT in state.accounts[LINE].sku_ids
    assert transitions(state) == []


async def test_an_older_direct_read_does_not_bring_a_deleted_account_back(
    sim: SimulatorServer, monitor: Monitor, store: WatchedStore, clock: Clock
) -> None:
    async def newer() -> None:
        clock.advance(seconds=1)
        sim.tenant.soft_delete(LINE)
        await read_changes(another(monitor))

    store.before_save = newer
    await take_message(monitor, ChangeMessage(tenant=TENANT_ID, users=(LINE,), received=clock.now))
    assert LINE not in (await monitor.load()).accounts


async def test_an_older_read_of_everything_does_not_undo_a_newer_delta_read(
    sim: SimulatorServer, monitor: Monitor, store: WatchedStore, clock: Clock
) -> None:
    async def newer() -> None:
        clock.advance(seconds=1)
        sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
        await read_changes(another(monitor))

    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    store.before_save = newer
    await read_everything(monitor)
    state = await monitor.load()
    assert RESOURCE_ACCOUNT in state.accounts[LINE].sku_ids
    assert transitions(state) == []


async def test_an_older_read_of_everything_does_not_bring_a_deleted_account_back(
    sim: SimulatorServer, monitor: Monitor, store: WatchedStore, clock: Clock
) -> None:
    async def newer() -> None:
        clock.advance(seconds=1)
        sim.tenant.soft_delete(LINE)
        await read_changes(another(monitor))

    store.before_save = newer
    await read_everything(monitor)
    assert LINE not in (await monitor.load()).accounts


async def test_older_licences_do_not_undo_newer_ones(
    sim: SimulatorServer, monitor: Monitor, store: WatchedStore, clock: Clock
) -> None:
    async def newer() -> None:
        clock.advance(seconds=1)
        sim.tenant.set_enabled_units(RESOURCE_ACCOUNT, 100)
        await read_licences(another(monitor))

    sim.tenant.set_enabled_units(RESOURCE_ACCOUNT, 90)
    store.before_save = newer
    await read_licences(monitor)
    assert {sku.enabled for sku in (await monitor.load()).skus if sku.id == RESOURCE_ACCOUNT} == {100}


async def test_a_failed_read_does_not_undo_what_was_read_meanwhile(
    sim: SimulatorServer, monitor: Monitor, store: WatchedStore, clock: Clock
) -> None:
    async def newer() -> None:
        clock.advance(seconds=1)
        sim.graph.outage = None
        sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
        await read_changes(another(monitor))

    sim.graph.outage = 500
    store.before_save = newer
    await read_changes(monitor)
    state = await monitor.load()
    assert transitions(state) == [("firing", UNLICENSED)]
    assert state.sources["accounts"].complete_as_of == clock.now


@pytest.mark.parametrize("told", ["before", "meanwhile"])
async def test_holders_of_a_new_sku_are_read_although_changes_are_read_meanwhile(
    sim: SimulatorServer, monitor: Monitor, store: WatchedStore, clock: Clock, told: str
) -> None:
    async def meanwhile() -> None:
        clock.advance(seconds=1)
        await read_changes(another(monitor))

    sim.tenant.add_sku(NEW_SKU, "PHONESYSTEM_VIRTUALUSER_NEW", (RESOURCE_ACCOUNT_PLAN,), 5)
    sim.tenant.assign_license(PERSON, NEW_SKU)
    if told == "before":
        await read_changes(monitor)
    clock.advance(minutes=5)
    store.before_save = meanwhile
    await read_licences(monitor)
    for _ in range(2):
        clock.advance(minutes=5)
        await read_licences(monitor)
        await read_changes(monitor)
    assert PERSON in (await monitor.load()).accounts
