"""A licence that shows and does not work: what counts as working, how bad it is, and what mends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.licensing import plans
from shared.licensing.policy import POLICIES
from shared.model.directory import Account, AssignedLicence, AssignedPlan, Assignment
from shared.model.finding import Finding
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.tenant import TenantState
from shared.rules import resource_account_unlicensed
from shared.rules.resource_account_plan_unusable import RULE
from shared.rules.snapshot import Snapshot

PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
FACULTY = "0e142028-345e-45da-8d92-8bfd4093bbb9"

SWITCHED_OFF = AssignedLicence(RESOURCE_ACCOUNT, disabled_plans=(plans.MCOEV_VIRTUALUSER,))

Make = Callable[..., Account]
Judge = Callable[..., list[Finding]]


def states(*each: str) -> tuple[AssignedPlan, ...]:
    return tuple(AssignedPlan(plans.MCOEV_VIRTUALUSER, state) for state in each)


@pytest.fixture
def judge(
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
    make_sku: Callable[..., Sku],
    make_resource_account_sku: Callable[..., Sku],
) -> Judge:
    skus = (
        make_resource_account_sku(25, part_number="PHONESYSTEM_VIRTUALUSER"),
        make_sku(FACULTY, plans.MCOEV_VIRTUALUSER, enabled=5, part_number="FACULTY"),
        make_sku(PHONE_STANDARD, plans.MCOEV, enabled=10, part_number="MCOEV"),
    )

    def findings(*accounts: Account, policy: str = "2023-shared-devices", **known: object) -> list[Finding]:
        state = make_state(*accounts, **{"skus": skus, **known})
        return list(RULE.check(make_snapshot(state, policy=POLICIES[policy])))

    return findings


@pytest.mark.parametrize("state", ["Suspended", "LockedOut", "Deleted", "SomethingNew"])
def test_a_plan_that_is_neither_enabled_nor_in_its_grace_period_does_not_work(
    judge: Judge, make_account: Make, state: str
) -> None:
    (found,) = judge(make_account(1, RESOURCE_ACCOUNT, plans=states(state)))
    assert (
        found.summary == f"The licence's plan is {state}: the attendant or queue on this account cannot answer callers."
    )
    assert "Renew the subscription of PHONESYSTEM_VIRTUALUSER" in found.remedy
    assert found.evidence == {
        "licences": [RESOURCE_ACCOUNT],
        "switched_off": [],
        "plan_states": [state],
        "reach": "unknown",
    }


@pytest.mark.parametrize("known", [(), ("Enabled",), ("Warning",), ("Deleted", "Enabled")])
def test_a_plan_that_is_enabled_or_in_grace_or_not_yet_provisioned_works(
    judge: Judge, make_account: Make, known: tuple[str, ...]
) -> None:
    assert judge(make_account(1, RESOURCE_ACCOUNT, plans=states(*known))) == []


def test_the_state_of_another_plan_says_nothing(judge: Judge, make_account: Make) -> None:
    suspended = (AssignedPlan(plans.MCOEV, "Suspended"),)
    assert judge(make_account(1, RESOURCE_ACCOUNT, PHONE_STANDARD, plans=suspended)) == []


def test_the_left_over_state_of_a_plan_that_no_licence_brings_is_not_told(judge: Judge, make_account: Make) -> None:
    known = (*states("Suspended"), AssignedPlan(plans.MCOEV_VIRTUALUSER_GOV, "Deleted"))
    (found,) = judge(make_account(1, RESOURCE_ACCOUNT, plans=known))
    assert found.evidence["plan_states"] == ["Suspended"]


def test_a_plan_that_is_switched_off_is_switched_on_by_one_call(judge: Judge, make_account: Make) -> None:
    account = make_account(1, licences=(SWITCHED_OFF,), plans=states("Deleted"))
    (found,) = judge(account)
    assert found.summary.startswith("The licence's plan is switched off: ")
    assert found.remedy.endswith(
        f"Set-MgUserLicense -UserId '{account.id}' -AddLicenses @(@{{SkuId='{RESOURCE_ACCOUNT}'}}) -RemoveLicenses @()"
    )
    assert found.evidence["switched_off"] == [RESOURCE_ACCOUNT]


def test_a_plan_that_is_switched_off_by_a_group_is_switched_on_in_the_group(judge: Judge, make_account: Make) -> None:
    by_group = Assignment(sku_id=RESOURCE_ACCOUNT, state="Active", group="00000000-0000-0000-0000-0000000000aa")
    (found,) = judge(make_account(1, licences=(SWITCHED_OFF,), assignments=(by_group,)))
    assert "in the group that assigns PHONESYSTEM_VIRTUALUSER" in found.remedy
    assert "Set-MgUserLicense" not in found.remedy
    direct = Assignment(sku_id=RESOURCE_ACCOUNT, state="Active")
    (found,) = judge(make_account(1, licences=(SWITCHED_OFF,), assignments=(by_group, direct)))
    assert "Set-MgUserLicense" in found.remedy


def test_another_switched_off_plan_of_the_licence_does_not_matter(judge: Judge, make_account: Make) -> None:
    licence = AssignedLicence(RESOURCE_ACCOUNT, disabled_plans=(plans.MCOEV,))
    assert judge(make_account(1, licences=(licence,), plans=states("Enabled"))) == []


def test_one_licence_that_works_is_enough(judge: Judge, make_account: Make) -> None:
    licences = (SWITCHED_OFF, AssignedLicence(FACULTY))
    assert judge(make_account(1, licences=licences, plans=states("Enabled"))) == []
    (found,) = judge(make_account(1, licences=licences, plans=states("Suspended")))
    assert "Renew the subscription of FACULTY" in found.remedy


def test_a_licence_that_the_tenant_no_longer_lists_is_judged_by_the_accounts_own_plan(
    judge: Judge, make_account: Make
) -> None:
    assert len(judge(make_account(1, RESOURCE_ACCOUNT, plans=states("Deleted")), skus=())) == 1
    assert judge(make_account(1, RESOURCE_ACCOUNT, plans=states("Enabled")), skus=()) == []
    assert judge(make_account(1, RESOURCE_ACCOUNT), skus=()) == []


@pytest.mark.parametrize("held", [(), (PHONE_STANDARD,)])
def test_an_account_without_the_resource_account_licence_has_no_plan_to_use(
    judge: Judge, make_account: Make, held: tuple[str, ...]
) -> None:
    assert judge(make_account(1, *held, plans=states("Deleted"))) == []


def test_an_account_is_never_both_unlicensed_and_licensed_in_vain(
    judge: Judge, make_account: Make, make_state: Callable[..., TenantState], make_snapshot: Callable[..., Snapshot]
) -> None:
    account = make_account(1, RESOURCE_ACCOUNT, plans=states("Suspended"))
    assert len(judge(account)) == 1
    assert list(resource_account_unlicensed.RULE.check(make_snapshot(make_state(account)))) == []


def test_a_person_need_not_be_able_to_use_the_plan(judge: Judge, make_account: Make) -> None:
    assert judge(make_account(1, RESOURCE_ACCOUNT, marked=False, plans=states("Suspended"))) == []


def test_behind_a_number_it_is_critical_and_names_the_number(
    judge: Judge, make_account: Make, make_number: Callable[..., PhoneNumber]
) -> None:
    account = make_account(1, RESOURCE_ACCOUNT, plans=states("Suspended"))
    (found,) = judge(account, numbers=(make_number("+14255550100"),))
    assert found.severity == "critical"
    assert found.summary == "The licence's plan is Suspended: callers to +14255550100 cannot be answered."
    assert found.evidence["numbers"] == ["+14255550100"]
    assert [each.severity for each in judge(account, numbers=())] == ["warning"]


def test_in_2020_a_plan_without_a_number_need_not_work(
    judge: Judge, make_account: Make, make_number: Callable[..., PhoneNumber]
) -> None:
    account = make_account(1, RESOURCE_ACCOUNT, plans=states("Suspended"))
    policy = "2019-07-virtual-user"
    assert judge(account, policy=policy, numbers=()) == []
    assert len(judge(account, policy=policy, numbers=(make_number("+14255550100"),))) == 1
    assert len(judge(account, policy=policy)) == 1


def test_a_rename_and_another_state_change_no_identity(judge: Judge, make_account: Make) -> None:
    (before,) = judge(make_account(1, RESOURCE_ACCOUNT, name="Sales", plans=states("Suspended")))
    (after,) = judge(make_account(1, RESOURCE_ACCOUNT, name="Support", plans=states("Deleted")))
    assert before.key == after.key
