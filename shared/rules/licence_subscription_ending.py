"""A subscription that ends soon, and without which licences are missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from shared.licensing.catalogue import classify
from shared.licensing.counting import belongs, owned
from shared.licensing.forecast import LIVE, without_subscription
from shared.licensing.ledger import Allocation, allocation
from shared.model.finding import Finding, Subject
from shared.model.licences import CommerceSubscription, Sku
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Subscriptions of counted and resource-account SKUs whose end within the threshold would do harm.

    Each is judged together with those that end no later: two halves that end on one day are one end.
    """
    ending = sorted(
        (each for each in snapshot.state.subscriptions or () if _ends_soon(snapshot, each)),
        key=lambda each: (each.next_lifecycle or snapshot.now, each.id),
    )
    for subscription in ending:
        sku = next((sku for sku in snapshot.state.skus if belongs(subscription, sku)), None)
        if sku is None or not snapshot.is_watched_sku(sku):
            continue
        no_later = [each for each in ending if each.next_lifecycle and each.next_lifecycle <= _end(subscription)]
        others = [each for each in no_later if each.id != subscription.id]
        harm = _harm(snapshot.allocation, _without(snapshot, others), _without(snapshot, no_later))
        if harm:
            yield _finding(snapshot, sku, subscription, _without(snapshot, no_later)[0], harm, beside=len(others))


def _ends_soon(snapshot: Snapshot, subscription: CommerceSubscription) -> bool:
    """Whether it ends within the threshold; a day that has passed has been survived."""
    ends = subscription.next_lifecycle
    within = snapshot.thresholds.subscription_ending
    return subscription.status in LIVE and ends is not None and snapshot.now <= ends <= snapshot.now + within


def _end(subscription: CommerceSubscription) -> datetime:
    return subscription.next_lifecycle or datetime.max.replace(tzinfo=UTC)


Then = tuple[Allocation, tuple[Sku, ...]]


def _without(snapshot: Snapshot, ended: list[CommerceSubscription]) -> Then:
    """The ledger and the SKUs after some subscriptions have ended."""
    skus, left = tuple(snapshot.state.skus), tuple(snapshot.state.subscriptions or ())
    for subscription in ended:
        skus, left = without_subscription(skus, left, subscription.id)
    return allocation(snapshot.policy, skus, left, snapshot.needed), skus


def _harm(now: Allocation, others: Then, together: Then) -> list[str]:
    """What its end takes beside the end of the others, in words."""
    harm = []
    ledger = together[0]
    takes = ledger.entitled < others[0].entitled
    if takes and ledger.needed > ledger.entitled:
        missing = ledger.needed - ledger.entitled
        harm.append(
            f"the allocation falls from {now.entitled} to {ledger.entitled}, and {missing} of {ledger.needed} accounts "
            "are not covered free of charge"
        )
    before = {sku.id: owned(sku) for sku in others[1]}
    for sku in together[1]:
        left = owned(sku)
        is_licence = classify(sku).kind == "resource_account"
        if is_licence and left < before[sku.id] and sku.consumed > left:
            harm.append(f"{left} {sku.part_number or sku.id} are left for {sku.consumed} that are assigned")
    return harm


def _finding(
    snapshot: Snapshot,
    sku: Sku,
    subscription: CommerceSubscription,
    then: Allocation,
    harm: list[str],
    *,
    beside: int,
) -> Finding:
    name = snapshot.part_number(sku.id)
    ends = f"{subscription.next_lifecycle:%Y-%m-%d}"
    others = "the other one that ends" if beside == 1 else f"the {beside} others that end"
    also = f", nor {others} by then" if beside else ""
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        subject=Subject("sku", sku.id, name),
        summary=f"A subscription of {subscription.total} {name} ends on {ends}. If it is not renewed{also}, "
        f"{', and '.join(harm)}.",
        remedy=f"{RULE.remedy} To see what its end would change: linekeeper what-if --on {ends}",
        evidence={
            "subscription": subscription.id,
            "ends": ends,
            "licences": subscription.total,
            "trial": subscription.is_trial,
            "entitled_then": then.entitled,
            "owned_then": then.owned,
            "needed": then.needed,
            "assigned": then.assigned,
        },
        aspect=subscription.id,
    )


RULE = Rule(
    id="licence-subscription-ending",
    family="allocation",
    severity="warning",
    title="Subscription that ends soon",
    holds_when="a subscription of a counted or resource-account SKU ends within 30 days (`rules.subscription_ending`), "
    "and without it, and those that end no later, accounts lose their free licence, or more of a resource-account "
    "licence are assigned than owned",
    reads=frozenset({"licences", "accounts"}),
    why="What ends by itself is noticed when callers notice it; a renewal takes days.",
    remedy="Renew it, or replace it, before it ends.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
