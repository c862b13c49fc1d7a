"""How what was read of accounts enters the document. Older never overwrites newer: it is dropped, not merged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from shared.graph.reader import AccountsRead, DeltaRead
from shared.model.directory import Account, Departed
from shared.model.tenant import TenantState
from shared.monitor.following import following, targets_of
from shared.monitor.source_reads import marked, partly

REMEMBER_BROUGHT = timedelta(minutes=10)
"""How long it is remembered which read brought an id: longer than a notification waits in the queue."""

REMEMBER_IDS = 2000


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts that matter, read whole between a delta link and the delta that continues it.

    `licence_skus` are the SKUs of the resource-account licence whose holders were listed. `departed` are the accounts
    that the document held, that no listing named, and that are no live users.
    """

    begun: datetime
    accounts: tuple[Account, ...]
    departed: tuple[Departed, ...] = ()
    licence_skus: tuple[str, ...] = ()
    link: str


def with_baseline(state: TenantState, baseline: Baseline) -> TenantState:
    """The document with its accounts read anew, unless a later baseline has done so.

    What single reads and deltas have told since the baseline began stays. The delta link is the baseline's: replaying
    what a later delta has brought already does no harm.
    """
    if state.delta.baseline is not None and state.delta.baseline >= baseline.begun:
        return state
    later = {key: each for key, each in state.accounts.items() if each.read_at > baseline.begun}
    # Whom a later read brought and the document does not hold has gone, if that read knew all that the baseline knew.
    judged_alike = set(baseline.licence_skus) <= set(state.delta.listed)
    told_later = {key for key, at in state.delta.brought.items() if at > baseline.begun and judged_alike}
    accounts = {account.id: account for account in baseline.accounts if account.id not in told_later} | later
    position = msgspec.structs.replace(
        state.delta, link=baseline.link, baseline=baseline.begun, listed=baseline.licence_skus
    )
    state = following(msgspec.structs.replace(state, delta=position), accounts, baseline.departed, baseline.begun)
    return marked(state, "accounts", baseline.begun)


def with_delta(state: TenantState, read: DeltaRead) -> TenantState:
    """The document with a delta read, if it continues where the document's chain stands."""
    if state.delta.link != read.base:
        return state
    accounts = dict(state.accounts)
    departed: list[Departed] = []
    for change in read.changes:
        account = accounts.get(change.id)
        if change.removed and (account is not None or change.id in targets_of(state)):
            name = account.name if account is not None else ""
            departed.append(Departed(id=change.id, name=name, restorable=change.restorable, read_at=read.begun))
        if account is None or account.read_at > read.begun:
            continue
        if change.removed:
            del accounts[change.id]
        else:
            accounts[change.id] = change.applied_to(account, read.begun)
    position = msgspec.structs.replace(
        state.delta,
        link=read.link,
        brought=_remembered(state.delta.brought, (change.id for change in read.changes), read.begun),
    )
    state = following(msgspec.structs.replace(state, delta=position), accounts, departed, read.begun)
    return marked(state, "accounts", read.begun) if read.complete else partly(state, "accounts", read.begun)


def with_accounts(state: TenantState, read: AccountsRead) -> TenantState:
    """The document with accounts read directly; what it knows later is kept."""
    accounts = dict(state.accounts)
    brought = state.delta.brought
    for account in read.found:
        known = accounts.get(account.id)
        told_at = known.read_at if known is not None else brought.get(account.id)
        if told_at is None or told_at <= read.begun:
            accounts[account.id] = account
    gone: list[Departed] = []
    for departed in read.departed:
        known = accounts.get(departed.id)
        if known is not None and known.read_at <= read.begun:
            del accounts[departed.id]
            gone.append(msgspec.structs.replace(departed, name=departed.name or known.name))
        elif known is None and departed.id in targets_of(state):
            gone.append(departed)
    asked = [account.id for account in read.found] + [departed.id for departed in read.departed]
    position = msgspec.structs.replace(
        state.delta,
        brought=_remembered(brought, asked, read.begun),
        awaited=tuple(user for user in state.delta.awaited if user not in set(asked)),
    )
    return following(msgspec.structs.replace(state, delta=position), accounts, gone, read.begun)


def with_direct(state: TenantState, delta: DeltaRead, read: AccountsRead) -> TenantState:
    """The document with accounts that were read directly because a delta read named them.

    Two replicas may have answered: what the delta said of an account stands, the direct read adds what delta cannot
    tell. An account that delta tells of and the direct read does not find is one that has not arrived there yet.
    """
    said: dict[str, Account] = {account.id: account for account in read.found}
    told = set()
    for change in delta.changes:
        told.add(change.id)
        if change.removed:
            said.pop(change.id, None)
            continue
        base = said.get(change.id) or state.accounts.get(change.id) or Account(id=change.id, read_at=read.begun)
        if change.id in said or change.id not in state.accounts:
            said[change.id] = change.applied_to(base, read.begun)
    departed = tuple(each for each in read.departed if each.id not in told)
    return with_accounts(state, AccountsRead(begun=read.begun, found=tuple(said.values()), departed=departed))


def awaiting(state: TenantState, users: Iterable[str]) -> TenantState:
    """The document that remembers whom a notification named and no read could bring yet."""
    awaited = dict.fromkeys((*state.delta.awaited, *users))
    position = msgspec.structs.replace(state.delta, awaited=tuple(awaited)[-REMEMBER_IDS:])
    return msgspec.structs.replace(state, delta=position)


def no_longer_awaiting(state: TenantState, begun: datetime) -> TenantState:
    """The document without those that reads since `begun` have brought."""
    brought = state.delta.brought
    left = tuple(user for user in state.delta.awaited if user not in brought or brought[user] < begun)
    return msgspec.structs.replace(state, delta=msgspec.structs.replace(state.delta, awaited=left))


def without_delta(state: TenantState, base: str) -> TenantState:
    """The document with its chain of delta reads broken, if it still stands at the link that expired."""
    if state.delta.link != base:
        return state
    return msgspec.structs.replace(state, delta=msgspec.structs.replace(state.delta, link=""))


def changed_accounts(before: TenantState, after: TenantState) -> int:
    """How many followed accounts differ between two documents, whenever they were read."""
    ids = before.accounts.keys() | after.accounts.keys()
    return sum(_told(before.accounts.get(key)) != _told(after.accounts.get(key)) for key in ids)


def _told(account: Account | None) -> Account | None:
    return msgspec.structs.replace(account, read_at=_NEVER) if account is not None else None


def _remembered(brought: dict[str, datetime], ids: Iterable[str], begun: datetime) -> dict[str, datetime]:
    """Which read brought which id, the latest first, bounded in time and number."""
    kept = {key: at for key, at in brought.items() if begun - at <= REMEMBER_BROUGHT}
    kept.update({key: max(begun, kept.get(key, begun)) for key in ids})
    latest = sorted(kept.items(), key=lambda pair: pair[1], reverse=True)[:REMEMBER_IDS]
    return dict(latest)


_NEVER = datetime.min.replace(tzinfo=UTC)
