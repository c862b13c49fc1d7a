"""Keeps the histories of accounts' licences in the document, with every evaluation."""

from __future__ import annotations

import zlib

import msgspec

from shared.licensing.catalogue import PUBLISHED
from shared.licensing.history import observed
from shared.licensing.plans import PHONE_PLANS, RESOURCE_ACCOUNT_PLANS, looks_like_unknown_phone_plan
from shared.model.directory import Account
from shared.model.history import Held, LicenceHistory
from shared.model.tenant import TenantState
from shared.rules.snapshot import Snapshot

_NO_HISTORY = LicenceHistory()


def with_histories(snapshot: Snapshot) -> TenantState:
    """The snapshot's document with what it shows of every followed account remembered; of others nothing is kept."""
    state = snapshot.state
    histories: dict[str, LicenceHistory] = {}
    for account in state.accounts.values():
        known = state.licence_histories.get(account.id, _NO_HISTORY)
        held = held_by(snapshot, account)
        if held is not None:
            numbers = [number.number for number in snapshot.numbers_of(account)]
            apps = [app.id for app in snapshot.apps_of(account)]
            known = observed(known, held, account.read_at, licences=checksum(account), numbers=numbers, apps=apps)
        if known is not _NO_HISTORY:
            histories[account.id] = known
    if histories == state.licence_histories:
        return state
    return msgspec.structs.replace(state, licence_histories=histories)


def held_by(snapshot: Snapshot, account: Account) -> Held | None:
    """What an account holds, plans that are switched off left out.

    None where that cannot be told: a licence of which neither the tenant's SKUs, as last read, nor the published table
    knows the content may be the very one that was ordered a minute ago, or the phone licence under a new name.
    """
    phone = resource_account = False
    for sku_id in account.sku_ids:
        phone = phone or bool(snapshot.switched_on(account, sku_id, PHONE_PLANS))
        resource_account = resource_account or bool(snapshot.switched_on(account, sku_id, RESOURCE_ACCOUNT_PLANS))
    if phone and resource_account:
        return "both"
    if phone or resource_account:
        return "phone" if phone else "resource_account"
    return "nothing" if all(_is_known(snapshot, sku_id) for sku_id in account.sku_ids) else None


def checksum(account: Account) -> int:
    """Tells one set of licences, with what is switched off in them, from another."""
    each = sorted(f"{licence.sku_id}:{','.join(sorted(licence.disabled_plans))}" for licence in account.licences)
    return zlib.crc32(";".join(each).encode()) or 1


def _is_known(snapshot: Snapshot, sku_id: str) -> bool:
    own = snapshot.skus.get(sku_id)
    if own is None:
        return sku_id in PUBLISHED
    return bool(own.plans) and not any(looks_like_unknown_phone_plan(plan) for plan in own.plans)
