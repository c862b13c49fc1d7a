"""Phone licences that bring more than Teams Phone, groups that assign them, and in which order they go."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from shared.licensing import plans
from shared.model.directory import Account, AssignedLicence, Assignment
from shared.model.finding import Finding
from shared.model.licences import ServicePlan, Sku
from shared.model.tenant import TenantState
from shared.rules import resource_account_double_licensed, resource_account_phone_licence
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot

PHONE_LICENCE = resource_account_phone_licence.RULE
DOUBLE = resource_account_double_licensed.RULE
OWN = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
PHONE = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
TEAMS = "57ff2da0-773e-42df-b2af-ffb7a2317929"
EXCHANGE = "113feb6c-3fe4-4440-bddc-54d774bf0318"
GROUP = "00000000-0000-0000-0000-0000000000aa"

Make = Callable[..., Account]
Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
    make_sku: Callable[..., Sku],
    make_resource_account_sku: Callable[..., Sku],
) -> Judge:
    bundle = (ServicePlan(plans.MCOEV, "MCOEV"), ServicePlan(TEAMS, "TEAMS1"), ServicePlan(EXCHANGE, "EXCHANGE"))
    skus = (
        make_resource_account_sku(25, part_number="PHONESYSTEM_VIRTUALUSER"),
        make_sku(PHONE, plans.MCOEV, enabled=10, part_number="MCOEV"),
        Sku(id=E5, part_number="SPE_E5", enabled=10, plans=bundle),
    )

    def findings(rule: Rule, *accounts: Account, **known: object) -> list[Finding]:
        return list(rule.check(make_snapshot(make_state(*accounts, **{"skus": skus, **known}))))

    return findings


def body(finding: Finding) -> dict[str, object]:
    """The body of a finding's request."""
    assert finding.commands is not None
    decoded: dict[str, object] = json.loads(finding.commands.request.partition("\n\n")[2])
    return decoded


def test_a_group_is_left_only_after_the_swap(judge: Judge, make_account: Make) -> None:
    by_group = Assignment(sku_id=E5, state="Active", group=GROUP)
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE, E5, assignments=(by_group, Assignment(sku_id=PHONE))))
    swap, leave = found.remedy.index("Swap both licences in one save"), found.remedy.index("take the account out")
    assert swap < found.remedy.index("And then, once the account holds the resource-account licence") < leave
    assert body(found)["removeLicenses"] == [PHONE]


def test_a_swap_that_takes_a_bundle_away_says_that_all_of_it_goes(judge: Judge, make_account: Make) -> None:
    (found,) = judge(PHONE_LICENCE, make_account(1, E5, PHONE))
    assert "All of SPE_E5 goes with it." in found.remedy
    assert body(found)["removeLicenses"] == sorted((E5, PHONE))
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE))
    assert "goes with it" not in found.remedy


def test_of_a_bundle_beside_the_resource_account_licence_the_phone_plan_alone_goes(
    judge: Judge, make_account: Make
) -> None:
    bundle = AssignedLicence(E5, disabled_plans=(EXCHANGE, GROUP))
    (found,) = judge(DOUBLE, make_account(1, licences=(bundle, AssignedLicence(OWN))))
    assert found.summary == (
        "The phone plan of SPE_E5 does nothing: the resource-account licence is assigned beside it."
    )
    assert "the other services of SPE_E5 and the resource-account licence stay" in found.remedy
    off = sorted((plans.MCOEV, EXCHANGE))
    assert body(found) == {"addLicenses": [{"skuId": E5, "disabledPlans": off}], "removeLicenses": []}
    assert found.commands is not None
    assert "under Apps untick MCOEV of SPE_E5, then Save changes once." in found.commands.admin_centre


def test_a_bundle_that_was_mended_is_not_found_again(judge: Judge, make_account: Make) -> None:
    bundle = AssignedLicence(E5, disabled_plans=(plans.MCOEV, EXCHANGE))
    assert judge(DOUBLE, make_account(1, licences=(bundle, AssignedLicence(OWN)))) == []


def test_beside_a_bundle_a_phone_licence_of_its_own_is_taken_back(judge: Judge, make_account: Make) -> None:
    off = AssignedLicence(OWN, disabled_plans=(plans.MCOEV_VIRTUALUSER,))
    (found,) = judge(DOUBLE, make_account(1, licences=(off, AssignedLicence(E5), AssignedLicence(PHONE))))
    assert "MCOEV is paid for nothing, and the phone plan of SPE_E5 does nothing" in found.summary
    assert body(found) == {
        "addLicenses": [{"skuId": OWN, "disabledPlans": []}, {"skuId": E5, "disabledPlans": [plans.MCOEV]}],
        "removeLicenses": [PHONE],
    }
    assert "Take MCOEV back, and switch the phone plan of SPE_E5 off" in found.remedy


def test_a_bundle_of_which_the_plans_are_not_known_gives_no_command(
    judge: Judge, make_account: Make, make_resource_account_sku: Callable[..., Sku]
) -> None:
    (found,) = judge(DOUBLE, make_account(1, OWN, E5), skus=(make_resource_account_sku(5),))
    assert found.commands is None
    assert found.remedy.startswith("Switch the phone plan of SPE_E5 off")


def test_a_bundle_by_a_group_is_mended_there_or_goes_as_a_whole(judge: Judge, make_account: Make) -> None:
    by_group = Assignment(sku_id=E5, state="Active", group=GROUP)
    (found,) = judge(DOUBLE, make_account(1, OWN, E5, assignments=(by_group,)))
    assert found.commands is None
    assert f"SPE_E5 comes by the group {GROUP}: switch its phone plan off there" in found.remedy
    assert "all of SPE_E5 goes with it" in found.remedy


@pytest.mark.parametrize("state", ["Error", "ActiveWithError"])
@pytest.mark.parametrize(("rule", "held"), [(DOUBLE, (OWN, PHONE)), (PHONE_LICENCE, (PHONE,))])
def test_no_command_takes_the_phone_licence_while_the_other_ones_assignment_is_in_error(
    judge: Judge, make_account: Make, rule: Rule, held: tuple[str, ...], state: str
) -> None:
    failed = Assignment(sku_id=OWN, state=state, error="CountViolation")
    (found,) = judge(rule, make_account(1, *held, assignments=(failed,)))
    assert found.commands is None
    assert "assignment of PHONESYSTEM_VIRTUALUSER" in found.remedy
    assert "is in error" in found.remedy
    (found,) = judge(rule, make_account(1, *held, assignments=(Assignment(sku_id=OWN, state="Active"),)))
    assert found.commands is not None
