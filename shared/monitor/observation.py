"""How a read enters the document. Older never overwrites newer: what is outdated is dropped, not merged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from shared.graph.reader import AccountsRead, DeltaRead, LicencesRead
from shared.licensing.catalogue import plan_ids_of
from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account
from shared.model.licences import Sku
from shared.model.sources import Source, SourceState
from shared.model.tenant import DeltaPosition, TenantState

REMEMBER_BROUGHT = timedelta(minutes=10)
"""How long it is remembered which read brought an id: longer than a notification waits in the queue."""

REMEMBER_IDS = 2000


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts that matter, read whole between a delta link and the delta that continues it.

    `licence_skus` are the SKUs of the resource-account licence whose holders were listed.
    """

    begun: datetime
    accounts: tuple[Account, ...]
    licence_skus: tuple[str, ...] = ()
    link: str


def with_licences(state: TenantState, read: LicencesRead) -> TenantState:
    """The document with a read of SKUs, unless it already holds a later one."""
    known = state.source("licences").complete_as_of
    if known is not None and known >= read.begun:
        return state
    state = msgspec.structs.replace(state, skus=read.skus, subscriptions=read.subscriptions)
    return _marked(state, "licences", read.begun)


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
    position = DeltaPosition(
        link=baseline.link,
        baseline=baseline.begun,
        listed=baseline.licence_skus,
        brought=state.delta.brought,
    )
    return _marked(msgspec.structs.replace(state, accounts=accounts, delta=position), "accounts", baseline.begun)


def with_delta(state: TenantState, read: DeltaRead) -> TenantState:
    """The document with a delta read, if it continues where the document's chain stands."""
    if state.delta.link != read.base:
        return state
    accounts = dict(state.accounts)
    for change in read.changes:
        account = accounts.get(change.id)
        if account is None or account.read_at > read.begun:
            continue
        if change.removed:
            del accounts[change.id]
        else:
            accounts[change.id] = change.applied_to(account, read.begun)
    state = msgspec.structs.replace(
        state,
        accounts=relevant(accounts.values(), state.skus),
        delta=msgspec.structs.replace(
            state.delta,
            link=read.link,
            brought=_remembered(state.delta.brought, (change.id for change in read.changes), read.begun),
        ),
    )
    return _marked(state, "accounts", read.begun)


def with_accounts(state: TenantState, read: AccountsRead) -> TenantState:
    """The document with accounts read directly; what it knows later is kept."""
    accounts = dict(state.accounts)
    for account in read.found:
        known = accounts.get(account.id)
        told_at = known.read_at if known is not None else state.delta.brought.get(account.id)
        if told_at is None or told_at <= read.begun:
            accounts[account.id] = account
    for user_id in read.missing:
        known = accounts.get(user_id)
        if known is not None and known.read_at <= read.begun:
            del accounts[user_id]
    asked = [account.id for account in read.found] + list(read.missing)
    return msgspec.structs.replace(
        state,
        accounts=relevant(accounts.values(), state.skus),
        delta=msgspec.structs.replace(state.delta, brought=_remembered(state.delta.brought, asked, read.begun)),
    )


def with_failure(state: TenantState, source: Source, problem: str, now: datetime) -> TenantState:
    """The document with a failed read: what was known stays known, as of when it was read."""
    known = state.source(source)
    if known.complete_as_of is not None and known.complete_as_of >= now:
        return state
    failed = msgspec.structs.replace(
        known, state="failed", tried_at=now, failing_since=known.failing_since or now, problem=problem
    )
    return msgspec.structs.replace(state, sources={**state.sources, source: failed})


def without_delta(state: TenantState, base: str) -> TenantState:
    """The document with its chain of delta reads broken, if it still stands at the link that expired."""
    if state.delta.link != base:
        return state
    return msgspec.structs.replace(state, delta=msgspec.structs.replace(state.delta, link=""))


def relevant(accounts: Iterable[Account], skus: Iterable[Sku]) -> dict[str, Account]:
    """The accounts that the monitor follows: resource accounts, and holders of a resource-account licence."""
    by_id = {sku.id: sku for sku in skus}
    return {account.id: account for account in accounts if matters(account, by_id)}


def matters(account: Account, skus: dict[str, Sku]) -> bool:
    """Whether the monitor follows an account."""
    return account.has_department_marker or any(
        plan_ids_of(sku_id, skus) & RESOURCE_ACCOUNT_PLANS for sku_id in account.sku_ids
    )


def _marked(state: TenantState, source: Source, as_of: datetime) -> TenantState:
    """The document with a source read completely; a read that began earlier than the last one sets nothing back."""
    known = state.source(source).complete_as_of
    as_of = max(as_of, known) if known is not None else as_of
    read = SourceState(state="complete", tried_at=as_of, complete_as_of=as_of)
    return msgspec.structs.replace(state, sources={**state.sources, source: read})


def _remembered(brought: dict[str, datetime], ids: Iterable[str], begun: datetime) -> dict[str, datetime]:
    """Which read brought which id, the latest first, bounded in time and number."""
    kept = {key: at for key, at in brought.items() if begun - at <= REMEMBER_BROUGHT}
    kept.update({key: max(begun, kept.get(key, begun)) for key in ids})
    latest = sorted(kept.items(), key=lambda pair: pair[1], reverse=True)[:REMEMBER_IDS]
    return dict(latest)
