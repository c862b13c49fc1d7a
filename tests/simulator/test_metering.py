from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from simulator import SimulatorServer, StatusFault
from simulator.contoso import user_id

if TYPE_CHECKING:
    from tests.simulator.conftest import Clock

LINE = user_id("AA Main Line Seattle")


@pytest.mark.parametrize(
    ("path", "units"),
    [
        ("users", 2),
        ("users?$select=id", 1),
        ("users?$top=19", 1),
        ("users?$top=20", 2),
        ("users?$top=5&$select=id", 1),
        ("users?$expand=manager", 3),
        ("users/delta", 1),
        (f"users/{LINE}", 1),
        ("subscribedSkus", 3),
        ("subscribedSkus?$select=skuId", 2),
        ("directory/subscriptions", 1),
        ("admin/teams/userConfigurations", 1),
    ],
)
async def test_a_request_costs_what_the_table_says(
    server: SimulatorServer, graph: httpx.AsyncClient, path: str, units: int
) -> None:
    answer = await graph.get(path)
    assert answer.headers["x-ms-resource-unit"] == str(units)
    assert list(server.graph.units.values()) == [units]
    assert server.graph.units.keys() == server.graph.requests.keys()


async def test_each_request_of_a_batch_is_metered_alone(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    requests = [
        {"id": "skus", "method": "GET", "url": "/subscribedSkus"},
        {"id": "people", "method": "GET", "url": "/users?$top=100"},
    ]
    answer = await graph.post("$batch", json={"requests": requests})
    assert "x-ms-resource-unit" not in answer.headers
    costs = {each["id"]: each["headers"]["x-ms-resource-unit"] for each in answer.json()["responses"]}
    assert costs == {"skus": "3", "people": "2"}
    assert server.graph.units == {"GET subscribedSkus": 3, "GET users": 2}


async def test_what_is_not_carried_out_costs_nothing(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.faults.add(StatusFault(status=503, times=1))
    await graph.get("users")
    assert (server.graph.requests.total(), server.graph.units.total()) == (1, 0)


async def test_beyond_the_limit_requests_wait_until_units_are_free(
    server: SimulatorServer, graph: httpx.AsyncClient, clock: Clock
) -> None:
    server.graph.limit_units_per_10s = 5
    assert "x-ms-throttle-limit-percentage" not in (await graph.get("subscribedSkus")).headers
    clock.advance(seconds=4)
    assert (await graph.get("subscribedSkus")).headers["x-ms-throttle-limit-percentage"] == "1.2"
    throttled = await graph.get("users")
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "6")
    assert throttled.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert throttled.headers["x-ms-throttle-scope"].endswith(f"/{server.tenant.tenant_id}")
    clock.advance(seconds=6)
    assert (await graph.get("users")).status_code == 200
    server.graph.limit_units_per_10s = None
    assert [(await graph.get("users")).status_code for _ in range(5)] == [200] * 5


async def test_the_limit_throttles_single_requests_of_a_batch(
    server: SimulatorServer, graph: httpx.AsyncClient, clock: Clock
) -> None:
    server.graph.limit_units_per_10s = 2
    requests = [{"id": str(number), "method": "GET", "url": f"/users/{LINE}"} for number in range(4)]
    answer = await graph.post("$batch", json={"requests": requests})
    assert sorted(each["status"] for each in answer.json()["responses"]) == [200, 200, 429, 429]
    clock.advance(seconds=11)
    assert (await graph.get("users")).status_code == 200
