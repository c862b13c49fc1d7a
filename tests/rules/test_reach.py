"""Who is a resource account, which numbers lead to it, and how much worse a failure is where callers come in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.licensing.policy import POLICIES
from shared.model.directory import Account
from shared.model.finding import Finding
from shared.model.numbers import PhoneNumber
from shared.model.sources import SourceState
from shared.model.tenant import TenantState
from shared.rules import (
    person_holds_resource_account_licence,
    resource_account_phone_licence,
    resource_account_unlicensed,
)
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot

UNLICENSED = resource_account_unlicensed.RULE
PHONE_LICENCE = resource_account_phone_licence.RULE
PERSON = person_holds_resource_account_licence.RULE

PHONE_STANDARD = "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"

MakeAccount = Callable[..., Account]
MakeNumber = Callable[..., PhoneNumber]
MakeState = Callable[..., TenantState]
MakeSnapshot = Callable[..., Snapshot]
Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(make_state: MakeState, make_snapshot: MakeSnapshot) -> Judge:
    def findings(rule: Rule, *accounts: Account, policy: str = "2023-shared-devices", **known: object) -> list[Finding]:
        return list(rule.check(make_snapshot(make_state(*accounts, **known), policy=POLICIES[policy])))

    return findings


def test_the_target_of_a_number_is_a_resource_account_without_the_marker(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    account = make_account(1, marked=False)
    assert judge(UNLICENSED, account, numbers=()) == []
    (found,) = judge(UNLICENSED, account, numbers=(make_number("+14255550100"),))
    assert (found.severity, found.subject.id) == ("critical", account.id)


def test_the_target_of_a_number_is_no_person(judge: Judge, make_account: MakeAccount, make_number: MakeNumber) -> None:
    holder = make_account(1, RESOURCE_ACCOUNT, marked=False)
    assert len(judge(PERSON, holder, numbers=())) == 1
    assert judge(PERSON, holder, numbers=(make_number("+14255550100"),)) == []


@pytest.mark.parametrize("status", ["userAssigned", "thirdPartyAppAssigned", "unassigned", "", "unknownFutureValue"])
def test_a_number_that_no_voice_application_answers_makes_nobody_a_resource_account(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber, status: str
) -> None:
    number = make_number("+14255550100", status=status)
    assert judge(UNLICENSED, make_account(1, marked=False), numbers=(number,)) == []
    assert judge(UNLICENSED, make_account(1), numbers=(number,))[0].severity == "warning"


def test_a_target_that_was_never_looked_up_is_nobody_yet(make_snapshot: MakeSnapshot, make_state: MakeState) -> None:
    number = PhoneNumber(number="+14255550100", target="unknown", status="voiceApplicationAssigned")
    snapshot = make_snapshot(make_state(numbers=(number, PhoneNumber(number="+14255550101"))))
    assert snapshot.resource_accounts == snapshot.people == ()
    assert snapshot.needed == 0


def test_whether_an_account_has_a_number_is_unknown_until_numbers_were_read(
    make_snapshot: MakeSnapshot, make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    account = make_account(1)
    number = make_number("+14255550100")
    assert make_snapshot(make_state(account)).has_number(account) is None
    assert make_snapshot(make_state(account, numbers=())).has_number(account) is False
    assert make_snapshot(make_state(account, numbers=(number,))).has_number(account) is True
    assert make_snapshot(make_state(account, numbers=(number,))).numbers_of(account) == (number,)


def test_numbers_of_a_first_read_that_never_ended_are_not_used(
    make_snapshot: MakeSnapshot,
    make_state: MakeState,
    make_account: MakeAccount,
    make_number: MakeNumber,
    now: datetime,
) -> None:
    partial = SourceState(state="partial", tried_at=now)
    state = make_state(make_account(1), numbers=(make_number("+14255550100"),), sources={"numbers": partial})
    snapshot = make_snapshot(state)
    assert snapshot.has_number(make_account(1)) is None
    assert snapshot.numbers_of(make_account(1)) == ()


def test_the_last_known_numbers_serve_while_they_cannot_be_read(
    judge: Judge, make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, now: datetime
) -> None:
    stale = SourceState(state="failed", tried_at=now, complete_as_of=now - timedelta(days=3), problem="timed out")
    sources = {**make_state().sources, "numbers": stale}
    (found,) = judge(UNLICENSED, make_account(1), numbers=(make_number("+14255550100"),), sources=sources)
    assert found.severity == "critical"
    assert found.evidence["numbers"] == ["+14255550100"]


def test_an_account_behind_a_number_is_critical_and_says_who_calls_in_vain(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    (found,) = judge(UNLICENSED, make_account(1), numbers=(make_number("+14255550100"),))
    assert found.severity == "critical"
    assert found.summary == "No licence: callers to +14255550100 cannot be answered."
    assert found.evidence == {"licences": [], "reach": "line", "numbers": ["+14255550100"]}


def test_an_account_without_a_number_is_a_warning_as_a_call_flow_may_lead_to_it(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    (found,) = judge(UNLICENSED, make_account(1), numbers=(make_number("+14255550100", 2),))
    assert found.severity == "warning"
    assert found.summary == "No licence: the attendant or queue on this account cannot answer callers."
    assert found.evidence == {"licences": [], "reach": "unknown", "numbers": []}


def test_three_numbers_are_named_and_the_rest_is_counted(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    numbers = tuple(make_number(f"+1425555010{digit}") for digit in (4, 2, 0, 3, 1))
    (three,) = judge(UNLICENSED, make_account(1), numbers=numbers[:3])
    (five,) = judge(UNLICENSED, make_account(1), numbers=numbers)
    assert "callers to +14255550100, +14255550102, +14255550104 cannot" in three.summary
    assert "callers to +14255550100, +14255550101, +14255550102, +2 more cannot" in five.summary
    assert five.evidence["numbers"] == [f"+1425555010{digit}" for digit in range(5)]


def test_a_number_that_was_listed_twice_is_named_once(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    (found,) = judge(UNLICENSED, make_account(1), numbers=(make_number("+14255550100"),) * 2)
    assert found.evidence["numbers"] == ["+14255550100"]


def test_an_account_is_the_same_finding_with_and_without_a_number(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    (without,) = judge(UNLICENSED, make_account(1), numbers=())
    (with_one,) = judge(UNLICENSED, make_account(1), numbers=(make_number("+14255550100"),))
    assert without.key == with_one.key


def test_in_2020_only_accounts_behind_a_number_needed_a_licence(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    accounts = make_account(1), make_account(2)
    policy = "2019-07-virtual-user"
    found = judge(UNLICENSED, *accounts, policy=policy, numbers=(make_number("+14255550100"),))
    assert [finding.subject.id for finding in found] == [accounts[0].id]
    assert len(judge(UNLICENSED, *accounts, policy=policy)) == 2


def test_the_licences_that_are_needed_follow_the_numbers(
    make_snapshot: MakeSnapshot, make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    state = make_state(
        make_account(1), make_account(2), make_account(3, marked=False), numbers=(make_number("+14255550100", 3),)
    )
    assert make_snapshot(state).needed == 3
    assert make_snapshot(state, policy=POLICIES["2019-07-virtual-user"]).needed == 1


def test_an_account_on_a_phone_licence_names_its_numbers(
    judge: Judge, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE_STANDARD), numbers=(make_number("+14255550100"),))
    assert found.severity == "warning"
    assert found.summary.endswith("instead of the resource-account licence; callers reach it by +14255550100.")
    assert found.evidence == {"phone_licences": [PHONE_STANDARD], "numbers": ["+14255550100"]}
    (found,) = judge(PHONE_LICENCE, make_account(1, PHONE_STANDARD), numbers=())
    assert found.summary.endswith("instead of the resource-account licence.")
