"""From where on something is worth saying: settings, with Microsoft's own advice as default where it gives any."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from shared.model.timing import WEEKDAYS, Weekday

Count = Annotated[int, msgspec.Meta(ge=0)]


class BusinessHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When queues are meant to be answered: on these weekdays, from `opens` until before `closes`, in a time zone."""

    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    opens: time
    closes: time
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse hours that are none, and places without a clock."""
        if self.opens.tzinfo is not None or self.closes.tzinfo is not None:
            raise ValueError("`opens` and `closes` are times of the day in `time_zone`, without a zone of their own")
        if not self.days:
            raise ValueError("`days` names no day")
        if self.opens >= self.closes:
            raise ValueError("`opens` must be before `closes`")
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, KeyError):
            raise ValueError(f"`time_zone` {self.time_zone!r} is not known; it is one such as Europe/Berlin") from None

    def opened(self, now: datetime) -> datetime:
        """When they began on the day of a moment."""
        there = now.astimezone(ZoneInfo(self.time_zone))
        return datetime.combine(there.date(), self.opens, tzinfo=there.tzinfo)

    def cover(self, now: datetime) -> bool:
        """Whether a moment is inside them."""
        there = now.astimezone(ZoneInfo(self.time_zone))
        return WEEKDAYS[there.weekday()] in self.days and self.opens <= there.time() < self.closes


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the rules measure against.

    `margin_seats`: fewer seats than this that may go before a needed licence costs money are a small margin.
    `spare_licences`: fewer unassigned licences than this are few; five is what Microsoft advises to keep.
    `subscription_ending`: how long before its end a subscription is spoken of.
    `nobody_opted_in`: for how long every agent of a queue may have opted out, by the exports.
    `business_hours`: when queues are meant to be answered; at all times where there are none.
    """

    margin_seats: Count = 10
    spare_licences: Count = 5
    subscription_ending: timedelta = timedelta(days=30)
    nobody_opted_in: timedelta = timedelta(minutes=15)
    business_hours: BusinessHours | None = None


DEFAULTS = Thresholds()
