"""What the rules see of a tenant: plain values, read-only, with the words of the rules already worked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal, NamedTuple

from shared.licensing.catalogue import classify, plan_ids_of
from shared.licensing.counting import owned
from shared.licensing.ledger import Allocation, allocation
from shared.licensing.plans import PHONE_PLANS, RESOURCE_ACCOUNT_PLANS
from shared.licensing.policy import Policy
from shared.licensing.price import Price
from shared.model.directory import Account, AssignedLicence
from shared.model.licences import Sku
from shared.model.numbers import VOICE_APPLICATION, PhoneNumber
from shared.model.sources import GRAPH_URL, INTERVALS, Source
from shared.model.tenant import TenantState
from shared.model.voice import ApplicationInstance, VoiceExport
from shared.rules.thresholds import DEFAULTS, Thresholds
from shared.voice.lines import Lines
from shared.voice.references import App

Reach = Literal["line", "nothing", "unknown"]

USABLE = frozenset({"Enabled", "Warning"})
"""The states in which a service plan of an account works; in `Warning` its subscription is in the grace period."""


class _Held(NamedTuple):
    """The SKUs that an account holds: those with a resource-account plan, and those with a phone plan alone, by id."""

    resource_account: tuple[str, ...]
    phone: tuple[str, ...]


class Snapshot:
    """A tenant at one moment.

    A *resource account* is a live directory user with Teams' department marker, or to whom a number leads that an
    attendant or queue answers, or that Teams lists among its application instances; a *person* is any other user. What
    a licence contains is read from the tenant's own SKUs. `expects_subscription` tells that changes are to be notified,
    because there is a URL to notify, `expects_delivery` that there is a receiver, `expects_queue` that the poison queue
    is looked at. `graph_url` is where the requests that remedies show go to.
    """

    def __init__(
        self,
        state: TenantState,
        *,
        now: datetime,
        policy: Policy,
        intervals: Mapping[Source, timedelta] = INTERVALS,
        expects_subscription: bool = False,
        expects_delivery: bool = False,
        expects_queue: bool = False,
        thresholds: Thresholds = DEFAULTS,
        price: Price | None = None,
        graph_url: str = GRAPH_URL,
    ) -> None:
        self.state = state
        self.now = now
        self.policy = policy
        self.intervals = intervals
        self.expects_subscription = expects_subscription
        self.expects_delivery = expects_delivery
        self.expects_queue = expects_queue
        self.thresholds = thresholds
        self.price = price
        self.graph_url = graph_url
        self._held_by_licences: dict[tuple[AssignedLicence, ...], _Held] = {}

    def why_not_usable(self, source: Source) -> str:
        """Why nothing may be concluded from a source now; empty where it was read completely and recently."""
        known = self.state.source(source)
        interval = self.intervals.get(source)
        said, verb = ("the voice export", "is") if source == "voice" else (source, "are")
        past = "was" if verb == "is" else "were"
        if known.state == "absent" or interval is None:
            return f"{said} {verb} not read"
        if known.state == "partial":
            return f"{said} {past} read in part: {known.problem}"
        if known.is_fresh(self.now, interval):
            return ""
        problem = f": {known.problem}" if known.problem else ""
        if known.complete_as_of is None:
            return f"{said} could not be read{problem}"
        made = "made" if source == "voice" else "read"
        return f"{said} {past} last {made} completely at {known.complete_as_of:%Y-%m-%dT%H:%M:%SZ}{problem}"

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
        """Owned resource-account licences that no followed account holds, each SKU's for itself."""
        return sum(max(0, self.left_of(sku)) for sku in self.resource_account_skus)

    def left_of(self, sku: Sku) -> int:
        """The owned units of a SKU less its holders among the followed accounts; below zero where too many hold it.

        Of a resource-account SKU that is fresher than its own counter, which is read less often than the accounts: all
        holders are followed.
        """
        return owned(sku) - self._holders[sku.id]

    def cost(self, licences: int) -> str:
        """What so many licences cost, as the end of a sentence; empty where the site names no price."""
        return f": {self.price.of(licences)}" if self.price is not None else ""

    def must_be_licensed(self, account: Account) -> bool:
        """Whether the policy wants a licence on this resource account."""
        return self.policy.must_be_licensed(has_number=self.has_number(account))

    @cached_property
    def knows_numbers(self) -> bool:
        """Whether numbers were ever read completely, from Graph or with the export.

        What was read last serves on while the source fails: a failing read must not make severities go up and down.
        """
        return self._graph_told_numbers or (self.voice is not None and self.voice.instances is not None)

    @cached_property
    def _graph_told_numbers(self) -> bool:
        return self.state.source("numbers").complete_as_of is not None

    @property
    def has_old_numbers(self) -> bool:
        """Whether Graph told the numbers, and so long ago that a number may have been assigned since."""
        interval = self.intervals.get("numbers")
        fresh = interval is not None and self.state.source("numbers").is_fresh(self.now, interval)
        return self._graph_told_numbers and not fresh

    @cached_property
    def voice(self) -> VoiceExport | None:
        """The voice export as last known; None where none was ever read completely."""
        return self.state.voice if self.state.source("voice").complete_as_of is not None else None

    @cached_property
    def lines(self) -> Lines | None:
        """The tenant's lines as last known; None where no export was ever read completely."""
        if self.voice is None:
            return None
        gone = self.state.departed.keys() - self.state.accounts.keys()
        listed = {each.id for each in self.voice.instances or () if not each.deleted}
        names = {each: known.name for each, known in self.state.referenced.items()}
        names.update((account.id, account.name) for account in self._accounts)
        return Lines(
            self.voice,
            live={account.id for account in self.resource_accounts} | (listed - gone),
            numbers={
                target: tuple(number.number for number in numbers) for target, numbers in self.numbers_by_target.items()
            },
            names=names,
        )

    def is_third_party(self, account: Account) -> bool:
        """Whether another vendor's application answers on this account, as far as it is known."""
        instance = self._instances.get(account.id)
        return instance is not None and instance.is_third_party

    def apps_of(self, account: Account) -> tuple[App, ...]:
        """The voice apps that exist and for which the account stands; none where no export was ever read."""
        return self.lines.apps_by_account.get(account.id, ()) if self.lines is not None else ()

    @cached_property
    def _instances(self) -> dict[str, ApplicationInstance]:
        listed = self.voice.instances or () if self.voice is not None else ()
        return {each.id: each for each in listed if not each.deleted}

    @cached_property
    def numbers(self) -> tuple[PhoneNumber, ...]:
        """The numbers as last known, each once, by number.

        Graph's; the export's where Graph's were never read; and where Graph's are old, what they lack of the numbers in
        a newer export.
        """
        once = {number.number: number for number in (self.state.numbers if self._graph_told_numbers else ())}
        if not self._graph_told_numbers or self._export_knows_newer_numbers:
            for exported in self._exported_numbers():
                known = once.get(exported.number)
                if known is None or known.target is None or not self._graph_told_numbers:
                    once[exported.number] = exported
        return tuple(once[number] for number in sorted(once))

    @property
    def _export_knows_newer_numbers(self) -> bool:
        read = self.state.source("numbers").complete_as_of
        if read is None or self.voice is None or self.why_not_usable("voice"):
            return False
        return self.has_old_numbers and self.voice.exported_at > read

    def _exported_numbers(self) -> Iterator[PhoneNumber]:
        for each in self.voice.instances or () if self.voice is not None else ():
            if each.number and not each.deleted:
                yield PhoneNumber(number=each.number, target=each.id, status=VOICE_APPLICATION)

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
        """Whether callers come to the account: by its number, or because it stands for an attendant or queue."""
        if self.has_number(account) or self.apps_of(account):
            return "line"
        return "unknown" if self.voice is None else "nothing"

    def holds_resource_account_plan(self, account: Account) -> bool:
        """Whether a SKU with a resource-account plan is assigned."""
        return bool(self._held(account).resource_account)

    def phone_skus_of(self, account: Account) -> tuple[str, ...]:
        """The assigned SKUs that hold a phone plan and no resource-account plan, by id."""
        return self._held(account).phone

    def resource_account_skus_of(self, account: Account) -> tuple[str, ...]:
        """The assigned SKUs that hold a resource-account plan, by id."""
        return self._held(account).resource_account

    def is_resource_account_sku(self, sku_id: str) -> bool:
        """Whether a SKU, held or not, holds a resource-account plan."""
        return bool(plan_ids_of(sku_id, self.skus) & RESOURCE_ACCOUNT_PLANS)

    def is_watched_sku(self, sku: Sku) -> bool:
        """Whether a SKU's units qualify under the policy, or are resource-account licences."""
        kind = classify(sku).kind
        return kind == "resource_account" or self.policy.counts(sku.id, kind)

    def switched_on(self, account: Account, sku_id: str, plans: frozenset[str]) -> frozenset[str]:
        """Which of these plans an assigned SKU brings to the account: those in it that are not switched off."""
        off = {plan for licence in account.licences if licence.sku_id == sku_id for plan in licence.disabled_plans}
        return (self._plans_by_sku[sku_id] & plans) - off

    def has_usable_plan(self, account: Account, plans: frozenset[str]) -> bool:
        """Whether an assigned SKU brings one of these plans in a state that works.

        No state yet counts as one that works: provisioning takes a while.
        """
        return any(self.is_usable(account, sku_id, plans) for sku_id in account.sku_ids)

    def is_usable(self, account: Account, sku_id: str, plans: frozenset[str]) -> bool:
        """Whether one assigned SKU brings one of these plans in a state that works."""
        return self._works(account, self.switched_on(account, sku_id, plans))

    @cached_property
    def resource_account_skus(self) -> tuple[Sku, ...]:
        """The tenant's SKUs that hold a resource-account plan, the one with most units left first."""
        mine = (sku for sku in self.state.skus if sku.plan_ids & RESOURCE_ACCOUNT_PLANS)
        return tuple(sorted(mine, key=lambda sku: (-self.left_of(sku), sku.id)))

    def part_number(self, sku_id: str) -> str:
        """A SKU's part number, else its id."""
        sku = self.skus.get(sku_id)
        return sku.part_number if sku is not None and sku.part_number else sku_id

    @cached_property
    def _accounts(self) -> tuple[Account, ...]:
        return tuple(sorted(self.state.accounts.values(), key=lambda account: account.id))

    @cached_property
    def _holders(self) -> Counter[str]:
        return Counter(sku_id for account in self._accounts for sku_id in account.sku_ids)

    @cached_property
    def _plans_by_sku(self) -> dict[str, frozenset[str]]:
        return {sku_id: plan_ids_of(sku_id, self.skus) for sku_id in self._holders}

    def _held(self, account: Account) -> _Held:
        """What an account holds; worked out once for all accounts that hold the same."""
        held = self._held_by_licences.get(account.licences)
        if held is None:
            sku_ids = sorted(account.sku_ids)
            resource_account = [each for each in sku_ids if self._plans_by_sku[each] & RESOURCE_ACCOUNT_PLANS]
            phone = [each for each in sku_ids if self._plans_by_sku[each] & PHONE_PLANS]
            held = _Held(tuple(resource_account), tuple(each for each in phone if each not in resource_account))
            self._held_by_licences[account.licences] = held
        return held

    def _is_resource_account(self, account: Account) -> bool:
        return account.has_department_marker or account.id in self.numbers_by_target or account.id in self._instances

    @staticmethod
    def _works(account: Account, plans: frozenset[str]) -> bool:
        states = {plan.status for plan in account.plans if plan.plan_id in plans}
        return bool(plans) and (not states or bool(states & USABLE))
