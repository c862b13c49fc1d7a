"""What somebody asks to be silenced, checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerting.silence_request import MAX_AUTHOR, MAX_MATCHERS, MAX_REASON, Wanted, checked
from shared.alerting.silences import standing
from shared.model.errors import LinekeeperError
from shared.model.silence import LONGEST, Silence

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAMILIES = {
    "resource-account-unlicensed": "accounts",
    "allocation-short": "allocation",
    "source-stale": "monitor",
    "source-gone": "monitor",
}


def ask(**changed: Any) -> Silence:  # noqa: ANN401 - what may be wanted
    values: dict[str, Any] = {
        "rules": ("allocation-short",),
        "ends": NOW + HOUR,
        "author": "Ada",
        "reason": "Migration",
        **changed,
    }
    return checked(Wanted(**values), silence_id="a1", families=FAMILIES, now=NOW)


def test_what_was_typed_is_kept_in_one_form() -> None:
    made = ask(
        rules=(" Allocation-SHORT ", "allocation-short", "resource-*"),
        subjects=("ABC", "abc"),
        severities=("info", "Critical", "info"),
        ends=datetime(2026, 11, 20, 14, 0, tzinfo=timezone(timedelta(hours=2))),
        author="  Ada\tLovelace ",
        reason="Line one\nline \u202etwo",
    )
    assert made == Silence(
        id="a1",
        rules=("allocation-short", "resource-*"),
        subjects=("abc",),
        severities=("critical", "info"),
        starts=NOW,
        ends=datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
        author="Ada Lovelace",
        reason="Line one line two",
        created=NOW,
    )
    assert made.ends.tzinfo is UTC


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"rules": ()}, "a silence needs a rule, a subject or a severity"),
        ({"rules": ("allocation-shrot",)}, "no rule is called 'allocation-shrot'. Did you mean 'allocation-short'?"),
        ({"rules": ("zzz",)}, "no rule is called 'zzz'. `linekeeper rules` lists them."),
        (
            {"rules": ("resource-acount-*",)},
            r"no rule matches 'resource-acount-\*'\. Did you mean 'resource-account-\*'\?",
        ),
        ({"rules": ("zzz-*",)}, "no rule matches 'zzz-"),
        ({"rules": ("allocation-short", "source-stale")}, "'source-stale' is about the monitor itself"),
        ({"rules": ("source-*",)}, r"'source-\*' is about the monitor itself"),
        ({"rules": ("",)}, "each of the rules is a line of 1 to 200 characters"),
        ({"subjects": ("a" * 201,)}, "each of the subjects is a line of 1 to 200 characters"),
        ({"subjects": ("a\nb",)}, "each of the subjects is a line"),
        ({"subjects": tuple(str(each) for each in range(MAX_MATCHERS + 1))}, "names 50 subjects at most, not 51"),
        ({"severities": ("severe",)}, "'severe' is no severity: those are critical, warning, info"),
        ({"ends": NOW}, "ends in the future"),
        ({"starts": NOW - HOUR}, "starts now or later"),
        ({"starts": NOW + HOUR}, "ends after it starts"),
        ({"starts": NOW + 91 * 24 * HOUR, "ends": NOW + 92 * 24 * HOUR}, "starts within 90 days"),
        ({"ends": NOW + LONGEST + HOUR}, "lasts 90 days at most"),
        ({"ends": (NOW + HOUR).replace(tzinfo=None)}, "times need their zone"),
        ({"starts": NOW.replace(tzinfo=None)}, "times need their zone"),
        ({"author": " \u200b\n"}, "needs its author: who wants it"),
        ({"reason": ""}, "needs its reason: why"),
        ({"reason": "\u200d"}, "needs its reason: why"),
        ({"author": "a" * (MAX_AUTHOR + 1)}, "the author has 81 characters, and 80 at most"),
        ({"reason": "a" * (MAX_REASON + 1)}, "the reason has 501 characters, and 500 at most"),
    ],
)
def test_what_cannot_be_silenced_so_is_refused_with_the_reason(changed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(LinekeeperError, match=complaint):
        ask(**changed)


def test_a_pattern_may_cover_the_monitor_beside_others_since_that_is_told_all_the_same() -> None:
    assert ask(rules=("*",)).rules == ("*",)


def test_the_longest_silence_lasts_ninety_days_from_its_start() -> None:
    starts = NOW + 24 * HOUR
    assert ask(starts=starts, ends=starts + LONGEST).ends == starts + LONGEST


times = st.none() | st.datetimes(timezones=st.just(UTC)) | st.integers(-100, 3000).map(lambda hours: NOW + hours * HOUR)


@given(times, times.map(lambda time: time or NOW), st.text(max_size=90), st.text(max_size=520))
def test_what_is_let_through_is_bounded_and_lies_ahead(
    starts: datetime | None, ends: datetime, author: str, reason: str
) -> None:
    try:
        made = ask(starts=starts, ends=ends, author=author, reason=reason)
    except LinekeeperError:
        return
    assert standing(made, NOW) in {"active", "coming"}
    assert timedelta(0) < made.ends - made.starts <= LONGEST
    assert 0 < len(made.author) <= MAX_AUTHOR
    assert 0 < len(made.reason) <= MAX_REASON
    assert "\n" not in made.author + made.reason
