"""What each remedy changes: which licences, which property, in what order, and what only a group can mend."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from shared.licensing import plans
from shared.licensing.policy import CURRENT
from shared.model.directory import (
    RESOURCE_ACCOUNT_DEPARTMENT,
    Account,
    AssignedLicence,
    AssignedPlan,
    Assignment,
    Departed,
)
from shared.model.finding import Finding
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.tenant import TenantState
from shared.rules import (
    person_holds_resource_account_licence,
    resource_account_assignment_error,
    resource_account_deleted_with_number,
    resource_account_double_licensed,
    resource_account_phone_licence,
    resource_account_plan_unusable,
    resource_account_sign_in_enabled,
    resource_account_unlicensed,
    resource_account_usage_location,
    resource_account_vanished,
)
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot

UNLICENSED = resource_account_unlicensed.RULE
PHONE_LICENCE = resource_account_phone_licence.RULE
DOUBLE = resource_account_double_licensed.RULE
UNUSABLE = resource_account_plan_unusable.RULE
ASSIGNMENT = resource_account_assignment_error.RULE
SIGN_IN = resource_account_sign_in_enabled.RULE
LOCATION = resource_account_usage_location.RULE
DELETED = resource_account_deleted_with_number.RULE
VANISHED = resource_account_vanished.RULE
PERSON = person_holds_resource_account_licence.RULE
PHONE = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
OWN = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
FACULTY = "0e142028-345e-45da-8d92-8bfd4093bbb9"
GROUP = "00000000-0000-0000-0000-0000000000aa"
TEAMS = "57ff2da0-773e-42df-b2af-ffb7a2317929"
EXCHANGE = "113feb6c-3fe4-4440-bddc-54d774bf0318"
GRAPH = "https://graph.microsoft.com/v1.0"

Make = Callable[..., Account]
Judge = Callable[..., list[Finding]]


def body(finding: Finding) -> dict[str, object]:
    """The body of a finding's request."""
    assert finding.commands is not None
    decoded: dict[str, object] = json.loads(finding.commands.request.partition("\n\n")[2])
    return decoded


@pytest.fixture
def judge(
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
    make_sku: Callable[..., Sku],
    make_resource_account_sku: Callable[..., Sku],
) -> Judge:
    skus = (
        make_resource_account_sku(25, part_number="PHONESYSTEM_VIRTUALUSER"),
        make_sku(PHONE, plans.MCOEV, enabled=10, part_number="MCOEV"),
    )

    def findings(rule: Rule, *accounts: Account, **known: object) -> list[Finding]:
        return list(rule.check(make_snapshot(make_state(*accounts, **{"skus": skus, **known}))))

    return findings


def by_group(sku_id: str, **changed: str) -> Assignment:
    return Assignment(sku_id=sku_id, **{"state": "Active", "group": GROUP, **changed})


def test_a_swap_adds_and_removes_in_one_call_in_all_three_ways(judge: Judge, make_account: Make) -> None:
    account = make_account(1, PHONE, name="Sales", upn="sales@contoso.test")
    (found,) = judge(PHONE_LICENCE, account)
    assert found.commands is not None
    assert found.commands.powershell == (
        f"Set-MgUserLicense -UserId '{account.id}' -AddLicenses @(@{{SkuId='{OWN}'}}) -RemoveLicenses @('{PHONE}')"
    )
    assert found.commands.request == (
        f"POST {GRAPH}/users/{account.id}/assignLicense\nContent-Type: application/json\n\n"
        f'{{"addLicenses":[{{"skuId":"{OWN}","disabledPlans":[]}}],"removeLicenses":["{PHONE}"]}}'
    )
    assert found.commands.admin_centre == (
        "Microsoft 365 admin center: Users > Active users > Sales (sales@contoso.test) > Licenses and apps: "
        "tick Microsoft Teams Phone Resource Account (PHONESYSTEM_VIRTUALUSER) and "
        "untick Microsoft Teams Phone Standard (MCOEV), then Save changes once."
    )


def test_requests_go_to_the_tenants_own_cloud(make_account: Make, make_state: Callable[..., TenantState]) -> None:
    state = make_state(make_account(1, enabled=True))
    when = make_account(1).read_at
    snapshot = Snapshot(state, now=when, policy=CURRENT, graph_url="https://graph.microsoft.us/v1.0/")
    (found,) = SIGN_IN.check(snapshot)
    assert found.commands is not None
    assert found.commands.request == (
        f"PATCH https://graph.microsoft.us/v1.0/users/{make_account(1).id}\nContent-Type: application/json\n\n"
        '{"accountEnabled":false}'
    )
    assert "Block this user from signing in" in found.commands.admin_centre


def test_a_deleted_account_is_restored_by_a_request_without_a_body(
    judge: Judge, make_account: Make, make_number: Callable[..., PhoneNumber], now: datetime
) -> None:
    gone = Departed(id=make_account(1).id, name="Sales", restorable=True, read_at=now)
    (found,) = judge(DELETED, numbers=(make_number("+14255550100"),), departed={gone.id: gone})
    assert found.commands is not None
    assert found.commands.request == f"POST {GRAPH}/directory/deletedItems/{gone.id}/restore"
    assert found.commands.admin_centre == "Microsoft 365 admin center: Users > Deleted users > Sales > Restore user."


def test_a_usage_location_and_a_department_are_set_by_one_property(
    judge: Judge, make_account: Make, make_number: Callable[..., PhoneNumber], now: datetime
) -> None:
    (found,) = judge(LOCATION, make_account(1), numbers=(make_number("+4930901820", country="de"),))
    assert body(found) == {"usageLocation": "DE"}
    (found,) = judge(VANISHED, make_account(1, marked=False, marked_until=now))
    assert body(found) == {"department": RESOURCE_ACCOUNT_DEPARTMENT}


@pytest.mark.parametrize(
    ("rule", "held", "marked"), [(PHONE_LICENCE, PHONE, True), (PERSON, OWN, False), (UNUSABLE, OWN, True)]
)
def test_a_licence_that_a_group_alone_assigns_is_mended_in_the_group_and_gives_no_command(
    judge: Judge, make_account: Make, rule: Rule, held: str, *, marked: bool
) -> None:
    licence = AssignedLicence(held, disabled_plans=(plans.MCOEV_VIRTUALUSER,))
    account = make_account(1, licences=(licence,), marked=marked, assignments=(by_group(held),))
    (found,) = judge(rule, account)
    assert found.commands is None
    assert GROUP in found.remedy
    assert "Billing > Licenses > " in found.remedy
    assert "-Mg" not in found.remedy


def test_a_phone_licence_by_a_group_goes_only_after_the_other_is_there(judge: Judge, make_account: Make) -> None:
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE, assignments=(by_group(PHONE),)))
    assert "it must never be without both" in found.remedy
    (found,) = judge(DOUBLE, make_account(1, PHONE, OWN, assignments=(by_group(PHONE),)))
    assert found.commands is None
    assert found.remedy.startswith("Take the phone licence back")
    assert f"comes by the group {GROUP}" in found.remedy


def test_of_a_direct_and_a_groups_licence_the_call_takes_the_direct_one_and_the_words_name_the_group(
    judge: Judge, make_account: Make, make_sku: Callable[..., Sku]
) -> None:
    other = make_sku(FACULTY, plans.MCOEV, part_number="BUNDLE")
    account = make_account(1, PHONE, FACULTY, assignments=(by_group(FACULTY), Assignment(sku_id=PHONE)))
    (found,) = judge(PHONE_LICENCE, account, skus=(other, make_sku(PHONE, plans.MCOEV)))
    assert body(found)["removeLicenses"] == [PHONE]
    assert f"BUNDLE comes by the group {GROUP}" in found.remedy
    both = (by_group(PHONE), Assignment(sku_id=PHONE))
    (found,) = judge(DOUBLE, make_account(1, PHONE, OWN, assignments=both))
    assert body(found) == {"addLicenses": [], "removeLicenses": [PHONE]}
    assert f"MCOEV comes by the group {GROUP}" in found.remedy


def test_switching_the_plan_on_leaves_the_other_plans_as_they_are(
    judge: Judge, make_account: Make, make_sku: Callable[..., Sku]
) -> None:
    sku = make_sku(OWN, plans.MCOEV_VIRTUALUSER, TEAMS, EXCHANGE, enabled=9)
    licence = AssignedLicence(OWN, disabled_plans=(TEAMS, plans.MCOEV_VIRTUALUSER, GROUP))
    (found,) = judge(UNUSABLE, make_account(1, licences=(licence,)), skus=(sku,))
    assert body(found) == {"addLicenses": [{"skuId": OWN, "disabledPlans": [TEAMS]}], "removeLicenses": []}
    assert found.commands is not None
    assert "under Apps tick" in found.commands.admin_centre


def test_a_phone_licence_is_not_taken_from_an_account_whose_other_licence_does_not_work(
    judge: Judge, make_account: Make
) -> None:
    off = AssignedLicence(OWN, disabled_plans=(plans.MCOEV_VIRTUALUSER,))
    (found,) = judge(DOUBLE, make_account(1, licences=(off, AssignedLicence(PHONE))))
    assert body(found) == {"addLicenses": [{"skuId": OWN, "disabledPlans": []}], "removeLicenses": [PHONE]}
    suspended = (AssignedPlan(plans.MCOEV_VIRTUALUSER, "Suspended"),)
    (found,) = judge(DOUBLE, make_account(1, OWN, PHONE, plans=suspended))
    assert found.commands is None
    assert found.remedy.startswith("First make the plan of the resource-account licence work")


def test_a_licence_out_of_force_is_replaced_by_another_that_is_to_spare(
    judge: Judge, make_account: Make, make_sku: Callable[..., Sku]
) -> None:
    lapsed = make_sku(OWN, plans.MCOEV_VIRTUALUSER, status="Suspended", suspended=9, consumed=9)
    other = make_sku(FACULTY, plans.MCOEV_VIRTUALUSER, enabled=2, consumed=1)
    account = make_account(1, OWN, plans=(AssignedPlan(plans.MCOEV_VIRTUALUSER, "Suspended"),))
    (found,) = judge(UNUSABLE, account, skus=(lapsed, other))
    assert body(found) == {"addLicenses": [{"skuId": FACULTY, "disabledPlans": []}], "removeLicenses": [OWN]}
    (found,) = judge(UNUSABLE, account, skus=(lapsed,))
    assert found.commands is None
    assert "Renew the subscription of" in found.remedy


def test_a_missing_usage_location_is_set_before_a_licence_is_assigned(
    judge: Judge, make_account: Make, make_number: Callable[..., PhoneNumber]
) -> None:
    account = make_account(1, usage_location=None)
    (found,) = judge(UNLICENSED, account, numbers=(make_number("+4930901820", country="DE"),))
    first = f"Update-MgUser -UserId '{account.id}' -UsageLocation 'DE'"
    assert found.remedy.startswith(f"Set its usage location first ({first}). Assign")
    assert found.commands is not None
    assert "choose its country under Select location and tick" in found.commands.admin_centre
    (found,) = judge(UNLICENSED, account)
    assert found.remedy.startswith("Set its usage location first, to the country where the line is.")
    (found,) = judge(PERSON, make_account(1, OWN, marked=False, usage_location=None))
    assert "usage location" not in found.remedy


def test_a_swap_without_a_licence_to_spare_begins_with_the_order(judge: Judge, make_account: Make) -> None:
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE), skus=())
    assert found.remedy.startswith("No licence is to spare: order one first.")
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE))
    assert not found.remedy.startswith("No licence")


@pytest.mark.parametrize(
    ("error", "adds", "removes"),
    [
        ("CountViolation", [OWN], []),
        ("ProhibitedInUsageLocationViolation", [OWN], []),
        ("MutuallyExclusiveViolation", [OWN], [PHONE]),
        ("Other", [OWN], []),
    ],
)
def test_a_direct_assignment_in_error_is_made_again(
    judge: Judge, make_account: Make, error: str, adds: list[str], removes: list[str]
) -> None:
    failed = Assignment(sku_id=OWN, state="Error", error=error)
    (found,) = judge(ASSIGNMENT, make_account(1, PHONE, assignments=(failed,)))
    assert body(found) == {
        "addLicenses": [{"skuId": each, "disabledPlans": []} for each in adds],
        "removeLicenses": removes,
    }


@pytest.mark.parametrize(
    "failed",
    [
        by_group(OWN, state="Error", error="CountViolation"),
        Assignment(sku_id=OWN, state="Error", error="DependencyViolation"),
        Assignment(sku_id=OWN, state="Error", error="UniquenessViolation"),
        Assignment(sku_id=OWN, state="Error", error="MutuallyExclusiveViolation"),
    ],
)
def test_an_error_that_assigning_again_cannot_mend_gives_no_command(
    judge: Judge, make_account: Make, failed: Assignment
) -> None:
    (found,) = judge(ASSIGNMENT, make_account(1, assignments=(failed,)))
    assert found.commands is None
    assert "-Mg" not in found.remedy


def test_of_forty_licences_only_those_that_matter_are_touched(
    judge: Judge, make_account: Make, make_sku: Callable[..., Sku]
) -> None:
    others = tuple(make_sku(number, TEAMS) for number in range(100, 138))
    skus = (*others, make_sku(OWN, plans.MCOEV_VIRTUALUSER, enabled=50), make_sku(PHONE, plans.MCOEV))
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE, *(sku.id for sku in others)), skus=skus)
    assert body(found) == {"addLicenses": [{"skuId": OWN, "disabledPlans": []}], "removeLicenses": [PHONE]}
    held = (AssignedLicence(OWN, (plans.MCOEV_VIRTUALUSER,)), AssignedLicence(FACULTY, (plans.MCOEV_VIRTUALUSER,)))
    skus = tuple(make_sku(each, plans.MCOEV_VIRTUALUSER) for each in (OWN, FACULTY))
    (found,) = judge(UNUSABLE, make_account(1, licences=held), skus=skus)
    assert body(found) == {"addLicenses": [{"skuId": FACULTY, "disabledPlans": []}], "removeLicenses": []}


def test_an_account_without_a_name_is_named_by_its_id(judge: Judge, make_account: Make) -> None:
    (found,) = judge(UNLICENSED, make_account(1, name=" \n "))
    assert found.commands is not None
    assert f"> {make_account(1).id} > Licenses and apps" in found.commands.admin_centre
