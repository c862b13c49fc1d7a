import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from simulator import TENANTS, SimulatorServer, tenant
from simulator.contoso import DEPARTMENT_MARKER
from simulator.hostile import (
    BACKWARDS,
    CONTROL,
    HOARDER,
    HOSTILE,
    LINES_AND_TABS,
    MARKUP,
    UNKNOWN_PHONE_PLAN,
    sku_id,
)
from simulator.products import E5, RESOURCE_ACCOUNT, SHARED_DEVICES
from simulator.recipes import account_id

NUMBERS = "admin/teams/telephoneNumberManagement/numberAssignments"
CONFIGURATIONS = "admin/teams/userConfigurations"
LINES = (
    f"users?$top=999&$filter=department eq '{DEPARTMENT_MARKER}'&$select=id,displayName,accountEnabled,assignedLicenses"
)

PHONE = "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"
PHONE_GOV = "db23fce2-a974-42ef-9002-d78dd42a0f22"
VIRTUAL_USER = "f47330e9-c134-43b3-9993-e7f004506889"
VIRTUAL_USER_GOV = "0628a73f-3b4a-4989-bd7b-0f8823144313"

# Users of a recipe's tenant that are resource accounts, and how many of them hold a plan for one.
LINES_OF = {
    "commercial": (90, 85),
    "government": (15, 11),
    "government-high": (8, 6),
    "education": (16, 14),
    "rooms": (7, 5),
    "trial": (7, 5),
    "none": (0, 0),
    "renewal": (125, 125),
    "hostile": (12, 9),
}


@asynccontextmanager
async def graph_of(name: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": "Bearer development"}
    async with (
        SimulatorServer(tenant(name)) as server,
        httpx.AsyncClient(base_url=f"{server.graph_url}/", headers=headers) as client,
    ):
        yield client


async def rows(graph: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await graph.get(path)
    assert answer.status_code == 200, answer.text
    assert "@odata.nextLink" not in answer.json()
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


async def skus_by_part_number(graph: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    return {sku["skuPartNumber"]: sku for sku in await rows(graph, "subscribedSkus")}


def plan_names(sku: dict[str, Any]) -> set[str]:
    return {plan["servicePlanName"] for plan in sku["servicePlans"]}


def enabled(skus: dict[str, dict[str, Any]]) -> dict[str, int]:
    return {name: sku["prepaidUnits"]["enabled"] for name, sku in skus.items()}


def test_the_named_tenants_are_those_that_are_tested() -> None:
    assert list(TENANTS) == ["commercial", *sorted(LINES_OF.keys() - {"commercial"}, key=list(TENANTS).index)]
    assert len({made.make(lambda: datetime.now(UTC)).tenant_id for made in TENANTS.values()}) == len(TENANTS)


@pytest.mark.parametrize("name", TENANTS)
def test_a_tenant_is_the_same_on_any_day_but_for_its_times(name: str) -> None:
    first, later = (tenant(name, lambda day=day: datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 28))  # type: ignore[misc] # a lambda's default
    assert list(first.users) == list(later.users)
    assert first.numbers.keys() == later.numbers.keys()
    assert first.consumed() == later.consumed()
    ends = [each.next_lifecycle_date_time for each in first.purchases.values()]
    moved = [each.next_lifecycle_date_time for each in later.purchases.values()]
    assert [end and end + timedelta(days=27) for end in ends] == moved


@pytest.mark.parametrize("name", TENANTS)
async def test_every_tenant_answers_what_an_audit_reads(name: str) -> None:
    async with graph_of(name) as graph:
        lines = await rows(graph, LINES)
        await rows(graph, "subscribedSkus")
        await rows(graph, "directory/subscriptions")
        await rows(graph, "directory/deletedItems/microsoft.graph.user")
    lines_in_all, _ = LINES_OF[name]
    assert len(lines) == lines_in_all


@pytest.mark.parametrize("name", TENANTS)
def test_as_many_lines_hold_a_resource_account_licence_as_the_table_says(name: str) -> None:
    made = tenant(name)
    usable = {VIRTUAL_USER, VIRTUAL_USER_GOV}
    licensed = [
        user
        for user in made.users.values()
        if user.department == DEPARTMENT_MARKER and any(plan.service_plan_id in usable for plan in user.assigned_plans)
    ]
    assert len(licensed) == LINES_OF[name][1]


@pytest.mark.parametrize("name", [name for name in TENANTS if name != "hostile"])
async def test_no_more_is_assigned_than_was_bought_and_every_subscription_is_one_of_its_sku(name: str) -> None:
    async with graph_of(name) as graph:
        skus = await rows(graph, "subscribedSkus")
        purchases = {purchase["id"]: purchase for purchase in await rows(graph, "directory/subscriptions")}
    for sku in skus:
        assert 0 <= sku["consumedUnits"] <= sku["prepaidUnits"]["enabled"]
        bought = [purchases.pop(purchase_id) for purchase_id in sku["subscriptionIds"]]
        assert sum(purchase["totalLicenses"] for purchase in bought) == sku["prepaidUnits"]["enabled"]
        assert {uuid.UUID(purchase["skuId"].strip()) for purchase in bought} == {uuid.UUID(sku["skuId"])}
    assert purchases == {}


async def test_a_county_in_gcc_has_government_plans_on_the_worldwide_graph() -> None:
    async with graph_of("government") as graph:
        skus = await skus_by_part_number(graph)
        assert enabled(skus) == {
            "M365_G5_GCC": 60,
            "MCOEV_GOV": 20,
            "MCOCAP_GOV": 15,
            "PHONESYSTEM_VIRTUALUSER_GOV": 12,
        }
        plans = {plan["servicePlanId"] for sku in skus.values() for plan in sku["servicePlans"]}
        assert {PHONE_GOV, VIRTUAL_USER_GOV} < plans
        assert plans.isdisjoint({PHONE, VIRTUAL_USER})
        assert len(await rows(graph, NUMBERS)) == 6
        people = await rows(graph, CONFIGURATIONS)
        assert len(people) == 18
        assert all(person["isEnterpriseVoiceEnabled"] for person in people)


async def test_gcc_high_has_commercial_plans_and_no_teams_administration() -> None:
    async with graph_of("government-high") as graph:
        skus = await skus_by_part_number(graph)
        assert skus.keys() == {"SPE_E5_USGOV_GCCHIGH", "MCOEV_GCCHIGH", "PHONESYSTEM_VIRTUALUSER_USGOV_GCCHIGH "}
        plans = {plan["servicePlanId"] for sku in skus.values() for plan in sku["servicePlans"]}
        assert plans == {PHONE, VIRTUAL_USER}
        for path in (NUMBERS, CONFIGURATIONS):
            assert (await graph.get(path)).status_code == 404


async def test_a_university_has_skus_for_faculty_and_students_and_one_with_stray_spaces() -> None:
    async with graph_of("education") as graph:
        skus = await skus_by_part_number(graph)
        assert enabled(skus) == {
            "M365EDU_A5_FACULTY": 180,
            "M365EDU_A5_STUDENT": 1_400,
            "\u00a0MCOCAP_FACULTY ": 25,
            "MCOEV_FACULTY": 10,
            "PHONESYSTEM_VIRTUALUSER_FACULTY": 16,
        }
        purchases = await rows(graph, "directory/subscriptions")
        [stray] = [purchase for purchase in purchases if "MCOCAP" in purchase["skuPartNumber"]]
        assert stray["skuId"] == " 420c7602-7f70-4895-9394-d3d679ea36fb\u00a0"
        [gone] = await rows(graph, "directory/deletedItems/microsoft.graph.user?$select=id,displayName")
        assert gone["displayName"] == "AA Old Observatory"
        assert gone["id"] in {number["assignmentTargetId"] for number in await rows(graph, NUMBERS)}
        held = f"users?$filter=assignedLicenses/any(x:x/skuId eq {skus['PHONESYSTEM_VIRTUALUSER_FACULTY']['skuId']})"
        holders = await rows(graph, f"{held}&$select=displayName,department")
        assert [holder["displayName"] for holder in holders if holder["department"] is None] == ["Chiara Adler 2"]


async def test_a_tenant_of_rooms_has_no_telephone_plan_without_a_rooms_marker() -> None:
    async with graph_of("rooms") as graph:
        skus = await skus_by_part_number(graph)
    assert enabled(skus) == {"Microsoft_Teams_Rooms_Pro": 40, "MEETING_ROOM": 12, "PHONESYSTEM_VIRTUALUSER": 6}
    for sku in skus.values():
        if "MCOEV" in plan_names(sku):
            assert plan_names(sku) & {"Teams_Rooms_Pro", "Teams_Room_Standard"}


async def test_on_trial_is_everything_that_would_count() -> None:
    async with graph_of("trial") as graph:
        skus = await skus_by_part_number(graph)
        purchases = await rows(graph, "directory/subscriptions")
    trials = {purchase["skuPartNumber"] for purchase in purchases if purchase["isTrial"]}
    assert trials == {name for name, sku in skus.items() if "MCOEV" in plan_names(sku)} == {"SPE_E5"}
    assert len(skus["SPE_E5"]["subscriptionIds"]) == 2
    assert [purchase["totalLicenses"] for purchase in purchases if purchase["isTrial"]] == [25, 25]


async def test_the_tenant_without_teams_phone_has_neither_plans_nor_lines() -> None:
    async with graph_of("none") as graph:
        skus = await rows(graph, "subscribedSkus")
        assert not any("MCOEV" in name for sku in skus for name in plan_names(sku))
        assert await rows(graph, NUMBERS) == []
        assert len(await rows(graph, "users")) == 12


async def test_a_renewal_is_1230_seats_of_which_400_end_within_a_month() -> None:
    async with graph_of("renewal") as graph:
        skus = await skus_by_part_number(graph)
        assert enabled(skus) == {"SPE_E5": 1_230, "PHONESYSTEM_VIRTUALUSER": 130}
        assert skus["PHONESYSTEM_VIRTUALUSER"]["consumedUnits"] == 125
        soon = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        ending = [each for each in await rows(graph, "directory/subscriptions") if each["nextLifecycleDateTime"] < soon]
        assert [(each["skuPartNumber"], each["totalLicenses"], each["isTrial"]) for each in ending] == [
            ("SPE_E5", 400, False)
        ]
        assert len(await rows(graph, NUMBERS)) == 25


async def hostile_sku(graph: httpx.AsyncClient, part_number: str) -> dict[str, Any]:
    [found] = [sku for sku in await rows(graph, "subscribedSkus") if sku["skuId"] == sku_id(part_number)]
    return found


@pytest.mark.parametrize(
    ("part_number", "name", "value"),
    [
        ("NULL_UNITS", "prepaidUnits", None),
        ("EMPTY_UNITS", "prepaidUnits", {}),
        (
            "NULLS_IN_UNITS",
            "prepaidUnits",
            {"enabled": None, "warning": None, "suspended": None, "lockedOut": None},
        ),
        ("NEGATIVE_UNITS", "prepaidUnits", {"enabled": -5, "warning": -1, "suspended": 0, "lockedOut": 0}),
        ("NULL_CONSUMED", "consumedUnits", None),
        ("NEGATIVE_CONSUMED", "consumedUnits", -3),
        ("NULL_PLANS", "servicePlans", None),
        ("NULL_NAMES", "skuPartNumber", None),
        ("COMPANY_WIDE", "appliesTo", "Company"),
        ("UNHEARD_OF_STATE", "capabilityStatus", "Hibernating"),
    ],
)
async def test_a_hostile_sku_is_wrong_in_the_way_that_its_name_says(part_number: str, name: str, value: object) -> None:
    async with graph_of("hostile") as graph:
        sku = await hostile_sku(graph, part_number)
    assert sku[name] == value


async def test_a_hostile_sku_lacks_what_its_name_says() -> None:
    async with graph_of("hostile") as graph:
        assert "prepaidUnits" not in await hostile_sku(graph, "NO_UNITS")
        assert "consumedUnits" not in await hostile_sku(graph, "NO_CONSUMED")
        phone, teams = (await hostile_sku(graph, "NAMELESS_PLANS"))["servicePlans"]
        assert phone["servicePlanName"] is None
        assert "servicePlanName" not in teams
        selected = await rows(graph, "subscribedSkus?$select=skuId,prepaidUnits")
    assert {"skuId": sku_id("NO_UNITS")} in selected


async def test_hostile_ids_are_in_upper_case_between_no_break_spaces() -> None:
    async with graph_of("hostile") as graph:
        skus = await rows(graph, "subscribedSkus")
        for product in (E5, RESOURCE_ACCOUNT):
            [sku] = [each for each in skus if each["skuId"] == f"\u00a0{product.sku_id.upper()}\u00a0"]
            assert sku["skuPartNumber"] == f"\t{product.part_number}\u00a0"
            assert all(plan["servicePlanId"].endswith("\u00a0") for plan in sku["servicePlans"])
            [purchase] = [
                each
                for each in await rows(graph, "directory/subscriptions")
                if product.sku_id.upper() in each.get("skuId", "")
            ]
            assert sku["subscriptionIds"] == [purchase["id"].upper()]
            if product is RESOURCE_ACCOUNT:
                assert sku["consumedUnits"] == 9


async def test_a_hostile_tenant_has_a_plan_nobody_knows_a_locked_out_sku_and_an_ending_subscription() -> None:
    async with graph_of("hostile") as graph:
        skus = await skus_by_part_number(graph)
        purchases = await rows(graph, "directory/subscriptions")
    [plan] = skus["MYSTERY_PHONE"]["servicePlans"]
    assert (plan["servicePlanId"], plan["servicePlanName"]) == (UNKNOWN_PHONE_PLAN.id, "MCOEV_SOMETHING")
    locked = skus["MCOEV"]
    assert (locked["capabilityStatus"], locked["prepaidUnits"]["enabled"]) == ("LockedOut", 0)
    assert locked["prepaidUnits"]["lockedOut"] == 15
    [ending] = [each for each in purchases if each.get("skuId") == SHARED_DEVICES.sku_id]
    left = datetime.fromisoformat(ending["nextLifecycleDateTime"]) - datetime.now(UTC)
    assert timedelta(days=9) < left <= timedelta(days=10)


async def test_hostile_accounts_have_names_to_trip_over_and_one_holds_forty_skus() -> None:
    async with graph_of("hostile") as graph:
        lines = {line["displayName"]: line for line in await rows(graph, LINES)}
        failed = account_id(HOSTILE, "AA Failed Assignment")
        [state] = (await graph.get(f"users/{failed}?$select=licenseAssignmentStates")).json()["licenseAssignmentStates"]
    assert lines.keys() > {MARKUP, LINES_AND_TABS, BACKWARDS, CONTROL}
    assert {"<", '"', "\n", "\u202e", "\0"} < set("".join(lines))
    assert len(lines[HOARDER]["assignedLicenses"]) == 40
    [upper] = lines["AA Upper Case"]["assignedLicenses"]
    assert upper["skuId"] == RESOURCE_ACCOUNT.sku_id.upper()
    assert (state["state"], state["error"]) == ("Perplexed", "NobodyKnows")
