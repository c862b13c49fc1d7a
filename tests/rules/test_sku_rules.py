"""The rules about what the tenant owns: subscriptions that end, licences that have expired, plans nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.licensing import plans
from shared.licensing.policy import CURRENT, PolicyOverrides
from shared.model.directory import Account
from shared.model.finding import Finding
from shared.model.licences import CommerceSubscription, ServicePlan, Sku
from shared.model.tenant import TenantState
from shared.rules import licence_subscription_ending, licence_subscription_suspended, phone_plan_unknown
from shared.rules.snapshot import Snapshot
from shared.rules.thresholds import Thresholds

ENDING = licence_subscription_ending.RULE
SUSPENDED = licence_subscription_suspended.RULE
UNKNOWN_PLAN = phone_plan_unknown.RULE

MICROSOFT_365_E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
ROOMS_PRO = "4cde982a-ede4-4409-9ae6-b003453c8ea6"
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

MakeSku = Callable[..., Sku]
MakeState = Callable[..., TenantState]
MakeSnapshot = Callable[..., Snapshot]


@pytest.fixture
def renewal(
    make_sku: MakeSku,
    make_resource_account_sku: MakeSku,
    make_account: Callable[..., Account],
    make_state: MakeState,
    make_snapshot: MakeSnapshot,
) -> Callable[..., Snapshot]:
    """1,230 seats in two subscriptions, of which one ends in `days`, and 125 accounts with their licences."""

    def snapshot(days: float | None = 20, *, ending: int = 400, needed: int = 125, **changed: object) -> Snapshot:
        ends = NOW + timedelta(days=days) if days is not None else None
        values: dict[str, Any] = {"status": "Enabled", "sku_id": MICROSOFT_365_E5, **changed}
        site = {name: values.pop(name) for name in ("thresholds", "policy") if name in values}
        subscriptions = (
            CommerceSubscription(id="long", sku_id=MICROSOFT_365_E5, total=1_230 - ending),
            CommerceSubscription(id="short", total=ending, next_lifecycle=ends, **values),
        )
        skus = (
            make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=1_230, part_number="SPE_E5"),
            make_resource_account_sku(125, 125, part_number="PHONESYSTEM_VIRTUALUSER"),
            make_sku(ROOMS_PRO, plans.MCOEV, enabled=400),
        )
        accounts = [make_account(number, RESOURCE_ACCOUNT) for number in range(needed)]
        return make_snapshot(make_state(*accounts, skus=skus, subscriptions=subscriptions), **site)

    return snapshot


def test_story_2_a_renewal_is_spoken_of_before_it_takes_17_free_licences(renewal: Callable[..., Snapshot]) -> None:
    (found,) = ENDING.check(renewal())
    assert (found.severity, found.subject.kind, found.subject.name, found.aspect) == (
        "warning",
        "sku",
        "SPE_E5",
        "short",
    )
    assert found.summary == (
        "A subscription of 400 SPE_E5 ends on 2026-12-10. If it is not renewed, the allocation falls from 148 to 108, "
        "and 17 of 125 accounts are not covered free of charge."
    )
    assert found.remedy.endswith("linekeeper what-if --on 2026-12-10")


def test_a_subscription_that_ends_after_the_threshold_is_not_spoken_of(renewal: Callable[..., Snapshot]) -> None:
    assert list(ENDING.check(renewal(31))) == []
    assert len(list(ENDING.check(renewal(31, thresholds=Thresholds(subscription_ending=timedelta(days=45)))))) == 1


def test_a_subscription_whose_end_harms_nobody_is_not_spoken_of(renewal: Callable[..., Snapshot]) -> None:
    assert list(ENDING.check(renewal(ending=230))) == []
    assert list(ENDING.check(renewal(needed=108))) == []


def test_a_subscription_without_an_end_or_that_has_ended_is_not_spoken_of(renewal: Callable[..., Snapshot]) -> None:
    assert list(ENDING.check(renewal(None))) == []
    for status in ("Suspended", "Deleted", "LockedOut"):
        assert list(ENDING.check(renewal(status=status))) == []


def test_a_trial_that_ends_takes_nothing_that_it_had_earned(renewal: Callable[..., Snapshot]) -> None:
    assert list(ENDING.check(renewal(is_trial=True))) == []


def test_a_licence_that_does_not_count_takes_nothing_unless_the_site_lets_it_count(
    renewal: Callable[..., Snapshot],
) -> None:
    assert list(ENDING.check(renewal(sku_id=ROOMS_PRO, needed=148))) == []
    rooms_count = PolicyOverrides(count=("teams_rooms",)).applied_to(CURRENT)
    (found,) = ENDING.check(renewal(sku_id=ROOMS_PRO, needed=188, policy=rooms_count))
    assert (found.evidence["entitled_then"], found.evidence["needed"]) == (148, 188)


def test_resource_account_licences_that_end_leave_more_assigned_than_owned(renewal: Callable[..., Snapshot]) -> None:
    (found,) = ENDING.check(renewal(sku_id=RESOURCE_ACCOUNT, ending=25, needed=100))
    assert found.summary.endswith("100 PHONESYSTEM_VIRTUALUSER are left for 125 that are assigned.")


def test_two_halves_that_end_on_one_day_are_one_end(
    make_sku: MakeSku,
    make_account: Callable[..., Account],
    make_state: MakeState,
    make_snapshot: MakeSnapshot,
) -> None:
    halves = tuple(
        CommerceSubscription(id=name, sku_id=MICROSOFT_365_E5, total=615, next_lifecycle=NOW + timedelta(days=10))
        for name in ("one", "other")
    )
    skus = (make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=1_230, part_number="SPE_E5"),)
    accounts = [make_account(number) for number in range(80)]
    found = list(ENDING.check(make_snapshot(make_state(*accounts, skus=skus, subscriptions=halves))))
    assert [each.aspect for each in found] == ["one", "other"]
    assert "nor the other one that ends by then, the allocation falls from 148 to 0" in found[0].summary


def test_spare_licences_of_another_sku_do_not_cover_those_that_end(
    make_sku: MakeSku, make_resource_account_sku: MakeSku, make_state: MakeState, make_snapshot: MakeSnapshot
) -> None:
    faculty = "0e142028-345e-45da-8d92-8bfd4093bbb9"
    ends = CommerceSubscription(id="short", sku_id=RESOURCE_ACCOUNT, total=50, next_lifecycle=NOW + timedelta(days=10))
    skus = (make_resource_account_sku(50, 50), make_sku(faculty, plans.MCOEV_VIRTUALUSER, enabled=60))
    (found,) = ENDING.check(make_snapshot(make_state(skus=skus, subscriptions=(ends,))))
    assert "0 " in found.summary
    assert found.summary.endswith("are left for 50 that are assigned.")


def test_a_day_that_has_passed_was_survived(renewal: Callable[..., Snapshot]) -> None:
    assert list(ENDING.check(renewal(-40))) == []


def test_where_accounts_are_short_already_only_an_end_that_takes_more_is_spoken_of(
    renewal: Callable[..., Snapshot],
) -> None:
    assert list(ENDING.check(renewal(ending=0, needed=200))) == []
    assert len(list(ENDING.check(renewal(needed=200)))) == 1


def test_where_subscriptions_may_not_be_read_no_end_is_known(
    make_sku: MakeSku, make_state: MakeState, make_snapshot: MakeSnapshot
) -> None:
    state = make_state(skus=(make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=10),), subscriptions=None)
    assert list(ENDING.check(make_snapshot(state))) == []


@pytest.fixture
def expired(make_state: MakeState, make_snapshot: MakeSnapshot) -> Callable[..., list[Finding]]:
    def findings(*skus: Sku) -> list[Finding]:
        return list(SUSPENDED.check(make_snapshot(make_state(skus=skus))))

    return findings


@pytest.mark.parametrize(
    ("status", "assigned", "severity"),
    [
        ("Warning", 85, "warning"),
        ("Suspended", 85, "critical"),
        ("LockedOut", 85, "critical"),
        ("Deleted", 85, "critical"),
        ("Suspended", 0, "warning"),
    ],
)
def test_a_resource_account_licence_that_no_longer_works_is_critical_where_it_is_assigned(
    expired: Callable[..., list[Finding]],
    make_resource_account_sku: MakeSku,
    status: str,
    assigned: int,
    severity: str,
) -> None:
    (found,) = expired(make_resource_account_sku(0, assigned, status=status, suspended=85))
    assert (found.severity, found.evidence["state"], found.subject.id) == (severity, status, RESOURCE_ACCOUNT)
    assert ("85 accounts hold one" in found.summary) == (severity == "critical")


def test_one_holder_of_a_licence_that_no_longer_works_is_one_account(
    expired: Callable[..., list[Finding]], make_resource_account_sku: MakeSku
) -> None:
    (found,) = expired(make_resource_account_sku(0, 1, status="Suspended", suspended=1))
    assert found.summary.endswith(" 1 account holds one.")


@pytest.mark.parametrize("status", ["Warning", "Suspended", "LockedOut", "Deleted"])
def test_a_counted_licence_that_has_expired_is_a_warning(
    expired: Callable[..., list[Finding]], make_sku: MakeSku, status: str
) -> None:
    (found,) = expired(make_sku(MICROSOFT_365_E5, plans.MCOEV, consumed=9, status=status))
    assert found.severity == "warning"


def test_a_licence_that_is_in_force_or_of_no_matter_or_in_an_unknown_state_is_not_flagged(
    expired: Callable[..., list[Finding]], make_sku: MakeSku
) -> None:
    assert expired(make_sku(MICROSOFT_365_E5, plans.MCOEV, status="Enabled")) == []
    assert expired(make_sku(MICROSOFT_365_E5, plans.MCOEV, status="Rejuvenated")) == []
    assert expired(make_sku(1, status="Suspended"), make_sku(ROOMS_PRO, plans.MCOEV, status="Suspended")) == []


@pytest.mark.parametrize("name", ["MCOEV_NEXT", "mcoev2"])
def test_a_plan_named_like_a_phone_plan_under_an_unknown_id_is_surfaced_and_not_counted(
    make_state: MakeState, make_snapshot: MakeSnapshot, name: str
) -> None:
    unknown = "11111111-2222-3333-4444-555555555555"
    sku = Sku(id=MICROSOFT_365_E5, part_number="SPE_E9", enabled=7, plans=(ServicePlan(unknown, name),))
    snapshot = make_snapshot(make_state(skus=(sku,)))
    (found,) = UNKNOWN_PLAN.check(snapshot)
    assert (found.severity, found.subject.id) == ("info", MICROSOFT_365_E5)
    assert unknown in found.summary
    assert found.remedy.endswith(f'policy.skus = {{ "{MICROSOFT_365_E5}" = true }}')
    assert snapshot.allocation.qualifying == 0


@pytest.mark.parametrize("name", [" MCOEV_VIRTUALUSER_2027", "Teams_VirtualUser"])
def test_a_plan_named_like_the_resource_account_licence_is_never_advised_to_count(
    make_state: MakeState, make_snapshot: MakeSnapshot, name: str
) -> None:
    named = tuple(
        ServicePlan(f"11111111-2222-3333-4444-55555555555{digit}", each) for digit, each in enumerate((name, "MCOEV2"))
    )
    sku = Sku(id=MICROSOFT_365_E5, part_number="NEXT", enabled=7, plans=named)
    (found,) = UNKNOWN_PLAN.check(make_snapshot(make_state(skus=(sku,))))
    assert "policy.skus" not in found.remedy
    assert "may be the resource-account licence under a new id" in found.remedy
    assert "upgrade, or report" in found.remedy


def test_known_phone_plans_and_plans_without_names_are_not_surfaced(
    make_state: MakeState, make_snapshot: MakeSnapshot
) -> None:
    every = (*plans.KNOWN_PHONE_PLANS, *plans.MOBILE_PLANS)
    known = tuple(ServicePlan(plan_id, "MCOEV") for plan_id in every if plan_id not in plans.MOBILE_PLANS)
    sku = Sku(id=MICROSOFT_365_E5, plans=(*known, ServicePlan("11111111-2222-3333-4444-555555555555", "")))
    assert list(UNKNOWN_PLAN.check(make_snapshot(make_state(skus=(sku,))))) == []
