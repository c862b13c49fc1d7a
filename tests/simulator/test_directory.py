from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from simulator import AssignedLicense, Change, RefusedError, SimulatedTenant, User, contoso
from simulator.contoso import (
    E5,
    RESOURCE_ACCOUNT,
    SHARED_DEVICES,
    line_names,
    unlicensed_line_names,
    user_id,
)

MCOEV = "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"
VIRTUAL_USER = "f47330e9-c134-43b3-9993-e7f004506889"
LINE = user_id("AA Main Line Seattle")
BARE_LINE = user_id("CQ Reception Lisbon")


@pytest.fixture
def tenant() -> SimulatedTenant:
    return contoso()


def plan_states(user: User) -> dict[str, str]:
    return {plan.service_plan_id: plan.capability_status for plan in user.assigned_plans}


def test_contoso_has_the_numbers_of_the_documented_example(tenant: SimulatedTenant) -> None:
    units = {sku.part_number: sku.units for sku in tenant.skus.values()}
    assert units == {"SPE_E5": 500, "MCOCAP": 100, "PHONESYSTEM_VIRTUALUSER": 85}
    lines = [
        user for user in tenant.users.values() if user.department == "Microsoft Communication Application Instance"
    ]
    assert [line.display_name for line in lines] == list(line_names())
    assert len(lines) == len(set(line_names())) == 90
    assert [line.display_name for line in lines if not line.assigned_licenses] == list(unlicensed_line_names())
    assert all(not line.account_enabled and line.usage_location for line in lines)
    assert tenant.consumed() == {RESOURCE_ACCOUNT: 85, E5: 48}


def test_contoso_is_the_same_whenever_its_clock_says_the_same() -> None:
    def noon() -> datetime:
        return datetime(2026, 11, 20, 12, tzinfo=UTC)

    assert contoso(noon).users == contoso(noon).users
    assert contoso(noon).purchases == contoso(noon).purchases


def test_a_lost_licence_leaves_its_plan_behind_as_deleted(tenant: SimulatedTenant) -> None:
    user = tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    assert user.assigned_licenses == ()
    assert user.license_assignment_states == ()
    assert plan_states(user) == {VIRTUAL_USER: "Deleted"}


def test_a_plan_that_comes_back_is_enabled_with_a_new_time(tenant: SimulatedTenant) -> None:
    before = tenant.users[LINE].assigned_plans[0]
    tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    after = tenant.assign_license(LINE, RESOURCE_ACCOUNT).assigned_plans[0]
    assert after.capability_status == "Enabled"
    assert after.assigned_date_time > before.assigned_date_time


def test_a_swap_is_one_change(tenant: SimulatedTenant) -> None:
    before = len(tenant.changes)
    user = tenant.swap_license(LINE, RESOURCE_ACCOUNT, SHARED_DEVICES)
    assert len(tenant.changes) == before + 1
    assert [licence.sku_id for licence in user.assigned_licenses] == [SHARED_DEVICES]
    assert plan_states(user)[VIRTUAL_USER] == "Deleted"
    assert plan_states(user)[MCOEV] == "Enabled"


def test_a_plan_that_two_licences_provide_survives_the_loss_of_one(tenant: SimulatedTenant) -> None:
    tenant.assign_license(LINE, E5)
    tenant.assign_license(LINE, SHARED_DEVICES)
    assert plan_states(tenant.remove_license(LINE, E5))[MCOEV] == "Enabled"


def test_a_disabled_plan_is_not_provided(tenant: SimulatedTenant) -> None:
    user = tenant.assign_license(LINE, RESOURCE_ACCOUNT, [VIRTUAL_USER])
    assert user.assigned_licenses == (AssignedLicense(RESOURCE_ACCOUNT, (VIRTUAL_USER,)),)
    assert plan_states(user) == {VIRTUAL_USER: "Deleted"}


def test_more_assignments_than_units_are_refused_unless_forced(tenant: SimulatedTenant) -> None:
    with pytest.raises(RefusedError) as refused:
        tenant.assign_license(BARE_LINE, RESOURCE_ACCOUNT)
    assert refused.value.reason == "CountViolation"
    tenant.assign_license(BARE_LINE, RESOURCE_ACCOUNT, forced=True)
    assert tenant.consumed()[RESOURCE_ACCOUNT] == 86


def test_a_user_without_usage_location_gets_no_licence(tenant: SimulatedTenant) -> None:
    tenant.set_property(BARE_LINE, "usageLocation", None)
    with pytest.raises(RefusedError) as refused:
        tenant.assign_license(BARE_LINE, E5)
    assert refused.value.reason == "ProhibitedInUsageLocationViolation"


@pytest.mark.parametrize(
    "mistake",
    [
        lambda tenant: tenant.remove_license(LINE, E5),
        lambda tenant: tenant.assign_license(LINE, "00000000-0000-0000-0000-000000000001"),
        lambda tenant: tenant.assign_license(LINE, E5, ["00000000-0000-0000-0000-000000000001"]),
        lambda tenant: tenant.set_property(LINE, "id", "other"),
        lambda tenant: tenant.set_property(LINE, "shoeSize", 43),
        lambda tenant: tenant.soft_delete("nobody"),
        lambda tenant: tenant.restore(LINE),
        lambda tenant: tenant.add_user("Twice", "twice@contoso.example", user_id=LINE),
    ],
)
def test_a_mistake_is_refused_and_changes_nothing(
    tenant: SimulatedTenant, mistake: Callable[[SimulatedTenant], object]
) -> None:
    before = len(tenant.changes)
    with pytest.raises(RefusedError):
        mistake(tenant)
    assert len(tenant.changes) == before


def test_a_soft_deleted_user_frees_its_unit_and_comes_back_whole(tenant: SimulatedTenant) -> None:
    whole = tenant.users[LINE]
    tenant.soft_delete(LINE)
    assert tenant.consumed()[RESOURCE_ACCOUNT] == 84
    assert tenant.deleted[LINE].deleted_date_time is not None
    assert tenant.restore(LINE) == whole
    assert not tenant.deleted


def test_a_purge_passes_through_the_deleted_items(tenant: SimulatedTenant) -> None:
    tenant.purge(LINE)
    assert [change.kind for change in tenant.changes[-2:]] == ["deleted", "purged"]
    assert LINE not in tenant.users
    assert LINE not in tenant.deleted


def test_what_changes_nothing_is_no_change(tenant: SimulatedTenant) -> None:
    before = len(tenant.changes)
    tenant.set_property(LINE, "displayName", "AA Main Line Seattle")
    assert len(tenant.changes) == before


def test_a_renewal_changes_the_purchase_with_the_units(tenant: SimulatedTenant) -> None:
    later = datetime(2027, 2, 1, tzinfo=UTC)
    tenant.add_sku(E5, "SPE_E5", tenant.skus[E5].plans, 25, next_lifecycle=later, is_trial=True)
    assert tenant.skus[E5].units == 525
    tenant.set_enabled_units(E5, 400)
    sizes = [purchase.total_licenses for purchase in tenant.purchases.values() if purchase.sku_id == E5]
    assert (tenant.skus[E5].units, sizes) == (400, [375, 25])


def test_an_expired_sku_takes_the_plans_of_its_holders_along(tenant: SimulatedTenant) -> None:
    before = len(tenant.changes)
    tenant.set_sku_status(RESOURCE_ACCOUNT, "Suspended")
    assert plan_states(tenant.users[LINE]) == {VIRTUAL_USER: "Suspended"}
    assert len(tenant.changes) == before + 85
    assert {change.properties for change in tenant.changes[before:]} == {frozenset({"assignedPlans"})}
    tenant.set_sku_status(RESOURCE_ACCOUNT, "Enabled")
    assert plan_states(tenant.users[LINE]) == {VIRTUAL_USER: "Enabled"}


def test_listeners_hear_of_each_change_until_they_stop(tenant: SimulatedTenant) -> None:
    heard: list[Change] = []
    stop = tenant.listen(heard.append)
    tenant.set_property(LINE, "accountEnabled", value=True)
    stop()
    tenant.set_property(LINE, "accountEnabled", value=False)
    assert [(change.user.id, change.properties) for change in heard] == [(LINE, frozenset({"accountEnabled"}))]


def test_states_that_no_administrator_makes_can_be_set(tenant: SimulatedTenant) -> None:
    state = {
        "skuId": RESOURCE_ACCOUNT,
        "lastUpdatedDateTime": "2026-11-20T10:00:00Z",
        "state": "Error",
        "error": "CountViolation",
    }
    user = tenant.set_property(LINE, "licenseAssignmentStates", [state])
    assert user.license_assignment_states[0].error == "CountViolation"


def test_users_are_found_by_id_name_and_principal_name(tenant: SimulatedTenant) -> None:
    for key in (LINE.upper(), "aa main line seattle", "AA-Main-Line-Seattle@contoso.example"):
        found = tenant.find(key)
        assert found is not None
        assert found.id == LINE
    assert tenant.find("nobody") is None


def test_the_five_new_lines_are_days_old(tenant: SimulatedTenant) -> None:
    newest = [tenant.users[user_id(name)].created_date_time for name in unlicensed_line_names()]
    assert all(tenant.clock() - created < timedelta(days=3) for created in newest)
