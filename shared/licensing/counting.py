"""How many units of one SKU qualify, and why: every row of the ledger explains itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from shared.licensing.catalogue import Classified
from shared.licensing.policy import Policy
from shared.model.licences import CommerceSubscription, Sku


class SkuCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many units of one SKU qualify, and why."""

    sku_id: str
    part_number: str
    counted: int
    why: str


def counted(
    policy: Policy, sku: Sku, classified: Classified, subscriptions: Sequence[CommerceSubscription] | None
) -> SkuCount | None:
    """The ledger's row of a SKU; None where it has nothing to do with phone licences.

    `subscriptions` tell trials; None where they may not be read.
    """
    if classified.kind == "resource_account":
        return _row(sku, 0, [classified.why, *_holdings(sku)])
    counts = policy.counts(sku.id, classified.kind)
    if classified.kind is None and not counts:
        return _row(sku, 0, [classified.why]) if classified.why else None
    trial = trial_units(sku, subscriptions or (), "Enabled")
    grace = max(0, sku.warning)
    trials = 0 if policy.counts_trials else trial
    if policy.counts_grace and not policy.counts_trials:
        trials += trial_units(sku, subscriptions or (), "Warning")
    # Clamped once, at the end: a trial may be larger than what is left of it.
    units = max(0, sku.enabled + (grace if policy.counts_grace else 0) - trials)
    why = [classified.why or "has no phone plan", *_decision(policy, sku, counts=counts, units=units)]
    if trial:
        why.append(f"{trial} trial units {'counted by a setting' if policy.counts_trials else 'left out'}")
    if grace:
        left_out = f"left out, would make it {units + grace}" if counts else "left out"
        why.append(f"{grace} units in their grace period {'counted by a setting' if policy.counts_grace else left_out}")
    if counts and subscriptions is None and not policy.counts_trials:
        why.append("trial state unknown")
    return _row(sku, units if counts else 0, why)


def owned(sku: Sku) -> int:
    """Units that were ordered and still work: in the grace period they do."""
    return max(0, sku.enabled) + max(0, sku.warning)


def trial_units(sku: Sku, subscriptions: Sequence[CommerceSubscription], status: str) -> int:
    """Units of a SKU's trials in a state, joined by subscription id where the SKU names any, else by SKU id."""
    return sum(
        max(0, each.total) for each in subscriptions if each.is_trial and each.status == status and belongs(each, sku)
    )


def belongs(subscription: CommerceSubscription, sku: Sku) -> bool:
    """Whether a subscription is one of a SKU's."""
    if sku.subscription_ids:
        return subscription.id in sku.subscription_ids
    return subscription.sku_id == sku.id


def _row(sku: Sku, units: int, why: Sequence[str]) -> SkuCount:
    return SkuCount(sku_id=sku.id, part_number=sku.part_number, counted=units, why="; ".join(why))


def _decision(policy: Policy, sku: Sku, *, counts: bool, units: int) -> Iterator[str]:
    by_setting = " by a setting" if sku.id in policy.skus else ""
    if counts and by_setting:
        yield f"counted{by_setting}"
    elif not counts:
        yield f"not counted{by_setting}"
        if units:
            yield f"would add {units}"


def _holdings(sku: Sku) -> Iterator[str]:
    """What is to be said of owned licences: how many there are, which of them will end, and whether they suffice."""
    grace = f", {sku.warning} of them in their grace period" if sku.warning > 0 else ""
    yield f"{owned(sku)} owned{grace}, {max(0, sku.consumed)} assigned"
    if sku.consumed > owned(sku):
        yield "more assigned than owned: new assignments fail"
