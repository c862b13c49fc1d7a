"""What holds of the ledger whatever its numbers are."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing.catalogue import PUBLISHED, plan_ids_of
from shared.licensing.ledger import Allocation, allocation, from_totals, seats_to_lose, seats_to_next
from shared.licensing.policy import POLICIES, Policy, PolicyOverrides
from shared.model.licences import CommerceSubscription, ServicePlan, Sku

countable = sorted(sku.id for sku in PUBLISHED.values() if sku.kind != "resource_account")
overrides = st.builds(
    PolicyOverrides,
    base=st.none() | st.integers(0, 60),
    step=st.none() | st.integers(1, 40),
    counts_grace=st.none() | st.booleans(),
    counts_trials=st.none() | st.booleans(),
    skus=st.dictionaries(st.sampled_from(countable), st.booleans(), max_size=3),
)
published = st.sampled_from(sorted(POLICIES.values(), key=lambda policy: policy.id))
policies = st.builds(PolicyOverrides.applied_to, overrides, published)
units = st.integers(0, 100_000)
few_units = st.integers(0, 300)
licences = st.integers(0, 12_000)


def owned_sku(sku_id: str, **units: Any) -> Sku:  # noqa: ANN401 - units by their names
    plan_ids = sorted(plan_ids_of(sku_id, {}))
    return Sku(id=sku_id, part_number=PUBLISHED[sku_id].part_number, plans=tuple(map(ServicePlan, plan_ids)), **units)


any_units = st.integers(-5, 2_000)
owned_skus = st.lists(
    st.builds(owned_sku, st.sampled_from(sorted(PUBLISHED)), enabled=any_units, warning=any_units, consumed=any_units),
    max_size=8,
    unique_by=lambda sku: sku.id,
)
trials = st.lists(
    st.builds(
        CommerceSubscription,
        id=st.uuids().map(str),
        sku_id=st.sampled_from(sorted(PUBLISHED)),
        is_trial=st.just(True),  # noqa: FBT003 - a value
        total=st.integers(-5, 500),
    ),
    max_size=5,
)


def ledgers() -> st.SearchStrategy[Allocation]:
    return st.builds(from_totals, policies, qualifying=units, owned=licences, assigned=licences, needed=licences)


@given(policies, units, units)
def test_more_seats_never_entitle_to_less(policy: Policy, one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    assert policy.entitled(fewer) <= policy.entitled(more)


@given(policies, st.lists(st.integers(0, 500), max_size=8))
def test_pooling_never_entitles_to_less_than_dividing_each_part(policy: Policy, parts: list[int]) -> None:
    pooled = policy.entitled(sum(parts))
    assert pooled >= max((policy.entitled(part) for part in parts), default=0)
    assert pooled >= (policy.base + sum(part // policy.step for part in parts) if sum(parts) else 0)


@given(policies, few_units)
def test_seats_to_next_is_the_first_seat_that_entitles_to_more(policy: Policy, qualifying: int) -> None:
    tried = next(n for n in range(1, 1000) if policy.entitled(qualifying + n) > policy.entitled(qualifying))
    assert seats_to_next(policy, qualifying) == tried


@given(policies, few_units, st.integers(0, 70))
def test_seats_to_lose_is_the_last_seat_that_still_covers_what_is_needed(
    policy: Policy, qualifying: int, needed: int
) -> None:
    harmless = [n for n in range(qualifying + 1) if policy.entitled(qualifying - n) >= needed]
    assert seats_to_lose(policy, qualifying, needed) == max(harmless, default=0)


@given(policies, units)
def test_seats_to_lose_undoes_seats_to_next(policy: Policy, qualifying: int) -> None:
    grown = qualifying + seats_to_next(policy, qualifying)
    assert seats_to_lose(policy, grown, policy.entitled(grown)) == 0


@given(ledgers())
def test_no_figure_is_negative(ledger: Allocation) -> None:
    figures = (value for value in msgspec.structs.asdict(ledger).values() if isinstance(value, int))
    assert min(figures) >= 0


@given(ledgers())
def test_what_is_claimed_and_what_is_bought_add_up_to_what_is_missing(ledger: Allocation) -> None:
    assert ledger.free_to_claim + ledger.to_buy == max(0, ledger.needed - ledger.owned)


@given(ledgers())
def test_nothing_is_bought_while_the_allocation_covers_it(ledger: Allocation) -> None:
    assert (ledger.to_buy > 0) == (ledger.needed > max(ledger.entitled, ledger.owned))


@given(ledgers())
def test_nothing_is_free_to_claim_for_whom_already_pays(ledger: Allocation) -> None:
    assert ledger.owned - ledger.paid <= ledger.entitled
    assert ledger.paid == 0 or ledger.free_to_claim == 0


@given(policies, units, licences, licences, licences)
def test_claiming_what_is_free_never_costs_anything(
    policy: Policy, qualifying: int, owned: int, assigned: int, needed: int
) -> None:
    before = from_totals(policy, qualifying=qualifying, owned=owned, assigned=assigned, needed=needed)
    after = from_totals(
        policy, qualifying=qualifying, owned=owned + before.free_to_claim, assigned=assigned, needed=needed
    )
    assert (after.free_to_claim, after.paid, after.to_buy) == (0, before.paid, before.to_buy)


@given(ledgers())
def test_an_account_has_a_margin_only_where_all_are_covered(ledger: Allocation) -> None:
    assert ledger.seats_to_lose == 0 or ledger.needed <= ledger.entitled


@given(policies, owned_skus, st.none() | trials, licences)
def test_the_rows_of_the_ledger_are_its_totals_and_each_says_why(
    policy: Policy, skus: list[Sku], subscriptions: list[CommerceSubscription] | None, needed: int
) -> None:
    ledger = allocation(policy, skus, subscriptions, needed)
    assert sum(row.counted for row in ledger.by_sku) == ledger.qualifying
    assert ledger.entitled == policy.entitled(ledger.qualifying)
    assert all(row.why and row.counted >= 0 for row in ledger.by_sku)
    assert len({row.sku_id for row in ledger.by_sku}) == len(ledger.by_sku)
    assert min(ledger.owned, ledger.assigned, ledger.paid, ledger.spare) >= 0


@given(policies, owned_skus, trials)
def test_the_order_in_which_graph_lists_skus_changes_no_figure(
    policy: Policy, skus: list[Sku], subscriptions: list[CommerceSubscription]
) -> None:
    one = allocation(policy, skus, subscriptions, needed=40)
    other = allocation(policy, reversed(skus), tuple(reversed(subscriptions)), needed=40)
    assert msgspec.structs.replace(one, by_sku=()) == msgspec.structs.replace(other, by_sku=())


@given(policies, owned_skus, trials)
def test_a_trial_never_earns_more_than_its_units_bought_would(
    policy: Policy, skus: list[Sku], subscriptions: list[CommerceSubscription]
) -> None:
    bought = [msgspec.structs.replace(each, is_trial=False) for each in subscriptions]
    as_trial, as_bought = (allocation(policy, skus, each, needed=0) for each in (subscriptions, bought))
    assert as_trial.qualifying <= as_bought.qualifying


@given(overrides, published)
def test_a_policy_names_as_many_overrides_as_change_something(site: PolicyOverrides, policy: Policy) -> None:
    overridden = site.applied_to(policy)
    assert bool(overridden.overrides) == (msgspec.structs.replace(overridden, overrides=()) != policy)
