"""Which units of a SKU count: bought ones, without trials and without those in their grace period."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.licensing import plans
from shared.licensing.counting import SkuCount
from shared.licensing.ledger import allocation
from shared.licensing.policy import CURRENT, PolicyOverrides
from shared.model.licences import CommerceSubscription, Sku

PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
OTHER_SKU = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"

MakeSku = Callable[..., Sku]

AS_PUBLISHED = PolicyOverrides()


def trial(name: str, total: int, *, sku_id: str = PHONE_STANDARD, status: str = "Enabled") -> CommerceSubscription:
    return CommerceSubscription(id=name, sku_id=sku_id, is_trial=True, total=total, status=status)


def counted(sku: Sku, *subscriptions: CommerceSubscription, site: PolicyOverrides = AS_PUBLISHED) -> SkuCount:
    (row,) = allocation(site.applied_to(CURRENT), [sku], subscriptions, needed=0).by_sku
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
    assert row.counted == 100
    assert row.why == "is Teams Phone Standard; 30 units in their grace period left out, would make it 130"


def test_a_sku_with_nothing_but_grace_units_counts_nothing_now_and_says_what_it_would(make_sku: MakeSku) -> None:
    row = counted(make_sku(PHONE_STANDARD, plans.MCOEV, warning=30, status="Warning"))
    assert row.counted == 0
    assert row.why.endswith("30 units in their grace period left out, would make it 30")


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


def test_a_site_may_count_trials_and_units_in_grace_and_the_row_says_by_a_setting(make_sku: MakeSku) -> None:
    sku = make_sku(PHONE_STANDARD, plans.MCOEV, enabled=100, warning=30)
    site = PolicyOverrides(counts_grace=True, counts_trials=True)
    row = counted(sku, trial("t", 25), site=site)
    assert row.counted == 130
    assert "25 trial units counted by a setting; 30 units in their grace period counted by a setting" in row.why


def test_a_site_may_decide_over_one_sku_whatever_its_kind(make_sku: MakeSku) -> None:
    rooms, bundle, storage = "4cde982a-ede4-4409-9ae6-b003453c8ea6", OTHER_SKU, "00000000-0000-0000-0000-000000000001"
    site = PolicyOverrides(skus={rooms: True, bundle: False, storage: True})
    row = counted(make_sku(rooms, plans.MCOEV, enabled=12), site=site)
    assert (row.counted, row.why.endswith("counted by a setting")) == (12, True)
    row = counted(make_sku(bundle, plans.MCOEV, enabled=12), site=site)
    assert (row.counted, row.why.endswith("not counted by a setting; would add 12")) == (0, True)
    row = counted(make_sku(storage, enabled=12), site=site)
    assert (row.counted, row.why) == (12, "has no phone plan; counted by a setting")


def test_owned_licences_say_what_is_in_grace_and_that_too_many_are_assigned(
    make_resource_account_sku: Callable[..., Sku],
) -> None:
    row = counted(make_resource_account_sku(80, 90, warning=5))
    assert row.counted == 0
    assert row.why == (
        "is the resource-account licence itself; 85 owned, 5 of them in their grace period, 90 assigned; "
        "more assigned than owned: new assignments fail"
    )


def test_negative_units_are_none(make_sku: MakeSku, make_resource_account_sku: Callable[..., Sku]) -> None:
    skus = [make_sku(PHONE_STANDARD, plans.MCOEV, enabled=-5, warning=-3), make_resource_account_sku(-4, -2)]
    ledger = allocation(CURRENT, skus, (trial("t", -9),), needed=0)
    assert (ledger.qualifying, ledger.entitled, ledger.owned, ledger.assigned) == (0, 0, 0, 0)


def test_the_ledger_names_every_override_and_nothing_where_there_is_none(make_sku: MakeSku) -> None:
    sku = make_sku(PHONE_STANDARD, plans.MCOEV, enabled=100)
    site = PolicyOverrides(base=50, needs_number=False)
    assert allocation(site.applied_to(CURRENT), [sku], (), needed=0).overrides == ("base = 50 instead of 25",)
    assert allocation(CURRENT, [sku], (), needed=0).overrides == ()


def test_a_trial_in_its_grace_period_counts_only_where_both_do(make_sku: MakeSku) -> None:
    sku = make_sku(PHONE_STANDARD, plans.MCOEV, warning=25, status="Warning")
    ended = trial("t", 25, status="Warning")
    assert counted(sku, ended, site=PolicyOverrides(counts_grace=True)).counted == 0
    assert counted(sku, ended, site=PolicyOverrides(counts_grace=True, counts_trials=True)).counted == 25
