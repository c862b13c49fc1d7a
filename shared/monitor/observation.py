"""How what was read of accounts enters the document. Older never overwrites newer: it is dropped, not merged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from shared.graph.reads import AccountsRead, DeltaRead
from shared.model.directory import Account, AccountChange, Departed
from shared.model.tenant import TenantState
from shared.monitor.following import following, matters, targets_of
from shared.monitor.referencing import after_changes, after_direct_read, all_due, letting_go
from shared.monitor.source_reads import marked, partly

REMEMBER_BROUGHT = timedelta(minutes=10)
"""How long it is remembered which read brought an id: longer than a notification waits in the queue."""

REMEMBER_IDS = 2000


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts that matter, read whole between a delta link and the delta that continues it.

    `licence_skus` are the SKUs of the resource-account licence whose holders were listed. `departed` are the accounts
    that the document held, that no listing named, and that are no live users. `told` are those of whom the delta after
    the listings told, and `changes` what it told. It is not `complete` where that delta was not read to its end.
    """

    begun: datetime
    accounts: tuple[Account, ...]
    departed: tuple[Departed, ...] = ()
    licence_skus: tuple[str, ...] = ()
    told: frozenset[str] = frozenset()
    changes: tuple[AccountChange, ...] = ()
    link: str
    complete: bool = True


def with_baseline(state: TenantState, baseline: Baseline) -> TenantState:
    """The document with its accounts read anew, unless a later baseline has done so.

    What single reads and deltas have told since the baseline began stays. The delta link is the baseline's: replaying
    what a later delta has brought already does no harm. A listing may be answered by a replica that lags behind delta:
    where it contradicts what delta told a short while ago, delta stands, and the account is waited for.
    """
    if state.delta.baseline is not None and state.delta.baseline >= baseline.begun:
        return state
    later = {key: each for key, each in state.accounts.items() if each.read_at > baseline.begun}
    # Whom a later read brought and the document does not hold has gone, if that read knew all that the baseline knew.
    judged_alike = set(baseline.licence_skus) <= set(state.delta.listed)
    told_later = {key for key, at in state.delta.brought.items() if at > baseline.begun and judged_alike}
    accounts = {account.id: account for account in baseline.accounts if account.id not in told_later} | later
    # After a gap the listings know more than delta did; so they do of holders of a licence that it knew nothing of.
    doubted = _doubted(state, baseline, accounts) - later.keys() if state.delta.link and judged_alike else set()
    accounts = {key: each for key, each in accounts.items() if key not in doubted}
    accounts |= {key: state.accounts[key] for key in doubted & state.accounts.keys()}
    departed = tuple(each for each in baseline.departed if each.id not in doubted)
    position = msgspec.structs.replace(
        state.delta,
        link=baseline.link,
        baseline=baseline.begun,
        listed=baseline.licence_skus,
        told=_remembered(state.delta.told, state.referenced.keys() & baseline.told, baseline.begun),
        awaited=(*state.delta.awaited, *sorted(doubted - set(state.delta.awaited)))[-REMEMBER_IDS:],
        sweep_due=False,
    )
    state = msgspec.structs.replace(
        state,
        delta=position,
        referenced=after_changes(state, baseline.changes, baseline.begun),
        look_ups=all_due(state.look_ups, baseline.begun),
    )
    state = letting_go(state, following(state, accounts, departed, baseline.begun), accounts)
    enter = marked if baseline.complete else partly
    return enter(state, "accounts", baseline.begun)


def _doubted(state: TenantState, baseline: Baseline, accounts: dict[str, Account]) -> set[str]:
    """Those of whom a baseline says something else than delta did a short while ago, and its own delta says nothing."""
    told = {
        key
        for key, at in state.delta.told.items()
        if key not in baseline.told and baseline.begun - at <= REMEMBER_BROUGHT
    }
    listed = {
        key
        for key in told & accounts.keys()
        if _contradicts_delta(state, accounts[key], state.accounts.get(key), baseline.begun)
    }
    return listed | (told & {each.id for each in baseline.departed} & state.accounts.keys())


def with_delta(state: TenantState, read: DeltaRead) -> TenantState:
    """The document with a delta read, if it continues where the document's chain stands."""
    if state.delta.link != read.base:
        return state
    accounts = dict(state.accounts)
    departed: list[Departed] = []
    targets = targets_of(state)
    for change in read.changes:
        account = accounts.get(change.id)
        if change.removed and (account is not None or change.id in targets):
            name = account.name if account is not None else _name_of(state, change.id)
            departed.append(Departed(id=change.id, name=name, restorable=change.restorable, read_at=read.begun))
        if account is None or account.read_at > read.begun:
            continue
        if change.removed:
            del accounts[change.id]
        else:
            accounts[change.id] = change.applied_to(account, read.begun)
    ids = [change.id for change in read.changes]
    position = msgspec.structs.replace(
        state.delta,
        link=read.link,
        brought=_remembered(state.delta.brought, ids, read.begun),
        told=_remembered(state.delta.told, ids, read.begun),
    )
    referenced = after_changes(state, read.changes, read.begun)
    state = msgspec.structs.replace(state, delta=position, referenced=referenced)
    state = letting_go(state, following(state, accounts, departed, read.begun), accounts)
    return marked(state, "accounts", read.begun) if read.complete else partly(state, "accounts", read.begun)


def with_accounts(state: TenantState, read: AccountsRead, agreed: frozenset[str] = frozenset()) -> TenantState:
    """The document with accounts read directly; what it knows later is kept.

    A direct read may be answered by a replica that lags behind delta. Where it contradicts what delta told a short
    while ago, delta stands, and the account is waited for until both agree. Those in `agreed` are known to.
    """
    accounts = dict(state.accounts)
    brought = state.delta.brought
    doubted: set[str] = set()
    for account in read.found:
        known = accounts.get(account.id)
        told_at = known.read_at if known is not None else brought.get(account.id)
        if told_at is not None and told_at > read.begun:
            continue
        if account.id not in agreed and _contradicts_delta(state, account, known, read.begun):
            doubted.add(account.id)
        else:
            accounts[account.id] = account
    gone: list[Departed] = []
    targets = targets_of(state)
    for departed in read.departed:
        known = accounts.get(departed.id)
        if known is not None and known.read_at <= read.begun:
            del accounts[departed.id]
            gone.append(msgspec.structs.replace(departed, name=departed.name or known.name))
        elif known is None and departed.id in targets:
            gone.append(msgspec.structs.replace(departed, name=departed.name or _name_of(state, departed.id)))
    told_lately = lately_told(state, read.begun) - agreed
    referenced, also_doubted = after_direct_read(state, read.found, read.departed, read.begun, told_lately)
    doubted |= also_doubted
    asked = {account.id for account in read.found} | {departed.id for departed in read.departed}
    awaited = [user for user in state.delta.awaited if user not in asked]
    position = msgspec.structs.replace(
        state.delta,
        brought=_remembered(brought, asked - doubted, read.begun),
        awaited=(*awaited, *sorted(doubted | set(read.unanswered) - set(awaited)))[-REMEMBER_IDS:],
    )
    state = msgspec.structs.replace(state, delta=position, referenced=referenced)
    return letting_go(state, following(state, accounts, gone, read.begun), accounts)


def lately_told(state: TenantState, begun: datetime) -> frozenset[str]:
    """Those of whom delta told so short a while ago that another read may be answered by a replica that lags behind."""
    return frozenset(key for key, at in state.delta.told.items() if begun - at <= REMEMBER_BROUGHT)


def _contradicts_delta(state: TenantState, account: Account, known: Account | None, now: datetime) -> bool:
    """Whether a direct read says something else than delta did a short while ago."""
    told_at = state.delta.told.get(account.id)
    if told_at is None or now - told_at > REMEMBER_BROUGHT:
        return False
    if known is None:  # delta has told that it is gone, or something of it by which it did not matter
        return account.id in state.departed or matters(account, {sku.id: sku for sku in state.skus})
    return _tracked(account) != _tracked(known)


def _tracked(account: Account) -> Account:
    """What delta tells of an account."""
    return msgspec.structs.replace(account, read_at=_NEVER, assignments=(), marked_until=None)


def _name_of(state: TenantState, user_id: str) -> str:
    """The name of an account that has departed already."""
    departed = state.departed.get(user_id)
    return departed.name if departed is not None else ""


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
    read = AccountsRead(begun=read.begun, found=tuple(said.values()), departed=departed, unanswered=read.unanswered)
    return with_accounts(state, read, agreed=frozenset(told))


def awaiting(state: TenantState, users: Iterable[str]) -> TenantState:
    """The document that remembers whom a notification named and no read could bring yet."""
    awaited = dict.fromkeys((*state.delta.awaited, *users))
    position = msgspec.structs.replace(state.delta, awaited=tuple(awaited)[-REMEMBER_IDS:])
    return msgspec.structs.replace(state, delta=position)


def sweep_due(state: TenantState) -> TenantState:
    """The document that remembers that everything is to be read anew."""
    return msgspec.structs.replace(state, delta=msgspec.structs.replace(state.delta, sweep_due=True))


def no_longer_awaiting(state: TenantState, begun: datetime) -> TenantState:
    """The document without those that reads since `begun` have brought."""
    brought = state.delta.brought
    left = tuple(user for user in state.delta.awaited if user not in brought or brought[user] < begun)
    return msgspec.structs.replace(state, delta=msgspec.structs.replace(state.delta, awaited=left))


def without_delta(state: TenantState, base: str, now: datetime) -> TenantState:
    """The document with its chain of delta reads broken, if it still stands at the link that expired.

    Until everything is read anew, what is known of accounts is a part of the truth: it proves nothing.
    """
    if state.delta.link != base:
        return state
    state = msgspec.structs.replace(state, delta=msgspec.structs.replace(state.delta, link=""))
    return partly(state, "accounts", now, "the chain of changes is broken, and the accounts were not read anew yet.")


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
