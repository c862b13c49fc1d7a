"""How the tenant is read: the service's own steps by which a read of it enters the document."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bench.week.tenant import PHONE_STANDARD, RESOURCE_ACCOUNT, SECOND_SKU, Line, Seen
from shared.graph.reads import AccountsRead, LicencesRead, NumbersRead
from shared.licensing.plans import MCOEV, MCOEV_VIRTUALUSER
from shared.model.directory import Account
from shared.model.licences import ServicePlan, Sku
from shared.model.tenant import TenantState
from shared.monitor.observation import with_accounts
from shared.monitor.source_reads import marked, with_licences, with_numbers


class World:
    """The tenant as it really is, and the real steps by which a read of it enters the document."""

    def __init__(self, accounts: int) -> None:
        self.lines = [Line(number, has_number=number % 2 == 0) for number in range(accounts)]
        self.suspended = False

    def read(self, state: TenantState, source: str, now: datetime) -> TenantState:
        """The document with one source read completely."""
        if source == "licences":
            return with_licences(state, LicencesRead(begun=now, skus=self._skus(), subscriptions=()))
        if source == "numbers":
            rows = tuple(line.number_row() for line in self.lines if line.has_number)
            return with_numbers(state, NumbersRead(begun=now, numbers=rows))
        changed = tuple(account for line in self.lines if _differs(state, account := line.account(now)))
        return marked(with_accounts(state, AccountsRead(begun=now, found=changed)), "accounts", now)

    def see(self, seen: Seen, source: str) -> None:
        """Let a plain reader see one source as it is now."""
        if source == "licences":
            seen.suspended = self.suspended
        elif source == "numbers":
            seen.numbers = {line.id: line.number_failed for line in self.lines if line.has_number}
        else:
            seen.accounts = {line.id: Line(**vars(line)) for line in self.lines}

    def _skus(self) -> tuple[Sku, ...]:
        each = len(self.lines)
        plan = (ServicePlan(MCOEV_VIRTUALUSER),)
        return (
            Sku(id=RESOURCE_ACCOUNT, enabled=each, consumed=each * 2 // 3, plans=plan),
            Sku(
                id=SECOND_SKU,
                status="Suspended" if self.suspended else "Enabled",
                enabled=each,
                consumed=each // 3,
                plans=plan,
            ),
            Sku(id=PHONE_STANDARD, enabled=each * 100, plans=(ServicePlan(MCOEV),)),
        )


def _differs(state: TenantState, account: Account) -> bool:
    known = state.accounts.get(account.id)
    return known is None or msgspec.structs.replace(known, read_at=account.read_at) != account
