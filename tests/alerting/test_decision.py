"""Whether a group's receiver is told: the eight rows of the table, by name and as a whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerting.decision import reason_to_send
from shared.model.alert import GroupLog

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
REPEAT = timedelta(hours=4)
SECOND = timedelta(seconds=1)


def decided(
    log: GroupLog | None, firing: str = "", resolved: str = "", repeat: timedelta = REPEAT, now: datetime = NOW
) -> str | None:
    """The reason, where one letter is one finding."""
    return reason_to_send(log, firing=frozenset(firing), resolved=frozenset(resolved), repeat=repeat, now=now)


def told(firing: str = "", resolved: str = "", ago: timedelta = SECOND) -> GroupLog:
    return GroupLog(firing=tuple(firing), resolved=tuple(resolved), sent_at=NOW - ago)


@pytest.mark.parametrize("nothing", [None, GroupLog(), GroupLog(flush_at=NOW)], ids=["none", "empty", "never sent"])
class TestWithoutAnEntry:
    def test_row_1_something_fires_the_first_notification(self, nothing: GroupLog | None) -> None:
        assert decided(nothing, firing="a") == "first"
        assert decided(nothing, firing="a", resolved="b") == "first"

    def test_row_2_nothing_fires_the_receiver_never_knew(self, nothing: GroupLog | None) -> None:
        assert decided(nothing) is None
        assert decided(nothing, resolved="a") is None


def test_row_3_something_fires_after_a_resolution_the_first_notification() -> None:
    assert decided(told(resolved="a"), firing="a") == "first"
    assert decided(told(), firing="ab") == "first"


def test_row_4_something_else_fires_new_alerts_in_the_group() -> None:
    assert decided(told("a"), firing="ab") == "new"
    assert decided(told("a"), firing="b", resolved="a") == "new"


def test_row_5_nothing_fires_any_more_all_resolved() -> None:
    assert decided(told("ab"), resolved="ab") == "all_resolved"
    assert decided(told("ab", resolved="a"), resolved="a") == "all_resolved"


def test_row_6_nothing_fires_and_the_receiver_thinks_so() -> None:
    assert decided(told(resolved="a")) is None
    assert decided(told(resolved="a"), resolved="b") is None


def test_row_7_less_fires_newly_resolved() -> None:
    assert decided(told("ab"), firing="a", resolved="b") == "some_resolved"
    assert decided(told("ab", resolved="c"), firing="a", resolved="bc") == "some_resolved"


def test_row_8_nothing_is_new_and_only_time_repeats() -> None:
    assert decided(told("ab"), firing="ab") is None
    assert decided(told("a", resolved="b"), firing="a", resolved="b") is None
    assert decided(told("ab", ago=REPEAT), firing="ab") is None
    assert decided(told("ab", ago=REPEAT + SECOND), firing="ab") == "repeat"


def test_a_clock_that_ran_ahead_keeps_no_reminder_back_for_longer_than_the_interval() -> None:
    assert decided(told("ab", ago=-REPEAT), firing="ab") is None
    assert decided(told("ab", ago=-REPEAT - SECOND), firing="ab") == "repeat"


def by_the_table(
    log: GroupLog | None, fires: frozenset[str], ended: frozenset[str], repeat: timedelta, now: datetime
) -> bool:
    """The table, row by row, as it stands in the facts about alerting."""
    entry = log is not None and log.sent_at is not None
    told_fires = set(log.firing) if log is not None else set()
    told_ended = set(log.resolved) if log is not None else set()
    last = log.sent_at if log is not None else None
    inside = fires <= told_fires
    rows = [
        (not entry and bool(fires), True),
        (not entry and not fires, False),
        (entry and not inside and not told_fires, True),
        (entry and not inside and bool(told_fires), True),
        (entry and not fires and bool(told_fires), True),
        (entry and not fires and not told_fires, False),
        (entry and inside and bool(fires) and not ended <= told_ended, True),
        (entry and inside and bool(fires) and ended <= told_ended, last is not None and last < now - repeat),
    ]
    return next(sends for holds, sends in rows if holds)


keys = st.frozensets(st.sampled_from("abc"))
waits = st.integers(0, 8).map(lambda hours: timedelta(hours=hours))
logs = st.none() | st.builds(
    lambda firing, resolved, ago: GroupLog(
        firing=tuple(sorted(firing)), resolved=tuple(sorted(resolved)), sent_at=None if ago is None else NOW - ago
    ),
    keys,
    keys,
    st.none() | waits,
)


@given(logs, keys, keys, waits)
def test_the_decision_is_the_tables(
    log: GroupLog | None, firing: frozenset[str], resolved: frozenset[str], repeat: timedelta
) -> None:
    if log is not None and log.sent_at is None:
        log = GroupLog()  # what was never sent told nobody anything
    reason = reason_to_send(log, firing=firing, resolved=resolved, repeat=repeat, now=NOW)
    assert (reason is not None) == by_the_table(log, firing, resolved, repeat, NOW)


@given(logs, st.permutations("abc"), st.permutations("abc"))
def test_the_order_in_which_keys_were_noted_does_not_matter(
    log: GroupLog | None, firing: list[str], resolved: list[str]
) -> None:
    sent_at = log.sent_at if log is not None else None
    one = GroupLog(firing=tuple("abc"), resolved=tuple("abc"), sent_at=sent_at)
    other = GroupLog(firing=tuple(firing), resolved=tuple(resolved), sent_at=sent_at)
    assert decided(one, firing="ab", resolved="c") == decided(other, firing="ba", resolved="c")
