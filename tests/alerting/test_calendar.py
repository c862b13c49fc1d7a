"""When heartbeats and digests are due: by the interval, or at an hour of the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerting.calendar import is_due, slot
from shared.model.timing import WEEKDAYS, Calendar, Weekday

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
LOOK = timedelta(minutes=10)
BERLIN = Calendar(at=time(8), digest_day="mon", time_zone="Europe/Berlin")
SANTIAGO = Calendar(at=time(0), digest_day="sun", time_zone="America/Santiago")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def sent(
    start: datetime, days: int, every: timedelta, calendar: Calendar | None, weekday: Weekday | None = None
) -> list[datetime]:
    """When messages went out to somebody who began at `start` and was looked at every ten minutes."""
    last, found = start, []
    for number in range(days * 144):
        now = start + number * LOOK
        if is_due(last, every, now, calendar, weekday):
            last = now
            found.append(now)
    return found


def local(moments: list[datetime], zone: str) -> list[str]:
    return [f"{moment.astimezone(ZoneInfo(zone)):%a %d %H:%M}" for moment in moments]


def test_nothing_is_due_before_it_began_to_count() -> None:
    assert not is_due(None, DAY, utc(2026, 11, 20))


def test_without_a_calendar_the_interval_counts_from_the_last() -> None:
    start = utc(2026, 11, 20, 10)
    assert not is_due(start, WEEK, start + WEEK - timedelta(microseconds=1))
    assert is_due(start, WEEK, start + WEEK)


@pytest.mark.parametrize("calendar", [None, BERLIN])
def test_a_clock_that_ran_ahead_does_not_put_the_next_off_for_longer_than_the_interval(
    calendar: Calendar | None,
) -> None:
    now = utc(2026, 11, 20, 10)
    assert is_due(now + timedelta(days=3000), DAY, now, calendar)
    assert not is_due(now + timedelta(minutes=1), DAY, now, calendar)


def test_a_digest_comes_on_its_weekday_at_its_local_hour() -> None:
    digests = sent(utc(2026, 11, 20, 10), 30, WEEK, BERLIN, "mon")
    assert local(digests, "Europe/Berlin") == ["Mon 23 08:00", "Mon 30 08:00", "Mon 07 08:00", "Mon 14 08:00"]


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        # Source: the European rule: the last Sundays of March and October, at 01:00 UTC.
        (utc(2026, 3, 27, 12), ["07", "06", "06"]),  # Sunday 29 March 2026 has 23 hours
        (utc(2026, 10, 23, 12), ["06", "07", "07"]),  # Sunday 25 October 2026 has 25 hours
    ],
    ids=["spring", "autumn"],
)
def test_a_heartbeat_keeps_its_local_hour_when_the_clocks_change(start: datetime, hours: list[str]) -> None:
    beats = sent(start, 3, DAY, BERLIN)
    assert [f"{each:%H}" for each in beats] == hours
    assert {each.astimezone(ZoneInfo("Europe/Berlin")).time() for each in beats} == {time(8)}


@pytest.mark.parametrize("start", [utc(2026, 3, 23, 12), utc(2026, 10, 19, 12)], ids=["spring", "autumn"])
def test_a_digest_keeps_its_local_hour_when_the_clocks_change(start: datetime) -> None:
    digests = sent(start, 15, WEEK, BERLIN, "mon")
    assert [each.split(" ", 2)[::2] for each in local(digests, "Europe/Berlin")] == [["Mon", "08:00"]] * 2
    assert digests[0].hour == (6 if start.month == 3 else 7)


def test_an_hour_that_the_clock_skips_strikes_once_and_one_that_it_repeats_strikes_once() -> None:
    skipped = Calendar(at=time(2, 30), time_zone="Europe/Berlin")
    beats = sent(utc(2026, 3, 27, 12), 4, DAY, skipped)
    assert local(beats, "Europe/Berlin") == ["Sat 28 02:30", "Sun 29 03:30", "Mon 30 02:30", "Tue 31 02:30"]
    beats = sent(utc(2026, 10, 23, 12), 4, DAY, skipped)
    assert local(beats, "Europe/Berlin") == ["Sat 24 02:30", "Sun 25 02:30", "Mon 26 02:30", "Tue 27 02:30"]


def test_midnight_that_does_not_exist_strikes_once() -> None:
    # Chile's clocks go from Saturday 24:00 to Sunday 01:00 on the first Sunday after 2 September.
    digests = sent(utc(2026, 9, 3, 12), 12, WEEK, SANTIAGO, "sun")
    assert local(digests, "America/Santiago") == ["Sun 06 01:00", "Sun 13 00:00"]


@pytest.mark.parametrize("asleep", [timedelta(hours=5), 2 * DAY, 6 * DAY, 3 * WEEK + 2 * DAY])
def test_a_digest_that_was_slept_through_is_sent_once_and_the_next_keeps_its_day(asleep: timedelta) -> None:
    last = utc(2026, 11, 16, 7)  # a Monday, 08:00 in Berlin
    awake = last + WEEK + asleep
    assert is_due(last, WEEK, awake, BERLIN, "mon")
    later = sent(awake, 8, WEEK, BERLIN, "mon")
    assert local(later, "Europe/Berlin")[0].startswith("Mon")
    assert timedelta(0) < later[0] - awake <= WEEK
    assert len(later) <= 2


def test_several_days_between_heartbeats_are_kept() -> None:
    beats = sent(utc(2026, 11, 20, 10), 10, 3 * DAY, BERLIN)
    assert local(beats, "Europe/Berlin") == ["Mon 23 08:00", "Thu 26 08:00", "Sun 29 08:00"]


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
moments = st.integers(0, 17 * 365 * 86_400).map(lambda seconds: utc(2020, 1, 1) + timedelta(seconds=seconds))


@given(moments, st.times(), zones, st.sampled_from(WEEKDAYS), st.booleans())
def test_the_slot_is_the_last_time_that_the_hour_struck(
    moment: datetime,
    at: time,
    zone: str,
    day: Weekday,
    weekly: bool,  # noqa: FBT001
) -> None:
    calendar = Calendar(at=at, time_zone=zone)
    found = slot(moment, calendar, day if weekly else None)
    struck = datetime.combine(found, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    following = datetime.combine(found + (WEEK if weekly else DAY), at, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert struck <= moment < following
    assert not weekly or WEEKDAYS[found.weekday()] == day


@given(moments, st.times(), zones)
def test_a_year_has_as_many_heartbeats_as_days(start: datetime, at: time, zone: str) -> None:
    calendar, last, count = Calendar(at=at, time_zone=zone), start, 0
    for hour in range(365 * 24):
        now = start + timedelta(hours=hour)
        if is_due(last, DAY, now, calendar):
            last, count = now, count + 1
    assert abs(count - 365) <= 1
