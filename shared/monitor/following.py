"""Whom the monitor follows: resource accounts, holders of their licence, and for a while who was one of these."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from shared.licensing.catalogue import plan_ids_of
from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account, Departed
from shared.model.licences import Sku
from shared.model.tenant import TenantState

REMEMBER_MARK = timedelta(days=30)
"""How long an account that lost the department marker is still followed."""

REMEMBER_DEPARTED = timedelta(days=40)
"""How long a deleted account is remembered: longer than it can be restored, unless a number still leads to it."""


def matters(account: Account, skus: dict[str, Sku], targets: frozenset[str] = frozenset()) -> bool:
    """Whether the monitor follows an account: a resource account, or a holder of a resource-account licence."""
    return (
        account.has_department_marker
        or account.id in targets
        or any(plan_ids_of(sku_id, skus) & RESOURCE_ACCOUNT_PLANS for sku_id in account.sku_ids)
    )


def following(
    state: TenantState, accounts: dict[str, Account], departed: Iterable[Departed], now: datetime
) -> TenantState:
    """The document with those of the accounts that matter, or did until lately, and with who has departed."""
    skus, targets = {sku.id: sku for sku in state.skus}, targets_of(state)
    followed: dict[str, Account] = {}
    for key, account in accounts.items():
        each = _marked_until(account, state.accounts.get(key))
        lately = each.marked_until is not None and now - each.marked_until <= REMEMBER_MARK
        if matters(each, skus, targets) or lately:
            followed[key] = each
    gone = {**state.departed, **{each.id: each for each in departed}}
    gone = {
        key: each
        for key, each in gone.items()
        if key not in followed and (key in targets or now - each.read_at <= REMEMBER_DEPARTED)
    }
    return msgspec.structs.replace(state, accounts=followed, departed=gone)


def _marked_until(account: Account, before: Account | None) -> Account:
    """The account, remembering when it lost the marker that made it a resource account."""
    if account.has_department_marker:
        until = None
    elif before is not None and before.has_department_marker:
        until = account.read_at
    else:
        until = account.marked_until or (before.marked_until if before is not None else None)
    return account if account.marked_until == until else msgspec.structs.replace(account, marked_until=until)


def targets_of(state: TenantState) -> frozenset[str]:
    """The accounts that numbers lead to, and those that Teams lists."""
    led_to = {number.target for number in state.numbers if number.reaches_an_account and number.target}
    instances = state.voice.instances or () if state.voice is not None else ()
    return frozenset(led_to | {each.id for each in instances if not each.deleted})
