"""Whom the document goes on with: who lost what named them, who was deleted, and whom a number leads to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from shared.graph.reads import AccountsRead, DeltaRead
from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account, AccountChange, Departed
from shared.model.numbers import VOICE_APPLICATION, PhoneNumber
from shared.model.tenant import DeltaPosition, TenantState
from shared.monitor.following import REMEMBER_DEPARTED, REMEMBER_MARK, following, targets_of
from shared.monitor.observation import REMEMBER_IDS, awaiting, no_longer_awaiting, with_accounts, with_delta

LINK = "https://graph.test/delta?token=1"
NEXT = "https://graph.test/delta?token=2"
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

MakeAccount = Callable[..., Account]
MakeGuid = Callable[[int], str]
MakeState = Callable[..., TenantState]


def delta(*changes: AccountChange, begun: datetime, complete: bool = True) -> DeltaRead:
    return DeltaRead(begun=begun, base=LINK, link=NEXT, changes=changes, complete=complete)


def leading_to(account_id: str, status: str = VOICE_APPLICATION) -> PhoneNumber:
    return PhoneNumber(number="+4930901820", target=account_id, status=status)


def test_an_account_that_lost_its_marker_is_followed_and_says_since_when(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1)
    change = AccountChange(id=account.id, department="Sales")
    state = with_delta(make_state(account), delta(change, begun=now + MINUTE))
    assert state.accounts == {
        account.id: make_account(1, marked=False, read_at=now + MINUTE, marked_until=now + MINUTE)
    }


def test_since_when_a_marker_is_lost_does_not_move_with_later_reads(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    lost = make_account(1, marked=False, marked_until=now - MINUTE)
    found = make_account(1, marked=False, name="Renamed", read_at=now + MINUTE)
    state = with_accounts(make_state(lost), AccountsRead(begun=now + MINUTE, found=(found,)))
    assert state.accounts[lost.id] == msgspec.structs.replace(found, marked_until=now - MINUTE)


def test_a_marker_that_came_back_was_never_lost(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    lost = make_account(1, marked=False, marked_until=now - MINUTE)
    change = AccountChange(id=lost.id, department=RESOURCE_ACCOUNT_DEPARTMENT)
    state = with_delta(make_state(lost), delta(change, begun=now + MINUTE))
    assert state.accounts == {lost.id: make_account(1, read_at=now + MINUTE)}


@pytest.mark.parametrize(("age", "followed"), [(REMEMBER_MARK, True), (REMEMBER_MARK + SECOND, False)])
def test_who_lost_its_marker_is_followed_for_thirty_days(
    make_state: MakeState, make_account: MakeAccount, now: datetime, age: timedelta, *, followed: bool
) -> None:
    lost = make_account(1, marked=False, marked_until=now - age)
    state = make_state(lost)
    assert (lost.id in following(state, dict(state.accounts), (), now).accounts) is followed


def test_who_a_number_leads_to_is_followed_without_a_marker(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    target, person = make_account(1, marked=False), make_account(2, marked=False)
    state = make_state(numbers=(leading_to(target.id),))
    assert list(following(state, {each.id: each for each in (target, person)}, (), now).accounts) == [target.id]


@pytest.mark.parametrize("status", ["userAssigned", "unassigned", ""])
def test_a_number_of_a_person_leads_to_no_resource_account(
    make_state: MakeState, make_guid: MakeGuid, status: str
) -> None:
    assert targets_of(make_state(numbers=(leading_to(make_guid(1), status),))) == frozenset()


@pytest.mark.parametrize("restorable", [True, False])
def test_a_deleted_account_departs_with_the_name_that_it_had(
    make_state: MakeState, make_account: MakeAccount, now: datetime, *, restorable: bool
) -> None:
    account = make_account(1)
    change = AccountChange(id=account.id, removed=True, restorable=restorable)
    state = with_delta(make_state(account), delta(change, begun=now + MINUTE))
    assert state.accounts == {}
    assert state.departed == {
        account.id: Departed(id=account.id, name="Account 1", restorable=restorable, read_at=now + MINUTE)
    }


def test_people_of_no_concern_depart_unnoticed(make_state: MakeState, make_guid: MakeGuid, now: datetime) -> None:
    state = with_delta(make_state(), delta(AccountChange(id=make_guid(7), removed=True), begun=now + MINUTE))
    gone = Departed(id=make_guid(8), read_at=now + MINUTE)
    assert with_accounts(state, AccountsRead(begun=now + MINUTE, departed=(gone,))).departed == {}


@pytest.mark.parametrize("how", ["by delta", "directly"])
def test_who_a_number_leads_to_departs_although_it_was_never_known(
    make_state: MakeState, make_guid: MakeGuid, now: datetime, how: str
) -> None:
    state = make_state(numbers=(leading_to(make_guid(7)),))
    gone = Departed(id=make_guid(7), restorable=True, read_at=now + MINUTE)
    if how == "directly":
        state = with_accounts(state, AccountsRead(begun=now + MINUTE, departed=(gone,)))
    else:
        change = AccountChange(id=make_guid(7), removed=True, restorable=True)
        state = with_delta(state, delta(change, begun=now + MINUTE))
    assert state.departed == {make_guid(7): gone}


def test_an_account_that_comes_back_has_not_departed(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    back = make_account(1, read_at=now + MINUTE)
    gone = Departed(id=back.id, restorable=True, read_at=now)
    state = with_accounts(make_state(departed={back.id: gone}), AccountsRead(begun=now + MINUTE, found=(back,)))
    assert (list(state.accounts), state.departed) == ([back.id], {})


@pytest.mark.parametrize(
    ("age", "numbered", "remembered"),
    [
        (REMEMBER_DEPARTED, False, True),
        (REMEMBER_DEPARTED + SECOND, False, False),
        (10 * REMEMBER_DEPARTED, True, True),
    ],
)
def test_the_departed_are_remembered_for_forty_days_or_as_long_as_a_number_leads_to_them(
    make_state: MakeState, make_guid: MakeGuid, now: datetime, age: timedelta, *, numbered: bool, remembered: bool
) -> None:
    gone = Departed(id=make_guid(1), read_at=now - age)
    numbers = (leading_to(gone.id),) if numbered else ()
    state = following(make_state(numbers=numbers, departed={gone.id: gone}), {}, (), now)
    assert (gone.id in state.departed) is remembered


def test_a_part_of_a_delta_read_moves_the_link_and_is_not_taken_for_the_whole(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1)
    change = AccountChange(id=account.id, name="Renamed")
    state = with_delta(make_state(account), delta(change, begun=now + MINUTE, complete=False))
    assert (state.delta.link, state.accounts[account.id].name) == (NEXT, "Renamed")
    known = state.source("accounts")
    assert (known.state, known.complete_as_of, known.tried_at) == ("partial", now, now + MINUTE)
    assert (known.failing_since, known.not_before) == (now + MINUTE, None)


def test_who_is_waited_for_is_named_once_and_in_order(make_state: MakeState) -> None:
    state = awaiting(awaiting(make_state(), ["b", "a"]), ["a", "c"])
    assert state.delta.awaited == ("b", "a", "c")


def test_no_more_are_waited_for_than_the_document_can_bear(make_state: MakeState) -> None:
    users = [str(number) for number in range(REMEMBER_IDS + 5)]
    assert awaiting(make_state(), users).delta.awaited == tuple(users[5:])


def test_only_what_was_brought_since_a_moment_is_no_longer_waited_for(make_state: MakeState, now: datetime) -> None:
    brought = {"early": now - SECOND, "then": now, "late": now + SECOND}
    waiting = ("early", "then", "late", "never")
    state = make_state(delta=DeltaPosition(link=LINK, brought=brought, awaited=waiting))
    assert no_longer_awaiting(state, now).delta.awaited == ("early", "never")


@pytest.mark.parametrize("found", [True, False])
def test_who_was_read_directly_is_no_longer_waited_for(
    make_state: MakeState, make_account: MakeAccount, now: datetime, *, found: bool
) -> None:
    account = make_account(1, read_at=now + MINUTE)
    state = make_state(delta=DeltaPosition(link=LINK, awaited=(account.id, "other")))
    gone = Departed(id=account.id, read_at=now + MINUTE)
    read = AccountsRead(begun=now + MINUTE, found=(account,) if found else (), departed=() if found else (gone,))
    assert with_accounts(state, read).delta.awaited == ("other",)
