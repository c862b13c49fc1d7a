"""How fast a receiver may be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.alerting.pacing import HOUR, Pace, allowed_at, remembered

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def ago(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=each) for each in seconds]


def test_the_first_post_may_go_at_once() -> None:
    assert allowed_at((), Pace(), NOW) == NOW


def test_a_second_lies_between_two_posts() -> None:
    assert allowed_at(ago(0.25), Pace(), NOW) == NOW + timedelta(seconds=0.75)
    assert allowed_at(ago(1), Pace(), NOW) == NOW


def test_the_61st_post_of_an_hour_waits_until_the_first_is_an_hour_old() -> None:
    sent = ago(*range(60, 3600, 59))
    assert len(sent) == 60
    assert allowed_at(sent, Pace(), NOW) == sent[-1] + HOUR


def test_what_is_older_than_an_hour_is_forgotten() -> None:
    assert remembered(ago(3601, 3600, 3599), NOW) == (*ago(3599), NOW)


def test_a_clock_that_ran_ahead_puts_nothing_off_for_longer_than_the_pace() -> None:
    ahead = [NOW + timedelta(days=30)]
    assert allowed_at(ahead, Pace(), NOW) == NOW + timedelta(seconds=1)
    assert allowed_at(ahead, Pace(per_hour=1), NOW) == NOW + HOUR
    assert remembered(ahead, NOW) == (NOW, NOW)


@given(st.lists(st.floats(0, 7200), max_size=150), st.integers(1, 80), st.sampled_from([0.5, 1.0, 4.0]))
def test_whoever_waits_for_its_turn_never_breaks_the_pace(
    seconds: list[float], per_hour: int, per_second: float
) -> None:
    pace = Pace(per_hour=per_hour, per_second=per_second)
    sent: tuple[datetime, ...] = ()
    clock = NOW
    for wanted in sorted(NOW + timedelta(seconds=each) for each in seconds):
        clock = max(clock, wanted)
        clock = at = allowed_at(sent, pace, clock)
        assert at >= wanted
        assert sum(at - HOUR < each <= at for each in (*sent, at)) <= per_hour
        assert not sent or (at - sent[-1]).total_seconds() >= 1 / per_second - 1e-6
        sent = remembered(sent, at)
