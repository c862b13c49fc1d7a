"""Intervals that contradict each other are refused."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import msgspec
import pytest

from shared.model.timing import Calendar, Repeat, Timing

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"group_wait": 6 * MINUTE},
            "`group_interval` (5m) is shorter than `group_wait` (6m): make it at least as long",
        ),
        ({"repeat": Repeat(critical=MINUTE)}, "`repeat.critical` (1m) is shorter than `group_interval` (5m)"),
        ({"repeat": Repeat(warning=HOUR)}, "`repeat.warning` (1h) is shorter than `repeat.critical` (4h)"),
        ({"heartbeat": 90 * timedelta(seconds=1)}, "`heartbeat` (90s) is shorter than an hour"),
        ({"digest": timedelta(0)}, "`digest` (0s) is shorter than an hour"),
        ({"calendar": Calendar(at=time(8)), "heartbeat": 36 * HOUR}, "`heartbeat` is no number of whole days"),
        ({"calendar": Calendar(at=time(8)), "digest": timedelta(days=10)}, "`digest` is no number of whole weeks"),
    ],
)
def test_intervals_out_of_order_are_refused_with_what_mends_them(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"make it|must be") as caught:
        Timing(**changed)
    assert said in str(caught.value)


def test_equal_intervals_are_in_order() -> None:
    Timing(group_wait=5 * MINUTE, repeat=Repeat(critical=5 * MINUTE, warning=5 * MINUTE), heartbeat=HOUR, digest=HOUR)
    Timing(calendar=Calendar(at=time(8)), heartbeat=timedelta(days=3), digest=timedelta(days=14))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"at": "08:00:00Z"}, "without a zone of its own"),
        (
            {"at": "08:00:00", "time_zone": "Berlin"},
            "`time_zone` 'Berlin' is not known; it is one such as Europe/Berlin",
        ),
        ({"at": "08:00:00", "time_zone": "../etc/passwd"}, "is not known"),
        ({"at": "08:00:00", "digest_day": "monday"}, "Invalid enum value 'monday'"),
        ({"at": "late"}, "Invalid RFC3339 encoded time"),
        ({"time_zone": "UTC"}, "missing required field `at`"),
    ],
)
def test_a_calendar_without_a_clock_is_refused(table: dict[str, str], said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"calendar": table}, Timing)
    assert said in str(caught.value)
    assert "calendar" in str(caught.value)
