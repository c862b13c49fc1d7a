from typing import Any

import httpx
import pytest

from simulator import SimulatorServer
from simulator.contoso import E5, RESOURCE_ACCOUNT, user_id

LINE = user_id("AA Main Line Seattle")


def get(name: str, url: str) -> dict[str, Any]:
    return {"id": name, "method": "GET", "url": url}


async def test_a_batch_answers_each_request_with_its_own_status(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.graph.refusals["GET directory/subscriptions"] = 429
    server.graph.retry_after = 7
    requests = [
        get("skus", "/subscribedSkus"),
        get("purchases", "directory/subscriptions"),
        get("line", f"/users/{LINE}?$select=id,assignedLicenses"),
        get("nobody", "/users/nobody"),
        get("page", "/users?$top=2&$select=id"),
    ]
    answer = await graph.post("$batch", json={"requests": requests})
    assert answer.status_code == 200
    assert [response["id"] for response in answer.json()["responses"]] == [
        "page",
        "nobody",
        "line",
        "purchases",
        "skus",
    ]
    by_id = {response["id"]: response for response in answer.json()["responses"]}
    assert {key: response["status"] for key, response in by_id.items()} == {
        "skus": 200,
        "purchases": 429,
        "line": 200,
        "nobody": 404,
        "page": 200,
    }
    assert by_id["purchases"]["headers"]["Retry-After"] == "7"
    assert by_id["line"]["body"]["assignedLicenses"][0]["skuId"] == RESOURCE_ACCOUNT
    assert (await graph.get(by_id["page"]["body"]["@odata.nextLink"])).status_code == 200
    assert server.graph.requests["GET users/{id}"] == 2


async def test_a_batch_can_write(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    step = {
        "id": "1",
        "method": "POST",
        "url": f"/users/{LINE}/assignLicense",
        "headers": {"Content-Type": "application/json"},
        "body": {"addLicenses": [{"skuId": E5}], "removeLicenses": []},
    }
    [response] = (await graph.post("$batch", json={"requests": [step]})).json()["responses"]
    assert response["status"] == 200
    assert len(server.tenant.users[LINE].assigned_licenses) == 2


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [get(str(number), "/subscribedSkus") for number in range(21)],
        [get("a", "/subscribedSkus"), get("A", "/subscribedSkus")],
        [get("1", "https://graph.microsoft.com/v1.0/users")],
        [get("1", "/users") | {"dependsOn": ["0"]}],
        [get("1", "/users") | {"method": "POST", "body": {}}],
        [{"id": "1"}],
    ],
)
async def test_a_malformed_batch_is_refused_as_a_whole(graph: httpx.AsyncClient, requests: list[Any]) -> None:
    assert (await graph.post("$batch", json={"requests": requests})).status_code == 400


async def test_a_batch_holds_no_batch(graph: httpx.AsyncClient) -> None:
    step = get("1", "/$batch") | {"method": "POST", "body": {}, "headers": {"Content-Type": "application/json"}}
    [response] = (await graph.post("$batch", json={"requests": [step]})).json()["responses"]
    assert response["status"] == 400


@pytest.mark.parametrize("authorization", [None, "Bearer", "Basic dXNlcg=="])
async def test_a_request_without_a_token_is_unauthorised(server: SimulatorServer, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with httpx.AsyncClient() as anyone:
        answer = await anyone.get(f"{server.graph_url}/users", headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (401, "InvalidAuthenticationToken")
    assert error["innerError"]["request-id"] == answer.headers["request-id"]
    assert error["innerError"]["date"]
    assert not server.graph.requests


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "me/messages", 400), ("POST", "users", 405), ("GET", "$batch", 405), ("PUT", "subscriptions/1", 405)],
)
async def test_what_is_not_there_is_said_in_graphs_shape(
    graph: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await graph.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "units"), [("users", "2"), ("users?$top=5&$select=id", "1"), ("subscribedSkus", "3"), ("users/delta", "1")]
)
async def test_every_answer_tells_its_cost(graph: httpx.AsyncClient, path: str, units: str) -> None:
    assert (await graph.get(path)).headers["x-ms-resource-unit"] == units


async def test_an_outage_lasts_until_it_is_taken_back(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.outage = 503
    answer = await graph.get("subscribedSkus")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ServiceUnavailable")
    assert "Retry-After" not in answer.headers
    server.graph.outage = None
    assert (await graph.get("subscribedSkus")).status_code == 200


async def test_one_route_can_be_forbidden_alone(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.refusals["GET subscribedSkus"] = 403
    denied = await graph.get("subscribedSkus")
    assert (denied.status_code, denied.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
    assert (await graph.get("users")).status_code == 200
