"""When queues are meant to be answered: days, hours, time zones, and the nights when clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.timing import WEEKDAYS
from shared.rules.thresholds import BusinessHours, Thresholds

OFFICE = BusinessHours(opens=time(9), closes=time(17))
BERLIN = BusinessHours(opens=time(9), closes=time(17), time_zone="Europe/Berlin")
SEATTLE = BusinessHours(opens=time(9), closes=time(17), time_zone="America/Los_Angeles")
KATHMANDU = BusinessHours(opens=time(9), closes=time(17), time_zone="Asia/Kathmandu")
WEEKENDS = BusinessHours(days=("sat", "sun"), opens=time(9), closes=time(17))


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "open_then"),
    [
        (OFFICE, utc(11, 20, 8, 59), False),
        (OFFICE, utc(11, 20, 9), True),
        (OFFICE, utc(11, 20, 16, 59), True),
        (OFFICE, utc(11, 20, 17), False),
        (KATHMANDU, utc(11, 20, 3, 14), False),
        (KATHMANDU, utc(11, 20, 3, 15), True),
    ],
)
def test_hours_begin_when_they_open_and_end_before_they_close(
    hours: BusinessHours,
    moment: datetime,
    open_then: bool,  # noqa: FBT001 - what is expected
) -> None:
    assert hours.cover(moment) is open_then


def test_a_friday_is_covered_and_a_saturday_is_not() -> None:
    assert OFFICE.cover(utc(11, 20, 12))
    assert not OFFICE.cover(utc(11, 21, 12))
    assert not OFFICE.cover(utc(11, 22, 12))
    assert OFFICE.cover(utc(11, 23, 12))


def test_only_the_days_that_are_named_are_covered() -> None:
    assert WEEKENDS.cover(utc(11, 21, 12))
    assert not WEEKENDS.cover(utc(11, 20, 12))


def test_the_day_is_the_one_of_the_place_not_of_utc() -> None:
    """Monday, 00:30 UTC, is still Sunday in Seattle; Friday, 23:30 UTC, is Friday there."""
    late = msgspec.structs.replace(SEATTLE, closes=time(23))
    assert not late.cover(utc(11, 23, 0, 30))
    assert late.cover(utc(11, 20, 23, 30))
    assert late.cover(utc(11, 21, 0, 30))


def test_the_hour_of_opening_follows_summer_time() -> None:
    assert not BERLIN.cover(utc(3, 27, 7, 30))
    assert BERLIN.cover(utc(3, 30, 7, 30))
    assert BERLIN.cover(utc(10, 23, 7, 30))
    assert not BERLIN.cover(utc(10, 26, 7, 30))


def test_places_change_their_clocks_on_days_of_their_own() -> None:
    """On 10 March 2026 it is summer in Seattle already, and not in Berlin."""
    assert SEATTLE.cover(utc(3, 10, 16))
    assert not SEATTLE.cover(utc(3, 6, 16))
    assert not BERLIN.cover(utc(3, 10, 7, 30))


def test_an_hour_that_comes_twice_is_covered_twice_and_one_that_is_left_out_never() -> None:
    night = BusinessHours(days=WEEKDAYS, opens=time(2), closes=time(3), time_zone="Europe/Berlin")
    assert [night.cover(utc(10, 25, hour, 30)) for hour in (0, 1, 2)] == [True, True, False]
    assert not any(night.cover(utc(3, 29, 0) + timedelta(minutes=step)) for step in range(0, 180, 10))


def test_the_zone_in_which_the_moment_is_written_does_not_matter() -> None:
    moment = utc(11, 20, 8, 30)
    assert BERLIN.cover(moment)
    assert BERLIN.cover(moment.astimezone(timezone(timedelta(hours=-11))))
    assert BERLIN.cover(moment.astimezone(ZoneInfo("Asia/Tokyo")))


def test_queues_are_meant_to_be_answered_at_all_times_where_no_hours_are_set() -> None:
    assert Thresholds().business_hours is None


@pytest.mark.parametrize(
    "said",
    [
        {"opens": "17:00:00", "closes": "09:00:00"},
        {"opens": "09:00:00", "closes": "09:00:00"},
        {"opens": "09:00:00", "closes": "17:00:00", "time_zone": "../etc/passwd"},
        {"opens": "09:00:00", "closes": "17:00:00", "time_zone": "Europe/Atlantis"},
        {"opens": "09:00:00", "closes": "17:00:00", "days": ["monday"]},
    ],
)
def test_hours_that_are_none_are_refused(said: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(said, BusinessHours)


@given(moment=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_hours_hold_by_the_clock_on_the_wall_of_the_place(moment: datetime) -> None:
    wall = moment.astimezone(ZoneInfo("Europe/Berlin"))
    assert BERLIN.cover(moment) == (wall.isoweekday() <= 5 and 9 <= wall.hour < 17)
