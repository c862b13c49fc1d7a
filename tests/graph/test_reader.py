from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec import UNSET

from shared.graph.reader import GraphReader
from shared.model.directory import AssignedLicence
from shared.model.errors import DeltaExpired, SourceError, Throttled
from shared.model.licences import CommerceSubscription, Sku
from simulator import AssignedLicense, ServicePlan, SimulatorServer
from simulator.contoso import E5, RESOURCE_ACCOUNT, SHARED_DEVICES, line_names, user_id

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Clock, ScriptedGraph

LINE = user_id("AA Main Line Seattle")
OTHER_LINE = user_id("CQ Reception Seattle")
PERSON = user_id("Adele Archer")
GOVERNMENT_LICENCE = "2cf22bcb-0c9e-4bc6-8daf-7e7654c0f285"
RESOURCE_ACCOUNT_PLAN = ServicePlan("f47330e9-c134-43b3-9993-e7f004506889", "MCOEV_VIRTUALUSER", "Communications")
LINES = {user_id(name) for name in line_names()}


async def test_licences_are_the_tenants_skus_with_their_units(
    sim: SimulatorServer, reader: GraphReader, clock: Clock
) -> None:
    read = await reader.licences()
    assert read.begun == clock.now
    assert {sku.id: (sku.part_number, sku.enabled, sku.consumed) for sku in read.skus} == {
        E5: ("SPE_E5", 500, 48),
        SHARED_DEVICES: ("MCOCAP", 100, 0),
        RESOURCE_ACCOUNT: ("PHONESYSTEM_VIRTUALUSER", 85, 85),
    }
    sim.tenant.set_sku_status(RESOURCE_ACCOUNT, "Warning")
    (warned,) = (sku for sku in (await reader.licences()).skus if sku.id == RESOURCE_ACCOUNT)
    assert (warned.status, warned.enabled, warned.warning) == ("Warning", 0, 85)


async def test_a_skus_plans_and_subscriptions_are_read(reader: GraphReader) -> None:
    read = await reader.licences()
    (sku,) = (each for each in read.skus if each.id == RESOURCE_ACCOUNT)
    assert sku.plan_ids == {RESOURCE_ACCOUNT_PLAN.id}
    assert read.subscriptions is not None
    assert [each.id for each in read.subscriptions if each.sku_id == RESOURCE_ACCOUNT] == list(sku.subscription_ids)


async def test_a_trial_subscription_says_so_and_when_it_changes_next(
    sim: SimulatorServer, reader: GraphReader, clock: Clock
) -> None:
    ends = clock.now + timedelta(days=30)
    sim.tenant.add_sku(E5, "SPE_E5", (), 25, is_trial=True, next_lifecycle=ends)
    read = await reader.licences()
    (trial,) = (each for each in read.subscriptions or () if each.is_trial)
    assert msgspec.structs.replace(trial, id="") == CommerceSubscription(
        id="", sku_id=E5, is_trial=True, total=25, next_lifecycle=ends
    )


async def test_subscriptions_that_may_not_be_read_are_unknown_not_none(
    sim: SimulatorServer, reader: GraphReader
) -> None:
    sim.graph.refusals["GET directory/subscriptions"] = 403
    read = await reader.licences()
    assert read.subscriptions is None
    assert len(read.skus) == 3


async def test_subscriptions_that_could_not_be_read_fail_the_read(sim: SimulatorServer, reader: GraphReader) -> None:
    sim.graph.refusals["GET directory/subscriptions"] = 500
    with pytest.raises(SourceError):
        await reader.licences()


async def test_missing_and_null_units_are_nothing_and_ids_are_lower_case(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    plans = [{"servicePlanId": RESOURCE_ACCOUNT_PLAN.id.upper(), "servicePlanName": " MCOEV_VIRTUALUSER "}]
    skus = [
        {"skuId": RESOURCE_ACCOUNT.upper(), "prepaidUnits": {"enabled": None, "warning": 3}, "servicePlans": plans},
        {"skuId": E5, "skuPartNumber": None, "prepaidUnits": None, "consumedUnits": None, "servicePlans": None},
    ]
    orders = [{"id": "ORDER", "skuId": RESOURCE_ACCOUNT.upper(), "status": "TakenBack", "totalLicenses": None}]
    scripted.answer("GET subscribedSkus", answer({"value": skus}))
    scripted.answer("GET directory/subscriptions", answer({"value": orders}))
    read = await scripted_reader.licences()
    first, second = read.skus
    assert (first.id, first.enabled, first.warning) == (RESOURCE_ACCOUNT, 0, 3)
    assert [(plan.id, plan.name) for plan in first.plans] == [(RESOURCE_ACCOUNT_PLAN.id, "MCOEV_VIRTUALUSER")]
    assert second == Sku(id=E5)
    assert read.subscriptions == (CommerceSubscription(id="order", sku_id=RESOURCE_ACCOUNT, status="TakenBack"),)


async def test_users_with_the_department_marker_are_listed_licensed_or_not(reader: GraphReader, clock: Clock) -> None:
    accounts = {account.id: account for account in await reader.resource_accounts([])}
    assert accounts.keys() == LINES
    line = accounts[LINE]
    assert (line.name, line.upn) == ("AA Main Line Seattle", "aa-main-line-seattle@contoso.example")
    assert (line.enabled, line.usage_location, line.read_at) == (False, "US", clock.now)
    assert line.licences == (AssignedLicence(RESOURCE_ACCOUNT),)
    assert [(plan.plan_id, plan.status) for plan in line.plans] == [(RESOURCE_ACCOUNT_PLAN.id, "Enabled")]
    assert line.has_department_marker


async def test_holders_of_any_of_several_skus_are_listed_once_each(sim: SimulatorServer, reader: GraphReader) -> None:
    sim.tenant.add_sku(GOVERNMENT_LICENCE, "PHONESYSTEM_VIRTUALUSER_GOV", (RESOURCE_ACCOUNT_PLAN,), 5)
    sim.tenant.assign_license(PERSON, GOVERNMENT_LICENCE)
    sim.tenant.assign_license(LINE, GOVERNMENT_LICENCE)
    listed = await reader.resource_accounts([RESOURCE_ACCOUNT, GOVERNMENT_LICENCE])
    assert sorted(account.id for account in listed) == sorted({*LINES, PERSON})


async def test_a_listing_is_followed_over_its_pages(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    more = f"{scripted.graph_url}/users?$skiptoken=2"
    pages: list[dict[str, Any]] = [
        {"value": [{"id": LINE.upper()}], "@odata.nextLink": more},
        {"value": [], "@odata.nextLink": more},
        {"value": [{"id": OTHER_LINE}]},
    ]
    scripted.answer("GET users", *map(answer, pages))
    assert [account.id for account in await scripted_reader.resource_accounts([])] == [LINE, OTHER_LINE]
    assert [asked.path for asked in scripted.asked][1:] == ["/v1.0/users?$skiptoken=2"] * 2


async def test_a_delta_link_from_now_brings_what_changes_later_and_nothing_else(
    sim: SimulatorServer, reader: GraphReader, clock: Clock
) -> None:
    sim.tenant.set_property(PERSON, "department", "Sales")
    link = await reader.delta_from_now()
    assert (await reader.delta(link)).changes == ()
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    read = await reader.delta(link)
    assert (read.begun, read.base) == (clock.now, link)
    assert [change.id for change in read.changes] == [LINE]
    assert (await reader.delta(read.link)).changes == ()


async def test_what_delta_does_not_say_is_unchanged_and_what_it_says_is_empty_is_empty(
    sim: SimulatorServer, reader: GraphReader
) -> None:
    link = await reader.delta_from_now()
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    sim.tenant.set_property(OTHER_LINE, "usageLocation", None)
    sim.tenant.change_licenses(PERSON, add=[AssignedLicense(SHARED_DEVICES)])
    changes = {change.id: change for change in (await reader.delta(link)).changes}
    assert (changes[LINE].licences, changes[LINE].name, changes[LINE].department) == ((), UNSET, UNSET)
    assert (changes[OTHER_LINE].usage_location, changes[OTHER_LINE].licences) == (None, UNSET)
    assert changes[PERSON].licences == (AssignedLicence(E5), AssignedLicence(SHARED_DEVICES))


async def test_deleted_users_are_brought_as_removed(sim: SimulatorServer, reader: GraphReader) -> None:
    link = await reader.delta_from_now()
    sim.tenant.soft_delete(LINE)
    sim.tenant.purge(OTHER_LINE)
    read = await reader.delta(link)
    assert {change.id: change.removed for change in read.changes} == {LINE: True, OTHER_LINE: True}


async def test_a_delta_read_is_followed_over_its_pages(sim: SimulatorServer, reader: GraphReader) -> None:
    link = await reader.delta_from_now()
    sim.graph.delta.page_size = 2
    for name in line_names()[:5]:
        sim.tenant.remove_license(user_id(name), RESOURCE_ACCOUNT)
    read = await reader.delta(link)
    assert [change.id for change in read.changes] == [user_id(name) for name in line_names()[:5]]
    assert (await reader.delta(read.link)).changes == ()


async def test_an_empty_page_of_a_delta_read_is_not_its_end(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    root = f"{scripted.graph_url}/users/delta"
    scripted.answer(
        "GET users/delta",
        answer({"value": [], "@odata.nextLink": f"{root}?$skiptoken=1"}),
        answer({"value": [{"id": LINE.upper(), "assignedLicenses": []}], "@odata.deltaLink": f"{root}?$deltatoken=2"}),
    )
    read = await scripted_reader.delta(f"{root}?$deltatoken=0")
    assert [change.id for change in read.changes] == [LINE]
    assert read.link == f"{root}?$deltatoken=2"


async def test_a_delta_read_that_ends_without_a_link_to_continue_from_is_no_read(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    scripted.answer("GET users/delta", answer({"value": []}))
    with pytest.raises(SourceError, match="without a link to continue from"):
        await scripted_reader.delta_from_now()


async def test_an_expired_delta_link_is_told_apart(sim: SimulatorServer, reader: GraphReader) -> None:
    link = await reader.delta_from_now()
    sim.graph.delta.expire_tokens()
    with pytest.raises(DeltaExpired):
        await reader.delta(link)


async def test_accounts_are_read_twenty_in_a_request_and_those_that_are_gone_are_told(
    sim: SimulatorServer, reader: GraphReader, clock: Clock
) -> None:
    ids = [user_id(name) for name in line_names()[:43]]
    sim.tenant.soft_delete(ids[3])
    sim.tenant.purge(ids[41])
    read = await reader.accounts(ids)
    assert read.begun == clock.now
    assert sorted(account.id for account in read.found) == sorted(set(ids) - {ids[3], ids[41]})
    assert sorted(departed.id for departed in read.departed) == sorted([ids[3], ids[41]])
    assert all(account.has_department_marker and account.read_at == clock.now for account in read.found)
    assert dict(sim.graph.requests) == {
        "POST $batch": 4,
        "GET users/{id}": 43,
        "GET directory/deletedItems/{id}": 2,
    }


async def test_no_accounts_cost_no_request(sim: SimulatorServer, reader: GraphReader) -> None:
    read = await reader.accounts([])
    assert (read.found, read.departed) == ((), ())
    assert not sim.graph.requests


async def test_an_account_throttled_inside_a_batch_is_not_taken_for_missing(
    sim: SimulatorServer, reader: GraphReader
) -> None:
    sim.graph.refusals["GET users/{id}"] = 429
    with pytest.raises(Throttled):
        await reader.accounts([LINE, OTHER_LINE])


async def test_an_account_that_a_batch_does_not_answer_is_not_taken_for_read(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    found = {"id": LINE, "status": 200, "body": {"id": LINE}}
    throttled = {"id": OTHER_LINE, "status": 429, "headers": {"Retry-After": "70"}, "body": {"error": {"code": "Busy"}}}
    scripted.answer("POST $batch", answer({"responses": [found, throttled]}))
    with pytest.raises(Throttled, match="429, Busy"):
        await scripted_reader.accounts([LINE, OTHER_LINE])
