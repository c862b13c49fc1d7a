"""A subscription that ends soon, and without which licences are missing."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.counting import belongs
from shared.licensing.forecast import LIVE, without_subscription
from shared.licensing.ledger import Allocation, allocation
from shared.model.finding import Finding, Subject
from shared.model.licences import CommerceSubscription, Sku
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Subscriptions of counted and resource-account SKUs whose end within the threshold would do harm."""
    for subscription in sorted(snapshot.state.subscriptions or (), key=lambda each: each.id):
        sku = next((sku for sku in snapshot.state.skus if belongs(subscription, sku)), None)
        if sku is None or not snapshot.is_watched_sku(sku) or not _ends_soon(snapshot, subscription):
            continue
        then = _without(snapshot, subscription)
        harm = _harm(snapshot.allocation, then)
        if harm:
            yield _finding(snapshot, sku, subscription, then, harm)


def _ends_soon(snapshot: Snapshot, subscription: CommerceSubscription) -> bool:
    ends = subscription.next_lifecycle
    within = snapshot.thresholds.subscription_ending
    return subscription.status in LIVE and ends is not None and ends - snapshot.now <= within


def _without(snapshot: Snapshot, subscription: CommerceSubscription) -> Allocation:
    known = snapshot.state.subscriptions or ()
    skus, others = without_subscription(snapshot.state.skus, known, subscription.id)
    return allocation(snapshot.policy, skus, others, snapshot.needed)


def _harm(now: Allocation, then: Allocation) -> list[str]:
    """What its end would newly take, in words."""
    harm = []
    if then.entitled < now.entitled and then.needed > then.entitled:
        missing = then.needed - then.entitled
        harm.append(
            f"the allocation falls from {now.entitled} to {then.entitled}, and {missing} of {then.needed} accounts "
            "are not covered free of charge"
        )
    if then.owned < now.owned and then.assigned > then.owned:
        harm.append(f"{then.owned} resource-account licences are left for {then.assigned} that are assigned")
    return harm


def _finding(
    snapshot: Snapshot, sku: Sku, subscription: CommerceSubscription, then: Allocation, harm: list[str]
) -> Finding:
    name = snapshot.part_number(sku.id)
    ends = f"{subscription.next_lifecycle:%Y-%m-%d}"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        subject=Subject("sku", sku.id, name),
        summary=f"A subscription of {subscription.total} {name} ends on {ends}. If it is not renewed, "
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
    "and without it accounts lose their free licence, or more licences are assigned than owned",
    reads=frozenset({"licences", "accounts"}),
    why="What ends by itself is noticed when callers notice it; a renewal takes days.",
    remedy="Renew it, or replace it, before it ends.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
