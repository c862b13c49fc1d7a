"""Which units of a SKU count: bought ones, without trials and without those in their grace period."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.licensing import plans
from shared.licensing.ledger import SkuCount, allocation
from shared.licensing.policy import CURRENT
from shared.model.licences import CommerceSubscription, Sku

PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
OTHER_SKU = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"

MakeSku = Callable[..., Sku]


def trial(name: str, total: int, *, sku_id: str = PHONE_STANDARD, status: str = "Enabled") -> CommerceSubscription:
    return CommerceSubscription(id=name, sku_id=sku_id, is_trial=True, total=total, status=status)


def counted(sku: Sku, *subscriptions: CommerceSubscription) -> SkuCount:
    (row,) = allocation(CURRENT, [sku], subscriptions, needed=0).by_sku
    return row


def test_trials_are_left_out_by_subscription_id(make_sku: MakeSku) -> None:
    sku = make_sku(PHONE_STANDARD, plans.MCOEV, enabled=125, subscription_ids=("bought", "trial"))
    row = counted(sku, CommerceSubscription(id="bought", sku_id=PHONE_STANDARD, total=100), trial("trial", 25))
    assert (row.counted, row.why) == (100, "is Teams Phone Standard; 25 trial units left out")


def test_trials_are_left_out_by_sku_id_where_the_sku_names_no_subscription(make_sku: MakeSku) -> None:
    row = counted(make_sku(PHONE_STANDARD, plans.MCOEV, enabled=125), trial("any", 25), trial("other", 9, sku_id="x"))
    assert row.counted == 100


def test_a_trial_of_another_subscription_id_is_not_this_skus(make_sku: MakeSku) -> None:
    sku = make_sku(PHONE_STANDARD, plans.MCOEV, enabled=125, subscription_ids=("bought",))
    assert counted(sku, trial("elsewhere", 25)).counted == 125


def test_several_trials_of_a_sku_are_added_up(make_sku: MakeSku) -> None:
    sku = make_sku(PHONE_STANDARD, plans.MCOEV, enabled=125, subscription_ids=("a", "b"))
    assert counted(sku, trial("a", 25), trial("b", 25)).counted == 75


@pytest.mark.parametrize("status", ["Warning", "Suspended", "LockedOut", "Deleted"])
def test_a_trial_that_is_over_is_no_longer_among_the_enabled_units(status: str, make_sku: MakeSku) -> None:
    assert counted(make_sku(PHONE_STANDARD, plans.MCOEV, enabled=100), trial("t", 25, status=status)).counted == 100


def test_a_trial_larger_than_what_is_enabled_never_makes_a_negative_count(make_sku: MakeSku) -> None:
    skus = [make_sku(PHONE_STANDARD, plans.MCOEV, enabled=10), make_sku(OTHER_SKU, plans.MCOEV, enabled=10)]
    ledger = allocation(CURRENT, skus, (trial("t", 25),), needed=0)
    assert [row.counted for row in ledger.by_sku] == [0, 10]
    assert ledger.qualifying == 10


def test_where_subscriptions_may_not_be_read_all_units_count_and_the_ledger_says_so(make_sku: MakeSku) -> None:
    sku = make_sku(PHONE_STANDARD, plans.MCOEV, enabled=125)
    (row,) = allocation(CURRENT, [sku], None, needed=0).by_sku
    assert (row.counted, row.why) == (125, "is Teams Phone Standard; trial state unknown")


def test_a_developer_tenants_e5_counts_unless_it_is_a_trial(make_sku: MakeSku) -> None:
    developer = "c42b9cae-ea4f-4ab7-9717-81576235ccac"
    sku = make_sku(developer, plans.MCOEV, enabled=25)
    assert counted(sku).counted == 25
    assert counted(sku, trial("t", 25, sku_id=developer)).counted == 0


def test_grace_units_earn_nothing_and_the_ledger_says_how_many_there_are(make_sku: MakeSku) -> None:
    row = counted(make_sku(PHONE_STANDARD, plans.MCOEV, enabled=100, warning=30))
    assert (row.counted, row.why) == (100, "is Teams Phone Standard; 30 units in their grace period left out")


def test_a_sku_with_nothing_but_grace_units_counts_nothing_now_and_says_what_it_would(make_sku: MakeSku) -> None:
    row = counted(make_sku(PHONE_STANDARD, plans.MCOEV, warning=30, status="Warning"))
    assert row.counted == 0
    assert "30 units in their grace period" in row.why


def test_suspended_and_locked_units_count_nothing(make_sku: MakeSku) -> None:
    assert counted(make_sku(PHONE_STANDARD, plans.MCOEV, suspended=40, locked_out=40)).counted == 0


def test_units_count_as_bought_and_not_as_assigned(make_sku: MakeSku) -> None:
    assert counted(make_sku(PHONE_STANDARD, plans.MCOEV, enabled=100, consumed=3)).counted == 100
    assert counted(make_sku(PHONE_STANDARD, plans.MCOEV, enabled=100, consumed=130)).counted == 100


def test_every_row_of_the_ledger_adds_up_to_what_qualifies(make_sku: MakeSku) -> None:
    skus = [
        make_sku(PHONE_STANDARD, plans.MCOEV, enabled=125),
        make_sku(OTHER_SKU, plans.MCOEV_GOV, enabled=7, warning=1),
        make_sku("4cde982a-ede4-4409-9ae6-b003453c8ea6", plans.MCOEV, enabled=12),
        make_sku(1, "57ff2da0-773e-42df-b2af-ffb7a2317929", enabled=999),
    ]
    ledger = allocation(CURRENT, skus, (trial("t", 25),), needed=0)
    assert [row.counted for row in ledger.by_sku] == [100, 7, 0]
    assert ledger.qualifying == 107
    assert all(row.why for row in ledger.by_sku)
