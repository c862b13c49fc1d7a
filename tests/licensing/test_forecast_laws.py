"""What holds of a forecast whatever the tenant is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from shared.licensing import plans
from shared.licensing.forecast import Assumptions, SeatChange, forecast, without_subscription
from shared.licensing.ledger import allocation
from shared.licensing.policy import POLICIES, Policy, PolicyOverrides
from shared.model.licences import CommerceSubscription, ServicePlan, Sku

PLANS = {
    "06ebc4ee-1bb5-47dd-8120-11324bc54e06": plans.MCOEV,
    "295a8eb0-f78d-45c7-8b5b-1eed5ed02dff": plans.MCOEV,
    "4cde982a-ede4-4409-9ae6-b003453c8ea6": plans.MCOEV,
    "b84d58c9-0a0d-46cf-8a4b-d9f23c1674d5": plans.MCOFMC1,
    "440eaaa8-b3e0-484b-a8be-62870b9ba70a": plans.MCOEV_VIRTUALUSER,
    "00000000-0000-0000-0000-000000000001": plans.MCOEV_GOV,
    "00000000-0000-0000-0000-000000000002": "0feaeb32-d00e-4d66-bd5a-43b5b83db82c",
}
FIRST = date(2027, 1, 1)
T = TypeVar("T")


class Tenant(NamedTuple):
    policy: Policy
    skus: Sequence[Sku]
    subscriptions: Sequence[CommerceSubscription]
    needed: int

    def with_every_sku(self) -> Tenant:
        """The tenant in which seats of any SKU of these tests can come."""
        there = {sku.id for sku in self.skus}
        more = [_sku(sku_id, 0, 0, 0, frozenset()) for sku_id in sorted(PLANS) if sku_id not in there]
        return self._replace(skus=[*self.skus, *more])


units = st.integers(0, 300)
sku_ids = st.sampled_from(sorted(PLANS))
days = st.integers(0, 6).map(lambda number: FIRST + timedelta(days=number))


def _sku(sku_id: str, enabled: int, warning: int, consumed: int, named: frozenset[str]) -> Sku:
    return Sku(
        id=sku_id,
        part_number=f"PART {sku_id}",
        enabled=enabled,
        warning=warning,
        consumed=consumed,
        plans=(ServicePlan(PLANS[sku_id]),),
        subscription_ids=tuple(sorted(named)),
    )


skus = st.lists(
    st.builds(_sku, sku_ids, units, units, units, st.frozensets(st.sampled_from("abcdef"), max_size=2)),
    max_size=5,
    unique_by=lambda sku: sku.id,
)
subscriptions = st.lists(
    st.builds(
        CommerceSubscription,
        id=st.sampled_from("abcdef"),
        sku_id=sku_ids,
        status=st.sampled_from(("Enabled", "Warning", "Suspended", "Deleted")),
        is_trial=st.booleans(),
        total=units,
        next_lifecycle=st.none() | days.map(lambda day: datetime(day.year, day.month, day.day, 9, tzinfo=UTC)),
    ),
    max_size=6,
    unique_by=lambda each: each.id,
)
policies = st.builds(
    lambda policy, overrides: overrides.applied_to(policy),
    st.sampled_from(sorted(POLICIES.values(), key=lambda policy: policy.id)),
    st.builds(PolicyOverrides, counts_grace=st.none() | st.booleans(), counts_trials=st.none() | st.booleans()),
)
tenants = st.builds(Tenant, policies, skus, subscriptions, st.integers(0, 120))
larger_tenants = tenants.map(Tenant.with_every_sku)
additions = st.lists(st.builds(SeatChange, by=units, sku=st.none() | sku_ids), max_size=4).map(tuple)
Seats = tuple[SeatChange, ...]


@given(tenants)
def test_where_nothing_changes_then_is_today(tenant: Tenant) -> None:
    found = forecast(*tenant, Assumptions())
    assert found.then == found.today == allocation(*tenant)
    assert found.changes == ()


@given(larger_tenants, additions)
def test_seats_that_come_and_go_again_were_never_there(tenant: Tenant, seats: Seats) -> None:
    found = forecast(*tenant, Assumptions(seats=(*seats, *_back(seats))))
    assert found.then == found.today
    assert list(found.skus) == tenant.skus


@given(larger_tenants, additions)
def test_seats_of_a_sku_that_come_in_one_forecast_go_in_the_next(tenant: Tenant, seats: Seats) -> None:
    seats = tuple(each for each in seats if each.sku is not None)
    there = forecast(*tenant, Assumptions(seats=seats))
    again = forecast(*tenant._replace(skus=there.skus), Assumptions(seats=_back(seats)))
    assert again.then == there.today


@given(larger_tenants, additions)
def test_more_seats_never_entitle_to_less_nor_make_more_to_buy(tenant: Tenant, seats: Seats) -> None:
    found = forecast(*tenant, Assumptions(seats=seats))
    assert found.then.entitled >= found.today.entitled
    assert found.then.owned >= found.today.owned
    assert found.then.to_buy <= found.today.to_buy


@given(tenants, st.sampled_from("abcdef"))
def test_without_a_subscription_there_is_never_more_of_anything(tenant: Tenant, ending: str) -> None:
    skus, left = without_subscription(tenant.skus, tenant.subscriptions, ending)
    before, after = allocation(*tenant), allocation(*tenant._replace(skus=skus, subscriptions=left))
    assert after.entitled <= before.entitled
    assert after.owned <= before.owned
    assert all(new.counted <= old.counted for old, new in zip(before.by_sku, after.by_sku, strict=True))
    for old_sku, new_sku in zip(tenant.skus, skus, strict=True):
        assert 0 <= new_sku.enabled <= old_sku.enabled
        assert 0 <= new_sku.warning <= old_sku.warning


@given(tenants, st.sampled_from("abcdef"))
def test_a_subscription_ends_once(tenant: Tenant, ending: str) -> None:
    once = without_subscription(tenant.skus, tenant.subscriptions, ending)
    assert without_subscription(*once, ending) == once


@given(larger_tenants, additions, days, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_told_does_not_matter(
    tenant: Tenant, seats: Seats, day: date, random: Random
) -> None:
    found = forecast(*tenant, Assumptions(seats=seats, on=day))
    shuffled = tenant._replace(subscriptions=_shuffled(tenant.subscriptions, random))
    again = forecast(*shuffled, Assumptions(seats=tuple(_shuffled(seats, random)), on=day))
    assert (again.today, again.then, again.changes) == (found.today, found.then, found.changes)


@given(tenants, days, days)
def test_a_later_day_never_entitles_to_more(tenant: Tenant, one: date, other: date) -> None:
    sooner, later = (forecast(*tenant, Assumptions(on=day)).then for day in sorted((one, other)))
    assert later.entitled <= sooner.entitled
    assert later.owned <= sooner.owned


@given(larger_tenants, st.integers(0, 200), additions)
def test_every_account_that_comes_is_needed(tenant: Tenant, accounts: int, seats: Seats) -> None:
    found = forecast(*tenant, Assumptions(accounts=accounts, seats=seats))
    assert found.then.needed == found.today.needed + accounts


def _back(seats: Seats) -> Seats:
    return tuple(SeatChange(by=-each.by, sku=each.sku) for each in seats)


def _shuffled(things: Sequence[T], random: Random) -> list[T]:
    return random.sample(list(things), len(things))


def test_the_end_of_a_trial_in_its_grace_period_that_no_figure_shows_adds_nothing() -> None:
    sku_id = next(iter(sorted(PLANS)))
    policy = PolicyOverrides(counts_grace=True).applied_to(POLICIES["2019-07-virtual-user"])
    trial = CommerceSubscription(id="b", sku_id=sku_id, status="Warning", is_trial=True, total=1)
    skus, left = without_subscription([_sku(sku_id, 1, 0, 0, frozenset())], [trial], "b")
    assert allocation(policy, skus, left, 0).qualifying == 0
