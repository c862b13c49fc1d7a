"""What holds of observations whatever is read: replays are harmless, and unrelated reads do not see each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.reads import AccountsRead, DeltaRead, LicencesRead
from shared.model.directory import Account, AccountChange, AssignedLicence, Departed
from shared.model.licences import Sku
from shared.model.tenant import TenantState
from shared.monitor.observation import Baseline, with_accounts, with_baseline, with_delta
from shared.monitor.source_reads import with_licences

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LINK = "https://graph.test/delta?token=1"
RESOURCE_ACCOUNT_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
IDS = [f"00000000-0000-0000-0000-00000000000{number}" for number in range(4)]

moments = st.integers(-3, 3).map(lambda minutes: NOW + timedelta(minutes=minutes))
licences = st.sampled_from([(), (AssignedLicence(RESOURCE_ACCOUNT_SKU),)])
changes = st.builds(
    AccountChange,
    id=st.sampled_from(IDS),
    removed=st.booleans(),
    name=st.sampled_from([msgspec.UNSET, "", "Renamed"]),
    department=st.sampled_from([msgspec.UNSET, None, "Sales"]),
    licences=st.just(msgspec.UNSET) | licences,
)
deltas = st.builds(
    DeltaRead,
    begun=moments,
    base=st.sampled_from([LINK, "elsewhere"]),
    link=st.sampled_from([LINK, "next"]),
    changes=st.lists(changes, max_size=6).map(tuple),
)
accounts = st.builds(Account, id=st.sampled_from(IDS), name=st.just("Read"), licences=licences, read_at=moments)
reads = moments.flatmap(
    lambda begun: st.builds(
        AccountsRead,
        begun=st.just(begun),
        found=st.lists(accounts, max_size=3, unique_by=lambda account: account.id).map(
            lambda found: tuple(msgspec.structs.replace(account, read_at=begun) for account in found)
        ),
        departed=st.lists(
            st.builds(Departed, id=st.sampled_from(IDS), restorable=st.booleans(), read_at=st.just(begun)),
            max_size=2,
            unique_by=lambda departed: departed.id,
        ).map(tuple),
    )
)
licence_reads = st.builds(
    LicencesRead,
    begun=moments,
    skus=st.lists(st.builds(Sku, id=st.sampled_from(IDS)), max_size=2).map(tuple),
    subscriptions=st.none() | st.just(()),
)

MakeAccount = Callable[..., Account]
MakeState = Callable[..., TenantState]


def start(make_state: MakeState, make_account: MakeAccount) -> TenantState:
    return make_state(*(make_account(number, read_at=NOW + timedelta(minutes=number - 1)) for number in range(3)))


@given(deltas)
def test_a_delta_applied_twice_is_applied_once(
    make_state: MakeState, make_account: MakeAccount, read: DeltaRead
) -> None:
    once = with_delta(start(make_state, make_account), read)
    assert with_delta(once, read) == once


@given(reads)
def test_a_direct_read_applied_twice_is_applied_once(
    make_state: MakeState, make_account: MakeAccount, read: AccountsRead
) -> None:
    once = with_accounts(start(make_state, make_account), read)
    assert with_accounts(once, read) == once


@given(licence_reads, licence_reads)
def test_of_two_reads_of_licences_the_later_holds_in_any_order(
    make_state: MakeState, one: LicencesRead, other: LicencesRead
) -> None:
    if one.begun == other.begun:
        other = msgspec.structs.replace(other, begun=other.begun + timedelta(seconds=1))
    forward = with_licences(with_licences(make_state(), one), other)
    backward = with_licences(with_licences(make_state(), other), one)
    later = max(one, other, key=lambda read: read.begun)
    if later.subscriptions is not None:
        assert forward == backward
    assert (forward.skus, forward.sources) == (backward.skus, backward.sources)
    assert forward.source("licences").complete_as_of == max(NOW, one.begun, other.begun)


@given(licence_reads, moments, st.lists(accounts, max_size=3))
def test_licences_and_a_baseline_do_not_see_each_other(
    make_state: MakeState, make_account: MakeAccount, read: LicencesRead, begun: datetime, listed: list[Account]
) -> None:
    baseline = Baseline(begun=begun, accounts=tuple(listed), link="next")
    state = start(make_state, make_account)
    one_way = with_baseline(with_licences(state, read), baseline)
    other_way = with_licences(with_baseline(state, baseline), read)
    assert one_way == other_way


@given(st.lists(reads, max_size=4), st.lists(deltas, max_size=3))
def test_what_is_known_of_an_account_never_gets_older(
    make_state: MakeState, make_account: MakeAccount, direct: list[AccountsRead], followed: list[DeltaRead]
) -> None:
    state = start(make_state, make_account)
    steps: list[Callable[[TenantState], TenantState]] = [
        *(lambda document, read=read: with_accounts(document, read) for read in direct),
        *(lambda document, read=read: with_delta(document, read) for read in followed),
    ]
    for step in steps:
        after = step(state)
        assert all(
            after.accounts[key].read_at >= account.read_at
            for key, account in state.accounts.items()
            if key in after.accounts
        )
        state = after


@given(st.permutations(range(4)))
def test_direct_reads_of_different_accounts_come_in_any_order(
    make_state: MakeState, make_account: MakeAccount, order: list[int]
) -> None:
    state = make_state()
    for number in order:
        begun = NOW + timedelta(minutes=number + 1)
        read = AccountsRead(begun=begun, found=(make_account(number, read_at=begun),))
        state = with_accounts(state, read)
    assert {account.id: account.read_at for account in state.accounts.values()} == {
        IDS[number]: NOW + timedelta(minutes=number + 1) for number in range(4)
    }
