"""The ledger: what is entitled, owned, assigned and needed, and what follows, as pure functions of what was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from shared.licensing.catalogue import classify
from shared.licensing.counting import SkuCount, counted
from shared.licensing.counting import owned as owned_units
from shared.licensing.policy import Policy
from shared.model.licences import CommerceSubscription, Sku


class Allocation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ledger's answer. All figures are licences, `qualifying` and the two `seats_` figures are seats.

    `entitled` may be held at price zero; `owned` was ordered and still works; `assigned` is in use; `needed` should be.
    The four are never merged: each of the others is a difference between two of them. `overrides` names what the site
    has decided otherwise than the policy.
    """

    policy: str
    qualifying: int
    entitled: int
    owned: int
    assigned: int
    needed: int
    free_to_claim: int
    to_buy: int
    paid: int
    spare: int
    seats_to_next: int
    seats_to_lose: int
    by_sku: tuple[SkuCount, ...]
    overrides: tuple[str, ...] = ()


def allocation(
    policy: Policy,
    skus: Iterable[Sku],
    subscriptions: Sequence[CommerceSubscription] | None,
    needed: int,
) -> Allocation:
    """Work the ledger out.

    Args:
        policy: the rule that applies.
        skus: the tenant's `subscribedSkus`.
        subscriptions: its commerce subscriptions, for telling trials; None where they may not be read.
        needed: how many live resource accounts must hold a licence under the policy.
    """
    rows = [(sku, classify(sku)) for sku in skus if sku.applies_to == "User"]
    counts = tuple(row for sku, kind in rows if (row := counted(policy, sku, kind, subscriptions)) is not None)
    resource_account_skus = [sku for sku, kind in rows if kind.kind == "resource_account"]
    return from_totals(
        policy,
        qualifying=sum(count.counted for count in counts),
        owned=sum(owned_units(sku) for sku in resource_account_skus),
        assigned=sum(max(0, sku.consumed) for sku in resource_account_skus),
        needed=needed,
        by_sku=counts,
    )


def from_totals(
    policy: Policy, *, qualifying: int, owned: int, assigned: int, needed: int, by_sku: tuple[SkuCount, ...] = ()
) -> Allocation:
    """The ledger from its four independent numbers."""
    entitled = policy.entitled(qualifying)
    return Allocation(
        policy=policy.id,
        qualifying=qualifying,
        entitled=entitled,
        owned=owned,
        assigned=assigned,
        needed=needed,
        free_to_claim=max(0, min(entitled, needed) - owned),
        to_buy=max(0, needed - max(entitled, owned)),
        paid=max(0, owned - entitled),
        spare=max(0, owned - assigned),
        seats_to_next=seats_to_next(policy, qualifying),
        seats_to_lose=seats_to_lose(policy, qualifying, needed),
        by_sku=by_sku,
        overrides=policy.overrides,
    )


def seats_to_next(policy: Policy, qualifying: int) -> int:
    """The fewest further seats that raise the entitlement."""
    if qualifying == 0 and policy.entitled(1) > 0:
        return 1
    return policy.step - qualifying % policy.step


def seats_to_lose(policy: Policy, qualifying: int, needed: int) -> int:
    """The most seats that may go while every needed licence stays free of charge; 0 where one is not free already."""
    if policy.entitled(qualifying) < needed:
        return 0
    if needed <= 0:
        return qualifying
    fewest = max(1, policy.step * (needed - policy.base))
    return qualifying - fewest
