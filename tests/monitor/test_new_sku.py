from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from shared.model.tenant import TenantState
from shared.monitor.ingest import read_changes, read_licences
from shared.monitor.monitor import Monitor
from simulator import ServicePlan, SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock

MakeMonitor = Callable[..., Monitor]

LINE = user_id("AA Main Line Seattle")
PERSON = user_id("Adele Archer")
OTHER_TENANT = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
UNLICENSED = f"resource-account-unlicensed|{LINE}|"
WRONG_HOLDER = f"person-holds-resource-account-licence|{PERSON}|"
RESOURCE_ACCOUNT_PLAN = ServicePlan("f47330e9-c134-43b3-9993-e7f004506889", "MCOEV_VIRTUALUSER", "Communications")
NEW_SKU = "5a1e0000-0000-4000-8000-00000000c0de"
"""A SKU that no published table lists: only the tenant's own list tells that it is a resource-account licence."""


def firing(state: TenantState) -> set[str]:
    return {key for key, alert in state.alerts.items() if alert.phase == "firing"}


class TestANewSkuOfTheResourceAccountLicence:
    """Its holders were no concern of the monitor before: they must be read."""

    @pytest.fixture(autouse=True)
    async def assigned_unnoticed(self, sim: SimulatorServer, monitor: Monitor) -> None:
        assert monitor.reader  # made, and the tenant read, before there is such a SKU
        sim.tenant.add_sku(NEW_SKU, "PHONESYSTEM_VIRTUALUSER_NEW", (RESOURCE_ACCOUNT_PLAN,), 5)
        sim.tenant.assign_license(PERSON, NEW_SKU)

    async def test_causes_its_holders_to_be_read(self, monitor: Monitor, clock: Clock) -> None:
        await read_changes(monitor)
        assert PERSON not in (await monitor.load()).accounts
        clock.advance(minutes=5)
        await read_licences(monitor)
        assert WRONG_HOLDER in firing(await monitor.load())

    async def test_causes_it_also_where_it_was_first_seen_beside_a_change(
        self, sim: SimulatorServer, monitor: Monitor, clock: Clock
    ) -> None:
        sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
        await read_changes(monitor)
        clock.advance(minutes=5)
        await read_licences(monitor)
        assert WRONG_HOLDER in firing(await monitor.load())

    async def test_causes_it_also_where_its_holders_could_not_be_read_at_first(
        self, sim: SimulatorServer, monitor: Monitor, clock: Clock
    ) -> None:
        await read_changes(monitor)
        clock.advance(minutes=5)
        sim.graph.refusals["GET users"] = 500
        await read_licences(monitor)
        sim.graph.refusals.clear()
        for _ in range(2):
            clock.advance(minutes=5)
            await read_changes(monitor)
            await read_licences(monitor)
        assert WRONG_HOLDER in firing(await monitor.load())
