"""The memory of what accounts held: a swap with a gap is seen, and a swap in one save never is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing.history import LONGEST_GAP, REMEMBERED_CHANGES, confirmed, observed
from shared.model.history import Held, LicenceHistory

START = datetime(2026, 11, 1, tzinfo=UTC)
NUMBER = "+14255550100"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def after(*held: Held, every: timedelta = timedelta(days=1)) -> LicenceHistory:
    """The history after these observations, one an interval."""
    seen = enumerate(held)
    return reduce(lambda known, each: observed(known, each[1], START + each[0] * every), seen, LicenceHistory())


def test_a_phone_licence_then_nothing_then_the_resource_account_licence_is_a_swap_with_a_gap() -> None:
    swap = after("phone", "nothing", "resource_account").swap
    assert swap is not None
    assert (swap.nothing_since, swap.licensed_at, swap.confirmed) == (day(1), day(2), None)


@pytest.mark.parametrize(
    "held",
    [
        ("phone", "resource_account"),
        ("phone", "both", "resource_account"),
        ("nothing", "resource_account"),
        ("resource_account", "nothing", "resource_account"),
        ("phone", "resource_account", "nothing", "resource_account"),
        ("phone", "nothing", "phone"),
        ("phone", "nothing", "phone", "resource_account"),
        ("resource_account", "phone"),
        ("resource_account", "nothing", "phone"),
        ("phone", "nothing"),
    ],
)
def test_what_is_no_swap_with_a_gap(held: tuple[Held, ...]) -> None:
    assert after(*held).swap is None


def test_observations_that_repeat_what_is_known_change_nothing() -> None:
    once = after("phone", "nothing")
    assert observed(once, "nothing", day(9)) is once
    assert after("phone", "phone", "nothing", "nothing", "resource_account").swap is not None


def test_an_observation_older_than_what_is_known_is_dropped() -> None:
    known = after("phone", "resource_account")
    assert observed(known, "nothing", day(0.5)) is known


def test_an_account_that_lay_idle_for_longer_than_a_month_was_not_swapped() -> None:
    gap = observed(after("phone"), "nothing", day(1))
    assert observed(gap, "resource_account", day(1) + LONGEST_GAP).swap is not None
    assert observed(gap, "resource_account", day(1) + LONGEST_GAP + timedelta(seconds=1)).swap is None


def test_a_swap_is_remembered_however_often_the_licences_change_afterwards() -> None:
    many: tuple[Held, ...] = ("nothing", "resource_account") * 30
    history = after("phone", *many)
    assert history.swap is not None
    assert history.swap.nothing_since == day(1)
    assert len(history.changes) == REMEMBERED_CHANGES


def test_a_confirmed_swap_is_over_and_a_later_one_is_another() -> None:
    done = confirmed(after("phone", "nothing", "resource_account"), day(3))
    assert done.swap is not None
    assert done.swap.confirmed == day(3)
    swap: list[tuple[Held, int]] = [("phone", 4), ("nothing", 5), ("resource_account", 6)]
    again = reduce(
        lambda known, each: observed(known, each[0], day(each[1])),
        swap,
        done,
    )
    assert again.swap is not None
    assert (again.swap.nothing_since, again.swap.confirmed) == (day(5), None)


def test_an_account_whose_licences_nobody_changed_holds_what_it_held() -> None:
    phone = observed(LicenceHistory(), "phone", day(0), licences=7)
    assert observed(phone, "nothing", day(1), licences=7) is phone
    assert observed(phone, "nothing", day(1), licences=8).changes[-1].held == "nothing"


def test_confirming_where_nothing_was_swapped_changes_nothing() -> None:
    history = after("phone")
    assert confirmed(history, day(3)) is history


def test_an_open_swap_remembers_every_number_that_led_to_the_account_since() -> None:
    swapped = observed(after("phone", "nothing"), "resource_account", day(2), numbers=[NUMBER])
    assert swapped.swap is not None
    assert swapped.swap.numbers == (NUMBER,)
    moved = observed(swapped, "resource_account", day(3), numbers=["+14255550101"])
    assert moved.swap is not None
    assert moved.swap.numbers == (NUMBER, "+14255550101")
    assert observed(moved, "resource_account", day(4)) is moved


def test_a_closed_swap_learns_no_more_numbers() -> None:
    done = confirmed(after("phone", "nothing", "resource_account"), day(3))
    assert observed(done, "resource_account", day(4), numbers=[NUMBER], apps=["app"]) is done


helds = st.sampled_from(["nothing", "phone", "resource_account", "both"])


@given(st.lists(helds.filter(lambda held: held != "nothing"), max_size=30))
def test_an_account_that_was_never_seen_without_a_plan_was_never_swapped_with_a_gap(held: list[Held]) -> None:
    assert after(*held).swap is None


@given(st.lists(helds, max_size=60))
def test_the_history_is_bounded_and_in_order_and_no_two_neighbours_are_alike(held: list[Held]) -> None:
    changes = after(*held, every=timedelta(hours=1)).changes
    assert len(changes) <= REMEMBERED_CHANGES
    assert all(one.since < other.since and one.held != other.held for one, other in pairwise(changes))


@given(st.lists(helds, max_size=30), st.lists(helds, max_size=30))
def test_forgetting_the_oldest_changes_never_hides_a_swap(before: list[Held], later: list[Held]) -> None:
    swapped: list[Held] = ["phone", "nothing", "resource_account"]
    assert after(*before, *swapped, *later, every=timedelta(hours=1)).swap is not None
