"""What a tenant bought, as Graph's v1.0 lists it.

Imitates the reference pages "List subscribedSkus" and "List subscriptions" (of ``companySubscription``): no paging, no
filter, ids as GUID strings, and several purchases for one SKU.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from simulator.directory import SimulatedTenant
from simulator.exchange import GraphAnswer, GraphRequest
from simulator.records import CommerceSubscription, Sku, fields_by_graph_name

_SKU_PROPERTIES = (
    "id",
    "accountId",
    "accountName",
    "appliesTo",
    "capabilityStatus",
    "consumedUnits",
    "prepaidUnits",
    "servicePlans",
    "skuId",
    "skuPartNumber",
    "subscriptionIds",
)


class PurchaseRoutes:
    """The routes of what was bought.

    Attributes:
        listing_lag: Seconds until a change shows, by the tenant's clock.
    """

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.listing_lag = 0.0
        self._tenant = tenant

    def list_skus(self, request: GraphRequest) -> GraphAnswer:
        """``GET subscribedSkus``."""
        tenant, lag = self._tenant, self.listing_lag
        consumed = tenant.consumed(lag=lag)
        purchases = tenant.seen_after(tenant.purchases, lag).values()
        skus = tenant.seen_after(tenant.skus, lag).values()
        rows = [_sku(sku, tenant, purchases, consumed[sku.id]) | tenant.misprints.get(sku.id, {}) for sku in skus]
        return _listing(request, "subscribedSkus", _SKU_PROPERTIES, rows)

    def list_purchases(self, request: GraphRequest) -> GraphAnswer:
        """``GET directory/subscriptions``."""
        purchases = self._tenant.seen_after(self._tenant.purchases, self.listing_lag).values()
        rows = [_purchase(item) | self._tenant.misprints.get(item.id, {}) for item in purchases]
        return _listing(request, "directory/subscriptions", tuple(fields_by_graph_name(CommerceSubscription)), rows)


def _listing(request: GraphRequest, name: str, known: Sequence[str], rows: list[dict[str, Any]]) -> GraphAnswer:
    request.allow("$select")
    select = request.selected(known) or known
    value = [{key: row[key] for key in select if row[key] is not msgspec.UNSET} for row in rows]
    return GraphAnswer(200, {"@odata.context": f"{request.root}/$metadata#{name}", "value": value})


def _sku(sku: Sku, tenant: SimulatedTenant, purchases: Iterable[CommerceSubscription], consumed: int) -> dict[str, Any]:
    return {
        "id": f"{tenant.tenant_id}_{sku.id}",
        "accountId": tenant.tenant_id,
        "accountName": tenant.name,
        "appliesTo": sku.applies_to,
        "capabilityStatus": sku.status,
        "consumedUnits": consumed,
        "prepaidUnits": {
            "enabled": sku.units_in("Enabled"),
            "suspended": sku.units_in("Suspended"),
            "warning": sku.units_in("Warning"),
            "lockedOut": sku.units_in("LockedOut"),
        },
        "servicePlans": [
            {
                "servicePlanId": plan.id,
                "servicePlanName": plan.name,
                "provisioningStatus": "Success",
                "appliesTo": sku.applies_to,
            }
            for plan in sku.plans
        ],
        "skuId": sku.id,
        "skuPartNumber": sku.part_number,
        "subscriptionIds": [item.id for item in purchases if item.sku_id == sku.id],
    }


def _purchase(purchase: CommerceSubscription) -> dict[str, Any]:
    printed: dict[str, Any] = msgspec.to_builtins(purchase)
    return printed
