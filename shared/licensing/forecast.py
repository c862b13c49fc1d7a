"""What the ledger would say if seats, accounts or subscriptions changed: the same tenant, under assumptions."""

from __future__ import annotations

import difflib
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Literal

import msgspec

from shared.licensing.catalogue import PUBLISHED, classify
from shared.licensing.counting import belongs, owned
from shared.licensing.ledger import Allocation, allocation, from_totals
from shared.licensing.phone_skus import Kind, PhoneSku
from shared.licensing.plans import MCOEV, MCOEV_VIRTUALUSER, MCOFMC1
from shared.licensing.policy import Policy
from shared.model.errors import LinekeeperError
from shared.model.licences import CommerceSubscription, ServicePlan, Sku
from shared.model.sources import PERMISSIONS

ChangeKind = Literal["seats", "subscription", "accounts"]

LIVE = frozenset({"Enabled", "Warning"})
"""The states of a subscription whose licences work; in `Warning` it is in its grace period."""


class SeatChange(msgspec.Struct, frozen=True, kw_only=True):
    """Seats that come or go. `sku` is a part number or an id as a person writes it; None: qualifying seats of any."""

    by: int
    sku: str | None = None


class Assumptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is assumed; the order of its parts means nothing.

    `accounts` are resource accounts that come and must be licensed. By the end of the day `on` (UTC), every
    subscription whose term ends from the day `since` on has ended without being renewed; an earlier day was survived.
    """

    seats: tuple[SeatChange, ...] = ()
    accounts: int = 0
    on: date | None = None
    since: date = date.min


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that moves, by how much, and why.

    `by` are seats of a SKU (pooled, where it names none), or accounts. `subscription_id` and `ends` (UTC) are those of
    a subscription that ends.
    """

    kind: ChangeKind
    by: int
    why: str
    sku_id: str | None = None
    part_number: str | None = None
    subscription_id: str | None = None
    ends: datetime | None = None


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger as it is and as it would be, what moves, and what the tenant would own then.

    Pooled seats belong to no SKU: they are in `then.qualifying` and in `changes`, not in `then.by_sku`.
    """

    today: Allocation
    then: Allocation
    changes: tuple[Change, ...]
    skus: tuple[Sku, ...]
    subscriptions: tuple[CommerceSubscription, ...] | None


def forecast(
    policy: Policy,
    skus: Sequence[Sku],
    subscriptions: Sequence[CommerceSubscription] | None,
    needed: int,
    assumptions: Assumptions,
) -> Forecast:
    """Work the ledger out for a tenant under assumptions. Seats change first, then subscriptions end.

    Args:
        policy: the rule that applies.
        skus: the tenant's `subscribedSkus`.
        subscriptions: its commerce subscriptions; None where they may not be read.
        needed: how many live resource accounts must hold a licence under the policy.
        assumptions: what is assumed.

    Raises:
        LinekeeperError: what is assumed cannot be: an unknown or ambiguous SKU, more seats to go than there are, fewer
            accounts than none, or a day of which nothing is known because the subscriptions may not be read.
    """
    if assumptions.accounts < 0:
        raise LinekeeperError(f"accounts can be added, and {assumptions.accounts} is fewer than none.")
    today = allocation(policy, skus, subscriptions, needed)
    by_sku, pooled = _net(skus, assumptions.seats)
    changed = _with_seats(skus, by_sku)
    qualifying = allocation(policy, changed, subscriptions, needed).qualifying
    if qualifying + pooled < 0:
        raise LinekeeperError(f"{_seats(-pooled, 'qualifying seat')} cannot go: there are {qualifying or 'none'}.")
    changes = list(_seat_changes(policy, changed, by_sku, pooled))

    remaining = None if subscriptions is None else tuple(subscriptions)
    if assumptions.on is not None:
        changed, remaining, ended = _on(policy, changed, remaining, assumptions)
        changes += ended
    if assumptions.accounts:
        why = "assumed accounts, which each need a licence"
        changes.append(Change(kind="accounts", by=assumptions.accounts, why=why))
    then = _pooled(policy, allocation(policy, changed, remaining, needed + assumptions.accounts), pooled)
    return Forecast(today=today, then=then, changes=tuple(changes), skus=changed, subscriptions=remaining)


def without_subscription(
    skus: Iterable[Sku], subscriptions: Iterable[CommerceSubscription], subscription_id: str
) -> tuple[tuple[Sku, ...], tuple[CommerceSubscription, ...]]:
    """The SKUs and subscriptions of a tenant in which one subscription has ended; never more of anything than before.

    Its licences leave the enabled units of its SKU, or those in their grace period where it is in that; those of one
    that is suspended or gone have left already. What the tenant's figures do not show cannot leave.
    """
    every = tuple(subscriptions)
    ending = [each for each in every if each.id == subscription_id and each.status in LIVE]
    left = tuple(skus)
    for subscription in ending:
        left = tuple(_without(sku, subscription) if belongs(subscription, sku) else sku for sku in left)
    return left, tuple(each for each in every if each.id != subscription_id)


def _without(sku: Sku, subscription: CommerceSubscription) -> Sku:
    total = max(0, subscription.total)
    enabled, warning = max(0, sku.enabled), max(0, sku.warning)
    # A trial's units are left out as a whole: what its own state does not show must go too, or its end would add some.
    if subscription.status == "Enabled":
        from_enabled = min(enabled, total)
        from_warning = min(warning, total - from_enabled) if subscription.is_trial else 0
    else:
        from_warning = min(warning, total)
        from_enabled = min(enabled, total - from_warning) if subscription.is_trial else 0
    return msgspec.structs.replace(sku, enabled=sku.enabled - from_enabled, warning=sku.warning - from_warning)


def _on(
    policy: Policy,
    skus: tuple[Sku, ...],
    subscriptions: tuple[CommerceSubscription, ...] | None,
    assumptions: Assumptions,
) -> tuple[tuple[Sku, ...], tuple[CommerceSubscription, ...], list[Change]]:
    """The tenant at the end of a day, if nothing is renewed, and what of its phone licences ended."""
    if subscriptions is None:
        raise LinekeeperError(
            "which subscriptions end by a day cannot be told: Microsoft Graph does not give directory/subscriptions, "
            f"for which Linekeeper's identity needs the application permission {PERMISSIONS['licences']}."
        )
    changes: list[Change] = []
    # By date: the order in which Graph lists them must not matter.
    for subscription, ends in sorted(_ending(subscriptions, assumptions), key=lambda each: (each[1], each[0].id)):
        before = skus
        skus, subscriptions = without_subscription(skus, subscriptions, subscription.id)
        for old, new in zip(before, skus, strict=True):
            if old != new and _matters(policy, old):
                changes.append(_end(subscription, ends, old, owned(new) - owned(old)))
    return skus, subscriptions, changes


def _ending(
    subscriptions: Iterable[CommerceSubscription], assumptions: Assumptions
) -> Iterator[tuple[CommerceSubscription, datetime]]:
    for each in subscriptions:
        if each.status in LIVE and each.next_lifecycle is not None:
            ends = each.next_lifecycle.astimezone(UTC)
            if assumptions.on is not None and assumptions.since <= ends.date() <= assumptions.on:
                yield each, ends


def _matters(policy: Policy, sku: Sku) -> bool:
    """Whether a SKU has anything to do with phone licences: a tenant has many subscriptions that do not."""
    kind = classify(sku)
    return sku.applies_to == "User" and (bool(kind.why) or policy.counts(sku.id, kind.kind))


def _end(subscription: CommerceSubscription, ends: datetime, sku: Sku, by: int) -> Change:
    what = "its trial" if subscription.is_trial else "its subscription"
    if subscription.status == "Warning":
        what = f"the grace period of {what}"
    return Change(
        kind="subscription",
        by=by,
        why=f"{what} ends on {ends:%Y-%m-%d}, if it is not renewed",
        sku_id=sku.id,
        part_number=sku.part_number,
        subscription_id=subscription.id,
        ends=ends,
    )


def _net(skus: Sequence[Sku], seats: Iterable[SeatChange]) -> tuple[dict[str, int], int]:
    """Seats to come or go by SKU id, and those of no particular SKU; what adds up to nothing is no change."""
    net: Counter[str] = Counter()
    pooled = 0
    for change in seats:
        if change.sku is None:
            pooled += change.by
        else:
            net[_sku_id(change.sku, skus)] += change.by
    return {sku_id: net[sku_id] for sku_id in sorted(net) if net[sku_id]}, pooled


def _with_seats(skus: Sequence[Sku], by_sku: Mapping[str, int]) -> tuple[Sku, ...]:
    to_do = dict(by_sku)
    changed = [_resized(sku, to_do.pop(sku.id, 0)) for sku in skus]
    return (*changed, *(_resized(_bought(PUBLISHED[sku_id]), by) for sku_id, by in to_do.items()))


def _resized(sku: Sku, by: int) -> Sku:
    there = max(0, sku.enabled)
    if there + by < 0:
        raise LinekeeperError(f"{_seats(-by)} of {sku.part_number or sku.id} cannot go: there are {there or 'none'}.")
    return msgspec.structs.replace(sku, enabled=there + by) if by else sku


def _seats(number: int, noun: str = "seat") -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


_PLAN: dict[Kind, str] = {"resource_account": MCOEV_VIRTUALUSER, "phone_mobile": MCOFMC1}


def _bought(listed: PhoneSku) -> Sku:
    """A SKU that the tenant does not have yet, with the plan that makes it what it is."""
    plan = ServicePlan(_PLAN.get(listed.kind, MCOEV))
    return Sku(id=listed.id, part_number=listed.part_number, plans=(plan,))


def _sku_id(named: str, skus: Sequence[Sku]) -> str:
    """The id of a SKU by id or part number, the tenant's own first."""
    wanted = _spelled(named)
    for known in (skus, PUBLISHED.values()):
        ids = sorted({sku.id for sku in known if wanted in {sku.id, sku.part_number.casefold()}})
        if len(ids) > 1:
            raise LinekeeperError(f"{named!r} names more than one SKU; give the id of one: {', '.join(ids)}.")
        if ids:
            return ids[0]
    raise LinekeeperError(f"no SKU is called {named!r}{_nearest(wanted, skus)}")


def _spelled(named: str) -> str:
    text = named.strip().casefold()
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return text


def _nearest(wanted: str, skus: Sequence[Sku]) -> str:
    """The end of a refusal: the nearest right name, else what the tenant has."""
    listed: list[Sku | PhoneSku] = [*skus, *PUBLISHED.values()]
    names = {sku.part_number.casefold(): sku.part_number for sku in listed if sku.part_number}
    names |= {sku.id: sku.id for sku in listed}
    near = difflib.get_close_matches(wanted, names, n=1)
    if near:
        return f"; did you mean {names[near[0]]}?"
    mine = sorted(sku.part_number or sku.id for sku in skus if classify(sku).kind)
    return f"; the tenant's phone licences are {', '.join(mine)}." if mine else " in the tenant or in the catalogue."


def _seat_changes(policy: Policy, skus: Sequence[Sku], by_sku: Mapping[str, int], pooled: int) -> Iterator[Change]:
    if pooled:
        yield Change(kind="seats", by=pooled, why="assumed qualifying seats, whatever their SKU")
    parts = {sku.id: sku for sku in skus}
    for sku_id, by in by_sku.items():
        sku = parts[sku_id]
        yield Change(kind="seats", by=by, why=_effect(policy, sku), sku_id=sku_id, part_number=sku.part_number)


def _effect(policy: Policy, sku: Sku) -> str:
    kind = classify(sku).kind
    if sku.applies_to == "User" and kind == "resource_account":
        return "assumed licences, which change what is owned"
    if sku.applies_to == "User" and policy.counts(sku.id, kind):
        return "assumed seats, which count towards the allocation"
    return "assumed seats, which do not count towards the allocation"


def _pooled(policy: Policy, ledger: Allocation, pooled: int) -> Allocation:
    """The ledger with qualifying seats of no particular SKU."""
    if not pooled:
        return ledger
    return from_totals(
        policy,
        qualifying=max(0, ledger.qualifying + pooled),
        owned=ledger.owned,
        assigned=ledger.assigned,
        needed=ledger.needed,
        by_sku=ledger.by_sku,
    )
