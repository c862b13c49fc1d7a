"""What holds of the ledger whatever its numbers are."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing.ledger import Allocation, from_totals, seats_to_lose, seats_to_next
from shared.licensing.policy import POLICIES, Policy

policies = st.sampled_from(sorted(POLICIES.values(), key=lambda policy: policy.id))
units = st.integers(0, 100_000)
few_units = st.integers(0, 300)
licences = st.integers(0, 12_000)


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


@given(ledgers())
def test_claiming_what_is_free_never_costs_anything(ledger: Allocation) -> None:
    policy = POLICIES[ledger.policy]
    claimed = from_totals(
        policy,
        qualifying=ledger.qualifying,
        owned=ledger.owned + ledger.free_to_claim,
        assigned=ledger.assigned,
        needed=ledger.needed,
    )
    assert (claimed.free_to_claim, claimed.paid, claimed.to_buy) == (0, ledger.paid, ledger.to_buy)


@given(ledgers())
def test_an_account_has_a_margin_only_where_all_are_covered(ledger: Allocation) -> None:
    assert ledger.seats_to_lose == 0 or ledger.needed <= ledger.entitled
