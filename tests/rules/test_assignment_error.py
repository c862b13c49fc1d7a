"""A licence whose assignment went wrong: which one, why, by whom, and what mends that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.licensing import plans
from shared.model.directory import Account, Assignment
from shared.model.finding import Finding
from shared.model.licences import Sku
from shared.model.tenant import TenantState
from shared.rules.resource_account_assignment_error import RULE
from shared.rules.snapshot import Snapshot

PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
FACULTY = "0e142028-345e-45da-8d92-8bfd4093bbb9"
GROUP = "00000000-0000-0000-0000-0000000000aa"

Make = Callable[..., Account]
Judge = Callable[..., list[Finding]]


def failed(error: str = "CountViolation", *, sku: str = RESOURCE_ACCOUNT, group: str | None = None) -> Assignment:
    return Assignment(sku_id=sku, state="Error", error=error, group=group)


@pytest.fixture
def judge(
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
    make_sku: Callable[..., Sku],
    make_resource_account_sku: Callable[..., Sku],
) -> Judge:
    skus = (
        make_resource_account_sku(25, part_number="PHONESYSTEM_VIRTUALUSER"),
        make_sku(PHONE_STANDARD, plans.MCOEV, enabled=10, part_number="MCOEV"),
    )
    return lambda *accounts: list(RULE.check(make_snapshot(make_state(*accounts, skus=skus))))


def test_an_assignment_in_error_names_the_licence_and_the_error(judge: Judge, make_account: Make) -> None:
    (found,) = judge(make_account(1, assignments=(failed(),)))
    assert (found.severity, found.aspect) == ("warning", RESOURCE_ACCOUNT)
    assert found.summary == "The assignment of PHONESYSTEM_VIRTUALUSER failed: CountViolation."
    assert found.evidence == {"licence": RESOURCE_ACCOUNT, "errors": ["CountViolation"], "groups": []}
    assert "group" not in found.remedy


@pytest.mark.parametrize("state", ["Error", "ActiveWithError", "error"])
def test_a_licence_that_is_not_wholly_in_force_is_in_error(judge: Judge, make_account: Make, state: str) -> None:
    assignment = Assignment(sku_id=RESOURCE_ACCOUNT, state=state, error="DependencyViolation")
    assert len(judge(make_account(1, RESOURCE_ACCOUNT, assignments=(assignment,)))) == 1


@pytest.mark.parametrize("state", ["Active", "Disabled", ""])
def test_a_licence_in_force_is_not_in_error(judge: Judge, make_account: Make, state: str) -> None:
    assignment = Assignment(sku_id=RESOURCE_ACCOUNT, state=state, error="None")
    assert judge(make_account(1, RESOURCE_ACCOUNT, assignments=(assignment,))) == []


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("CountViolation", "order one, or take one back"),
        ("ProhibitedInUsageLocationViolation", "Set the account's usage location"),
        ("MutuallyExclusiveViolation", "Another licence on the account excludes it"),
        ("DependencyViolation", "assign or switch on that one too"),
        ("UniquenessViolation", "take one of the two away"),
        ("Other", "admin center"),
        ("SomethingNew", "admin center"),
    ],
)
def test_the_remedy_follows_the_error(judge: Judge, make_account: Make, error: str, advice: str) -> None:
    (found,) = judge(make_account(1, assignments=(failed(error),)))
    assert error in found.summary
    assert advice in found.remedy


@pytest.mark.parametrize("error", ["", "None"])
def test_an_error_without_a_name_is_said_to_have_none(judge: Judge, make_account: Make, error: str) -> None:
    (found,) = judge(make_account(1, assignments=(failed(error),)))
    assert found.summary.endswith("failed: no reason given.")


def test_a_groups_licence_is_mended_in_the_group(judge: Judge, make_account: Make) -> None:
    (found,) = judge(make_account(1, assignments=(failed(group=GROUP),)))
    assert found.summary == "The assignment of PHONESYSTEM_VIRTUALUSER by a group failed: CountViolation."
    assert "order one, or take one back" in found.remedy
    assert f"mend it in the group ({GROUP})" in found.remedy
    assert found.evidence["groups"] == [GROUP]


def test_one_licence_that_failed_in_two_ways_is_one_finding(judge: Judge, make_account: Make) -> None:
    (found,) = judge(make_account(1, assignments=(failed("Other", group=GROUP), failed())))
    assert found.summary.endswith("PHONESYSTEM_VIRTUALUSER, directly and by a group, failed: CountViolation, Other.")
    assert found.evidence["errors"] == ["CountViolation", "Other"]


def test_two_licences_that_failed_are_two_findings_about_one_account(judge: Judge, make_account: Make) -> None:
    account = make_account(1, assignments=(failed(), failed(sku=FACULTY)))
    found = judge(account)
    assert [finding.aspect for finding in found] == [FACULTY, RESOURCE_ACCOUNT]
    assert {finding.subject.id for finding in found} == {account.id}


def test_an_error_of_another_licence_is_not_ours(judge: Judge, make_account: Make) -> None:
    assert judge(make_account(1, assignments=(failed(sku=PHONE_STANDARD), failed(sku=GROUP)))) == []


def test_an_error_on_a_person_is_not_ours(judge: Judge, make_account: Make) -> None:
    assert judge(make_account(1, marked=False, assignments=(failed(),))) == []


def test_a_rename_and_another_error_change_no_identity(judge: Judge, make_account: Make) -> None:
    (before,) = judge(make_account(1, name="Sales", assignments=(failed(),)))
    (after,) = judge(make_account(1, name="Support", assignments=(failed("Other", group=GROUP),)))
    assert before.key == after.key
