"""What the rules see of a tenant: plain values, read-only, with the words of the rules already worked out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from shared.licensing.catalogue import plan_ids_of
from shared.licensing.ledger import Allocation, allocation
from shared.licensing.plans import PHONE_PLANS, RESOURCE_ACCOUNT_PLANS
from shared.licensing.policy import Policy
from shared.model.directory import Account
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.sources import INTERVALS, Source
from shared.model.tenant import TenantState

Reach = Literal["line", "nothing", "unknown"]

USABLE = frozenset({"Enabled", "Warning"})
"""The states in which a service plan of an account works; in `Warning` its subscription is in the grace period."""


class Snapshot:
    """A tenant at one moment.

    A *resource account* is a live directory user with Teams' department marker, or to whom a number leads that an
    attendant or queue answers; a *person* is any other user. What a licence contains is read from the tenant's own
    SKUs. `expects_subscription` tells that changes are to be notified, because there is a URL to notify.
    """

    def __init__(
        self,
        state: TenantState,
        *,
        now: datetime,
        policy: Policy,
        intervals: Mapping[Source, timedelta] = INTERVALS,
        expects_subscription: bool = False,
    ) -> None:
        self.state = state
        self.now = now
        self.policy = policy
        self.intervals = intervals
        self.expects_subscription = expects_subscription

    def why_not_usable(self, source: Source) -> str:
        """Why nothing may be concluded from a source now; empty where it was read completely and recently."""
        known = self.state.source(source)
        interval = self.intervals.get(source)
        if known.state == "absent" or interval is None:
            return f"{source} are not read"
        if known.state == "partial":
            return f"{source} were read in part: {known.problem}"
        if known.is_fresh(self.now, interval):
            return ""
        problem = f": {known.problem}" if known.problem else ""
        if known.complete_as_of is None:
            return f"{source} could not be read{problem}"
        return f"{source} were last read completely at {known.complete_as_of:%Y-%m-%dT%H:%M:%SZ}{problem}"

    @cached_property
    def skus(self) -> dict[str, Sku]:
        """The tenant's SKUs by id."""
        return {sku.id: sku for sku in self.state.skus}

    @cached_property
    def resource_accounts(self) -> tuple[Account, ...]:
        """All live resource accounts, by id."""
        return tuple(account for account in self._accounts if self._is_resource_account(account))

    @cached_property
    def people(self) -> tuple[Account, ...]:
        """The users among the followed accounts that are no resource accounts, by id."""
        return tuple(account for account in self._accounts if not self._is_resource_account(account))

    @cached_property
    def needed(self) -> int:
        """Resource accounts that must hold a licence under the policy."""
        return sum(self.must_be_licensed(account) for account in self.resource_accounts)

    @cached_property
    def allocation(self) -> Allocation:
        """The ledger of this moment."""
        return allocation(self.policy, self.state.skus, self.state.subscriptions, self.needed)

    @cached_property
    def unassigned(self) -> int:
        """Owned resource-account licences that no followed account holds.

        Fresher than the SKUs' own counter, which is read less often than the accounts: all holders are followed.
        """
        held = sum(len(self.resource_account_skus_of(account)) for account in self._accounts)
        return max(0, self.allocation.owned - held)

    def must_be_licensed(self, account: Account) -> bool:
        """Whether the policy wants a licence on this resource account."""
        return self.policy.must_be_licensed(has_number=self.has_number(account))

    @property
    def knows_numbers(self) -> bool:
        """Whether numbers were ever read completely.

        What was read last serves on while the source fails: a failing read must not make severities go up and down.
        """
        return self.state.source("numbers").complete_as_of is not None

    @cached_property
    def numbers(self) -> tuple[PhoneNumber, ...]:
        """The numbers as last known, each once, by number; none where they were never read."""
        known = self.state.numbers if self.knows_numbers else ()
        once = {number.number: number for number in known}
        return tuple(once[number] for number in sorted(once))

    @cached_property
    def numbers_by_target(self) -> dict[str, tuple[PhoneNumber, ...]]:
        """The numbers whose callers are sent to a resource account, by the account's id."""
        by_target: dict[str, list[PhoneNumber]] = {}
        for number in self.numbers:
            if number.target is not None and number.reaches_an_account:
                by_target.setdefault(number.target, []).append(number)
        return {target: tuple(numbers) for target, numbers in by_target.items()}

    def numbers_of(self, account: Account) -> tuple[PhoneNumber, ...]:
        """The numbers that lead to the account, as last known."""
        return self.numbers_by_target.get(account.id, ())

    def has_number(self, account: Account) -> bool | None:
        """Whether a telephone number leads to the account; None where numbers were never read."""
        return account.id in self.numbers_by_target if self.knows_numbers else None

    def reach(self, account: Account) -> Reach:
        """Whether callers come to the account by its number; what attendants and queues lead to it is not known."""
        return "line" if self.has_number(account) else "unknown"

    def holds_resource_account_plan(self, account: Account) -> bool:
        """Whether a SKU with a resource-account plan is assigned."""
        return bool(self._skus_with(account, RESOURCE_ACCOUNT_PLANS))

    def phone_skus_of(self, account: Account) -> tuple[str, ...]:
        """The assigned SKUs that hold a phone plan and no resource-account plan, by id."""
        return tuple(
            sku_id
            for sku_id in self._skus_with(account, PHONE_PLANS)
            if sku_id not in self._skus_with(account, RESOURCE_ACCOUNT_PLANS)
        )

    def resource_account_skus_of(self, account: Account) -> tuple[str, ...]:
        """The assigned SKUs that hold a resource-account plan, by id."""
        return self._skus_with(account, RESOURCE_ACCOUNT_PLANS)

    def is_resource_account_sku(self, sku_id: str) -> bool:
        """Whether a SKU, held or not, holds a resource-account plan."""
        return bool(plan_ids_of(sku_id, self.skus) & RESOURCE_ACCOUNT_PLANS)

    def switched_on(self, account: Account, sku_id: str, plans: frozenset[str]) -> frozenset[str]:
        """Which of these plans an assigned SKU brings to the account: those in it that are not switched off."""
        off = {plan for licence in account.licences if licence.sku_id == sku_id for plan in licence.disabled_plans}
        return (self._plans_by_sku[sku_id] & plans) - off

    def has_usable_plan(self, account: Account, plans: frozenset[str]) -> bool:
        """Whether an assigned SKU brings one of these plans in a state that works.

        No state yet counts as one that works: provisioning takes a while.
        """
        return any(self._works(account, self.switched_on(account, sku_id, plans)) for sku_id in account.sku_ids)

    @cached_property
    def resource_account_skus(self) -> tuple[Sku, ...]:
        """The tenant's SKUs that hold a resource-account plan, the one with most licences to spare first."""
        mine = (sku for sku in self.state.skus if sku.plan_ids & RESOURCE_ACCOUNT_PLANS)
        return tuple(sorted(mine, key=lambda sku: (sku.consumed - sku.enabled - sku.warning, sku.id)))

    def part_number(self, sku_id: str) -> str:
        """A SKU's part number, else its id."""
        sku = self.skus.get(sku_id)
        return sku.part_number if sku is not None and sku.part_number else sku_id

    @cached_property
    def _accounts(self) -> tuple[Account, ...]:
        return tuple(sorted(self.state.accounts.values(), key=lambda account: account.id))

    @cached_property
    def _plans_by_sku(self) -> dict[str, frozenset[str]]:
        held = {sku_id for account in self._accounts for sku_id in account.sku_ids}
        return {sku_id: plan_ids_of(sku_id, self.skus) for sku_id in held}

    def _skus_with(self, account: Account, plans: frozenset[str]) -> tuple[str, ...]:
        return tuple(sorted(sku_id for sku_id in account.sku_ids if self._plans_by_sku[sku_id] & plans))

    def _is_resource_account(self, account: Account) -> bool:
        return account.has_department_marker or account.id in self.numbers_by_target

    @staticmethod
    def _works(account: Account, plans: frozenset[str]) -> bool:
        states = {plan.status for plan in account.plans if plan.plan_id in plans}
        return bool(plans) and (not states or bool(states & USABLE))
