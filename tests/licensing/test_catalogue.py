"""What kind of licence a SKU is: the tenant's own plans first, the published table second, names never."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable

import pytest

from shared.licensing import plans
from shared.licensing.catalogue import classify, plan_ids_of
from shared.licensing.counting import SkuCount
from shared.licensing.ledger import allocation
from shared.licensing.phone_skus import PHONE_SKUS
from shared.licensing.policy import CURRENT
from shared.model.licences import ServicePlan, Sku

PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
ROOMS_PRO = "4cde982a-ede4-4409-9ae6-b003453c8ea6"
PHONE_MOBILE = "b84d58c9-0a0d-46cf-8a4b-d9f23c1674d5"
COMMUNICATIONS_CREDITS_PLAN = "505e180f-f7e0-4b65-91d4-00d670bbd18c"
TEAMS_ROOMS_PRO_PLAN = "0374d34c-6be4-4dbb-b3f0-26105db0b28a"

MakeSku = Callable[..., Sku]


def counted(sku: Sku) -> SkuCount:
    (row,) = allocation(CURRENT, [sku], (), needed=0).by_sku
    return row


def test_58_skus_are_published_and_each_once() -> None:
    assert len(PHONE_SKUS) == 58
    assert len({sku.id for sku in PHONE_SKUS}) == 58
    assert len({sku.part_number for sku in PHONE_SKUS}) == 58


def test_the_published_skus_have_these_kinds() -> None:
    assert Counter(sku.kind for sku in PHONE_SKUS) == {
        "resource_account": 4,
        "phone_standard": 10,
        "phone_with_calling_plan": 1,
        "shared_device": 3,
        "bundle": 30,
        "teams_rooms": 9,
        "phone_mobile": 1,
    }


def test_published_ids_are_lower_case_guids_and_part_numbers_carry_no_stray_space() -> None:
    assert all(sku.id == str(uuid.UUID(sku.id)) for sku in PHONE_SKUS)
    assert all(sku.part_number == "".join(sku.part_number.split()) for sku in PHONE_SKUS)


@pytest.mark.parametrize(
    "published", [sku for sku in PHONE_SKUS if sku.kind != "resource_account"], ids=lambda sku: str(sku.part_number)
)
def test_a_published_sku_with_its_phone_plan_is_of_its_published_kind(published: object, make_sku: MakeSku) -> None:
    assert isinstance(published, type(PHONE_SKUS[0]))
    plan = plans.MCOFMC1 if published.kind == "phone_mobile" else plans.MCOEV
    row = counted(make_sku(published.id, plan, enabled=10))
    assert classify(make_sku(published.id, plan)).kind == published.kind
    assert row.counted == (0 if published.kind in {"teams_rooms", "phone_mobile"} else 10)


@pytest.mark.parametrize("plan", [plans.MCOEV, plans.MCOEV_GOV, plans.MCOEVSMB])
def test_a_phone_plan_of_any_cloud_counts(plan: str, make_sku: MakeSku) -> None:
    assert counted(make_sku(PHONE_STANDARD, plan, enabled=10)).counted == 10
    assert counted(make_sku(1, plan, enabled=10)).counted == 10


@pytest.mark.parametrize("plan", [plans.MCOEV_VIRTUALUSER, plans.MCOEV_VIRTUALUSER_GOV])
def test_a_resource_account_plan_of_any_cloud_is_the_licence_itself(plan: str, make_sku: MakeSku) -> None:
    assert classify(make_sku(1, plan)).kind == "resource_account"
    assert classify(make_sku("e3f0522e-ebb7-4561-9f90-b44516d65b77", plan)).kind == "resource_account"


def test_a_resource_account_plan_beside_a_phone_plan_never_qualifies(make_sku: MakeSku) -> None:
    row = counted(make_sku(PHONE_STANDARD, plans.MCOEV, plans.MCOEV_VIRTUALUSER, enabled=10))
    assert row.counted == 0


def test_a_sku_that_nobody_lists_but_that_carries_a_phone_plan_counts_and_says_so(make_sku: MakeSku) -> None:
    row = counted(make_sku(1, plans.MCOEV, enabled=30))
    assert (row.counted, row.why) == (30, "includes Phone System; not in the catalogue")


def test_a_sku_listed_with_a_phone_plan_that_has_none_here_counts_nothing_and_says_so(make_sku: MakeSku) -> None:
    row = counted(make_sku(PHONE_STANDARD, "57ff2da0-773e-42df-b2af-ffb7a2317929", enabled=30))
    assert (row.counted, row.why) == (0, "is listed with a phone plan, but has none in this tenant")


def test_rooms_do_not_count_and_the_ledger_says_what_they_would_add(make_sku: MakeSku) -> None:
    row = counted(make_sku(ROOMS_PRO, plans.MCOEV, enabled=12))
    assert row.counted == 0
    assert row.why == "is Teams Rooms, which the rule does not name; not counted; would add 12"


@pytest.mark.parametrize("marker", sorted(plans.ROOMS_PLANS))
def test_an_unlisted_sku_is_a_rooms_sku_by_its_marker_plan(marker: str, make_sku: MakeSku) -> None:
    row = counted(make_sku(1, plans.MCOEV, marker, enabled=12))
    assert row.counted == 0
    assert "told by its rooms plan" in row.why
    assert "would add 12" in row.why


def test_a_rooms_marker_on_a_listed_bundle_changes_nothing(make_sku: MakeSku) -> None:
    row = counted(make_sku("06ebc4ee-1bb5-47dd-8120-11324bc54e06", plans.MCOEV, TEAMS_ROOMS_PRO_PLAN, enabled=12))
    assert row.counted == 12


def test_rooms_basic_has_a_marker_and_no_phone_plan_and_is_no_business_of_the_ledger(make_sku: MakeSku) -> None:
    assert allocation(CURRENT, [make_sku(1, TEAMS_ROOMS_PRO_PLAN, enabled=12)], (), needed=0).by_sku == ()


def test_phone_mobile_does_not_count_listed_or_not(make_sku: MakeSku) -> None:
    for sku_id in (PHONE_MOBILE, 1):
        row = counted(make_sku(sku_id, plans.MCOFMC1, enabled=7))
        assert row.counted == 0
        assert row.why == "is Teams Phone Mobile, which the rule does not name; not counted; would add 7"


def test_communications_credits_are_no_phone_plan() -> None:
    credit = Sku(
        id="47794cd0-f0e5-45c5-9033-2eb6b5fc84e0",
        part_number="MCOPSTNC",
        enabled=10_000_000,
        plans=(ServicePlan(COMMUNICATIONS_CREDITS_PLAN, "MCOPSTNC"),),
    )
    ledger = allocation(CURRENT, [credit], (), needed=0)
    assert (ledger.qualifying, ledger.by_sku) == (0, ())


@pytest.mark.parametrize("name", ["MCOEV", "MCOEV_NEXT", " mcoev_gov2", "PHONESYSTEM_VIRTUALUSER_2", "MCOEV\u00a0"])
def test_a_plan_named_like_a_phone_plan_under_an_unknown_id_counts_nothing_and_says_so(name: str) -> None:
    sku = Sku(id=PHONE_STANDARD, enabled=30, plans=(ServicePlan("00000000-0000-0000-0000-0000000000ff", name),))
    row = counted(sku)
    assert (row.counted, row.why) == (0, "has a plan named like a phone plan under an unknown id")


def test_a_name_alone_decides_nothing() -> None:
    sku = Sku(id=PHONE_STANDARD, enabled=30, plans=(ServicePlan(plans.MCOEV, "SOMETHING_ELSE"),))
    assert counted(sku).counted == 30
    assert not plans.looks_like_unknown_phone_plan(ServicePlan(plans.MCOEV, "MCOEV"))
    assert not plans.looks_like_unknown_phone_plan(ServicePlan("0", "MCOPSTN1"))


def test_a_g5_without_a_phone_plan_counts_nothing(make_sku: MakeSku) -> None:
    g5 = make_sku("2f105cc2-c2c1-435b-a955-c5e82156c05d", "57ff2da0-773e-42df-b2af-ffb7a2317929", enabled=100)
    assert allocation(CURRENT, [g5], (), needed=0).qualifying == 0


def test_business_voice_telco_counts_where_the_tenant_says_that_it_has_a_phone_plan(make_sku: MakeSku) -> None:
    telco = "08d7bce8-6e16-490e-89db-1d508e5e9609"
    assert allocation(CURRENT, [make_sku(telco, plans.MCOEV, enabled=10)], (), needed=0).qualifying == 10
    assert allocation(CURRENT, [make_sku(telco, enabled=10)], (), needed=0).qualifying == 0


def test_what_an_assigned_sku_holds_is_what_the_tenant_says_and_the_table_only_where_it_says_nothing(
    make_sku: MakeSku,
) -> None:
    own = make_sku(PHONE_STANDARD, TEAMS_ROOMS_PRO_PLAN)
    assert plan_ids_of(PHONE_STANDARD, {own.id: own}) == {TEAMS_ROOMS_PRO_PLAN}
    assert plan_ids_of(PHONE_STANDARD, {}) == plans.PHONE_PLANS
    assert plan_ids_of("440eaaa8-b3e0-484b-a8be-62870b9ba70a", {}) == plans.RESOURCE_ACCOUNT_PLANS
    assert plan_ids_of(PHONE_MOBILE, {}) == frozenset()
    assert plan_ids_of("00000000-0000-0000-0000-000000000001", {}) == frozenset()
