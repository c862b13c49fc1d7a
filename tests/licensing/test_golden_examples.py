"""The worked examples of Microsoft's documents, by the names that the facts about licensing give them."""

from __future__ import annotations

from collections.abc import Callable

from shared.licensing import plans
from shared.licensing.ledger import allocation
from shared.licensing.policy import CURRENT, POLICIES
from shared.model.licences import Sku

POLICY_OF_2020 = POLICIES["2019-07-virtual-user"]
PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
MICROSOFT_365_E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
SHARED_DEVICES = "295a8eb0-f78d-45c7-8b5b-1eed5ed02dff"

MakeSku = Callable[..., Sku]


def test_g1_600_licences_and_90_numbers_were_85_free_and_5_short_in_2020(make_sku: MakeSku) -> None:
    skus = [make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=600)]
    ledger = allocation(POLICY_OF_2020, skus, (), needed=90)
    assert (ledger.qualifying, ledger.entitled, ledger.to_buy) == (600, 85, 5)


def test_g2_the_same_example_of_2021_has_the_same_answer_over_two_skus(make_sku: MakeSku) -> None:
    skus = [
        make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=350),
        make_sku(PHONE_STANDARD, plans.MCOEV, enabled=250),
    ]
    ledger = allocation(POLICY_OF_2020, skus, (), needed=90)
    assert (ledger.entitled, ledger.to_buy) == (85, 5)


def test_g3_a_nested_account_without_a_number_needs_no_licence_in_2020_and_needs_one_today() -> None:
    assert not POLICY_OF_2020.must_be_licensed(has_number=False)
    assert POLICY_OF_2020.must_be_licensed(has_number=True)
    assert CURRENT.must_be_licensed(has_number=False)
    assert CURRENT.must_be_licensed(has_number=True)


def test_where_numbers_were_not_read_no_account_is_taken_for_one_without() -> None:
    assert POLICY_OF_2020.must_be_licensed(has_number=None)
    assert CURRENT.must_be_licensed(has_number=None)


def test_g4_five_licences_must_be_bought_for_90_accounts_beside_600_licences(make_sku: MakeSku) -> None:
    skus = [make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=600)]
    ledger = allocation(CURRENT, skus, (), needed=90)
    assert (ledger.entitled, ledger.free_to_claim, ledger.to_buy) == (85, 85, 5)


def test_g5_five_licences_must_be_bought_in_microsofts_own_example(make_sku: MakeSku) -> None:
    skus = [
        make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=500),
        make_sku(SHARED_DEVICES, plans.MCOEV, enabled=100),
    ]
    ledger = allocation(CURRENT, skus, (), needed=90)
    assert (ledger.qualifying, ledger.entitled, ledger.to_buy) == (600, 85, 5)
    assert [row.counted for row in ledger.by_sku] == [500, 100]


def test_shared_devices_did_not_count_before_2023(make_sku: MakeSku) -> None:
    skus = [
        make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=500),
        make_sku(SHARED_DEVICES, plans.MCOEV, enabled=100),
    ]
    ledger = allocation(POLICY_OF_2020, skus, (), needed=90)
    assert (ledger.qualifying, ledger.entitled, ledger.to_buy) == (500, 75, 15)
    assert ledger.by_sku[1].why == "is Teams Shared Devices; not counted; would add 100"


def test_g6_what_is_planned_must_be_ordered_although_it_costs_nothing(make_sku: MakeSku) -> None:
    attendants, queues = 4, 8
    ledger = allocation(
        POLICY_OF_2020, [make_sku(PHONE_STANDARD, plans.MCOEV, enabled=1)], (), needed=attendants + queues
    )
    assert (ledger.free_to_claim, ledger.to_buy) == (12, 0)


def test_g7_what_a_purchase_brought_along_is_read_and_never_assumed(
    make_sku: MakeSku, make_resource_account_sku: MakeSku
) -> None:
    calling_plan = make_sku("ae2343d1-0999-43f6-ae18-d816516f6e78", plans.MCOEV, enabled=10)
    without = allocation(CURRENT, [calling_plan], (), needed=26)
    with_them = allocation(CURRENT, [calling_plan, make_resource_account_sku(26)], (), needed=26)
    assert (without.entitled, without.owned, without.free_to_claim) == (26, 0, 26)
    assert (with_them.entitled, with_them.owned, with_them.free_to_claim) == (26, 26, 0)


def test_g8_one_licence_that_includes_phone_system_earns_the_whole_base(make_sku: MakeSku) -> None:
    for policy in (CURRENT, POLICY_OF_2020):
        assert allocation(policy, [make_sku(PHONE_STANDARD, plans.MCOEV, enabled=1)], (), needed=0).entitled == 25


def test_g9_the_total_counts_and_not_what_was_added_to_the_first_licence() -> None:
    assert CURRENT.entitled(600) - CURRENT.base == 60
    assert POLICY_OF_2020.entitled(600) - POLICY_OF_2020.base == 60


def test_g10_no_policy_is_older_than_the_allocation_itself() -> None:
    assert "2019-02-none" not in POLICIES
    assert min(policy.since for policy in POLICIES.values()) == "2019-07-02"


def test_the_2020_policy_takes_a_phone_licence_on_an_account_and_todays_does_not() -> None:
    assert POLICY_OF_2020.accepts_phone_licence
    assert not CURRENT.accepts_phone_licence


def test_every_policy_is_filed_under_its_id_and_names_its_source() -> None:
    assert {"2023-shared-devices", "2019-07-virtual-user"} <= POLICIES.keys()
    assert all(policy.id == name and policy.source for name, policy in POLICIES.items())


def test_between_2022_and_2023_every_account_needed_a_licence_and_devices_did_not_count(make_sku: MakeSku) -> None:
    policy = POLICIES["2022-08-all-ras"]
    skus = [
        make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=500),
        make_sku(SHARED_DEVICES, plans.MCOEV, enabled=100),
    ]
    assert allocation(policy, skus, (), needed=90).entitled == 75
    assert policy.must_be_licensed(has_number=False)
    assert not policy.accepts_phone_licence


def test_the_boundaries_between_two_documented_examples() -> None:
    expected = {0: 0, 1: 25, 9: 25, 10: 26, 19: 26, 600: 85, 830: 108, 1_000: 125, 1_229: 147, 1_230: 148}
    assert {seats: CURRENT.entitled(seats) for seats in expected} == expected


def test_five_and_five_of_two_licences_are_ten(make_sku: MakeSku) -> None:
    skus = [make_sku(PHONE_STANDARD, plans.MCOEV, enabled=5), make_sku(SHARED_DEVICES, plans.MCOEV, enabled=5)]
    assert allocation(CURRENT, skus, (), needed=0).entitled == 26


def test_230_of_1230_seats_may_go_before_one_of_125_licences_must_be_paid(make_sku: MakeSku) -> None:
    ledger = allocation(CURRENT, [make_sku(PHONE_STANDARD, plans.MCOEV, enabled=1_230)], (), needed=125)
    assert ledger.seats_to_lose == 230
    assert (CURRENT.entitled(1_000), CURRENT.entitled(999)) == (125, 124)
