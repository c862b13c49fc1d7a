from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from simulator import DeniedFault, RefusedError, SimulatorServer, StatusFault
from simulator.contoso import RESOURCE_ACCOUNT, line_names, user_id

if TYPE_CHECKING:
    import httpx

    from tests.simulator.conftest import Clock

PATH = "directoryObjects/getByIds"
LINE = user_id("AA Main Line Seattle")
PERSON = user_id("Adele Archer")
NOBODY = "00000000-0000-4000-8000-000000000001"


async def found(graph: httpx.AsyncClient, ids: list[str], *types: str, select: str = "") -> list[dict[str, Any]]:
    body: dict[str, Any] = {"ids": ids} | ({"types": list(types)} if types else {})
    answer = await graph.post(f"{PATH}?$select={select}" if select else PATH, json=body)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["value"]
    return rows


async def test_users_and_groups_are_found_and_what_is_unknown_is_left_out(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    group = server.tenant.add_group("Night shift")
    rows = await found(graph, [group.id, NOBODY, LINE.upper(), LINE])
    assert rows == [
        {
            "@odata.type": "#microsoft.graph.user",
            "id": LINE,
            "displayName": "AA Main Line Seattle",
            "userPrincipalName": "aa-main-line-seattle@contoso.example",
        },
        {"@odata.type": "#microsoft.graph.group", "id": group.id, "displayName": "Night shift"},
    ]


async def test_only_the_kinds_that_are_asked_for_are_searched(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    group = server.tenant.add_group("Night shift").id
    assert [row["id"] for row in await found(graph, [group, PERSON], "User")] == [PERSON]
    assert [row["id"] for row in await found(graph, [group, PERSON], "group")] == [group]
    assert len(await found(graph, [group, PERSON], "user", "GROUP")) == 2
    assert len(await found(graph, [group, PERSON], "directoryObject")) == 2
    assert await found(graph, [group, PERSON], "device") == []
    assert await found(graph, []) == []


async def test_what_is_selected_is_returned_of_those_that_have_it(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    group = server.tenant.add_group("Night shift").id
    user, other = await found(graph, [PERSON, group], select="id,accountEnabled,assignedLicenses")
    assert user.keys() == {"@odata.type", "id", "accountEnabled", "assignedLicenses"}
    assert user["accountEnabled"] is True
    assert other == {"@odata.type": "#microsoft.graph.group", "id": group}


async def test_what_was_deleted_is_not_returned_until_it_is_back(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    group = server.tenant.add_group("Night shift").id
    server.tenant.soft_delete(LINE)
    server.tenant.delete_group(group)
    assert await found(graph, [LINE, group]) == []
    server.tenant.restore(LINE)
    assert [row["id"] for row in await found(graph, [LINE, group])] == [LINE]
    with pytest.raises(RefusedError):
        server.tenant.delete_group(group)


async def test_a_thousand_ids_are_answered_and_one_more_is_a_bad_request(graph: httpx.AsyncClient) -> None:
    names = [user_id(name) for name in line_names()]
    ids = [*names, *(str(uuid.UUID(int=number)) for number in range(1_000 - len(names)))]
    assert {row["id"] for row in await found(graph, ids)} == set(names)
    refused = await graph.post(PATH, json={"ids": [*ids, NOBODY]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_BadRequest")
    assert "1001" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {}),
        ("", {"ids": LINE}),
        ("", {"ids": ["Adele"]}),
        ("", {"ids": [None]}),
        ("", {"ids": [LINE], "types": ["starship"]}),
        ("?$select=shoeSize", {"ids": [LINE]}),
        ("?$top=5", {"ids": [LINE]}),
        ("?$filter=id eq 'x'", {"ids": [LINE]}),
    ],
)
async def test_a_question_that_is_malformed_is_a_bad_request(
    graph: httpx.AsyncClient, query: str, body: dict[str, object]
) -> None:
    assert (await graph.post(f"{PATH}{query}", json=body)).status_code == 400


@pytest.mark.parametrize(("query", "units"), [("", "5"), ("?$select=id", "2")])
async def test_it_costs_five_units_and_two_with_a_selection(graph: httpx.AsyncClient, query: str, units: str) -> None:
    answer = await graph.post(f"{PATH}{query}", json={"ids": [LINE]})
    assert answer.headers["x-ms-resource-unit"] == units


async def test_it_runs_inside_a_batch_and_under_its_longer_name(graph: httpx.AsyncClient) -> None:
    step = {
        "id": "1",
        "method": "POST",
        "url": "/directoryObjects/microsoft.graph.getByIds?$select=id",
        "headers": {"Content-Type": "application/json"},
        "body": {"ids": [PERSON], "types": ["user"]},
    }
    answer = await graph.post("$batch", json={"requests": [step]})
    [inner] = answer.json()["responses"]
    assert (inner["status"], inner["headers"]["x-ms-resource-unit"]) == (200, "2")
    assert [row["id"] for row in inner["body"]["value"]] == [PERSON]


async def test_it_needs_a_permission_and_can_fail_like_any_other_route(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.graph.faults.add(
        StatusFault(route=f"POST {PATH}", status=429, retry_after=3, times=1),
        DeniedFault(permission="User.Read.All", times=1),
    )
    throttled = await graph.post(PATH, json={"ids": [LINE]})
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "3")
    assert (await graph.post(PATH, json={"ids": [LINE]})).status_code == 403
    assert (await graph.post(PATH, json={"ids": [LINE]})).status_code == 200
    assert (await graph.get(PATH)).status_code == 405
    assert server.graph.requests[f"POST {PATH}"] == 3


async def test_a_change_shows_only_after_the_replication_delay(
    server: SimulatorServer, graph: httpx.AsyncClient, clock: Clock
) -> None:
    server.graph.objects.read_lag = 30
    group = server.tenant.add_group("Night shift").id
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    [line] = await found(graph, [LINE, group], select="id,assignedLicenses")
    assert len(line["assignedLicenses"]) == 1
    clock.advance(seconds=31)
    line, _ = await found(graph, [LINE, group], select="id,assignedLicenses")
    assert line["assignedLicenses"] == []
