"""When what is told by the calendar is due: an interval after the last, or at an hour of the clock on the wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.model.timing import WEEKDAYS, Calendar, Weekday

ONE_DAY = timedelta(days=1)


def is_due(
    last: datetime | None,
    every: timedelta,
    now: datetime,
    calendar: Calendar | None = None,
    weekday: Weekday | None = None,
) -> bool:
    """Whether one is due now. What was slept through is due once, and does not move those to come.

    Args:
        last: when the last one was; None before the first, which comes an interval after the start.
        every: the interval; with a calendar, whole days, and with a weekday whole weeks.
        now: the time.
        calendar: at which hour, and where; without one, by the interval alone.
        weekday: on which day of the week, with a calendar.
    """
    if last is None:
        return False
    if calendar is None or last - now >= every:  # a time that lies so far ahead was set by a clock that went wrong
        return abs(now - last) >= every
    return slot(now, calendar, weekday) - slot(last, calendar, weekday) >= every


def slot(moment: datetime, calendar: Calendar, weekday: Weekday | None) -> date:
    """The local date of the last time that the hour struck, on that day of the week if one is given.

    An hour that the clock skips in spring strikes as much later; of one that it repeats in autumn, the first counts.
    """
    zone = ZoneInfo(calendar.time_zone)
    day = moment.astimezone(zone).date()
    # In UTC, since two times of one zone are compared by the clock on its walls.
    if moment < datetime.combine(day, calendar.at, tzinfo=zone).astimezone(UTC):
        day -= ONE_DAY
    return day - timedelta(days=(day.weekday() - WEEKDAYS.index(weekday)) % 7) if weekday is not None else day
