"""The announcement that the free allocation has moved: told once, with no state to resolve."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.alerting.routing import ALLOCATION_CHANGED, ANNOUNCED
from shared.licensing.ledger import Allocation
from shared.licensing.price import Price
from shared.model.alert import Message


def figures(ledger: Allocation) -> tuple[tuple[str, str], ...]:
    """The ledger's figures as a message shows them."""
    return (
        ("Free allocation", str(ledger.entitled)),
        ("Owned", str(ledger.owned)),
        ("Assigned", str(ledger.assigned)),
        ("Needed", str(ledger.needed)),
        *((("Policy", _policy(ledger)),) if ledger.overrides else ()),
    )


def allocation_changed(
    before: int,
    ledger: Allocation,
    counted_before: Mapping[str, int],
    *,
    now: datetime,
    link: str,
    price: Price | None = None,
    unread: bool = False,
) -> Message:
    """Say from what to what the allocation moved, by which SKUs, and what that means for the accounts.

    `counted_before` is how many units of each SKU (by part number) counted at the last complete read; `unread` tells
    that which of them are trials could be read then, and cannot be now.
    """
    counted_now = qualifying_by_sku(ledger)
    moves = [
        f"{name} {counted_now.get(name, 0) - counted_before.get(name, 0):+d}"
        for name in sorted(counted_now.keys() | counted_before.keys())
        if counted_now.get(name, 0) != counted_before.get(name, 0)
    ]
    fell = ledger.entitled < before
    uncovered = max(0, ledger.needed - ledger.entitled)
    cause = f"Qualifying licences changed: {', '.join(moves)}." if moves else f"The policy changed: {_policy(ledger)}."
    if unread:
        cause += " Which of them are trials can no longer be read: until it can, trials count."
    return Message(
        kind="announcement",
        group=ANNOUNCED[ALLOCATION_CHANGED],
        severity="warning" if fell and uncovered else "info",
        headline=f"Free allocation {'fell' if fell else 'rose'} from {before} to {ledger.entitled}",
        text=f"{cause} {_meaning(before, ledger, price)}",
        facts=figures(ledger),
        link=link,
        as_of=now,
    )


def _meaning(before: int, ledger: Allocation, price: Price | None) -> str:
    """What the new allocation means for the accounts: how many must now be paid for, and how many were before."""
    uncovered = max(0, ledger.needed - ledger.entitled)
    if not uncovered:
        return f"All {ledger.needed} accounts that need a licence are covered free of charge."
    uncovered_before = max(0, ledger.needed - before)
    was = f" ({uncovered_before} before)" if uncovered_before != uncovered else ""
    cost = f": {price.of(uncovered)}" if price is not None else ""
    return (
        f"{uncovered} of {ledger.needed} accounts are not covered free of charge{was}; "
        f"their licences would now have to be paid for{cost}."
    )


def _policy(ledger: Allocation) -> str:
    return ", ".join((ledger.policy, *ledger.overrides))


def qualifying_by_sku(ledger: Allocation) -> dict[str, int]:
    """Counted units by part number, summed where two SKUs share one."""
    counted: dict[str, int] = {}
    for row in ledger.by_sku:
        if row.counted:
            name = row.part_number or row.sku_id
            counted[name] = counted.get(name, 0) + row.counted
    return counted
