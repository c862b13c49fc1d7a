"""The swap in two saves: what is said of it, how bad it is, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.model.directory import Account
from shared.model.finding import Finding
from shared.model.history import LicenceHistory, Swap
from shared.model.numbers import PhoneNumber
from shared.model.tenant import TenantState
from shared.rules.resource_account_two_step_swap import RULE
from shared.rules.snapshot import Snapshot

RESOURCE_ACCOUNT = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
NUMBER = "+14255550100"
OTHER_NUMBER = "+14255550101"

MakeAccount = Callable[..., Account]
MakeNumber = Callable[..., PhoneNumber]
Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(
    make_account: MakeAccount,
    make_state: Callable[..., TenantState],
    make_snapshot: Callable[..., Snapshot],
    now: datetime,
) -> Judge:
    def findings(
        *numbers: PhoneNumber, led_by: tuple[str, ...] = (), confirmed: datetime | None = None
    ) -> list[Finding]:
        swap = Swap(
            nothing_since=now - timedelta(days=3),
            licensed_at=now - timedelta(days=2),
            numbers=led_by,
            confirmed=confirmed,
        )
        account = make_account(1, RESOURCE_ACCOUNT, name="AA Main Line")
        histories = {account.id: LicenceHistory(swap=swap)}
        state = make_state(account, make_account(2), numbers=numbers, licence_histories=histories)
        return list(RULE.check(make_snapshot(state)))

    return findings


def test_an_account_swapped_in_two_saves_says_when_and_which_number_to_call(
    judge: Judge, make_number: MakeNumber, make_guid: Callable[[int], str]
) -> None:
    (found,) = judge(make_number(NUMBER), led_by=(NUMBER,))
    assert (found.severity, found.subject.name) == ("critical", "AA Main Line")
    assert found.summary == (
        "Its licences were swapped in two saves: none from 2026-11-17 10:00 to 2026-11-18 10:00 UTC. "
        "It may never answer again, though all looks right; callers reach it by +14255550100."
    )
    assert found.remedy.startswith("Call +14255550100. ")
    assert found.remedy.endswith(f"linekeeper confirm {make_guid(1)}")


def test_without_a_number_it_is_a_warning(judge: Judge) -> None:
    (found,) = judge()
    assert found.severity == "warning"
    assert found.remedy.startswith("Call the attendant or queue on this account. ")


def test_a_confirmed_test_call_ends_it(judge: Judge, now: datetime) -> None:
    assert judge(confirmed=now) == []


def test_it_ends_when_every_number_leads_to_another_account(judge: Judge, make_number: MakeNumber) -> None:
    both = (NUMBER, OTHER_NUMBER)
    assert judge(make_number(NUMBER, 2), make_number(OTHER_NUMBER, 2), led_by=both) == []
    assert len(judge(make_number(NUMBER, 2), make_number(OTHER_NUMBER, 1), led_by=both)) == 1


def test_it_does_not_end_when_its_number_was_only_taken_away(judge: Judge, make_number: MakeNumber) -> None:
    assert len(judge(make_number(NUMBER, None, status="unassigned"), led_by=(NUMBER,))) == 1
    assert len(judge(led_by=(NUMBER,))) == 1


def test_an_account_of_which_nothing_is_remembered_is_not_flagged(
    make_account: MakeAccount, make_state: Callable[..., TenantState], make_snapshot: Callable[..., Snapshot]
) -> None:
    assert list(RULE.check(make_snapshot(make_state(make_account(1, RESOURCE_ACCOUNT))))) == []
