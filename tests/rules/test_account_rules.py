"""The rules about the licences of accounts: when each holds, and the healthy neighbour that it must not name."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from shared.licensing import plans
from shared.licensing.policy import POLICIES
from shared.model.directory import Account, AssignedLicence, AssignedPlan
from shared.model.finding import Finding
from shared.model.licences import ServicePlan, Sku
from shared.model.numbers import PhoneNumber
from shared.model.tenant import TenantState
from shared.rules import (
    person_holds_resource_account_licence,
    resource_account_double_licensed,
    resource_account_phone_licence,
    resource_account_unlicensed,
)
from shared.rules.assignment import COMMERCIAL_SKU
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot

UNLICENSED = resource_account_unlicensed.RULE
PHONE_LICENCE = resource_account_phone_licence.RULE
DOUBLE = resource_account_double_licensed.RULE
PERSON = person_holds_resource_account_licence.RULE

PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
FACULTY = "0e142028-345e-45da-8d92-8bfd4093bbb9"
OTHER = "00000000-0000-0000-0000-0000000000ee"

Make = Callable[..., Account]
Judge = Callable[..., list[Finding]]


@pytest.fixture
def skus(make_sku: Callable[..., Sku], make_resource_account_sku: Callable[..., Sku]) -> tuple[Sku, ...]:
    return (
        make_resource_account_sku(25, assigned=5, part_number="PHONESYSTEM_VIRTUALUSER"),
        make_sku(PHONE_STANDARD, plans.MCOEV, enabled=10, part_number="MCOEV"),
        make_sku(OTHER, "57ff2da0-773e-42df-b2af-ffb7a2317929", enabled=10, part_number="OTHER"),
    )


@pytest.fixture
def judge(
    skus: tuple[Sku, ...], make_state: Callable[..., TenantState], make_snapshot: Callable[..., Snapshot]
) -> Judge:
    def findings(
        rule: Rule, *accounts: Account, policy: str = "2023-shared-devices", **changed: object
    ) -> list[Finding]:
        state = make_state(*accounts, **{"skus": skus, **changed})
        return list(rule.check(make_snapshot(state, policy=POLICIES[policy])))

    return findings


def test_an_account_without_any_licence_is_unlicensed(judge: Judge, make_account: Make) -> None:
    (found,) = judge(UNLICENSED, make_account(1, name="Sales"))
    assert (found.rule, found.subject.kind, found.subject.name) == (UNLICENSED.id, "resource_account", "Sales")
    assert found.evidence == {"licences": [], "reach": "unknown"}


def test_an_account_with_licences_that_have_nothing_to_do_with_telephony_is_unlicensed(
    judge: Judge, make_account: Make
) -> None:
    (found,) = judge(UNLICENSED, make_account(1, OTHER))
    assert found.evidence["licences"] == [OTHER]


def test_without_the_voice_export_an_unlicensed_account_is_a_warning(judge: Judge, make_account: Make) -> None:
    assert judge(UNLICENSED, make_account(1))[0].severity == "warning"


@pytest.mark.parametrize("held", [[RESOURCE_ACCOUNT], [PHONE_STANDARD], [RESOURCE_ACCOUNT, PHONE_STANDARD], [FACULTY]])
def test_an_account_with_any_phone_licence_is_not_unlicensed(judge: Judge, make_account: Make, held: list[str]) -> None:
    assert judge(UNLICENSED, make_account(1, *held)) == []


def test_a_person_without_a_licence_is_no_resource_account_without_one(judge: Judge, make_account: Make) -> None:
    assert judge(UNLICENSED, make_account(1, marked=False)) == []


@pytest.mark.parametrize("department", [None, "", "Communication", "Microsoft Communication Application Instance 2"])
def test_only_teams_own_department_marks_a_resource_account(
    judge: Judge, make_account: Make, department: str | None
) -> None:
    assert judge(UNLICENSED, make_account(1, department=department)) == []


def test_the_department_is_compared_without_case(judge: Judge, make_account: Make) -> None:
    assert judge(UNLICENSED, make_account(1, department="microsoft communication application instance"))


def test_the_remedy_assigns_the_tenants_licence_with_most_to_spare(
    judge: Judge, make_account: Make, make_sku: Callable[..., Sku], skus: tuple[Sku, ...]
) -> None:
    faculty = make_sku(FACULTY, plans.MCOEV_VIRTUALUSER, enabled=90)
    (found,) = judge(UNLICENSED, make_account(1), skus=(*skus, faculty))
    assert f"-AddLicenses @(@{{SkuId='{FACULTY}'}}) -RemoveLicenses @()" in found.remedy
    assert "order one first" not in found.remedy


def test_the_remedy_says_to_order_first_where_none_is_to_spare(
    judge: Judge, make_account: Make, make_resource_account_sku: Callable[..., Sku]
) -> None:
    holders = [make_account(number, RESOURCE_ACCOUNT) for number in range(2, 7)]
    (found,) = judge(UNLICENSED, make_account(1), *holders, skus=(make_resource_account_sku(5, assigned=5),))
    assert found.remedy.startswith("No licence is to spare: order one first.")
    (found,) = judge(UNLICENSED, make_account(1), *holders[1:], skus=(make_resource_account_sku(5, assigned=4),))
    assert not found.remedy.startswith("No licence")


def test_a_licence_taken_back_a_moment_ago_is_to_spare_before_the_sku_says_so(
    judge: Judge, make_account: Make, make_resource_account_sku: Callable[..., Sku]
) -> None:
    (found,) = judge(UNLICENSED, make_account(1), skus=(make_resource_account_sku(1, assigned=1),))
    assert "order one first" not in found.remedy


def test_the_remedy_names_the_commercial_licence_where_the_tenant_owns_none(judge: Judge, make_account: Make) -> None:
    (found,) = judge(UNLICENSED, make_account(1), skus=())
    assert f"@{{SkuId='{COMMERCIAL_SKU}'}}" in found.remedy


def test_an_account_on_a_users_phone_licence_is_told_to_swap_both_in_one_call(judge: Judge, make_account: Make) -> None:
    account = make_account(1, PHONE_STANDARD, OTHER)
    (found,) = judge(PHONE_LICENCE, account)
    assert found.severity == "warning"
    assert "MCOEV" in found.summary
    assert found.evidence == {"phone_licences": [PHONE_STANDARD]}
    assert "one save" in found.remedy
    assert found.remedy.endswith(
        f"Set-MgUserLicense -UserId '{account.id}' -AddLicenses @(@{{SkuId='{RESOURCE_ACCOUNT}'}}) "
        f"-RemoveLicenses @('{PHONE_STANDARD}')"
    )


def test_a_phone_licence_was_allowed_in_2020_and_is_only_worth_a_notice(judge: Judge, make_account: Make) -> None:
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE_STANDARD), policy="2019-07-virtual-user")
    assert found.severity == "info"


@pytest.mark.parametrize("held", [[], [OTHER], [RESOURCE_ACCOUNT], [RESOURCE_ACCOUNT, PHONE_STANDARD]])
def test_an_account_not_on_a_phone_licence_alone_need_not_swap(
    judge: Judge, make_account: Make, held: list[str]
) -> None:
    assert judge(PHONE_LICENCE, make_account(1, *held)) == []


def test_a_person_may_hold_a_phone_licence(judge: Judge, make_account: Make) -> None:
    person = make_account(1, PHONE_STANDARD, marked=False)
    assert [found for rule in (UNLICENSED, PHONE_LICENCE, DOUBLE, PERSON) for found in judge(rule, person)] == []


def test_an_account_with_both_licences_is_told_to_give_the_phone_licence_back(judge: Judge, make_account: Make) -> None:
    (found,) = judge(DOUBLE, make_account(1, PHONE_STANDARD, RESOURCE_ACCOUNT))
    assert found.severity == "warning"
    assert "MCOEV is paid for nothing" in found.summary
    assert f"-AddLicenses @() -RemoveLicenses @('{PHONE_STANDARD}')" in found.remedy
    assert found.evidence == {"phone_licences": [PHONE_STANDARD], "resource_account_licences": [RESOURCE_ACCOUNT]}


@pytest.mark.parametrize("held", [[], [PHONE_STANDARD], [RESOURCE_ACCOUNT], [RESOURCE_ACCOUNT, OTHER]])
def test_an_account_with_one_of_the_licences_is_not_double_licensed(
    judge: Judge, make_account: Make, held: list[str]
) -> None:
    assert judge(DOUBLE, make_account(1, *held)) == []


def test_a_person_with_the_resource_account_licence_is_told_to_give_it_back(judge: Judge, make_account: Make) -> None:
    (found,) = judge(PERSON, make_account(1, RESOURCE_ACCOUNT, PHONE_STANDARD, marked=False))
    assert (found.severity, found.subject.kind) == ("warning", "user")
    assert f"-AddLicenses @() -RemoveLicenses @('{RESOURCE_ACCOUNT}')" in found.remedy
    assert found.evidence == {"resource_account_licences": [RESOURCE_ACCOUNT]}


def test_a_resource_account_may_hold_the_resource_account_licence(judge: Judge, make_account: Make) -> None:
    account = make_account(1, RESOURCE_ACCOUNT, plans=(AssignedPlan(plans.MCOEV_VIRTUALUSER, "Enabled"),))
    assert [found for rule in (UNLICENSED, PHONE_LICENCE, DOUBLE, PERSON) for found in judge(rule, account)] == []


def test_what_a_licence_contains_is_what_the_tenant_says_of_it(
    judge: Judge, make_account: Make, make_sku: Callable[..., Sku]
) -> None:
    empty = make_sku(PHONE_STANDARD, "57ff2da0-773e-42df-b2af-ffb7a2317929")
    assert judge(PHONE_LICENCE, make_account(1, PHONE_STANDARD), skus=(empty,)) == []
    assert len(judge(PHONE_LICENCE, make_account(1, PHONE_STANDARD), skus=())) == 1


def test_a_licence_with_its_plan_switched_off_is_still_assigned(judge: Judge, make_account: Make) -> None:
    licence = AssignedLicence(RESOURCE_ACCOUNT, disabled_plans=(plans.MCOEV_VIRTUALUSER,))
    assert judge(UNLICENSED, make_account(1, licences=(licence,))) == []


def test_a_rename_changes_no_identity(judge: Judge, make_account: Make) -> None:
    for rule, held, marked in (
        (UNLICENSED, (), True),
        (PHONE_LICENCE, (PHONE_STANDARD,), True),
        (DOUBLE, (PHONE_STANDARD, RESOURCE_ACCOUNT), True),
        (PERSON, (RESOURCE_ACCOUNT,), False),
    ):
        (before,) = judge(rule, make_account(1, *held, marked=marked, name="Sales", upn="sales@contoso.test"))
        (after,) = judge(rule, make_account(1, *held, marked=marked, name="Support", upn="support@contoso.test"))
        assert before.key == after.key
        assert before.subject.name != after.subject.name


def test_the_command_holds_ids_and_no_names(judge: Judge, make_account: Make, make_sku: Callable[..., Sku]) -> None:
    hostile = "'; Remove-MgUser -All; '"
    odd = make_sku(PHONE_STANDARD, plans.MCOEV, part_number=hostile)
    own = make_sku(RESOURCE_ACCOUNT, plans.MCOEV_VIRTUALUSER, part_number=hostile)
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE_STANDARD, name=hostile, upn=hostile), skus=(odd, own))
    command = found.remedy[found.remedy.index("Set-MgUserLicense") :]
    quoted = command.split("'")[1::2]
    assert quoted == [str(uuid.UUID(text)) for text in quoted]
    assert len(quoted) == 3


def test_a_phone_licence_whose_plan_is_off_on_a_line_is_critical_because_nobody_is_answered(
    judge: Judge, make_account: Make, make_number: Callable[..., PhoneNumber]
) -> None:
    off = make_account(1, licences=(AssignedLicence(PHONE_STANDARD, disabled_plans=(plans.MCOEV,)),))
    lapsed = make_account(1, PHONE_STANDARD, plans=(AssignedPlan(plans.MCOEV, "Suspended"),))
    for account in (off, lapsed):
        (found,) = judge(PHONE_LICENCE, account, numbers=(make_number("+14255550100"),))
        assert found.severity == "critical"
        assert found.summary == (
            "On a user's phone licence (MCOEV) instead of the resource-account licence, and its phone plan is switched "
            "off or out of force: callers to +14255550100 cannot be answered."
        )
        assert found.evidence["reach"] == "line"
        assert judge(PHONE_LICENCE, account)[0].severity == "warning"


def test_one_phone_plan_that_works_is_enough_to_answer(
    *,
    judge: Judge,
    make_account: Make,
    make_number: Callable[..., PhoneNumber],
    make_sku: Callable[..., Sku],
    skus: tuple[Sku, ...],
) -> None:
    off = AssignedLicence(PHONE_STANDARD, disabled_plans=(plans.MCOEV,))
    account = make_account(1, licences=(off, AssignedLicence(FACULTY)))
    other = make_sku(FACULTY, plans.MCOEVSMB)
    (found,) = judge(PHONE_LICENCE, account, skus=(*skus, other), numbers=(make_number("+14255550100"),))
    assert found.severity == "warning"
    assert "cannot be answered" not in found.summary


def test_an_accepted_phone_licence_that_does_not_work_is_critical_only_where_one_is_needed(
    judge: Judge, make_account: Make, make_number: Callable[..., PhoneNumber]
) -> None:
    account = make_account(1, licences=(AssignedLicence(PHONE_STANDARD, disabled_plans=(plans.MCOEV,)),))
    for numbers, severity in (((make_number("+14255550100"),), "critical"), ((), "info")):
        (found,) = judge(PHONE_LICENCE, account, policy="2019-07-virtual-user", numbers=numbers)
        assert found.severity == severity


def test_a_licence_of_which_nothing_is_known_is_a_warning_that_names_it_and_gives_no_command(
    judge: Judge, make_account: Make, make_number: Callable[..., PhoneNumber]
) -> None:
    unheard = "00000000-0000-0000-0000-0000000000dd"
    (found,) = judge(UNLICENSED, make_account(1, unheard), numbers=(make_number("+14255550100"),))
    assert (found.severity, found.commands) == ("warning", None)
    assert unheard in found.summary
    assert "look up what" in found.remedy
    new = ServicePlan("11111111-2222-3333-4444-555555555555", "MCOEV_VIRTUALUSER_2027")
    sku = Sku(id=unheard, part_number="NEXT", plans=(new,))
    (found,) = judge(UNLICENSED, make_account(1, unheard), skus=(sku,), numbers=(make_number("+14255550100"),))
    assert found.severity == "warning"
    assert "it holds NEXT, and" in found.summary
    off = make_account(1, licences=(AssignedLicence(unheard, disabled_plans=(new.id,)),))
    (found,) = judge(UNLICENSED, off, skus=(sku,), numbers=(make_number("+14255550100"),))
    assert found.severity == "critical"


def test_a_phone_plan_that_is_switched_off_beside_the_resource_account_licence_is_no_second_licence(
    judge: Judge, make_account: Make
) -> None:
    off = AssignedLicence(PHONE_STANDARD, disabled_plans=(plans.MCOEV,))
    assert judge(DOUBLE, make_account(1, licences=(off, AssignedLicence(RESOURCE_ACCOUNT)))) == []
