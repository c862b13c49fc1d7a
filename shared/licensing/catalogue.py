"""What kind of licence a SKU is, with the reason: by its own service plans first, by the published table second."""

from __future__ import annotations

import msgspec

from shared.licensing.phone_skus import PHONE_SKUS, Kind, PhoneSku
from shared.licensing.plans import (
    MOBILE_PLANS,
    PHONE_PLANS,
    RESOURCE_ACCOUNT_PLANS,
    ROOMS_PLANS,
    looks_like_unknown_phone_plan,
)
from shared.model.licences import Sku

PUBLISHED: dict[str, PhoneSku] = {sku.id: sku for sku in PHONE_SKUS}

_TABLE_ONLY_PLANS = PHONE_PLANS | MOBILE_PLANS


class Classified(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU's kind (None: it has nothing to do with phone licences) and why."""

    kind: Kind | None
    why: str


def classify(sku: Sku) -> Classified:
    """Tell what kind of licence a tenant's SKU is.

    The tenant's own plans win over the published table: a SKU that is listed there but carries no phone plan here is
    nothing to count, and a SKU that nobody lists but that carries one is counted and says so.
    """
    listed = PUBLISHED.get(sku.id)
    if sku.plan_ids & RESOURCE_ACCOUNT_PLANS:
        return Classified(kind="resource_account", why="is the resource-account licence itself")
    if sku.plan_ids & _TABLE_ONLY_PLANS and listed is not None and listed.kind != "resource_account":
        return Classified(kind=listed.kind, why=_WHY[listed.kind])
    if sku.plan_ids & PHONE_PLANS:
        if sku.plan_ids & ROOMS_PLANS:
            return Classified(kind="teams_rooms", why=_WHY["teams_rooms"] + " (told by its rooms plan)")
        return Classified(kind="bundle", why="includes Phone System; not in the catalogue")
    if sku.plan_ids & MOBILE_PLANS:
        return Classified(kind="phone_mobile", why=_WHY["phone_mobile"])
    if any(looks_like_unknown_phone_plan(plan) for plan in sku.plans):
        return Classified(kind=None, why="has a plan named like a phone plan under an unknown id")
    if listed is not None:
        return Classified(kind=None, why="is listed with a phone plan, but has none in this tenant")
    return Classified(kind=None, why="")


_WHY: dict[Kind, str] = {
    "resource_account": "is the resource-account licence itself",
    "phone_standard": "is Teams Phone Standard",
    "phone_with_calling_plan": "is Teams Phone with Calling Plan",
    "shared_device": "is Teams Shared Devices",
    "bundle": "includes Phone System",
    "teams_rooms": "is Teams Rooms, which the rule does not name",
    "phone_mobile": "is Teams Phone Mobile, which the rule does not name",
}


def plan_ids_of(sku_id: str, skus: dict[str, Sku]) -> frozenset[str]:
    """The service plans of an assigned SKU: the tenant's own row, else what the published table implies.

    The table serves only for SKUs that the tenant no longer lists (an expired subscription whose licences linger).
    """
    own = skus.get(sku_id)
    if own is not None:
        return own.plan_ids
    listed = PUBLISHED.get(sku_id)
    if listed is None or listed.kind == "phone_mobile":
        return frozenset()
    return RESOURCE_ACCOUNT_PLANS if listed.kind == "resource_account" else PHONE_PLANS
