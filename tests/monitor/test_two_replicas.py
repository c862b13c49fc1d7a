"""A delta read and a direct read may be answered by two replicas, of which either may lag: neither undoes the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.graph.reads import AccountsRead, DeltaRead
from shared.model.directory import (
    RESOURCE_ACCOUNT_DEPARTMENT,
    Account,
    AccountChange,
    AssignedLicence,
    Assignment,
    Departed,
)
from shared.model.numbers import VOICE_APPLICATION, PhoneNumber
from shared.model.tenant import TenantState
from shared.monitor.direct import applied, to_read_directly

LINK = "https://graph.test/delta?token=1"
NEXT = "https://graph.test/delta?token=2"
RESOURCE_ACCOUNT_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
MINUTE = timedelta(minutes=1)
FAILED = Assignment(sku_id=RESOURCE_ACCOUNT_SKU, state="Error", error="CountViolation")

MakeAccount = Callable[..., Account]
MakeGuid = Callable[[int], str]
MakeState = Callable[..., TenantState]


def delta(*changes: AccountChange, begun: datetime) -> DeltaRead:
    return DeltaRead(begun=begun, base=LINK, link=NEXT, changes=changes)


def test_what_delta_says_stands_and_the_direct_read_adds_what_delta_cannot_tell(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1, RESOURCE_ACCOUNT_SKU)
    begun, later = now + MINUTE, now + MINUTE + timedelta(seconds=1)
    lagging = make_account(1, RESOURCE_ACCOUNT_SKU, name="New name", assignments=(FAILED,), read_at=later)
    state = applied(
        make_state(account),
        delta(AccountChange(id=account.id, licences=()), begun=begun),
        AccountsRead(begun=later, found=(lagging,)),
    )
    assert state.accounts == {account.id: make_account(1, name="New name", assignments=(FAILED,), read_at=later)}
    assert state.delta.brought == {account.id: later}


def test_who_is_new_to_delta_and_not_yet_found_directly_is_taken_from_delta(
    make_state: MakeState, make_guid: MakeGuid, now: datetime
) -> None:
    new = AccountChange(id=make_guid(7), name="CQ Oslo", department=RESOURCE_ACCOUNT_DEPARTMENT)
    missing = Departed(id=new.id, read_at=now + MINUTE)
    state = applied(make_state(), delta(new, begun=now + MINUTE), AccountsRead(begun=now + MINUTE, departed=(missing,)))
    assert state.accounts[new.id].name == "CQ Oslo"
    assert state.departed == {}


def test_who_was_known_and_is_not_found_directly_stays_as_delta_tells(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1)
    missing = Departed(id=account.id, read_at=now + MINUTE)
    state = applied(
        make_state(account),
        delta(AccountChange(id=account.id, name="Restored"), begun=now + MINUTE),
        AccountsRead(begun=now + MINUTE, departed=(missing,)),
    )
    assert state.accounts[account.id].name == "Restored"
    assert state.departed == {}


def test_who_is_removed_by_delta_is_not_brought_back_by_a_lagging_direct_read(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1)
    lagging = make_account(1, read_at=now + 2 * MINUTE)
    state = applied(
        make_state(account),
        delta(AccountChange(id=account.id, removed=True, restorable=True), begun=now + MINUTE),
        AccountsRead(begun=now + 2 * MINUTE, found=(lagging,)),
    )
    assert state.accounts == {}
    assert list(state.departed) == [account.id]


def test_who_delta_does_not_tell_of_is_as_the_direct_read_says(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    stale, gone = make_account(1, RESOURCE_ACCOUNT_SKU), make_account(2)
    read = AccountsRead(
        begun=now + MINUTE,
        found=(make_account(1, read_at=now + MINUTE),),
        departed=(Departed(id=gone.id, restorable=True, read_at=now + MINUTE),),
    )
    state = applied(make_state(stale, gone), delta(begun=now + MINUTE), read)
    assert state.accounts == {stale.id: make_account(1, read_at=now + MINUTE)}
    assert state.departed[gone.id].name == "Account 2"


def test_two_reads_that_are_answered_in_turn_by_two_replicas_do_not_make_an_account_flap(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1, RESOURCE_ACCOUNT_SKU)
    seen = []
    state = make_state(account)
    for turn in range(1, 5):
        begun = now + turn * MINUTE
        changes = (AccountChange(id=account.id, licences=()),) if turn == 1 else ()
        link = LINK if turn == 1 else f"{NEXT}{turn - 1}"
        read = DeltaRead(begun=begun, base=link, link=f"{NEXT}{turn}", changes=changes)
        lagging = AccountsRead(begun=begun, found=(make_account(1, RESOURCE_ACCOUNT_SKU, read_at=begun),))
        state = applied(state, read, lagging if turn == 1 else None)
        seen.append(state.accounts[account.id].licences)
    assert seen == [()] * 4


@pytest.mark.parametrize(
    "change",
    [
        AccountChange(id="new", department=RESOURCE_ACCOUNT_DEPARTMENT),
        AccountChange(id="new", licences=(AssignedLicence(RESOURCE_ACCOUNT_SKU),)),
        AccountChange(id="target", name="Whoever"),
    ],
    ids=["by its marker", "by the licence", "by a number"],
)
def test_a_newcomer_is_read_directly_since_delta_may_tell_only_what_changed(
    make_state: MakeState, now: datetime, change: AccountChange
) -> None:
    numbers = (PhoneNumber(number="+1", target="target", status=VOICE_APPLICATION),)
    assert to_read_directly(make_state(numbers=numbers), delta(change, begun=now), ()) == [change.id]


def test_followed_accounts_that_changed_are_read_directly_and_others_are_not(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    changed, removed, quiet = (make_account(number) for number in (1, 2, 3))
    changes = (
        AccountChange(id=changed.id, name="New"),
        AccountChange(id=removed.id, removed=True),
        AccountChange(id="person", department="Legal"),
    )
    state = make_state(changed, removed, quiet)
    assert to_read_directly(state, delta(*changes, begun=now), ()) == [changed.id]


def test_those_that_were_named_and_not_brought_are_read_directly_once_each(
    make_state: MakeState, now: datetime
) -> None:
    read = delta(AccountChange(id="told", department="Legal"), begun=now)
    assert to_read_directly(make_state(), read, ["told", "b", "a", "b"]) == ["a", "b"]
