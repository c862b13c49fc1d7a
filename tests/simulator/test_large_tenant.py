import time
import tracemalloc
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from simulator import SimulatorServer, large_tenant
from simulator.contoso import DEPARTMENT_MARKER, RESOURCE_ACCOUNT


@pytest_asyncio.fixture
async def graph() -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": "Bearer development"}
    async with (
        SimulatorServer(large_tenant(5_000, 300, seed=7)) as server,
        httpx.AsyncClient(base_url=f"{server.graph_url}/", headers=headers) as client,
    ):
        yield client


def test_a_hundred_thousand_users_are_built_in_seconds() -> None:
    began = time.perf_counter()
    tenant = large_tenant()
    assert time.perf_counter() - began < 5
    assert len(tenant.users) == 100_000
    assert sum(user.department == DEPARTMENT_MARKER for user in tenant.users.values()) == 2_000


def test_a_large_tenant_takes_little_memory() -> None:
    tracemalloc.start()
    tenant = large_tenant(20_000, 400)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken / len(tenant.users) < 1_000


def test_a_large_tenant_follows_from_its_arguments() -> None:
    first, same, other = (list(large_tenant(500, 50, seed=seed).users) for seed in (1, 1, 2))
    assert first == same
    assert set(first).isdisjoint(other)


def test_no_more_resource_accounts_than_users_are_built() -> None:
    with pytest.raises(ValueError, match="11 of 10"):
        large_tenant(10, 11)


async def test_a_large_tenant_is_listed_followed_and_counted(graph: httpx.AsyncClient) -> None:
    url = f"users?$select=id,assignedLicenses&$filter=department eq '{DEPARTMENT_MARKER}'"
    accounts = []
    while url:
        body = (await graph.get(url)).json()
        accounts += body["value"]
        url = body.get("@odata.nextLink", "")
    assert len(accounts) == 300
    licensed = sum(bool(account["assignedLicenses"]) for account in accounts)
    skus = {sku["skuId"]: sku["consumedUnits"] for sku in (await graph.get("subscribedSkus")).json()["value"]}
    assert skus[RESOURCE_ACCOUNT] == licensed < 300
    numbers = (await graph.get("admin/teams/telephoneNumberManagement/numberAssignments")).json()["value"]
    assert {number["assignmentTargetId"] for number in numbers} < {account["id"] for account in accounts}
    everyone = 0
    url = "users/delta?$select=id"
    while url:
        body = (await graph.get(url)).json()
        everyone += len(body["value"])
        url = body.get("@odata.nextLink", "")
    assert everyone == 5_000
