from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import SimulatorServer
from simulator.contoso import DEPARTMENT_MARKER, E5, RESOURCE_ACCOUNT, unlicensed_line_names, user_id
from simulator.odata import Filterable, FilterError, compile_filter

LINE = user_id("AA Main Line Seattle")
DEPARTMENT = Filterable(texts=frozenset({"department"}))


async def all_pages(graph: httpx.AsyncClient, url: str, **params: str) -> list[list[dict[str, object]]]:
    pages = []
    answer = await graph.get(url, params=params)
    while True:
        assert answer.status_code == 200, answer.text
        body = answer.json()
        pages.append(body["value"])
        if "@odata.nextLink" not in body:
            return pages
        answer = await graph.get(body["@odata.nextLink"])


async def test_resource_accounts_are_listed_by_their_department(graph: httpx.AsyncClient) -> None:
    pages = await all_pages(
        graph,
        "users",
        **{"$filter": f"department eq '{DEPARTMENT_MARKER}'", "$select": "id,department,assignedLicenses"},
    )
    assert [len(page) for page in pages] == [90]
    assert set(pages[0][0]) == {"id", "department", "assignedLicenses"}


async def test_pages_follow_each_other_without_loss_while_users_disappear(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    first = (await graph.get("users", params={"$select": "id", "$top": "50"})).json()
    link = first["@odata.nextLink"]
    assert link.startswith(f"{server.graph_url}/users?")
    assert parse_qs(urlsplit(link).query)["$select"] == ["id"]
    gone = [user["id"] for user in first["value"][:3]]
    for user in gone:
        server.tenant.soft_delete(user)
    rest = [user["id"] for page in await all_pages(graph, link) for user in page]
    assert {user["id"] for user in first["value"]} | set(rest) == set(server.tenant.users) | set(gone)


@pytest.mark.parametrize(
    ("filter_", "count"),
    [
        (f"assignedLicenses/any(x:x/skuId eq {RESOURCE_ACCOUNT})", 85),
        (f"assignedLicenses/any(licence:licence/skuId eq {E5.upper()})", 48),
        (f"assignedLicenses/any(l:l/skuId eq {E5} or l/skuId eq {RESOURCE_ACCOUNT})", 133),
        (f"assignedLicenses/any(a:a/skuId eq {E5}) or assignedLicenses/any(b:b/skuId eq {RESOURCE_ACCOUNT})", 133),
        (f"department eq '{DEPARTMENT_MARKER}' and assignedLicenses/any(x:x/skuId eq {RESOURCE_ACCOUNT})", 85),
        ("accountEnabled eq false", 90),
        ("(department eq 'sales' or department eq 'IT') and accountEnabled eq true", 16),
        ("usageLocation eq null", 0),
        (f"id in ('{LINE}', '{user_id('AA After Hours Seattle')}')", 2),
    ],
)
async def test_a_filter_selects(graph: httpx.AsyncClient, filter_: str, count: int) -> None:
    pages = await all_pages(graph, "users", **{"$filter": filter_, "$top": "999"})
    assert sum(map(len, pages)) == count


@pytest.mark.parametrize(
    "filter_",
    [
        "department ne 'Sales'",
        "startswith(displayName,'AA')",
        "createdDateTime ge 2026-01-01T00:00:00Z",
        "department eq 'open",
        "department eq",
        "assignedPlans/any(p:p/servicePlanId eq f47330e9-c134-43b3-9993-e7f004506889)",
        f"assignedLicenses/any(x:x/skuId eq '{E5}')",
        "accountEnabled eq maybe",
        "accountEnabled eq true department eq 'Sales'",
        "id in (" + ",".join(f"'{number}'" for number in range(16)) + ")",
        "",
    ],
)
async def test_a_filter_outside_the_language_is_a_bad_request(graph: httpx.AsyncClient, filter_: str) -> None:
    answer = await graph.get("users", params={"$filter": filter_})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Invalid filter clause")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_as_a_quoted_value(text: str) -> None:
    quoted = text.replace("'", "''")
    assert compile_filter(f"department eq '{quoted}'", DEPARTMENT)({"department": text})


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    with suppress(FilterError):
        compile_filter(text, DEPARTMENT)


async def test_a_count_is_given_to_who_accepts_eventual_consistency(graph: httpx.AsyncClient) -> None:
    with_header = await graph.get(
        "users", params={"$count": "true", "$top": "1"}, headers={"ConsistencyLevel": "eventual"}
    )
    assert with_header.json()["@odata.count"] == 138
    assert "@odata.count" not in (await graph.get("users", params={"$count": "true", "$top": "1"})).json()


@pytest.mark.parametrize(
    "query", ["$top=0", "$top=1000", "$top=ten", "$orderby=displayName", "$select=shoeSize", "$skiptoken=%FF"]
)
async def test_an_unsupported_option_is_a_bad_request(graph: httpx.AsyncClient, query: str) -> None:
    assert (await graph.get(f"users?{query}")).status_code == 400


async def test_without_a_selection_a_user_shows_no_licences(graph: httpx.AsyncClient) -> None:
    assert "assignedLicenses" not in (await graph.get(f"users/{LINE}")).json()


async def test_one_user_is_read_by_id_and_by_principal_name(graph: httpx.AsyncClient) -> None:
    for key in (LINE, "aa-main-line-seattle@contoso.example"):
        user = (await graph.get(f"users/{key}", params={"$select": "id,assignedPlans,createdDateTime"})).json()
        assert user["id"] == LINE
        assert user["createdDateTime"].endswith("Z")
        assert user["assignedPlans"][0]["servicePlanId"] == "f47330e9-c134-43b3-9993-e7f004506889"
    missing = await graph.get("users/AA Main Line Seattle")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


async def test_deleted_users_are_listed_apart(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.tenant.soft_delete(LINE)
    assert (await graph.get(f"users/{LINE}")).status_code == 404
    for spelling in ("microsoft.graph.user", "graph.user"):
        listed = await graph.get(f"directory/deletedItems/{spelling}", params={"$select": "id,deletedDateTime"})
        assert [user["id"] for user in listed.json()["value"]] == [LINE]
        assert (await graph.get(f"directory/deletedItems/{spelling}/{LINE}")).json()["id"] == LINE
    assert (await graph.get(f"directory/deletedItems/{LINE}")).json()["id"] == LINE
    server.tenant.purge(LINE)
    assert (await graph.get(f"directory/deletedItems/{LINE}")).status_code == 404


async def test_a_licence_is_swapped_in_one_request(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    body = {"addLicenses": [{"skuId": E5, "disabledPlans": []}], "removeLicenses": [RESOURCE_ACCOUNT]}
    before = len(server.tenant.changes)
    answer = await graph.post(f"users/{LINE}/assignLicense", json=body)
    assert answer.status_code == 200
    assert [licence["skuId"] for licence in answer.json()["assignedLicenses"]] == [E5]
    assert len(server.tenant.changes) == before + 1


async def test_a_licence_that_is_not_left_is_refused_in_graphs_words(graph: httpx.AsyncClient) -> None:
    line = user_id(unlicensed_line_names()[0])
    body = {"addLicenses": [{"skuId": RESOURCE_ACCOUNT}], "removeLicenses": []}
    answer = await graph.post(f"users/{line}/assignLicense", json=body)
    assert answer.status_code == 400
    assert "CountViolation" in answer.json()["error"]["message"]
    half = await graph.post(f"users/{line}/assignLicense", json={"addLicenses": []})
    assert half.status_code == 400


async def test_skus_and_purchases_say_what_was_bought_and_used(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.tenant.set_sku_status(E5, "Warning")
    skus = {sku["skuPartNumber"]: sku for sku in (await graph.get("subscribedSkus")).json()["value"]}
    assert skus["PHONESYSTEM_VIRTUALUSER"]["prepaidUnits"]["enabled"] == 85
    assert skus["PHONESYSTEM_VIRTUALUSER"]["consumedUnits"] == 85
    assert skus["SPE_E5"]["prepaidUnits"] == {"enabled": 0, "suspended": 0, "warning": 500, "lockedOut": 0}
    assert skus["SPE_E5"]["id"] == f"{server.tenant.tenant_id}_{E5}"
    purchases = (await graph.get("directory/subscriptions")).json()["value"]
    assert {p["id"] for p in purchases} == {key for sku in skus.values() for key in sku["subscriptionIds"]}
    assert {p["skuPartNumber"]: (p["totalLicenses"], p["status"]) for p in purchases}["SPE_E5"] == (500, "Warning")
    assert (await graph.get("subscribedSkus?$filter=skuId eq 1")).status_code == 400
