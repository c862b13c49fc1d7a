"""The swap in two saves, from Graph to the channel: seen across reads and restarts, never where one save did it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

import simulator
from shared.model.errors import LinekeeperError
from shared.model.tenant import TenantState
from shared.monitor.baseline import read_everything
from shared.monitor.confirm import confirm
from shared.monitor.ingest import read_changes, read_licences
from shared.monitor.monitor import Monitor
from shared.state.sqlite import SqliteStore
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock

RULE = "resource-account-two-step-swap"
LINE = user_id("AA Main Line Seattle")
NUMBER = "+14255550100"
PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
MCOEV = simulator.ServicePlan("4828c8ec-dc2e-4779-b502-87ac9ce28ab7", "MCOEV", "MicrosoftCommunicationsOnline")

MakeMonitor = Callable[..., Monitor]


@pytest.fixture
async def on_a_phone_licence(sim: SimulatorServer) -> SimulatorServer:
    sim.tenant.add_sku(PHONE_STANDARD, "MCOEV", [MCOEV], 10)
    sim.tenant.swap_license(LINE, RESOURCE_ACCOUNT, PHONE_STANDARD)
    return sim


def fires(state: TenantState) -> bool:
    return any(alert.phase == "firing" and alert.finding.rule == RULE for alert in state.alerts.values())


async def look(monitor: Monitor, clock: Clock) -> TenantState:
    clock.advance(minutes=5)
    await read_changes(monitor)
    return await monitor.load()


async def swapped_in_two_saves(sim: SimulatorServer, monitor: Monitor, clock: Clock) -> TenantState:
    await read_everything(monitor)
    sim.tenant.remove_license(LINE, PHONE_STANDARD)
    await look(monitor, clock)
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    return await look(monitor, clock)


async def test_a_swap_in_two_saves_is_seen_and_names_the_number_to_call(
    on_a_phone_licence: SimulatorServer, make_monitor: MakeMonitor, clock: Clock
) -> None:
    monitor = make_monitor(graph_url=on_a_phone_licence.graph_url)
    state = await swapped_in_two_saves(on_a_phone_licence, monitor, clock)
    (alert,) = (each for each in state.alerts.values() if each.finding.rule == RULE)
    assert alert.finding.severity == "critical"
    assert f"Call {NUMBER}." in alert.finding.remedy


async def test_a_swap_in_one_save_is_never_raised(
    on_a_phone_licence: SimulatorServer, make_monitor: MakeMonitor, clock: Clock
) -> None:
    monitor = make_monitor(graph_url=on_a_phone_licence.graph_url)
    await read_everything(monitor)
    on_a_phone_licence.tenant.swap_license(LINE, PHONE_STANDARD, RESOURCE_ACCOUNT)
    assert not fires(await look(monitor, clock))


async def test_a_swap_to_a_licence_that_was_ordered_a_minute_ago_is_not_taken_for_a_gap(
    on_a_phone_licence: SimulatorServer, make_monitor: MakeMonitor, clock: Clock
) -> None:
    monitor = make_monitor(graph_url=on_a_phone_licence.graph_url)
    await read_everything(monitor)
    tenant, brand_new = on_a_phone_licence.tenant, "12345678-1234-1234-1234-123456789abc"
    plan = simulator.ServicePlan(
        "f47330e9-c134-43b3-9993-e7f004506889", "MCOEV_VIRTUALUSER", "MicrosoftCommunicationsOnline"
    )
    tenant.add_sku(brand_new, "PHONESYSTEM_VIRTUALUSER_NEXT", [plan], 5)
    tenant.swap_license(LINE, PHONE_STANDARD, brand_new)
    await look(monitor, clock)
    await read_everything(monitor)
    state = await look(monitor, clock)
    assert not fires(state)
    assert [each.held for each in state.licence_histories[LINE].changes] == ["phone", "resource_account"]


async def test_the_gap_is_remembered_across_a_restart_between_the_two_saves(
    on_a_phone_licence: SimulatorServer, make_monitor: MakeMonitor, clock: Clock, tmp_path: Path
) -> None:
    sim, path = on_a_phone_licence, tmp_path / "linekeeper.db"
    before = msgspec.structs.replace(make_monitor(graph_url=sim.graph_url), store=SqliteStore(path))
    await read_everything(before)
    sim.tenant.remove_license(LINE, PHONE_STANDARD)
    await look(before, clock)
    after = msgspec.structs.replace(make_monitor(graph_url=sim.graph_url), store=SqliteStore(path))
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    assert fires(await look(after, clock))


async def test_a_confirmed_test_call_ends_it_at_once_and_for_good(
    on_a_phone_licence: SimulatorServer, make_monitor: MakeMonitor, clock: Clock
) -> None:
    monitor = make_monitor(graph_url=on_a_phone_licence.graph_url)
    await swapped_in_two_saves(on_a_phone_licence, monitor, clock)
    done = await confirm(monitor, "+1 (425) 555-0100")
    assert (done.id, done.name) == (LINE, "AA Main Line Seattle")
    state = await monitor.load()
    assert not fires(state)
    assert state.recent[-1].to == "resolved"
    await read_everything(monitor)
    assert not fires(await look(monitor, clock))


async def test_a_deleted_account_ends_it(
    on_a_phone_licence: SimulatorServer, make_monitor: MakeMonitor, clock: Clock
) -> None:
    monitor = make_monitor(graph_url=on_a_phone_licence.graph_url)
    await swapped_in_two_saves(on_a_phone_licence, monitor, clock)
    on_a_phone_licence.tenant.soft_delete(LINE)
    state = await look(monitor, clock)
    assert not fires(state)
    assert LINE not in state.licence_histories


@pytest.mark.parametrize("text", [LINE, "AA Main Line Seattle", "aa-main-line-seattle@contoso.example"])
async def test_an_account_that_awaits_no_test_call_cannot_be_confirmed(monitor: Monitor, text: str) -> None:
    with pytest.raises(LinekeeperError, match="awaits no test call"):
        await confirm(monitor, text)


async def test_nobody_can_be_confirmed_who_is_not_known(monitor: Monitor) -> None:
    with pytest.raises(LinekeeperError, match=r"The nearest known is 'AA Main Line Seattle'"):
        await confirm(monitor, "AA Main Lime Seattle")


async def test_before_the_service_has_watched_the_tenant_nothing_can_be_confirmed(
    make_monitor: MakeMonitor,
) -> None:
    with pytest.raises(LinekeeperError, match="LINEKEEPER_STORE holds nothing of this tenant yet"):
        await confirm(make_monitor(), LINE)


@pytest.mark.parametrize("plans", [(), ("MCOEV_V2",)], ids=["no plans", "an unknown plan"])
async def test_a_licence_whose_content_changes_or_is_misread_once_is_no_gap(
    on_a_phone_licence: SimulatorServer, make_monitor: MakeMonitor, clock: Clock, plans: tuple[str, ...]
) -> None:
    monitor = make_monitor(graph_url=on_a_phone_licence.graph_url)
    await read_everything(monitor)
    misread = [{"servicePlanId": "12345678-1234-1234-1234-123456789abc", "servicePlanName": name} for name in plans]
    on_a_phone_licence.tenant.misprint(PHONE_STANDARD, servicePlans=misread)
    clock.advance(minutes=5)
    await read_licences(monitor)
    on_a_phone_licence.tenant.set_property(LINE, "displayName", "AA Main Line")
    await look(monitor, clock)
    on_a_phone_licence.tenant.swap_license(LINE, PHONE_STANDARD, RESOURCE_ACCOUNT)
    state = await look(monitor, clock)
    assert not fires(state)
    assert [each.held for each in state.licence_histories[LINE].changes] == ["phone", "resource_account"]
