"""The ledger: what is entitled, owned, assigned and needed, and what follows, as pure functions of what was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from shared.licensing.catalogue import Classified, classify
from shared.licensing.policy import Policy
from shared.model.licences import CommerceSubscription, Sku


class SkuCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many units of one SKU qualify, and why."""

    sku_id: str
    part_number: str
    counted: int
    why: str


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's answer. All figures are licences, `qualifying` and the two `seats_` figures are seats.

    `entitled` may be held at price zero; `owned` was ordered and still works; `assigned` is in use; `needed` should be.
    The four are never merged: each of the others is a difference between two of them.
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
    by_sku: tuple[SkuCount, ...] = ()


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
    counts = tuple(_count(policy, sku, kind, subscriptions) for sku, kind in rows if kind.why)
    resource_account_skus = [sku for sku, kind in rows if kind.kind == "resource_account"]
    return from_totals(
        policy,
        qualifying=sum(count.counted for count in counts),
        owned=sum(sku.enabled + sku.warning for sku in resource_account_skus),
        assigned=sum(sku.consumed for sku in resource_account_skus),
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
    )


def seats_to_next(policy: Policy, qualifying: int) -> int:
    """The fewest further seats that raise the entitlement."""
    first = policy.entitled(1) > policy.entitled(0)
    if qualifying == 0 and first:
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


def _count(
    policy: Policy, sku: Sku, classified: Classified, subscriptions: Sequence[CommerceSubscription] | None
) -> SkuCount:
    counts = classified.kind in policy.counted
    trial = _trial_units(sku, subscriptions or ())
    units = max(0, sku.enabled - trial)
    notes = [classified.why]
    if classified.kind not in {None, "resource_account"}:
        if not counts:
            notes.append("not counted")
        if not counts and units:
            notes.append(f"would add {units}")
        if trial:
            notes.append(f"{trial} trial units left out")
        if sku.warning:
            notes.append(f"{sku.warning} units in their grace period left out")
        if counts and subscriptions is None:
            notes.append("trial state unknown")
    return SkuCount(sku_id=sku.id, part_number=sku.part_number, counted=units if counts else 0, why="; ".join(notes))


def _trial_units(sku: Sku, subscriptions: Sequence[CommerceSubscription]) -> int:
    """Units of a SKU's enabled trials, joined by subscription id where the SKU names any, else by SKU id."""
    wanted = set(sku.subscription_ids)
    mine = (
        subscription
        for subscription in subscriptions
        if (subscription.id in wanted if wanted else subscription.sku_id == sku.id)
    )
    return sum(each.total for each in mine if each.is_trial and each.status == "Enabled")
