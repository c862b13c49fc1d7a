"""The ledger's boundaries, and the worked numbers of the operator stories."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.licensing import plans
from shared.licensing.ledger import allocation, from_totals, seats_to_lose, seats_to_next
from shared.licensing.policy import CURRENT
from shared.model.licences import Sku

PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
SHARED_DEVICES = "295a8eb0-f78d-45c7-8b5b-1eed5ed02dff"

MakeSku = Callable[..., Sku]


@pytest.mark.parametrize(
    ("qualifying", "entitled"),
    [(0, 0), (1, 25), (9, 25), (10, 26), (19, 26), (20, 27), (830, 108), (1000, 125), (1229, 147), (1230, 148)],
)
def test_the_base_comes_with_the_first_unit_and_one_more_with_every_tenth(qualifying: int, entitled: int) -> None:
    assert CURRENT.entitled(qualifying) == entitled


def test_units_are_pooled_before_they_are_divided(make_sku: MakeSku) -> None:
    skus = [make_sku(PHONE_STANDARD, plans.MCOEV, enabled=5), make_sku(SHARED_DEVICES, plans.MCOEV, enabled=5)]
    assert allocation(CURRENT, skus, (), needed=0).entitled == 26


@pytest.mark.parametrize(
    ("qualifying", "more"), [(0, 1), (1, 9), (9, 1), (10, 10), (11, 9), (19, 1), (600, 10), (1230, 10), (1229, 1)]
)
def test_seats_to_next_leads_to_the_next_free_licence(qualifying: int, more: int) -> None:
    assert seats_to_next(CURRENT, qualifying) == more


@pytest.mark.parametrize(
    ("qualifying", "needed", "fewer"),
    [
        (1230, 125, 230),  # the 231st makes one licence payable
        (1230, 0, 1230),
        (1230, 1, 1229),
        (1230, 25, 1229),
        (1230, 26, 1220),
        (1230, 148, 0),
        (1239, 148, 9),
        (1230, 149, 0),
        (0, 0, 0),
        (0, 1, 0),
    ],
)
def test_seats_to_lose_stops_where_one_licence_becomes_payable(qualifying: int, needed: int, fewer: int) -> None:
    assert seats_to_lose(CURRENT, qualifying, needed) == fewer


def test_story_2_a_renewal_of_830_seats_leaves_17_accounts_uncovered() -> None:
    before = from_totals(CURRENT, qualifying=1230, owned=125, assigned=125, needed=125)
    after = from_totals(CURRENT, qualifying=830, owned=125, assigned=125, needed=125)
    assert (before.entitled, before.entitled - before.needed, before.paid, before.seats_to_lose) == (148, 23, 0, 230)
    assert (after.entitled, after.entitled - after.needed, after.paid, after.seats_to_lose) == (108, -17, 17, 0)
    assert (after.to_buy, after.free_to_claim) == (0, 0)


def test_story_2_the_cut_is_harmless_down_to_1000_seats() -> None:
    assert from_totals(CURRENT, qualifying=1000, owned=125, assigned=125, needed=125).paid == 0
    assert from_totals(CURRENT, qualifying=999, owned=125, assigned=125, needed=125).paid == 1


def test_story_21_35_licences_are_needed_free_and_never_ordered_and_25_more_stay_free() -> None:
    ledger = from_totals(CURRENT, qualifying=600, owned=25, assigned=25, needed=60)
    assert (ledger.entitled, ledger.free_to_claim, ledger.to_buy) == (85, 35, 0)
    assert ledger.entitled - ledger.needed == 25


def test_story_26_of_60_further_accounts_42_are_free_and_18_are_payable() -> None:
    today = from_totals(CURRENT, qualifying=1230, owned=106, assigned=106, needed=106)
    then = from_totals(CURRENT, qualifying=1230, owned=106, assigned=106, needed=106 + 60)
    assert (today.entitled, today.free_to_claim, today.to_buy) == (148, 0, 0)
    assert (then.free_to_claim, then.to_buy) == (42, 18)


def test_entitled_but_not_needed_is_nothing_to_claim() -> None:
    ledger = from_totals(CURRENT, qualifying=600, owned=10, assigned=10, needed=10)
    assert (ledger.entitled, ledger.free_to_claim, ledger.to_buy, ledger.paid) == (85, 0, 0, 0)


def test_more_assigned_than_owned_leaves_nothing_to_spare() -> None:
    ledger = from_totals(CURRENT, qualifying=600, owned=10, assigned=12, needed=12)
    assert (ledger.spare, ledger.free_to_claim) == (0, 2)


def test_owned_counts_grace_units_because_they_still_work(make_resource_account_sku: MakeSku) -> None:
    ledger = allocation(CURRENT, [make_resource_account_sku(5, assigned=7, warning=3, suspended=9)], (), needed=7)
    assert (ledger.owned, ledger.assigned, ledger.spare) == (8, 7, 1)


def test_resource_account_licences_of_all_skus_are_added_up(
    make_sku: MakeSku, make_resource_account_sku: MakeSku
) -> None:
    faculty = make_sku(
        "0e142028-345e-45da-8d92-8bfd4093bbb9", plans.MCOEV_VIRTUALUSER, enabled=4, consumed=1, part_number="FACULTY"
    )
    ledger = allocation(CURRENT, [make_resource_account_sku(5, assigned=2), faculty], (), needed=0)
    assert (ledger.owned, ledger.assigned) == (9, 3)


def test_a_resource_account_licence_never_earns_another(make_resource_account_sku: MakeSku) -> None:
    ledger = allocation(CURRENT, [make_resource_account_sku(500)], (), needed=0)
    assert (ledger.qualifying, ledger.entitled, ledger.paid) == (0, 0, 500)


def test_a_sku_for_the_whole_company_is_no_users_licence(make_sku: MakeSku, make_resource_account_sku: MakeSku) -> None:
    skus = [
        make_sku(PHONE_STANDARD, plans.MCOEV, enabled=100, applies_to="Company"),
        make_resource_account_sku(7, assigned=7, applies_to="Company"),
    ]
    ledger = allocation(CURRENT, skus, (), needed=0)
    assert (ledger.qualifying, ledger.owned, ledger.assigned, ledger.by_sku) == (0, 0, 0, ())


def test_an_empty_tenant_is_entitled_to_nothing() -> None:
    ledger = allocation(CURRENT, [], (), needed=3)
    assert (ledger.entitled, ledger.to_buy, ledger.free_to_claim, ledger.paid) == (0, 3, 0, 0)


def test_the_ledger_names_its_policy(make_sku: MakeSku) -> None:
    assert allocation(CURRENT, [make_sku(PHONE_STANDARD, plans.MCOEV)], None, needed=0).policy == "2023-shared-devices"
