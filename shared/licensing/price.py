"""What a licence costs at a site: turns counts into money where the settings name a price."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

HIGHEST = 1_000_000


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price of one resource-account licence beyond the allocation, in a currency, for a month or a year."""

    licence: Decimal
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    per: Literal["month", "year"] = "month"

    def __post_init__(self) -> None:
        """Refuse what is no price."""
        if not self.licence.is_finite() or not 0 <= self.licence <= HIGHEST:
            raise ValueError(f"`licence` is a price, from 0 to {HIGHEST:,}")

    def of(self, licences: int) -> str:
        """What so many licences cost, in words: `1,040.00 EUR a month`."""
        return f"{self.licence * licences:,.2f} {self.currency} a {self.per}"
