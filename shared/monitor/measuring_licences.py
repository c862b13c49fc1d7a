"""The ledger and the accounts as measurements. Pure. What could not be read completely is left out, and is not 0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from shared.licensing.catalogue import classify
from shared.licensing.counting import belongs, trial_units
from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account
from shared.model.sources import REQUIRED
from shared.model.voice import AutoAttendant
from shared.rules.snapshot import Snapshot
from shared.telemetry.instruments import OTHER, SKU
from shared.telemetry.meters import Measurement

LicenceStatus = Literal["ok", "grace", "not_functional", "wrong", "both", "missing", "error"]


def of_licences(snapshot: Snapshot) -> Iterator[Measurement]:
    """The ledger, the units behind it, and who holds them; nothing where licences or accounts are not known now."""
    if any(snapshot.why_not_usable(source) for source in REQUIRED):
        return
    ledger = snapshot.allocation
    yield _one("license.allocation.limit", ledger.entitled)
    yield _one("license.allocation.headroom", ledger.entitled - ledger.needed)
    if ledger.entitled:
        yield _one("license.allocation.utilization", ledger.assigned / ledger.entitled)
    yield from _holders(snapshot)
    yield from _each("license.needed.count", "resource_account.use", _uses(snapshot))
    qualifying: Counter[str] = Counter()
    for row in ledger.by_sku:
        if row.counted:
            qualifying[row.part_number or row.sku_id] += row.counted
    yield from _each("license.qualifying.count", SKU.name, capped(qualifying))
    yield from _each("license.excluded.count", "reason", _excluded(snapshot))
    yield from _owned(snapshot)
    yield from _renewals(snapshot)


def of_accounts(snapshot: Snapshot) -> Iterator[Measurement]:
    """Resource accounts by what they stand for, their licence and whether callers come to them."""
    if any(snapshot.why_not_usable(source) for source in REQUIRED):
        return
    counts = Counter(
        (_type(snapshot, account), licence_status(snapshot, account), _reachable(snapshot, account))
        for account in snapshot.resource_accounts
    )
    for (kind, status, reachable), count in sorted(counts.items()):
        yield Measurement(
            name="linekeeper.resource_account.count",
            value=count,
            attributes={"type": kind, "license.status": status, "reachable": reachable},
        )


def licence_status(snapshot: Snapshot, account: Account) -> LicenceStatus:
    """How a resource account is licensed, the gravest first."""
    held, phone = snapshot.resource_account_skus_of(account), snapshot.phone_skus_of(account)
    if not snapshot.must_be_licensed(account):
        return "ok"
    if not held:
        return "wrong" if phone else "missing"
    if not snapshot.has_usable_plan(account, RESOURCE_ACCOUNT_PLANS):
        return "not_functional"
    if phone:
        return "both"
    if any(each.failed and snapshot.is_resource_account_sku(each.sku_id) for each in account.assignments):
        return "error"
    states = {plan.status for plan in account.plans if plan.plan_id in RESOURCE_ACCOUNT_PLANS}
    return "grace" if "Warning" in states else "ok"


def capped(counts: Mapping[str, int], at_most: int = SKU.at_most) -> dict[str, int]:
    """Counts by a bounded number of values: the greatest by themselves, the rest as one."""
    if len(counts) <= at_most:
        return dict(counts)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(count for _, count in ordered[at_most - 1 :])
    return {**dict(ordered[: at_most - 1]), OTHER: rest}


def _one(name: str, value: float) -> Measurement:
    return Measurement(name=f"linekeeper.{name}", value=value)


def _each(name: str, attribute: str, counts: Mapping[str, int]) -> Iterator[Measurement]:
    for value, count in counts.items():
        yield Measurement(name=f"linekeeper.{name}", value=count, attributes={attribute: value})


def _holders(snapshot: Snapshot) -> Iterator[Measurement]:
    """Assigned resource-account licences, by who holds them and by SKU."""
    usage = Counter({"resource_account": 0, "orphan": 0, "person": 0})
    by_sku: Counter[tuple[str, str]] = Counter()
    for account in snapshot.resource_accounts:
        held = snapshot.resource_account_skus_of(account)
        usage["orphan" if snapshot.reach(account) == "nothing" else "resource_account"] += len(held)
        by_sku.update((snapshot.part_number(sku_id), "resource_account") for sku_id in held)
    for account in snapshot.people:
        held = snapshot.resource_account_skus_of(account)
        usage["person"] += len(held)
        by_sku.update((snapshot.part_number(sku_id), "person") for sku_id in held)
    yield from _each("license.allocation.usage", "license.holder", usage)
    counts: Counter[tuple[str, str]] = Counter()
    for sku in snapshot.resource_account_skus:
        part = snapshot.part_number(sku.id)
        # Two SKUs may bear one part number; who holds either was counted above.
        first = (part, OTHER) not in counts
        known = by_sku[part, "resource_account"] + by_sku[part, "person"] if first else 0
        counts[part, "resource_account"] = by_sku[part, "resource_account"]
        counts[part, "person"] = by_sku[part, "person"]
        counts[part, OTHER] += sku.consumed - known
    yield from _by_sku("license.assigned.count", "license.holder", counts)


def _by_sku(name: str, attribute: str, counts: Mapping[tuple[str, str], int]) -> Iterator[Measurement]:
    """Counts by part number and another attribute, of a bounded number of part numbers: the rest as one."""
    totals: Counter[str] = Counter()
    for (part, _), count in counts.items():
        totals[part] += count
    kept = capped(totals).keys()
    folded: Counter[tuple[str, str]] = Counter()
    for (part, value), count in counts.items():
        folded[part if part in kept else OTHER, value] += count
    for (part, value), count in folded.items():
        yield Measurement(name=f"linekeeper.{name}", value=max(0, count), attributes={SKU.name: part, attribute: value})


def _uses(snapshot: Snapshot) -> Counter[str]:
    uses = Counter({"in_use": 0, "orphan": 0, "third_party": 0})
    for account in snapshot.resource_accounts:
        if snapshot.must_be_licensed(account):
            orphan = snapshot.reach(account) == "nothing"
            uses["third_party" if snapshot.is_third_party(account) else "orphan" if orphan else "in_use"] += 1
    return uses


def _excluded(snapshot: Snapshot) -> Counter[str]:
    """Phone units that do not count, by why."""
    reasons = Counter({"teams_rooms": 0, "phone_mobile": 0, "trial": 0, "warning_state": 0})
    policy = snapshot.policy
    for sku in snapshot.state.skus:
        kind = classify(sku).kind
        if kind in {"teams_rooms", "phone_mobile"} and not policy.counts(sku.id, kind):
            reasons[kind] += max(0, sku.enabled)
        elif kind != "resource_account" and policy.counts(sku.id, kind):
            if not policy.counts_trials:
                reasons["trial"] += trial_units(sku, snapshot.state.subscriptions or (), "Enabled")
            if not policy.counts_grace:
                reasons["warning_state"] += max(0, sku.warning)
    return reasons


def _owned(snapshot: Snapshot) -> Iterator[Measurement]:
    counts: Counter[tuple[str, str]] = Counter()
    for sku in snapshot.resource_account_skus:
        part = snapshot.part_number(sku.id)
        counts[part, "enabled"] += max(0, sku.enabled)
        counts[part, "warning"] += max(0, sku.warning)
        counts[part, "suspended"] += max(0, sku.suspended)
        counts[part, "locked_out"] += max(0, sku.locked_out)
    yield from _by_sku("license.owned.count", "license.state", counts)


def _renewals(snapshot: Snapshot) -> Iterator[Measurement]:
    """When licences end or renew, by part number; of more than are told, the soonest."""
    ends: dict[str, datetime] = {}
    for sku in snapshot.state.skus:
        if snapshot.is_watched_sku(sku):
            part = snapshot.part_number(sku.id)
            for each in snapshot.state.subscriptions or ():
                if belongs(each, sku) and each.next_lifecycle is not None:
                    ends[part] = min(ends.get(part, each.next_lifecycle), each.next_lifecycle)
    for part, end in sorted(ends.items(), key=lambda pair: (pair[1], pair[0]))[: SKU.at_most]:
        yield Measurement(
            name="linekeeper.license.renewal.remaining",
            value=(end - snapshot.now).total_seconds(),
            attributes={SKU.name: part},
            grows=-1,
        )


def _type(snapshot: Snapshot, account: Account) -> str:
    if snapshot.is_third_party(account):
        return "third_party"
    apps = snapshot.apps_of(account)
    if not apps:
        return "unknown"
    return "auto_attendant" if isinstance(apps[0], AutoAttendant) else "call_queue"


def _reachable(snapshot: Snapshot, account: Account) -> str:
    return {"line": "true", "nothing": "false", "unknown": "unknown"}[snapshot.reach(account)]
