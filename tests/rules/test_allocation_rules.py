"""The rules about the free allocation: what is never ordered, what must be bought, and what costs money."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from shared.licensing import plans
from shared.licensing.policy import CURRENT, POLICIES, PolicyOverrides
from shared.licensing.price import Price
from shared.model.directory import Account, AssignedLicence
from shared.model.finding import Finding
from shared.model.licences import Sku
from shared.model.tenant import TenantState
from shared.rules import (
    allocation_exceeded,
    allocation_margin_low,
    allocation_short,
    allocation_unclaimed,
    spare_licences_low,
)
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot
from shared.rules.thresholds import Thresholds

UNCLAIMED = allocation_unclaimed.RULE
SHORT = allocation_short.RULE
EXCEEDED = allocation_exceeded.RULE
MARGIN_LOW = allocation_margin_low.RULE
SPARE_LOW = spare_licences_low.RULE
RULES = (UNCLAIMED, SHORT, EXCEEDED, MARGIN_LOW, SPARE_LOW)

PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"

Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(
    make_account: Callable[..., Account],
    make_sku: Callable[..., Sku],
    make_resource_account_sku: Callable[..., Sku],
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
) -> Judge:
    def findings(
        rule: Rule, *, qualifying: int, owned: int, needed: int, assigned: int = 0, **site: object
    ) -> list[Finding]:
        skus = (make_sku(PHONE_STANDARD, plans.MCOEV, enabled=qualifying), make_resource_account_sku(owned, assigned))
        accounts = [make_account(number) for number in range(needed)]
        return list(rule.check(make_snapshot(make_state(*accounts, skus=skus), **site)))

    return findings


def test_story_21_says_how_many_to_order_at_price_zero(judge: Judge) -> None:
    (found,) = judge(UNCLAIMED, qualifying=600, owned=25, needed=60)
    assert found.severity == "warning"
    assert found.summary == "35 licences are free of charge, needed and not yet ordered."
    assert found.remedy.startswith("Order 35 Teams Phone Resource Account licences at price zero")
    assert found.evidence == {"entitled": 85, "owned": 25, "needed": 60, "free_to_claim": 35}


def test_free_licences_that_nobody_needs_are_not_unclaimed(judge: Judge) -> None:
    assert judge(UNCLAIMED, qualifying=600, owned=60, needed=60) == []


def test_microsofts_own_example_says_to_buy_five(judge: Judge) -> None:
    (found,) = judge(SHORT, qualifying=600, owned=85, needed=90)
    assert found.severity == "warning"
    assert found.summary == "90 accounts need a licence and 85 are covered: 5 must be bought."
    assert found.remedy.startswith("Buy 5 ")
    assert found.evidence == {"needed": 90, "entitled": 85, "owned": 85, "to_buy": 5}


@pytest.mark.parametrize(("owned", "needed"), [(0, 85), (90, 90), (85, 85)])
def test_nothing_is_short_while_all_are_free_or_owned(judge: Judge, owned: int, needed: int) -> None:
    assert judge(SHORT, qualifying=600, owned=owned, needed=needed) == []


def test_story_26_orders_first_and_buys_the_rest(judge: Judge) -> None:
    (unclaimed,) = judge(UNCLAIMED, qualifying=1230, owned=106, needed=166)
    (short,) = judge(SHORT, qualifying=1230, owned=106, needed=166)
    assert (unclaimed.evidence["free_to_claim"], short.evidence["to_buy"]) == (42, 18)


def test_story_2_after_the_renewal_17_are_paid_for_and_all_are_needed(judge: Judge) -> None:
    (found,) = judge(EXCEEDED, qualifying=830, owned=125, needed=125)
    assert found.severity == "warning"
    assert found.evidence == {"owned": 125, "entitled": 108, "paid": 17, "needed": 125}
    assert found.remedy.endswith("All of them are needed.")


def test_what_is_paid_for_and_not_needed_can_be_given_back(judge: Judge) -> None:
    (found,) = judge(EXCEEDED, qualifying=830, owned=125, needed=110)
    assert found.remedy.endswith("15 of them are not needed and can be given back.")
    (found,) = judge(EXCEEDED, qualifying=830, owned=125, needed=5)
    assert found.remedy.endswith("17 of them are not needed and can be given back.")


def test_an_allocation_used_up_to_the_last_licence_is_not_exceeded(judge: Judge) -> None:
    assert judge(EXCEEDED, qualifying=830, owned=108, needed=108) == []


def test_a_healthy_tenant_has_no_allocation_findings(judge: Judge) -> None:
    assert [found for rule in RULES for found in judge(rule, qualifying=1230, owned=125, needed=120)] == []


def test_a_tenant_without_anything_has_no_allocation_findings(judge: Judge) -> None:
    assert [found for rule in RULES for found in judge(rule, qualifying=0, owned=0, needed=0)] == []


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        (UNCLAIMED, ((600, 25, 60), (600, 25, 61))),
        (SHORT, ((600, 85, 90), (600, 85, 91))),
        (EXCEEDED, ((830, 125, 125), (820, 126, 100))),
    ],
    ids=lambda value: value.id if isinstance(value, Rule) else "",
)
def test_other_numbers_are_the_same_finding_about_the_tenant(
    judge: Judge, make_state: Callable[..., TenantState], rule: Rule, numbers: tuple[tuple[int, int, int], ...]
) -> None:
    found = [
        finding
        for qualifying, owned, needed in numbers
        for finding in judge(rule, qualifying=qualifying, owned=owned, needed=needed)
    ]
    assert len({finding.summary for finding in found}) == 2
    assert {finding.key for finding in found} == {f"{rule.id}|{make_state().tenant}|"}
    assert {finding.subject.kind for finding in found} == {"tenant"}


def test_a_price_in_the_settings_turns_what_must_be_bought_or_is_paid_into_money(judge: Judge) -> None:
    price = Price(licence=Decimal("8.50"), currency="EUR")
    (short,) = judge(SHORT, qualifying=600, owned=85, needed=90, price=price)
    assert short.summary.endswith("5 must be bought: 42.50 EUR a month.")
    (exceeded,) = judge(EXCEEDED, qualifying=830, owned=125, needed=125, price=price)
    assert exceeded.summary.endswith("17 are paid for, or will be: 144.50 EUR a month.")


def test_nine_seats_that_may_go_are_a_small_margin_and_ten_are_not(judge: Judge) -> None:
    (found,) = judge(MARGIN_LOW, qualifying=609, owned=85, needed=85)
    assert (found.severity, found.evidence["seats_to_lose"]) == ("info", 9)
    assert found.summary == (
        "All 85 accounts that need a licence are covered free of charge, and only 9 of 609 qualifying seats may go "
        "before one is not."
    )
    assert found.remedy.endswith("linekeeper what-if --seats -10")
    assert judge(MARGIN_LOW, qualifying=610, owned=85, needed=85) == []


def test_a_margin_is_what_the_settings_call_one(judge: Judge) -> None:
    assert len(judge(MARGIN_LOW, qualifying=640, owned=85, needed=85, thresholds=Thresholds(margin_seats=50))) == 1
    assert judge(MARGIN_LOW, qualifying=600, owned=85, needed=85, thresholds=Thresholds(margin_seats=0)) == []


@pytest.mark.parametrize(("qualifying", "needed"), [(600, 86), (600, 0), (0, 0)])
def test_where_accounts_are_short_or_none_is_needed_there_is_no_margin_to_speak_of(
    judge: Judge, qualifying: int, needed: int
) -> None:
    assert judge(MARGIN_LOW, qualifying=qualifying, owned=85, needed=needed) == []


def test_four_licences_to_spare_are_few_while_more_are_free(judge: Judge) -> None:
    (found,) = judge(SPARE_LOW, qualifying=600, owned=64, needed=60, assigned=60)
    assert found.severity == "info"
    assert found.summary == "4 of 64 owned licences are left to assign; 21 more are free of charge."
    assert found.remedy.startswith("Order 1 more ")
    assert judge(SPARE_LOW, qualifying=600, owned=65, needed=60, assigned=60) == []


def test_no_more_is_advised_to_order_than_is_free(judge: Judge) -> None:
    (found,) = judge(SPARE_LOW, qualifying=600, owned=83, needed=83, assigned=83)
    assert found.remedy.startswith("Order 2 more ")


def test_where_none_is_free_or_some_are_needed_already_few_to_spare_are_not_spoken_of(judge: Judge) -> None:
    assert judge(SPARE_LOW, qualifying=600, owned=85, needed=85, assigned=85) == []
    assert judge(SPARE_LOW, qualifying=600, owned=60, needed=61, assigned=60) == []


@pytest.fixture
def on_phone_licences(
    make_account: Callable[..., Account],
    make_sku: Callable[..., Sku],
    make_resource_account_sku: Callable[..., Sku],
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
) -> Callable[..., Snapshot]:
    """Microsoft's own example of 2020: 600 seats, 85 licences owned, 90 accounts; some of those on a phone licence."""

    def tenant(served: int, *, off: int = 0, owned: int = 85, **site: object) -> Snapshot:
        mine = make_resource_account_sku(owned)
        skus = (make_sku(PHONE_STANDARD, plans.MCOEV, enabled=600), mine)
        dead = AssignedLicence(PHONE_STANDARD, disabled_plans=(plans.MCOEV,))
        accounts = [
            *(make_account(number, PHONE_STANDARD) for number in range(served)),
            *(make_account(100 + number, licences=(dead,)) for number in range(off)),
            *(make_account(200 + number) for number in range(90 - served - off)),
        ]
        return make_snapshot(make_state(*accounts, skus=skus), **{"policy": POLICIES["2019-07-virtual-user"], **site})

    return tenant


def test_in_2020_the_shortfall_is_bought_as_phone_system_user_licences(
    on_phone_licences: Callable[..., Snapshot],
) -> None:
    (found,) = SHORT.check(on_phone_licences(0))
    assert found.summary == "90 accounts need a licence and 85 are covered: 5 must be bought."
    assert found.remedy.startswith("Buy 5 Phone System user licences, or")
    assert found.evidence == {"needed": 90, "entitled": 85, "owned": 85, "to_buy": 5}


def test_accounts_that_an_accepted_phone_licence_serves_need_no_other_to_be_bought(
    on_phone_licences: Callable[..., Snapshot],
) -> None:
    (found,) = SHORT.check(on_phone_licences(4))
    assert found.summary == (
        "90 accounts need a licence, 4 of them on a phone licence, which the policy 2019-07-virtual-user accepts, and "
        "85 of the others are covered: 1 must be bought."
    )
    assert found.remedy.startswith("Buy 1 Phone System user licence, or")
    assert (found.evidence["to_buy"], found.evidence["on_phone_licence"]) == (1, 4)
    assert list(SHORT.check(on_phone_licences(5))) == []


def test_accounts_that_an_accepted_phone_licence_serves_need_no_free_one_to_be_ordered(
    on_phone_licences: Callable[..., Snapshot],
) -> None:
    (found,) = UNCLAIMED.check(on_phone_licences(60, owned=29))
    assert found.summary == (
        "1 licence is free of charge, needed and not yet ordered; 60 accounts on a phone licence, which the policy "
        "2019-07-virtual-user accepts, left out."
    )
    assert found.remedy.startswith("Order 1 Teams Phone Resource Account licence at price zero")
    assert found.evidence == {
        "entitled": 85,
        "owned": 29,
        "needed": 90,
        "free_to_claim": 1,
        "on_phone_licence": 60,
    }
    assert list(UNCLAIMED.check(on_phone_licences(60, owned=30))) == []


def test_a_phone_licence_that_does_not_work_serves_nobody(on_phone_licences: Callable[..., Snapshot]) -> None:
    (found,) = SHORT.check(on_phone_licences(0, off=5))
    assert found.evidence["to_buy"] == 5


def test_a_policy_that_accepts_no_phone_licence_counts_those_accounts_too(
    on_phone_licences: Callable[..., Snapshot],
) -> None:
    (found,) = SHORT.check(on_phone_licences(5, policy=CURRENT))
    assert found.remedy.startswith("Buy 5 Teams Phone Resource Account licences, or")
    assert "on_phone_licence" not in found.evidence


def test_a_site_that_accepts_phone_licences_today_still_buys_todays_licence(
    on_phone_licences: Callable[..., Snapshot],
) -> None:
    accepted = PolicyOverrides(accepts_phone_licence=True).applied_to(CURRENT)
    (found,) = SHORT.check(on_phone_licences(4, policy=accepted))
    assert found.remedy.startswith("Buy 1 Teams Phone Resource Account licence, or")
