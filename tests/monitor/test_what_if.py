"""Whom a forecast concerns, and what the use case makes of a tenant that it reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import simulator
from shared.licensing import plans
from shared.licensing.forecast import Assumptions, SeatChange
from shared.licensing.policy import CURRENT, POLICIES, Policy
from shared.licensing.price import Price
from shared.model.directory import Account
from shared.model.errors import LinekeeperError
from shared.model.licences import CommerceSubscription, Sku
from shared.model.numbers import PhoneNumber
from shared.model.tenant import TenantState
from shared.monitor.monitor import Monitor
from shared.monitor.what_if import NotKnown, WhatIf, answer, to_json, what_if
from shared.rules.snapshot import Snapshot

E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
FACULTY = "0e142028-345e-45da-8d92-8bfd4093bbb9"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DAY = date(2027, 3, 31)
END = datetime(2027, 3, 1, tzinfo=UTC)
POLICY_OF_2020 = POLICIES["2019-07-virtual-user"]

Make = Callable[..., Sku]
MakeAccount = Callable[..., Account]
MakeState = Callable[..., TenantState]
MakeNumber = Callable[..., PhoneNumber]


@pytest.fixture
def owned(make_resource_account_sku: Make) -> Make:
    def make(units: int, assigned: int = 0) -> Sku:
        return make_resource_account_sku(units, assigned, part_number="RESOURCE")

    return make


@pytest.fixture
def seats(make_sku: Make) -> Make:
    def make(units: int) -> Sku:
        return make_sku(E5, plans.MCOEV, enabled=units, part_number="SPE_E5")

    return make


def asked(
    state: TenantState, *changes: tuple[str | None, int], policy: Policy = CURRENT, on: date | None = None
) -> WhatIf:
    assumptions = Assumptions(seats=tuple(SeatChange(sku=sku, by=by) for sku, by in changes), on=on)
    return answer(Snapshot(state, now=NOW, policy=policy), assumptions, {})


def said(result: WhatIf) -> list[tuple[str, str, str]]:
    return [(each.effect, each.name, each.why) for each in result.affected]


def test_where_all_units_go_every_holder_loses_its_licence_those_on_no_number_first(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, owned: Make, seats: Make
) -> None:
    state = make_state(
        make_account(1, RESOURCE_ACCOUNT),
        make_account(2, RESOURCE_ACCOUNT),
        skus=(seats(100), owned(2, 2)),
        numbers=(make_number("+15550100", 1),),
        subscriptions=(CommerceSubscription(id="s", sku_id=RESOURCE_ACCOUNT, total=2, next_lifecycle=END),),
    )
    result = asked(state, on=DAY)
    why = "would lose its licence: nothing of RESOURCE would be left"
    assert result.losing == 2
    assert said(result) == [("may-lose-its-licence", "Account 2", why), ("may-lose-its-licence", "Account 1", why)]
    assert [each.numbers for each in result.affected] == [(), ("+15550100",)]


def test_where_some_must_go_all_holders_are_possible_and_people_are_named_before_lines(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, owned: Make, seats: Make
) -> None:
    state = make_state(
        make_account(1, RESOURCE_ACCOUNT),
        make_account(2, RESOURCE_ACCOUNT),
        make_account(3, RESOURCE_ACCOUNT, marked=False, name="Person"),
        skus=(seats(100), owned(5, 3)),
        numbers=(make_number("+15550100", 1),),
    )
    result = asked(state, ("RESOURCE", -4))
    why = "2 of the 3 holders of RESOURCE would lose theirs"
    assert result.losing == 2
    assert said(result) == [("may-lose-its-licence", name, why) for name in ("Person", "Account 2", "Account 1")]


def test_units_that_nobody_uses_may_go_without_harm(
    make_state: MakeState, make_account: MakeAccount, owned: Make, seats: Make
) -> None:
    state = make_state(make_account(1, RESOURCE_ACCOUNT), skus=(seats(100), owned(5, 1)))
    result = asked(state, ("RESOURCE", -4))
    assert (result.losing, result.affected) == (0, ())


def test_an_account_with_both_of_two_licences_that_go_is_named_once_with_both_reasons(
    make_state: MakeState, make_account: MakeAccount, make_sku: Make, owned: Make, seats: Make
) -> None:
    faculty = make_sku(FACULTY, plans.MCOEV_VIRTUALUSER, enabled=1, part_number="FACULTY")
    state = make_state(make_account(1, RESOURCE_ACCOUNT, FACULTY), skus=(seats(100), owned(1), faculty))
    result = asked(state, ("RESOURCE", -1), ("FACULTY", -1))
    (only,) = result.affected
    assert only.why == (
        "would lose its licence: nothing of RESOURCE would be left; "
        "would lose its licence: nothing of FACULTY would be left"
    )


def test_licences_that_are_short_already_are_not_laid_at_the_door_of_the_change(
    make_state: MakeState, make_account: MakeAccount, owned: Make, seats: Make
) -> None:
    state = make_state(*(make_account(n, RESOURCE_ACCOUNT) for n in (1, 2, 3)), skus=(seats(100), owned(1, 3)))
    assert asked(state, (None, 10)).losing == 0


def test_accounts_without_a_licence_get_theirs_the_cheapest_way_first_and_lines_before_others(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, owned: Make, seats: Make
) -> None:
    licensed = [make_account(n, RESOURCE_ACCOUNT) for n in range(1, 25)]
    state = make_state(
        *licensed,
        *(make_account(n) for n in (50, 51, 52)),
        skus=(seats(9), owned(25, 24)),
        numbers=(make_number("+15550100", 52),),
    )
    result = asked(state, (None, 1))
    assert (result.forecast.today.to_buy, result.forecast.then.to_buy) == (2, 1)
    assert said(result) == [
        ("has-no-licence", "Account 52", "holds no licence: one is to spare"),
        ("has-no-licence", "Account 50", "holds no licence: one more can be claimed at price zero"),
        ("has-no-licence", "Account 51", "holds no licence: one must be bought"),
    ]


def test_a_licence_on_a_person_is_taken_back_before_one_is_bought(
    make_state: MakeState, make_account: MakeAccount, owned: Make, seats: Make
) -> None:
    state = make_state(make_account(1), make_account(2, RESOURCE_ACCOUNT, marked=False), skus=(seats(1), owned(1, 1)))
    assert said(asked(state)) == [
        (
            "has-no-licence",
            "Account 1",
            "holds no licence: one can be taken back from an account that needs none",
        )
    ]


def test_a_phone_licence_is_none_today_and_was_one_in_2020(
    make_state: MakeState, make_account: MakeAccount, make_sku: Make, make_number: MakeNumber, seats: Make
) -> None:
    phone = make_sku(PHONE_STANDARD, plans.MCOEV, enabled=5, part_number="MCOEV")
    numbers = (make_number("+15550100", 1),)
    state = make_state(make_account(1, PHONE_STANDARD), skus=(seats(10), phone), numbers=numbers)
    (today,) = asked(state).affected
    assert today.why == (
        "holds a phone licence in place of the resource-account licence: one more can be claimed at price zero"
    )
    assert asked(state, policy=POLICY_OF_2020).affected == ()


def test_where_licences_become_payable_people_and_accounts_on_no_number_could_give_theirs_back(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, owned: Make, seats: Make
) -> None:
    state = make_state(
        *(make_account(n, RESOURCE_ACCOUNT) for n in range(1, 26)),
        make_account(90, RESOURCE_ACCOUNT, marked=False, name="Person"),
        skus=(seats(10), owned(26, 26)),
        numbers=tuple(make_number(f"+155501{n:02}", n) for n in range(1, 25)),
    )
    result = asked(state, (None, -1))
    assert (result.forecast.today.paid, result.forecast.then.paid) == (0, 1)
    assert said(result) == [
        (
            "could-give-its-licence-back",
            "Person",
            "is a person, who must not hold a resource-account licence: it could be taken back first",
        ),
        (
            "could-give-its-licence-back",
            "Account 25",
            "no number leads to it: unless an attendant or queue does, it could go first, and its licence with it",
        ),
    ]
    assert asked(state, (None, 1)).affected == ()


def test_an_account_that_needs_no_licence_under_the_policy_could_give_its_own_back(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, owned: Make, seats: Make
) -> None:
    state = make_state(
        make_account(1, RESOURCE_ACCOUNT),
        make_account(2, RESOURCE_ACCOUNT),
        skus=(seats(1), owned(2, 2)),
        numbers=(make_number("+15550100", 1),),
    )
    result = asked(state, ("SPE_E5", -1), policy=POLICY_OF_2020)
    assert said(result) == [
        (
            "could-give-its-licence-back",
            "Account 2",
            "no number leads to it, so that it needs no licence: its own could be taken back first",
        )
    ]


def test_where_numbers_were_never_read_no_account_is_taken_for_one_without(
    make_state: MakeState, make_account: MakeAccount, owned: Make, seats: Make
) -> None:
    state = make_state(make_account(1, RESOURCE_ACCOUNT), make_account(2), skus=(seats(1), owned(1, 1)))
    result = asked(state, ("SPE_E5", -1))
    assert result.forecast.then.paid == 1
    assert [(each.name, each.effect, each.numbers) for each in result.affected] == [
        ("Account 2", "has-no-licence", None)
    ]


def test_each_account_is_named_once(make_state: MakeState, make_account: MakeAccount, owned: Make, seats: Make) -> None:
    state = make_state(*(make_account(n, RESOURCE_ACCOUNT) for n in (1, 2)), skus=(seats(1), owned(2, 2)), numbers=())
    result = asked(state, ("RESOURCE", -1), ("SPE_E5", -1))
    assert [each.effect for each in result.affected] == ["may-lose-its-licence"] * 2


def test_json_prices_what_is_payable_where_a_price_is_set(
    make_state: MakeState, make_account: MakeAccount, owned: Make, seats: Make
) -> None:
    state = make_state(*(make_account(n, RESOURCE_ACCOUNT) for n in range(26)), skus=(seats(10), owned(26, 26)))
    price = Price(licence=Decimal("7.5"), currency="EUR", per="year")
    snapshot = Snapshot(state, now=NOW, policy=CURRENT, price=price)
    assumptions = Assumptions(seats=(SeatChange(by=-1),), accounts=4)
    document = json.loads(to_json(answer(snapshot, assumptions, {})))
    assert document["cost"] == {
        "currency": "EUR",
        "per": "year",
        "today": {"to_buy": "0.00", "paid": "0.00"},
        "then": {"to_buy": "30.00", "paid": "7.50"},
    }


async def test_the_tenant_is_read_and_nothing_is_sent_or_changed(
    sim: simulator.SimulatorServer, make_monitor: Callable[..., Monitor]
) -> None:
    changes = len(sim.tenant.changes)
    result = await what_if(make_monitor(graph_url=sim.graph_url), Assumptions(accounts=10))
    assert isinstance(result, WhatIf)
    assert (result.forecast.today.needed, result.forecast.then.needed) == (90, 100)
    assert (result.forecast.today.to_buy, result.forecast.then.to_buy) == (5, 15)
    assert result.sources["numbers"].state == "complete"
    assert len(sim.tenant.changes) == changes


async def test_a_tenant_that_cannot_be_read_gets_no_answer_but_the_reasons(
    sim: simulator.SimulatorServer, make_monitor: Callable[..., Monitor]
) -> None:
    sim.graph.outage = 503
    result = await what_if(make_monitor(graph_url=sim.graph_url), Assumptions())
    assert isinstance(result, NotKnown)
    document = json.loads(to_json(result))
    assert (document["today"], document["then"], document["changes"], document["affected"]) == (None, None, [], [])
    assert document["sources"]["licences"]["state"] == "failed"
    assert "503" in document["sources"]["licences"]["problem"]


async def test_where_the_subscriptions_are_refused_a_day_names_the_permission_and_seats_are_answered(
    sim: simulator.SimulatorServer, make_monitor: Callable[..., Monitor]
) -> None:
    sim.graph.refusals["GET directory/subscriptions"] = 403
    monitor = make_monitor(graph_url=sim.graph_url)
    with pytest.raises(LinekeeperError, match=r"Organization\.Read\.All"):
        await what_if(monitor, Assumptions(on=DAY))
    assert isinstance(await what_if(monitor, Assumptions(seats=(SeatChange(by=10),))), WhatIf)
