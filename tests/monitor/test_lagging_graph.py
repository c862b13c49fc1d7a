"""Direct reads that lag behind delta, lost markers and targets of numbers, against a Graph that has replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.model.change_message import ChangeMessage
from shared.model.tenant import TenantState
from shared.monitor.ingest import catch_up, read_changes, read_licences, sweep, take_message
from shared.monitor.monitor import Monitor
from simulator import SimulatorServer
from simulator.contoso import DEPARTMENT_MARKER, RESOURCE_ACCOUNT, TENANT_ID, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock

LINE = user_id("AA Main Line Seattle")
NUMBER = "+14255550100"
QUEUE = user_id("CQ Reception Seattle")
"""A resource account to which no number leads."""

LAG = 60
UNLICENSED = f"resource-account-unlicensed|{LINE}|"
DELETED = f"resource-account-deleted-with-number|{LINE}|"


def about(clock: Clock, *users: str) -> ChangeMessage:
    return ChangeMessage(tenant=TENANT_ID, users=users, received=clock.now)


def firing(state: TenantState) -> set[str]:
    """What holds of accounts: with a line more than there are licences for, the allocation is a finding too."""
    return {key for key, each in state.alerts.items() if each.phase == "firing" and each.topic.family == "accounts"}


def transitions(state: TenantState) -> list[tuple[str, str]]:
    """What was found and mended, hints left out."""
    return [(each.to, each.key) for each in state.recent if each.severity != "info"]


async def test_what_delta_said_stands_although_the_direct_read_beside_it_still_shows_the_licence(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.graph.users.read_lag = LAG
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    assert sim.graph.requests["GET users/{id}"] == 1
    state = await monitor.load()
    assert (state.accounts[LINE].sku_ids, firing(state)) == (frozenset(), {UNLICENSED})
    since = clock.now
    clock.advance(seconds=LAG + 1)
    await take_message(monitor, about(clock, LINE))
    assert sim.graph.requests["GET users/{id}"] == 2
    state = await monitor.load()
    assert (state.accounts[LINE].sku_ids, state.accounts[LINE].read_at) == (frozenset(), clock.now)
    assert (transitions(state), state.alerts[UNLICENSED].since) == ([("firing", UNLICENSED)], since)


async def test_a_second_notification_within_the_lag_does_not_undo_for_good_what_delta_said(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.graph.users.read_lag = LAG
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await take_message(monitor, about(clock, LINE))
    assert firing(await monitor.load()) == {UNLICENSED}
    clock.advance(seconds=LAG / 2)
    await take_message(monitor, about(clock, LINE))
    for _ in range(3):
        clock.advance(minutes=5)
        await read_licences(monitor)
        await read_changes(monitor)
        await catch_up(monitor)
    state = await monitor.load()
    assert (state.accounts[LINE].sku_ids, firing(state)) == (frozenset(), {UNLICENSED})


async def test_a_new_resource_account_that_direct_reads_do_not_show_yet_is_followed_from_delta_alone(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.graph.users.read_lag = LAG
    made = sim.tenant.add_user(
        "CQ Sales Oslo",
        "cq-sales-oslo@contoso.example",
        account_enabled=False,
        department=DEPARTMENT_MARKER,
        usage_location="NO",
    )
    await read_changes(monitor)
    assert sim.graph.requests["GET directory/deletedItems/{id}"] == 1
    state = await monitor.load()
    known = state.accounts[made.id]
    assert (known.name, known.upn, known.usage_location, known.enabled) == (
        "CQ Sales Oslo",
        "cq-sales-oslo@contoso.example",
        "NO",
        False,
    )
    assert (made.id in state.departed, firing(state)) == (False, {f"resource-account-unlicensed|{made.id}|"})
    clock.advance(seconds=LAG + 1)
    await take_message(monitor, about(clock, made.id))
    state = await monitor.load()
    assert (made.id in state.accounts, firing(state)) == (True, {f"resource-account-unlicensed|{made.id}|"})


@pytest.mark.parametrize("lag", [0, LAG], ids=["in step", "lagging"])
async def test_an_account_that_loses_its_marker_is_still_followed_and_said_to_have_vanished(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, lag: int
) -> None:
    sim.graph.users.read_lag = lag
    sim.tenant.remove_license(QUEUE, RESOURCE_ACCOUNT)
    sim.tenant.set_property(QUEUE, "department", "Sales")
    await read_changes(monitor)
    lost = clock.now
    vanished = f"resource-account-vanished|{QUEUE}|"
    state = await monitor.load()
    assert (state.accounts[QUEUE].marked_until, firing(state)) == (lost, {vanished})
    clock.advance(minutes=5)
    await take_message(monitor, about(clock, QUEUE))
    state = await monitor.load()
    assert (state.accounts[QUEUE].marked_until, state.alerts[vanished].since) == (lost, lost)
    sim.tenant.set_property(QUEUE, "department", DEPARTMENT_MARKER)
    await read_changes(monitor)
    state = await monitor.load()
    assert state.accounts[QUEUE].marked_until is None
    assert firing(state) == {f"resource-account-unlicensed|{QUEUE}|"}


async def test_who_a_number_leads_to_without_a_marker_is_followed_and_judged_as_a_resource_account(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    target = sim.tenant.add_user("Old Line", "old-line@contoso.example", account_enabled=False, usage_location="US")
    await read_changes(monitor)
    assert target.id not in (await monitor.load()).accounts
    sim.tenant.assign_number("+14255550177", target.id)
    clock.advance(minutes=5)
    await read_licences(monitor)
    state = await monitor.load()
    found = f"resource-account-unlicensed|{target.id}|"
    assert (state.accounts[target.id].has_department_marker, firing(state)) == (False, {found})
    assert state.alerts[found].finding.severity == "critical"
    sim.tenant.set_enabled_units(RESOURCE_ACCOUNT, 90)
    sim.tenant.assign_license(target.id, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    state = await monitor.load()
    assert (state.accounts[target.id].sku_ids, firing(state)) == (frozenset({RESOURCE_ACCOUNT}), set())
    sim.tenant.unassign_number("+14255550177")
    clock.advance(minutes=5)
    await read_licences(monitor)
    assert firing(await monitor.load()) == {f"person-holds-resource-account-licence|{target.id}|"}


async def test_a_deleted_target_of_a_number_can_be_restored_until_it_is_purged(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    (number,) = [each.number for each in (await monitor.load()).numbers if each.target == LINE]
    sim.tenant.soft_delete(LINE)
    await read_changes(monitor)
    alert = (await monitor.load()).alerts[DELETED]
    assert (alert.phase, alert.finding.severity, alert.finding.subject.name) == (
        "firing",
        "critical",
        "AA Main Line Seattle",
    )
    assert alert.finding.evidence == {"numbers": [number], "restorable": True}
    assert f"Restore-MgDirectoryDeletedItem -DirectoryObjectId '{LINE}'" in alert.finding.remedy
    clock.advance(minutes=5)
    sim.tenant.purge(LINE)
    await read_changes(monitor)
    await read_licences(monitor)
    after = (await monitor.load()).alerts[DELETED]
    assert (after.phase, after.since, after.finding.severity) == ("firing", alert.since, "critical")
    assert after.finding.evidence == {"numbers": [number], "restorable": False}
    assert "cannot be restored" in after.finding.remedy


async def test_a_deleted_target_of_a_number_keeps_its_name_when_it_is_purged(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.tenant.soft_delete(LINE)
    await read_changes(monitor)
    clock.advance(minutes=5)
    sim.tenant.purge(LINE)
    await read_changes(monitor)
    await read_licences(monitor)
    state = await monitor.load()
    assert (state.departed[LINE].restorable, state.departed[LINE].name) == (False, "AA Main Line Seattle")
    assert state.alerts[DELETED].finding.subject.name == "AA Main Line Seattle"


async def test_a_live_target_that_direct_reads_did_not_show_yet_is_not_taken_for_deleted_for_good(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.graph.users.read_lag = LAG
    target = sim.tenant.add_user("Old Line", "old-line@contoso.example", account_enabled=False, usage_location="US")
    await read_changes(monitor)
    sim.tenant.assign_number("+14255550177", target.id)
    clock.advance(seconds=LAG / 2)
    await read_licences(monitor)
    for _ in range(3):
        clock.advance(minutes=5)
        await read_licences(monitor)
        await read_changes(monitor)
    assert firing(await monitor.load()) == {f"resource-account-unlicensed|{target.id}|"}


@pytest.mark.parametrize(("end", "restorable"), [("soft_delete", True), ("purge", False)])
async def test_a_number_that_leads_to_an_account_deleted_before_it_was_ever_followed_is_found(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, end: str, *, restorable: bool
) -> None:
    target = sim.tenant.add_user("Old Line", "old-line@contoso.example")
    getattr(sim.tenant, end)(target.id)
    await read_changes(monitor)
    sim.tenant.assign_number("+14255550177", target.id)
    clock.advance(minutes=5)
    await read_licences(monitor)
    alert = (await monitor.load()).alerts[f"resource-account-deleted-with-number|{target.id}|"]
    assert (alert.phase, alert.finding.severity) == ("firing", "critical")
    assert alert.finding.evidence == {"numbers": ["+14255550177"], "restorable": restorable}


async def test_a_restored_target_of_a_number_ends_its_alert(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.tenant.soft_delete(LINE)
    await read_changes(monitor)
    sim.graph.users.read_lag = LAG
    clock.advance(minutes=5)
    sim.tenant.restore(LINE)
    await read_changes(monitor)
    state = await monitor.load()
    assert (LINE in state.accounts, LINE in state.departed, firing(state)) == (True, False, set())


async def test_a_sweep_that_a_lagging_replica_answers_does_not_undo_what_delta_told(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    assert firing(await monitor.load()) == {UNLICENSED}
    sim.graph.users.listing_lag = sim.graph.users.read_lag = LAG
    clock.advance(seconds=LAG / 3)
    await sweep(monitor)
    state = await monitor.load()
    assert (firing(state), state.delta.awaited) == ({UNLICENSED}, (LINE,))
    clock.advance(seconds=LAG)
    await catch_up(monitor)
    state = await monitor.load()
    assert (firing(state), state.delta.awaited) == ({UNLICENSED}, ())


async def test_an_account_that_was_just_made_is_not_lost_by_a_sweep_that_does_not_list_it_yet(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.graph.users.listing_lag = sim.graph.users.read_lag = LAG
    made = sim.tenant.add_user(
        "CQ Sales Oslo", "cq-sales-oslo@contoso.example", department=DEPARTMENT_MARKER, usage_location="NO"
    )
    await read_changes(monitor)
    clock.advance(seconds=LAG / 3)
    await sweep(monitor)
    state = await monitor.load()
    assert made.id in state.accounts
    assert made.id not in state.departed
