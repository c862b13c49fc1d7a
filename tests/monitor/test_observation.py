"""How a read enters the document: older never overwrites newer, and what is outdated is dropped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.graph.reads import AccountsRead, DeltaRead, LicencesRead
from shared.licensing import plans
from shared.model.directory import Account, AccountChange, AssignedLicence, Departed
from shared.model.errors import SourceError
from shared.model.licences import CommerceSubscription, Sku
from shared.model.tenant import DeltaPosition, TenantState
from shared.monitor.following import matters
from shared.monitor.observation import (
    REMEMBER_BROUGHT,
    REMEMBER_IDS,
    Baseline,
    with_accounts,
    with_baseline,
    with_delta,
    without_delta,
)
from shared.monitor.source_reads import with_failure, with_licences

LINK = "https://graph.test/delta?token=1"
NEXT = "https://graph.test/delta?token=2"
RESOURCE_ACCOUNT_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
MINUTE = timedelta(minutes=1)

MakeAccount = Callable[..., Account]
MakeState = Callable[..., TenantState]


def delta(*changes: AccountChange, begun: datetime, base: str = LINK, link: str = NEXT) -> DeltaRead:
    return DeltaRead(begun=begun, base=base, link=link, changes=changes)


def test_a_read_of_licences_replaces_skus_and_subscriptions(
    make_state: MakeState, make_sku: Callable[..., Sku], now: datetime
) -> None:
    subscription = CommerceSubscription(id="s")
    read = LicencesRead(begun=now + MINUTE, skus=(make_sku(1),), subscriptions=(subscription,))
    state = with_licences(make_state(skus=(make_sku(2),)), read)
    assert (state.skus, state.subscriptions) == ((make_sku(1),), (subscription,))
    known = state.source("licences")
    assert (known.state, known.complete_as_of, known.problem) == ("complete", now + MINUTE, "")


@pytest.mark.parametrize("age", [timedelta(0), MINUTE])
def test_a_read_of_licences_that_began_no_later_is_dropped(
    make_state: MakeState, make_sku: Callable[..., Sku], now: datetime, age: timedelta
) -> None:
    state = make_state(skus=(make_sku(2),))
    assert with_licences(state, LicencesRead(begun=now - age, skus=(), subscriptions=None)) == state


def test_subscriptions_that_may_not_be_read_are_unknown_and_not_none(make_state: MakeState, now: datetime) -> None:
    state = with_licences(make_state(), LicencesRead(begun=now + MINUTE, skus=(), subscriptions=None))
    assert state.subscriptions is None


def test_a_failure_keeps_what_was_known_as_of_when_it_was_read(
    make_state: MakeState, make_sku: Callable[..., Sku], now: datetime
) -> None:
    state = with_failure(make_state(skus=(make_sku(1),)), "licences", SourceError("timed out"), now + MINUTE)
    known = state.source("licences")
    assert state.skus == (make_sku(1),)
    assert (known.state, known.complete_as_of, known.tried_at) == ("failed", now, now + MINUTE)
    assert known.problem == "timed out"
    assert state.source("accounts").state == "complete"


def test_a_complete_read_after_a_failure_forgets_the_problem(make_state: MakeState, now: datetime) -> None:
    state = with_failure(make_state(), "licences", SourceError("timed out"), now + MINUTE)
    state = with_licences(state, LicencesRead(begun=now + 2 * MINUTE, skus=(), subscriptions=()))
    assert (state.source("licences").state, state.source("licences").problem) == ("complete", "")


def test_a_baseline_replaces_all_accounts_and_starts_the_chain(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    fresh = make_account(2, read_at=now + MINUTE)
    state = make_state(make_account(1), delta=DeltaPosition(link=LINK, brought={"x": now}))
    state = with_baseline(state, Baseline(begun=now + MINUTE, accounts=(fresh,), link=NEXT))
    assert state.accounts == {fresh.id: fresh}
    assert state.delta == DeltaPosition(link=NEXT, baseline=now + MINUTE, brought={"x": now})
    assert state.source("accounts").complete_as_of == now + MINUTE


def test_a_baseline_of_nobody_is_evidence_that_there_is_nobody(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    state = with_baseline(make_state(make_account(1)), Baseline(begun=now + MINUTE, accounts=(), link=NEXT))
    assert state.accounts == {}


def test_an_account_read_later_than_the_baseline_began_stays(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    later = make_account(1, name="New name", read_at=now + 2 * MINUTE)
    listed = make_account(1, name="Old name", read_at=now + MINUTE)
    state = with_baseline(make_state(later), Baseline(begun=now + MINUTE, accounts=(listed,), link=NEXT))
    assert state.accounts == {later.id: later}


def test_a_baseline_that_began_before_the_last_one_is_dropped(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    state = make_state(make_account(1), delta=DeltaPosition(link=LINK, baseline=now))
    assert with_baseline(state, Baseline(begun=now - MINUTE, accounts=(), link=NEXT)) == state


def test_a_delta_changes_what_it_says_and_leaves_what_it_does_not_say(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1, RESOURCE_ACCOUNT_SKU, name="Sales", usage_location="DE", enabled=False)
    state = with_delta(make_state(account), delta(AccountChange(id=account.id, name="Support"), begun=now + MINUTE))
    assert state.accounts == {
        account.id: make_account(
            1, RESOURCE_ACCOUNT_SKU, name="Support", usage_location="DE", enabled=False, read_at=now + MINUTE
        )
    }


def test_an_empty_value_is_not_an_absent_one(make_state: MakeState, make_account: MakeAccount, now: datetime) -> None:
    account = make_account(1, RESOURCE_ACCOUNT_SKU, usage_location="DE")
    change = AccountChange(id=account.id, licences=(), usage_location=None)
    state = with_delta(make_state(account), delta(change, begun=now + MINUTE))
    assert state.accounts[account.id].licences == ()
    assert state.accounts[account.id].usage_location is None
    assert state.accounts[account.id].name == account.name


def test_a_delta_moves_the_chain_and_its_time_even_where_nothing_changed(make_state: MakeState, now: datetime) -> None:
    state = with_delta(make_state(), delta(begun=now + MINUTE))
    assert state.delta.link == NEXT
    assert state.source("accounts").complete_as_of == now + MINUTE


def test_a_delta_removes_an_account(make_state: MakeState, make_account: MakeAccount, now: datetime) -> None:
    gone, left = make_account(1), make_account(2)
    state = with_delta(make_state(gone, left), delta(AccountChange(id=gone.id, removed=True), begun=now + MINUTE))
    assert list(state.accounts) == [left.id]
    assert state.departed == {gone.id: Departed(id=gone.id, name="Account 1", read_at=now + MINUTE)}


def test_a_delta_that_starts_elsewhere_is_dropped(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    state = make_state(make_account(1))
    change = AccountChange(id=make_account(1).id, removed=True)
    assert with_delta(state, delta(change, begun=now + MINUTE, base=NEXT)) == state


def test_a_delta_read_twice_at_once_is_taken_once(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1)
    first = delta(AccountChange(id=account.id, name="One"), begun=now + MINUTE)
    second = delta(AccountChange(id=account.id, name="Two"), begun=now + 2 * MINUTE, link=f"{NEXT}&other")
    assert with_delta(with_delta(make_state(account), first), second) == with_delta(make_state(account), first)


def test_a_delta_does_not_undo_a_later_direct_read(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1, name="Later", read_at=now + 2 * MINUTE)
    changes = (AccountChange(id=account.id, name="Earlier"),)
    assert with_delta(make_state(account), delta(*changes, begun=now + MINUTE)).accounts == {account.id: account}


def test_a_change_of_somebody_unknown_adds_nobody(
    make_state: MakeState, make_guid: Callable[[int], str], now: datetime
) -> None:
    state = with_delta(make_state(), delta(AccountChange(id=make_guid(7), name="New"), begun=now + MINUTE))
    assert state.accounts == {}
    assert state.delta.brought == {make_guid(7): now + MINUTE}


def test_an_account_that_no_longer_matters_is_no_longer_followed(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    person = make_account(1, RESOURCE_ACCOUNT_SKU, marked=False)
    state = with_delta(make_state(person), delta(AccountChange(id=person.id, licences=()), begun=now + MINUTE))
    assert state.accounts == {}


def test_a_broken_chain_is_forgotten_only_where_it_still_stands_and_proves_nothing(
    make_state: MakeState, now: datetime
) -> None:
    state = make_state()
    broken = without_delta(state, LINK, now + MINUTE)
    assert broken.delta == DeltaPosition()
    assert broken.source("accounts").state == "partial"
    assert broken.source("accounts").complete_as_of == state.source("accounts").complete_as_of
    assert without_delta(state, NEXT, now + MINUTE) == state


def test_accounts_read_directly_enter_where_nothing_later_is_known(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    earlier, later = make_account(1), make_account(2, read_at=now + 2 * MINUTE)
    found = tuple(make_account(number, name="Read", read_at=now + MINUTE) for number in (1, 2, 3))
    state = with_accounts(make_state(earlier, later), AccountsRead(begun=now + MINUTE, found=found))
    assert {account.name for account in state.accounts.values()} == {"Read", "Account 2"}
    assert state.accounts[later.id] == later
    assert len(state.accounts) == 3
    assert state.source("accounts").complete_as_of == now


def test_an_account_that_is_missing_is_removed_unless_it_was_seen_later(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    earlier, later = make_account(1), make_account(2, read_at=now + 2 * MINUTE)
    gone = tuple(Departed(id=each.id, restorable=True, read_at=now + MINUTE) for each in (earlier, later))
    state = with_accounts(make_state(earlier, later), AccountsRead(begun=now + MINUTE, departed=gone))
    assert state.accounts == {later.id: later}
    assert state.departed == {
        earlier.id: Departed(id=earlier.id, name="Account 1", restorable=True, read_at=now + MINUTE)
    }


def test_people_without_the_licence_are_not_followed(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    found = (make_account(1, marked=False), make_account(2, "x", marked=False))
    assert with_accounts(make_state(), AccountsRead(begun=now + MINUTE, found=found)).accounts == {}


def test_a_direct_read_from_before_a_removal_brings_nobody_back(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1)
    removed = with_delta(make_state(account), delta(AccountChange(id=account.id, removed=True), begun=now + 2 * MINUTE))
    stale = AccountsRead(begun=now + MINUTE, found=(make_account(1, read_at=now + MINUTE),))
    assert with_accounts(removed, stale).accounts == {}


def test_a_direct_read_from_before_a_licence_went_brings_no_holder_back(
    make_state: MakeState, make_account: MakeAccount, now: datetime
) -> None:
    person = make_account(1, RESOURCE_ACCOUNT_SKU, marked=False)
    mended = with_delta(make_state(person), delta(AccountChange(id=person.id, licences=()), begun=now + 2 * MINUTE))
    stale = make_account(1, RESOURCE_ACCOUNT_SKU, marked=False, read_at=now + MINUTE)
    assert with_accounts(mended, AccountsRead(begun=now + MINUTE, found=(stale,))).accounts == {}


def test_who_was_brought_is_remembered_for_a_while(make_state: MakeState, now: datetime) -> None:
    state = make_state(delta=DeltaPosition(link=LINK, brought={"old": now - REMEMBER_BROUGHT, "new": now}))
    state = with_delta(state, delta(AccountChange(id="a"), begun=now + MINUTE))
    assert state.delta.brought == {"a": now + MINUTE, "new": now}


def test_no_more_are_remembered_than_the_document_can_bear(make_state: MakeState, now: datetime) -> None:
    changes = [AccountChange(id=str(number)) for number in range(REMEMBER_IDS + 5)]
    before = DeltaPosition(link=LINK, brought={"old": now})
    state = with_delta(make_state(delta=before), delta(*changes, begun=now + MINUTE))
    assert len(state.delta.brought) == REMEMBER_IDS
    assert "old" not in state.delta.brought


def test_an_account_matters_by_its_marker_or_by_the_licence_it_holds(
    make_account: MakeAccount, make_sku: Callable[..., Sku]
) -> None:
    own = make_sku(9, plans.MCOEV_VIRTUALUSER_GOV)
    holder = make_account(1, own.id, marked=False)
    disabled = make_account(2, marked=False, licences=(AssignedLicence(own.id, (plans.MCOEV_VIRTUALUSER_GOV,)),))
    assert matters(make_account(3), {})
    assert matters(holder, {own.id: own})
    assert matters(disabled, {own.id: own})
    assert not matters(holder, {})
    assert matters(make_account(4, RESOURCE_ACCOUNT_SKU, marked=False), {})
    assert not matters(make_account(5, marked=False), {own.id: own})
    assert matters(make_account(5, marked=False), {}, frozenset({make_account(5).id}))
