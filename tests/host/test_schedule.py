from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.host import Schedule

FIELDS = st.tuples(
    st.sampled_from(["0", "*/30", "15,45", "*"]),
    st.sampled_from(["0", "*/5", "10-20", "*"]),
    st.sampled_from(["0", "*/6", "9-17", "*"]),
    st.sampled_from(["*", "1", "10-20"]),
    st.sampled_from(["*", "1", "Feb-Jun"]),
    st.sampled_from(["*", "1-5", "Sun", "0"]),
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@given(fields=FIELDS, now=st.floats(at("2020-01-01T00:00:00"), at("2040-01-01T00:00:00")))
def test_the_next_run_lies_after_now_on_a_whole_second(fields: tuple[str, ...], now: float) -> None:
    following = Schedule(" ".join(fields)).next_after(now)
    assert following > now
    assert following == int(following)


@given(fields=FIELDS, now=st.integers(int(at("2020-01-01T00:00:00")), int(at("2040-01-01T00:00:00"))))
def test_no_run_lies_between_now_and_the_next(fields: tuple[str, ...], now: int) -> None:
    schedule = Schedule(" ".join(fields))
    following = schedule.next_after(now)
    assert schedule.next_after(following - 1) == following
    assert schedule.next_after((now + following) // 2 if following - now > 1 else now) == following


@pytest.mark.parametrize(
    ("expression", "following"),
    [
        ("0 */5 * * * *", "2026-11-20T10:05:00"),
        ("*/30 * * * * *", "2026-11-20T10:00:30"),
        ("0 0 3 * * 1-5", "2026-11-23T03:00:00"),
        ("0 30 9 * Jan Mon", "2027-01-04T09:30:00"),
        ("0 0 0 13 * 5", "2027-08-13T00:00:00"),
        ("  0 0   * * * *  ", "2026-11-20T11:00:00"),
    ],
)
def test_a_schedule_names_its_next_run_in_utc(expression: str, following: str) -> None:
    assert Schedule(expression).next_after(at("2026-11-20T10:00:00")) == at(following)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "*/5 * * * *",
        "0 0 0 * * * 2027",
        "00:05:00",
        "@hourly",
        "0 0 0 L * *",
        "0 0 0 * * 1#2",
        "0 0 0 ? * *",
        "61 0 0 * * *",
        "0 0 0 * * 7",
        "0 0 0 30 2 *",
        "0 0 0 * Foo *",
        "R 0 0 * * *",
    ],
)
def test_what_is_no_schedule_is_refused_by_name(expression: str) -> None:
    with pytest.raises(ValueError, match="is no schedule"):
        Schedule(expression)
