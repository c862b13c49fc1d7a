import asyncio
from typing import Any

import httpx
import pytest

from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id

LINE = user_id("AA Main Line Seattle")
SELECT = "id,displayName,assignedLicenses,assignedPlans,usageLocation"

Round = tuple[list[dict[str, Any]], str]


async def read_round(graph: httpx.AsyncClient, url: str) -> Round:
    items: list[dict[str, Any]] = []
    while True:
        answer = await graph.get(url)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        items += body["value"]
        if "@odata.deltaLink" in body:
            return items, body["@odata.deltaLink"]
        url = body["@odata.nextLink"]


async def from_now(graph: httpx.AsyncClient, select: str = SELECT) -> str:
    items, link = await read_round(graph, f"users/delta?$deltatoken=latest&$select={select}")
    assert items == []
    return link


async def test_the_first_round_has_everyone_on_pages(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.delta.page_size = 50
    items, link = await read_round(graph, f"users/delta?$select={SELECT}")
    assert {item["id"] for item in items} == set(server.tenant.users)
    assert server.graph.requests["GET users/delta"] == 3
    assert link.startswith(f"{server.graph_url}/users/delta?$deltatoken=")
    assert (await read_round(graph, link))[0] == []


async def test_a_property_that_was_never_set_is_left_out(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.tenant.set_property(LINE, "usageLocation", None)
    items, _ = await read_round(graph, f"users/delta()?$select={SELECT}")
    [line] = [item for item in items if item["id"] == LINE]
    assert "usageLocation" not in line


@pytest.mark.parametrize("token", ["$deltatoken=latest", "$deltaToken=latest", "$DeltaToken=Latest"])
async def test_a_query_from_now_begins_empty(graph: httpx.AsyncClient, token: str) -> None:
    items, link = await read_round(graph, f"users/delta?{token}&$select={SELECT}")
    assert (items, (await read_round(graph, link))[0]) == ([], [])


async def test_a_later_round_names_what_changed_and_nothing_else(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    link = await from_now(graph)
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    items, link = await read_round(graph, link)
    assert [set(item) for item in items] == [{"id", "assignedLicenses", "assignedPlans"}]
    assert items[0]["assignedLicenses"] == []
    server.tenant.set_property(LINE, "usageLocation", None)
    items, link = await read_round(graph, link)
    assert items == [{"id": LINE, "usageLocation": None}]


async def test_a_link_can_be_read_again_with_the_same_answer(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    link = await from_now(graph)
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    first, _ = await read_round(graph, link)
    again, _ = await read_round(graph, link)
    assert first == again != []


async def test_what_was_not_selected_and_what_is_not_tracked_is_not_reported(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    link = await from_now(graph, "id,displayName,licenseAssignmentStates")
    server.tenant.set_property(LINE, "department", "Sales")
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    assert (await read_round(graph, link))[0] == []


async def test_deletion_restoration_and_purge_are_told_apart(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    link = await from_now(graph)
    server.tenant.soft_delete(LINE)
    items, link = await read_round(graph, link)
    assert items == [{"id": LINE, "@removed": {"reason": "changed"}}]
    full, _ = await read_round(graph, f"users/delta?$select={SELECT}")
    assert items[0] in full
    server.tenant.restore(LINE)
    items, link = await read_round(graph, link)
    assert [item["displayName"] for item in items] == ["AA Main Line Seattle"]
    server.tenant.purge(LINE)
    items, link = await read_round(graph, link)
    assert items == [{"id": LINE, "@removed": {"reason": "deleted"}}]


async def test_several_changes_of_one_user_are_one_item_with_the_last_word(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    link = await from_now(graph)
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    server.tenant.set_property(LINE, "displayName", "AA Seattle")
    server.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    items, _ = await read_round(graph, link)
    assert [(item["displayName"], len(item["assignedLicenses"])) for item in items] == [("AA Seattle", 1)]


async def test_an_object_may_appear_once_for_each_change(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    link = await from_now(graph)
    server.graph.delta.repeats = True
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    server.tenant.set_property(LINE, "displayName", "AA Seattle")
    items, _ = await read_round(graph, link)
    assert [item.get("displayName") for item in items] == [None, "AA Seattle"]
    assert [item["assignedLicenses"] for item in items] == [[], []]


async def test_a_replication_delay_hides_a_change_for_a_while(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    link = await from_now(graph)
    server.graph.delta.lag = 0.2
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    items, link = await read_round(graph, link)
    assert items == []
    await asyncio.sleep(0.25)
    items, link = await read_round(graph, link)
    assert [item["id"] for item in items] == [LINE]


async def test_a_forgotten_token_asks_for_a_full_round(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    link = await from_now(graph)
    server.graph.delta.expire_tokens()
    gone = await graph.get(link)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "syncStateNotFound")
    items, _ = await read_round(graph, gone.headers["Location"])
    assert len(items) == len(server.tenant.users)


@pytest.mark.parametrize("query", ["$top=10", "$filter=department eq 'Sales'", "$orderby=id", "$select=shoeSize"])
async def test_a_delta_query_takes_no_other_option(graph: httpx.AsyncClient, query: str) -> None:
    assert (await graph.get(f"users/delta?{query}")).status_code == 400


async def test_the_selection_cannot_change_under_way(graph: httpx.AsyncClient) -> None:
    link = await from_now(graph)
    assert (await graph.get(f"{link}&$select=department")).status_code == 400
    assert (await graph.get(link.replace("$deltatoken", "$skiptoken"))).status_code == 400
