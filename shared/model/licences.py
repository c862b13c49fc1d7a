"""What the tenant owns: SKUs with their units, and the commerce subscriptions behind them."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ServicePlan(msgspec.Struct, frozen=True):
    """A service plan inside a SKU. The id decides; the name is for people."""

    id: str
    name: str = ""


class Sku(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of Graph's `subscribedSkus`; units are licences."""

    id: str
    part_number: str = ""
    applies_to: str = "User"
    status: str = "Enabled"
    enabled: int = 0
    warning: int = 0
    suspended: int = 0
    locked_out: int = 0
    consumed: int = 0
    plans: tuple[ServicePlan, ...] = ()
    subscription_ids: tuple[str, ...] = ()

    @property
    def plan_ids(self) -> frozenset[str]:
        """The service plans it contains."""
        return frozenset(plan.id for plan in self.plans)


class CommerceSubscription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of Graph's `directory/subscriptions`: an order, of which a SKU may have several."""

    id: str
    sku_id: str = ""
    status: str = "Enabled"
    is_trial: bool = False
    total: int = 0
    next_lifecycle: datetime | None = None
