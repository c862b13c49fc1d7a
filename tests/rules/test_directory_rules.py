"""The rules about what an account is in the directory: its sign-in, its place, its end; and about its numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.model.directory import Account, Departed
from shared.model.finding import Finding
from shared.model.numbers import FAILED_ACTIVATIONS, PhoneNumber
from shared.model.sources import SourceState
from shared.model.tenant import TenantState
from shared.rules import (
    number_assignment_failed,
    resource_account_deleted_with_number,
    resource_account_sign_in_enabled,
    resource_account_usage_location,
    resource_account_vanished,
)
from shared.rules.engine import evaluate
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot

SIGN_IN = resource_account_sign_in_enabled.RULE
LOCATION = resource_account_usage_location.RULE
DELETED = resource_account_deleted_with_number.RULE
VANISHED = resource_account_vanished.RULE
NUMBER_FAILED = number_assignment_failed.RULE
RULES = (SIGN_IN, LOCATION, DELETED, VANISHED, NUMBER_FAILED)

BERLIN = "+4930901820"
SEATTLE = "+14255550100"

MakeAccount = Callable[..., Account]
MakeNumber = Callable[..., PhoneNumber]
Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(make_state: Callable[..., TenantState], make_snapshot: Callable[..., Snapshot]) -> Judge:
    return lambda rule, *accounts, **known: list(rule.check(make_snapshot(make_state(*accounts, **known))))


def test_a_healthy_line_has_none_of_these_findings(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    number = make_number(SEATTLE)
    assert [found for rule in RULES for found in judge(rule, make_account(1), numbers=(number,))] == []


def test_a_person_may_sign_in_from_anywhere(judge: Judge, make_account: MakeAccount) -> None:
    person = make_account(1, marked=False, enabled=True, usage_location=None)
    assert [found for rule in RULES for found in judge(rule, person, numbers=())] == []


def test_a_rename_changes_no_identity(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, now: datetime
) -> None:
    def found(name: str) -> list[Finding]:
        accounts = (
            make_account(1, name=name, enabled=True, usage_location=None),
            make_account(2, name=name, marked=False, marked_until=now),
        )
        deleted = make_account(3).id
        known = {
            "numbers": (make_number(SEATTLE, 1, activation="updateFailed"), make_number(BERLIN, 3)),
            "departed": {deleted: Departed(id=deleted, name=name, read_at=now)},
        }
        return [finding for rule in RULES for finding in judge(rule, *accounts, **known)]

    before, after = found("Sales"), found("Support")
    assert [finding.key for finding in before] == [finding.key for finding in after]
    assert {finding.rule for finding in before} == {rule.id for rule in RULES}
    assert {finding.subject.name for finding in after} == {"Support"}


def test_an_account_that_allows_sign_in_is_told_to_block_it(judge: Judge, make_account: MakeAccount) -> None:
    account = make_account(1, enabled=True)
    (found,) = judge(SIGN_IN, account)
    assert (found.severity, found.subject.kind) == ("warning", "resource_account")
    assert found.remedy.endswith(f"Update-MgUser -UserId '{account.id}' -AccountEnabled:$false")


@pytest.mark.parametrize("enabled", [False, None])
def test_an_account_whose_sign_in_is_blocked_or_unknown_is_not_named(
    judge: Judge, make_account: MakeAccount, enabled: object
) -> None:
    assert judge(SIGN_IN, make_account(1, enabled=enabled)) == []


def test_the_target_of_a_number_must_not_allow_sign_in_either(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    assert judge(SIGN_IN, make_account(1, marked=False, enabled=True), numbers=(make_number(SEATTLE),))


@pytest.mark.parametrize("location", [None, "", "  "])
def test_a_missing_usage_location_is_set_to_the_numbers_country(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, location: str | None
) -> None:
    account = make_account(1, usage_location=location)
    (found,) = judge(LOCATION, account, numbers=(make_number(BERLIN, country="DE"),))
    assert found.severity == "warning"
    assert found.summary == "No usage location: a licence cannot be assigned to it."
    assert found.remedy.endswith(f"Update-MgUser -UserId '{account.id}' -UsageLocation 'DE'")
    assert found.evidence == {"usage_location": "", "number_countries": ["DE"]}


@pytest.mark.parametrize("country", [None, "", "DEU", "D1", "'; Remove-MgUser -All; '"])
def test_without_a_country_to_go_by_the_remedy_is_in_words(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, country: str | None
) -> None:
    (found,) = judge(LOCATION, make_account(1, usage_location=None), numbers=(make_number(BERLIN, country=country),))
    assert "Update-MgUser" not in found.remedy
    assert "the country where the line is" in found.remedy


def test_a_usage_location_in_another_country_than_the_number_is_named(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    account = make_account(1, usage_location="US")
    (found,) = judge(LOCATION, account, numbers=(make_number(BERLIN, country="de"),))
    assert found.summary == f"Usage location US, but the country of {BERLIN} is DE."
    assert found.remedy.endswith(f"Update-MgUser -UserId '{account.id}' -UsageLocation 'DE'")


@pytest.mark.parametrize(("location", "country"), [("US", "us"), ("us", "US"), ("US", None), ("US", "USA"), ("US", "")])
def test_a_usage_location_in_the_numbers_country_or_beside_an_unknown_one_is_right(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, location: str, country: str | None
) -> None:
    account = make_account(1, usage_location=location)
    assert judge(LOCATION, account, numbers=(make_number(SEATTLE, country=country),)) == []


def test_of_several_numbers_any_that_lies_elsewhere_counts_and_no_country_is_guessed(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    numbers = (make_number(SEATTLE), make_number(BERLIN, country="DE"))
    (found,) = judge(LOCATION, make_account(1), numbers=numbers)
    assert found.summary == f"Usage location US, but the country of {BERLIN} is DE."
    assert "Update-MgUser" not in found.remedy
    assert "DE, US" in found.remedy


def test_the_number_of_another_account_does_not_place_this_one(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    assert judge(LOCATION, make_account(1), numbers=(make_number(BERLIN, 2, country="DE"),)) == []


def test_without_numbers_only_a_missing_usage_location_is_known(judge: Judge, make_account: MakeAccount) -> None:
    assert judge(LOCATION, make_account(1)) == []
    assert len(judge(LOCATION, make_account(1, usage_location=None))) == 1


def test_the_last_known_numbers_place_an_account_while_they_cannot_be_read(
    judge: Judge,
    make_account: MakeAccount,
    make_number: MakeNumber,
    make_state: Callable[..., TenantState],
    now: datetime,
) -> None:
    stale = SourceState(state="failed", tried_at=now, complete_as_of=now - timedelta(days=1))
    sources = {**make_state().sources, "numbers": stale}
    numbers = (make_number(BERLIN, country="DE"),)
    assert len(judge(LOCATION, make_account(1), numbers=numbers, sources=sources)) == 1


def test_a_deleted_account_with_numbers_is_one_finding_that_says_how_to_restore_it(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, now: datetime
) -> None:
    target = make_account(1).id
    departed = {target: Departed(id=target, name="Sales", restorable=True, read_at=now)}
    (found,) = judge(DELETED, numbers=(make_number(SEATTLE), make_number(BERLIN)), departed=departed)
    assert found.severity == "critical"
    assert (found.subject.kind, found.subject.id, found.subject.name) == ("resource_account", target, "Sales")
    assert found.summary == f"The account is deleted: callers to {SEATTLE}, {BERLIN} cannot be answered."
    assert "within 30 days of its deletion" in found.remedy
    assert found.remedy.endswith(f"Restore-MgDirectoryDeletedItem -DirectoryObjectId '{target}'")
    assert found.evidence == {"numbers": [SEATTLE, BERLIN], "restorable": True}


def test_the_number_of_an_account_that_is_gone_for_good_is_assigned_anew(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, now: datetime
) -> None:
    target = make_account(1).id
    (found,) = judge(DELETED, numbers=(make_number(SEATTLE),), departed={target: Departed(id=target, read_at=now)})
    assert "assign the number anew" in found.remedy
    assert "Restore-" not in found.remedy


def test_a_target_that_was_never_looked_up_is_not_judged_deleted(judge: Judge, make_number: MakeNumber) -> None:
    assert judge(DELETED, numbers=(make_number(SEATTLE),)) == []


def test_an_account_that_was_restored_is_not_deleted(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, now: datetime
) -> None:
    account = make_account(1)
    departed = {account.id: Departed(id=account.id, restorable=True, read_at=now)}
    assert judge(DELETED, account, numbers=(make_number(SEATTLE),), departed=departed) == []


@pytest.mark.parametrize("numbers", [[], [(SEATTLE, 2)], [(SEATTLE, None)]])
def test_a_deleted_account_without_a_number_is_nothing_to_callers(
    judge: Judge,
    make_account: MakeAccount,
    make_number: MakeNumber,
    now: datetime,
    numbers: list[tuple[str, int | None]],
) -> None:
    target = make_account(1).id
    departed = {target: Departed(id=target, read_at=now)}
    assert judge(DELETED, numbers=tuple(make_number(*each) for each in numbers), departed=departed) == []


def test_a_persons_number_is_not_a_line(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, now: datetime
) -> None:
    target = make_account(1).id
    number = make_number(SEATTLE, status="userAssigned")
    assert judge(DELETED, numbers=(number,), departed={target: Departed(id=target, read_at=now)}) == []


@pytest.mark.parametrize("rule", [DELETED, NUMBER_FAILED])
def test_rules_about_numbers_are_skipped_while_numbers_are_not_read(
    rule: Rule, make_state: Callable[..., TenantState], make_snapshot: Callable[..., Snapshot]
) -> None:
    (skipped,) = evaluate([rule], make_snapshot(make_state())).skipped
    assert (skipped.rule, skipped.why) == (rule.id, "numbers are not read")


def test_an_account_that_lost_its_marker_is_said_to_be_watched_no_more(
    judge: Judge, make_account: MakeAccount, now: datetime
) -> None:
    (found,) = judge(VANISHED, make_account(1, marked=False, marked_until=now))
    assert (found.severity, found.subject.kind) == ("warning", "resource_account")
    assert found.summary.startswith("Was a resource account until 2026-11-20 10:00 UTC: the department marker is gone")
    assert '"Microsoft Communication Application Instance"' in found.remedy
    assert found.evidence == {"marked_until": "2026-11-20T10:00:00Z", "department": "Sales"}


def test_an_account_with_the_marker_or_with_a_number_has_not_vanished(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, now: datetime
) -> None:
    assert judge(VANISHED, make_account(1, marked_until=now)) == []
    unmarked = make_account(1, marked=False, marked_until=now)
    assert judge(VANISHED, unmarked, numbers=(make_number(SEATTLE),)) == []
    assert len(judge(VANISHED, unmarked, numbers=(make_number(SEATTLE, 2),))) == 1


def test_somebody_who_never_was_a_resource_account_has_not_vanished(judge: Judge, make_account: MakeAccount) -> None:
    assert judge(VANISHED, make_account(1, marked=False)) == []


@pytest.mark.parametrize("activation", sorted(FAILED_ACTIVATIONS))
def test_a_number_that_could_not_be_assigned_is_critical_and_named(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, activation: str
) -> None:
    account = make_account(1)
    (found,) = judge(NUMBER_FAILED, account, numbers=(make_number(SEATTLE, activation=activation),))
    assert found.severity == "critical"
    assert (found.subject.id, found.aspect) == (account.id, "14255550100")
    assert SEATTLE in found.summary
    assert activation in found.summary


def test_two_numbers_that_failed_are_two_findings_about_one_account(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    numbers = tuple(make_number(each, activation="assignmentFailed") for each in (SEATTLE, BERLIN))
    found = judge(NUMBER_FAILED, make_account(1), numbers=numbers)
    assert [finding.aspect for finding in found] == ["14255550100", "4930901820"]


@pytest.mark.parametrize("activation", ["activated", "assignmentPending", "updatePending", "", "unknownFutureValue"])
def test_a_number_that_works_or_is_on_its_way_has_not_failed(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, activation: str
) -> None:
    assert judge(NUMBER_FAILED, make_account(1), numbers=(make_number(SEATTLE, activation=activation),)) == []


def test_the_failed_number_of_a_person_or_of_nobody_is_not_ours(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    numbers = (
        make_number(SEATTLE, activation="assignmentFailed", status="userAssigned"),
        make_number(BERLIN, None, activation="assignmentFailed"),
    )
    assert judge(NUMBER_FAILED, make_account(1, marked=False), numbers=numbers) == []


def test_a_number_that_failed_before_it_was_assigned_still_belongs_to_its_marked_account(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    number = make_number(SEATTLE, activation="assignmentFailed", status="unassigned")
    assert len(judge(NUMBER_FAILED, make_account(1), numbers=(number,))) == 1
