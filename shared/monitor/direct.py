"""Whom to read directly beside a delta read, and how both enter the document together. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from shared.graph.reads import AccountsRead, DeltaRead
from shared.model.directory import Account, AccountChange
from shared.model.licences import Sku
from shared.model.tenant import TenantState
from shared.monitor import observation
from shared.monitor.following import matters, targets_of

_NEVER = datetime.min.replace(tzinfo=UTC)


def applied(state: TenantState, read: DeltaRead, direct: AccountsRead | None) -> TenantState:
    """The document with a delta read and with what was read directly because of it."""
    after = observation.with_delta(state, read)
    return observation.with_direct(after, read, direct) if direct is not None else after


def to_read_directly(state: TenantState, read: DeltaRead, named: Iterable[str]) -> list[str]:
    """Whom to read directly beside a delta read.

    Those that were named and not brought, newcomers, of whom delta may tell only what changed, and followed accounts
    that changed, since delta does not tell how the assignment of a licence went.
    """
    skus, targets = {sku.id: sku for sku in state.skus}, targets_of(state)
    told = {change.id for change in read.changes}
    changed = {
        change.id
        for change in read.changes
        if not change.removed and (change.id in state.accounts or _may_matter(change, skus, targets))
    }
    return sorted(changed | (set(named) - told))


def _may_matter(change: AccountChange, skus: dict[str, Sku], targets: frozenset[str]) -> bool:
    said = change.applied_to(Account(id=change.id, read_at=_NEVER), _NEVER)
    return matters(said, skus, targets)
