"""Changes show in delta queries, in listings and in direct reads after delays of their own, by the tenant's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id

if TYPE_CHECKING:
    from tests.simulator.conftest import Clock

LINE = user_id("AA Main Line Seattle")
NUMBERS = "admin/teams/telephoneNumberManagement/numberAssignments"
LICENSED = f"users?$select=id&$filter=assignedLicenses/any(x:x/skuId eq {RESOURCE_ACCOUNT})&$top=999"


async def rows(graph: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await graph.get(path)).json()["value"]
    return found


async def licences(graph: httpx.AsyncClient) -> int:
    return len((await graph.get(f"users/{LINE}?$select=assignedLicenses")).json()["assignedLicenses"])


async def test_a_lost_licence_shows_in_one_place_after_the_other(
    server: SimulatorServer, graph: httpx.AsyncClient, clock: Clock
) -> None:
    server.graph.users.read_lag = 5
    server.graph.delta.lag = 10
    server.graph.users.listing_lag = server.graph.purchases.listing_lag = 20
    link = (await graph.get("users/delta?$select=id,assignedLicenses&$deltatoken=latest")).json()["@odata.deltaLink"]
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)

    async def seen() -> tuple[int, int, int, int]:
        skus = {sku["skuId"]: sku["consumedUnits"] for sku in await rows(graph, "subscribedSkus")}
        return (
            await licences(graph),
            len(await rows(graph, link)),
            len(await rows(graph, LICENSED)),
            skus[RESOURCE_ACCOUNT],
        )

    assert await seen() == (1, 0, 85, 85)
    clock.advance(seconds=6)
    assert await seen() == (0, 0, 85, 85)
    clock.advance(seconds=5)
    assert await seen() == (0, 1, 85, 85)
    clock.advance(seconds=10)
    assert await seen() == (0, 1, 84, 84)


async def test_a_new_user_a_deletion_and_a_restoration_show_late(
    server: SimulatorServer, graph: httpx.AsyncClient, clock: Clock
) -> None:
    server.graph.users.listing_lag = server.graph.users.read_lag = 10
    made = server.tenant.add_user("New", "new@contoso.example").id
    server.tenant.soft_delete(LINE)

    async def there() -> list[int]:
        paths = (f"users/{made}", "users/new@contoso.example", f"users/{LINE}", f"directory/deletedItems/{LINE}")
        return [(await graph.get(path)).status_code for path in paths]

    assert await there() == [404, 404, 200, 404]
    assert await rows(graph, "directory/deletedItems/microsoft.graph.user") == []
    clock.advance(seconds=11)
    assert await there() == [200, 200, 404, 200]
    server.tenant.restore(LINE)
    assert (await there())[2:] == [404, 200]
    clock.advance(seconds=11)
    assert (await there())[2:] == [200, 404]


async def test_a_first_round_shows_everyone_as_they_were(
    server: SimulatorServer, graph: httpx.AsyncClient, clock: Clock
) -> None:
    server.graph.delta.lag = 10
    server.tenant.purge(LINE)
    body = (await graph.get("users/delta?$select=id")).json()
    assert LINE in {item["id"] for item in body["value"]}
    clock.advance(seconds=11)
    removed = await rows(graph, body["@odata.deltaLink"])
    assert removed == [{"id": LINE, "@removed": {"reason": "deleted"}}]


async def test_numbers_configurations_and_purchases_show_late(
    server: SimulatorServer, graph: httpx.AsyncClient, clock: Clock
) -> None:
    server.graph.telephony.listing_lag = server.graph.telephony.read_lag = server.graph.purchases.listing_lag = 10
    server.tenant.release_number("+14255550100")
    server.tenant.configure_user(LINE, enterprise_voice=True)
    server.tenant.set_enabled_units(RESOURCE_ACCOUNT, 90)
    lines = f"{NUMBERS}?$filter=assignmentTargetId eq '{LINE}'"

    async def seen() -> tuple[int, int, set[int]]:
        configured = await graph.get(f"admin/teams/userConfigurations/{LINE}")
        totals = {row["totalLicenses"] for row in await rows(graph, "directory/subscriptions")}
        return len(await rows(graph, lines)), configured.status_code, totals

    assert await seen() == (1, 404, {500, 100, 85})
    clock.advance(seconds=11)
    assert await seen() == (0, 200, {500, 100, 90})
