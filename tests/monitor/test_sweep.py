"""What neither a notification nor delta tells is repaired by the daily sweep, and counted once as its find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.model.directory import Account
from shared.model.tenant import TenantState
from shared.monitor.ingest import read_changes, read_licences, sweep
from shared.monitor.monitor import Monitor
from simulator import SimulatorServer, StatusFault
from simulator.contoso import RESOURCE_ACCOUNT, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, Counters, WatchedStore

DETECTED = "linekeeper.change.detected"
LINE = user_id("AA Main Line Seattle")
OTHER = user_id("CQ Reception Seattle")
UNLICENSED = f"resource-account-unlicensed|{LINE}|"


def firing(state: TenantState) -> set[str]:
    return {key for key, alert in state.alerts.items() if alert.phase == "firing"}


def take_silently(sim: SimulatorServer, user_id: str) -> None:
    """Take a user's licences behind the back of the change log, from which delta and notifications are told."""
    users = sim.tenant.users
    users[user_id] = msgspec.structs.replace(
        users[user_id], assigned_licenses=(), assigned_plans=(), license_assignment_states=()
    )


async def test_a_licence_that_went_without_a_word_is_found_by_the_sweep_and_counted_once(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, counters: Counters
) -> None:
    take_silently(sim, LINE)
    await read_changes(monitor)
    await read_licences(monitor)
    assert (firing(await monitor.load()), counters.of(DETECTED)) == (set(), {})
    clock.advance(minutes=5)
    await sweep(monitor)
    state = await monitor.load()
    assert (state.accounts[LINE].sku_ids, firing(state)) == (frozenset(), {UNLICENSED})
    assert counters.of(DETECTED) == {("sweep",): 1}
    for _ in range(2):
        clock.advance(minutes=5)
        await sweep(monitor)
    assert counters.of(DETECTED) == {("sweep",): 1}
    assert [(each.to, each.key) for each in (await monitor.load()).recent] == [("firing", UNLICENSED)]


async def test_with_lost_notifications_and_a_delta_that_comes_late_the_sweep_finds_and_delta_tells_nothing_new(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, counters: Counters
) -> None:
    sim.notifier.muted = True
    sim.graph.delta.lag = 3600
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await sim.notifier.settled()
    assert sim.notifier.deliveries == []
    clock.advance(minutes=5)
    await sweep(monitor)
    assert (firing(await monitor.load()), counters.of(DETECTED)) == ({UNLICENSED}, {("sweep",): 1})
    clock.advance(hours=2)
    await read_changes(monitor)
    assert (firing(await monitor.load()), counters.of(DETECTED)) == ({UNLICENSED}, {("sweep",): 1})


async def test_what_delta_can_still_tell_is_not_counted_as_missed(
    sim: SimulatorServer, monitor: Monitor, counters: Counters
) -> None:
    sim.notifier.muted = True
    sim.tenant.remove_license(OTHER, RESOURCE_ACCOUNT)
    take_silently(sim, LINE)
    await sweep(monitor)
    assert counters.of(DETECTED) == {("delta",): 1, ("sweep",): 1}


def damaged(accounts: dict[str, Account], how: str) -> dict[str, Account]:
    """The accounts of a document in which one has gone wrong."""
    line, ghost = accounts[LINE], user_id("Nobody")
    if how == "forgotten":
        return {key: each for key, each in accounts.items() if key != LINE}
    if how == "unlicensed":
        return accounts | {LINE: msgspec.structs.replace(line, licences=(), plans=(), assignments=())}
    return accounts | {ghost: msgspec.structs.replace(line, id=ghost)}


@pytest.mark.parametrize("damage", ["forgotten", "unlicensed", "invented"])
async def test_a_document_that_went_wrong_is_repaired_by_the_sweep_and_counted_once(
    monitor: Monitor, clock: Clock, store: WatchedStore, counters: Counters, *, damage: str
) -> None:
    sound = await monitor.load()
    accounts = damaged(sound.accounts, damage)
    await store.put(msgspec.structs.replace(sound, accounts=accounts))
    await read_changes(monitor)
    assert (await monitor.load()).accounts.keys() == accounts.keys()
    clock.advance(minutes=5)
    for _ in range(2):
        await sweep(monitor)
        clock.advance(hours=24)
    repaired = await monitor.load()
    read_at = {each.read_at for each in repaired.accounts.values()}
    assert len(read_at) == 1
    assert {key: msgspec.structs.replace(each, read_at=clock.now) for key, each in repaired.accounts.items()} == {
        key: msgspec.structs.replace(each, read_at=clock.now) for key, each in sound.accounts.items()
    }
    assert (firing(repaired), counters.of(DETECTED)) == (set(), {("sweep",): 1})


async def test_a_sweep_that_fails_in_its_middle_changes_and_counts_nothing_and_the_next_one_finds_it(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, counters: Counters
) -> None:
    take_silently(sim, LINE)
    sim.graph.faults.add(StatusFault(route="GET users", status=500, skip=1))
    before = await monitor.load()
    await sweep(monitor)
    state = await monitor.load()
    assert (state.accounts, firing(state), counters.of(DETECTED)) == (before.accounts, set(), {})
    assert counters.of("linekeeper.source.reads")["failed", "accounts"] == 1
    sim.graph.faults.clear()
    clock.advance(hours=24)
    await sweep(monitor)
    assert (firing(await monitor.load()), counters.of(DETECTED)) == ({UNLICENSED}, {("sweep",): 1})
