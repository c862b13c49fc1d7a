"""How fast a receiver may be told: a second between two posts, and so many in an hour. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

HOUR = timedelta(hours=1)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """At most so many posts in a second and in an hour; what the connectors of Teams have long allowed."""

    per_second: float = 1.0
    per_hour: int = 60


def allowed_at(sent: Sequence[datetime], pace: Pace, now: datetime) -> datetime:
    """When the next post may go out, after the posts of the last hour.

    A post that another clock put into the future counts as one made now: it holds up nothing for longer.
    """
    recent = sorted(min(moment, now) for moment in sent if now - moment < HOUR)
    earliest = now
    if recent:
        earliest = max(earliest, recent[-1] + timedelta(seconds=1 / pace.per_second))
    if len(recent) >= pace.per_hour:
        earliest = max(earliest, recent[-pace.per_hour] + HOUR)
    return earliest


def remembered(sent: Sequence[datetime], now: datetime) -> tuple[datetime, ...]:
    """The posts of the last hour, with one made now."""
    return (*(min(moment, now) for moment in sent if now - moment < HOUR), now)
