"""Which findings a silence covers, when it is worth a word, and when it is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerting.silences import (
    KEPT_AFTER_END,
    MOST_KEPT,
    InForce,
    coverage,
    covers,
    kept,
    matched,
    matches,
    noticed,
    standing,
)
from shared.model.alert import Alert
from shared.model.finding import SEVERITIES, Finding, Severity, Subject
from shared.model.silence import Silence

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
RULE = "resource-account-unlicensed"
SALES, SUPPORT = "5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11", "6c7b2b51-9e3f-4a6f-8d72-1f7a8c3a2b22"
DAY = timedelta(days=1)

MakeAlert = Callable[..., Alert]
MakeFinding = Callable[..., Finding]


def silence(name: str = "a", **changed: Any) -> Silence:  # noqa: ANN401 - a silence's own fields
    values: dict[str, Any] = {
        "id": name,
        "rules": (RULE,),
        "starts": NOW - DAY,
        "ends": NOW + 10 * DAY,
        "author": "Ada",
        "reason": "Migration",
        "created": NOW - DAY,
        **changed,
    }
    return Silence(**values)


def finding(rule: str = RULE, subject: str = SALES, severity: Severity = "critical") -> Finding:
    return Finding(rule=rule, severity=severity, subject=Subject("resource_account", subject), summary="", remedy="")


@pytest.mark.parametrize(
    ("matchers", "found", "covered"),
    [
        ({"rules": (RULE,)}, finding(), True),
        ({"rules": ("resource-account-*",)}, finding(), True),
        ({"rules": ("allocation-*",)}, finding(), False),
        ({"rules": ("allocation-*", RULE)}, finding(), True),
        ({"rules": ("Resource-account-*",)}, finding(), False),
        ({"rules": (), "subjects": (SALES,)}, finding(), True),
        ({"rules": (), "subjects": (SALES,)}, finding(subject=SALES.upper()), True),
        ({"rules": (), "subjects": (SALES.upper(),)}, finding(), True),
        ({"rules": (), "subjects": (SALES,)}, finding(subject=SUPPORT), False),
        ({"rules": (), "subjects": ("*",)}, finding(), False),
        ({"rules": (), "severities": ("warning", "info")}, finding(), False),
        ({"rules": (), "severities": ("critical",)}, finding(), True),
        ({"subjects": (SALES,)}, finding(), True),
        ({"subjects": (SUPPORT,)}, finding(), False),
        ({"subjects": (SALES,), "severities": ("info",)}, finding(), False),
        ({"rules": ()}, finding(), False),
    ],
)
def test_a_finding_is_covered_by_every_kind_of_matcher_that_is_given(
    matchers: dict[str, Any], found: Finding, *, covered: bool
) -> None:
    assert matches(silence(**matchers), found) is covered


rules = st.sampled_from([RULE, "resource-account-vanished", "allocation-short", "voice-app-loop"])
patterns = rules | st.sampled_from(["*", "resource-account-*", "*-short", "nothing-*"])
subjects = st.sampled_from([SALES, SUPPORT])
findings = st.builds(finding, rules, subjects, st.sampled_from(SEVERITIES))
matchers = st.fixed_dictionaries(
    {
        "rules": st.lists(patterns, max_size=3).map(tuple),
        "subjects": st.lists(subjects, max_size=2).map(tuple),
        "severities": st.lists(st.sampled_from(SEVERITIES), max_size=3).map(tuple),
    }
)


@given(matchers, findings)
def test_a_further_kind_of_matcher_never_covers_more(given_matchers: dict[str, Any], found: Finding) -> None:
    whole = matches(silence(**given_matchers), found)
    alone = [matches(silence(**({"rules": ()} | {kind: values})), found) for kind, values in given_matchers.items()]
    given_kinds = [covered for covered, values in zip(alone, given_matchers.values(), strict=True) if values]
    assert whole is (bool(given_kinds) and all(given_kinds))


@given(matchers, findings, patterns)
def test_a_further_rule_never_covers_less(given_matchers: dict[str, Any], found: Finding, pattern: str) -> None:
    narrow = silence(**{**given_matchers, "rules": given_matchers["rules"] or (pattern,)})
    wide = msgspec.structs.replace(narrow, rules=(*narrow.rules, pattern))
    assert matches(wide, found) or not matches(narrow, found)


@given(matchers, findings, st.text(max_size=20), st.text(max_size=20))
def test_names_and_texts_decide_nothing(given_matchers: dict[str, Any], found: Finding, name: str, text: str) -> None:
    renamed = msgspec.structs.replace(
        found, subject=msgspec.structs.replace(found.subject, name=name), summary=text, remedy=text
    )
    assert matches(silence(**given_matchers), renamed) is matches(silence(**given_matchers), found)


@pytest.mark.parametrize(
    ("starts", "ends", "state"),
    [
        (NOW, NOW + DAY, "active"),
        (NOW - DAY, NOW, "ended"),
        (NOW + timedelta(seconds=1), NOW + DAY, "coming"),
        (NOW + DAY, NOW - DAY, "ended"),
    ],
)
def test_a_silence_is_in_force_from_its_start_until_before_its_end(
    starts: datetime, ends: datetime, state: str
) -> None:
    assert standing(silence(starts=starts, ends=ends), NOW) == state


def test_of_several_the_longest_lasting_in_force_is_named(make_alert: MakeAlert) -> None:
    silences = {
        "short": silence("short", ends=NOW + DAY),
        "long": silence("long", ends=NOW + 5 * DAY),
        "over": silence("over", ends=NOW),
        "coming": silence("coming", starts=NOW + DAY, ends=NOW + 9 * DAY),
        "other": silence("other", rules=("allocation-short",), ends=NOW + 9 * DAY),
    }
    found = InForce(silences.values(), NOW).longest(make_alert(finding()))
    assert found is not None
    assert found.id == "long"
    assert InForce([], NOW).longest(make_alert(finding())) is None


@given(st.lists(matchers, max_size=6), findings, st.sampled_from(["accounts", "monitor"]))
def test_those_of_an_alert_are_those_that_cover_it(
    make_alert: MakeAlert, given_matchers: list[dict[str, Any]], found: Finding, family: str
) -> None:
    silences = [silence(str(number), **each) for number, each in enumerate(given_matchers)]
    over = silence("over", rules=("*",), ends=NOW)
    alert = make_alert(found, family=family)
    covering = InForce([*silences, over], NOW).covering(alert)
    assert {each.id for each in covering} == {each.id for each in silences if covers(each, alert)}
    assert len(covering) == len({each.id for each in covering})


def test_the_monitors_own_findings_are_never_silenced(make_alert: MakeAlert) -> None:
    blind = make_alert(finding("source-stale", "accounts"), family="monitor")
    everything = {"a": silence(rules=("*",))}
    assert InForce(everything.values(), NOW).longest(blind) is None
    assert InForce(everything.values(), NOW).quiet([blind]) == {}
    assert matched(everything, {"k": blind}, NOW) == everything


def test_what_does_not_fire_is_not_counted_as_silenced(make_alert: MakeAlert) -> None:
    firing, mended = make_alert(finding()), make_alert(finding(subject=SUPPORT), lasted=DAY)
    pending = msgspec.structs.replace(firing, phase="pending")
    assert InForce([silence()], NOW).quiet([firing, mended, pending]) == {silence().id: [firing]}
    assert InForce([silence(ends=NOW)], NOW).quiet([firing]) == {}


def test_a_match_is_remembered_by_the_hour_so_that_looks_write_nothing(make_alert: MakeAlert) -> None:
    alerts = {"k": make_alert(finding())}
    once = matched({"a": silence(), "b": silence("b", rules=("x",))}, alerts, NOW)
    assert (once["a"].last_matched, once["b"].last_matched) == (NOW, None)
    assert matched(once, alerts, NOW + timedelta(seconds=30)) == once
    later = NOW + timedelta(hours=1)
    assert matched(once, alerts, later)["a"].last_matched == later


def test_every_silence_that_covers_a_finding_has_matched_it_not_only_the_longest(make_alert: MakeAlert) -> None:
    both = matched({"a": silence(), "b": silence("b", ends=NOW + DAY)}, {"k": make_alert(finding())}, NOW)
    assert [each.last_matched for each in both.values()] == [NOW, NOW]


def test_a_silence_that_ends_within_a_day_is_announced_once() -> None:
    silences, told = noticed({"a": silence(ends=NOW + DAY)}, NOW)
    (notice,) = told
    assert notice.kind == "ending"
    assert notice.headline == "A silence ends on 2026-11-21 10:00 UTC"
    assert notice.text.splitlines()[0] == f"{RULE}. By Ada: Migration"
    assert noticed(silences, NOW + timedelta(hours=1)) == (silences, ())


@pytest.mark.parametrize(
    "unannounced",
    [
        silence(ends=NOW + DAY + timedelta(seconds=1)),
        silence(starts=NOW - timedelta(hours=25), ends=NOW + timedelta(hours=22)),
        silence(starts=NOW + timedelta(hours=1), ends=NOW + DAY),
        silence(ends=NOW),
    ],
)
def test_one_that_is_short_far_from_its_end_to_come_or_over_is_not_announced(unannounced: Silence) -> None:
    assert noticed({"a": unannounced}, NOW) == ({"a": unannounced}, ())


@pytest.mark.parametrize(("starts", "last_matched"), [(NOW - 7 * DAY, None), (NOW - 20 * DAY, NOW - 7 * DAY)])
def test_one_that_matched_nothing_for_a_week_is_reported_once(starts: datetime, last_matched: datetime | None) -> None:
    silences, told = noticed({"a": silence(starts=starts, last_matched=last_matched)}, NOW)
    (notice,) = told
    assert notice.kind == "idle"
    assert notice.headline == "A silence has matched nothing for 7 days"
    assert "linekeeper silence end a" in notice.text
    assert noticed(silences, NOW + DAY) == (silences, ())


def test_one_that_matched_within_a_week_or_ends_anyway_is_not_called_idle() -> None:
    busy = silence(starts=NOW - 20 * DAY, last_matched=NOW - 6 * DAY)
    assert noticed({"a": busy}, NOW)[1] == ()
    ending = silence(starts=NOW - 20 * DAY, ends=NOW + timedelta(hours=3))
    silences, told = noticed({"a": ending}, NOW)
    assert [notice.kind for notice in told] == ["ending"]
    assert noticed(silences, NOW + timedelta(hours=1))[1] == ()


moments = st.integers(-60, 60).map(lambda hours: NOW + timedelta(hours=12 * hours))


@given(st.lists(st.tuples(moments, moments, moments | st.none()), max_size=5), st.lists(moments, max_size=20))
def test_nothing_is_said_twice_however_often_one_looks(
    made: list[tuple[datetime, datetime, datetime | None]], looks: list[datetime]
) -> None:
    silences = {
        str(number): silence(str(number), starts=starts, ends=ends, last_matched=last)
        for number, (starts, ends, last) in enumerate(made)
    }
    said: list[tuple[str, str]] = []
    for now in sorted(looks):
        silences, told = noticed(silences, now)
        said += [(notice.silence.id, notice.kind) for notice in told]
    assert len(said) == len(set(said))


def test_a_silence_is_forgotten_a_month_after_its_end() -> None:
    old, recent = silence("old", ends=NOW - KEPT_AFTER_END - DAY), silence("recent", ends=NOW - KEPT_AFTER_END)
    assert kept({"old": old, "recent": recent, "a": silence()}, NOW).keys() == {"recent", "a"}


def test_what_is_covered_is_said_by_name_where_there_is_one() -> None:
    several = silence(rules=(), subjects=(SALES, SUPPORT), severities=("warning", "info"))
    assert coverage(several, {SALES: "Sales"}) == f"every rule for Sales, {SUPPORT} where warning or info"


def test_of_silences_that_ended_lately_the_last_are_remembered() -> None:
    ended = {str(number): silence(str(number), ends=NOW - number * timedelta(seconds=1)) for number in range(300)}
    running = {"a": silence(), "b": silence("b", starts=NOW + DAY)}
    left = kept({**ended, **running}, NOW)
    assert set(left) == {"a", "b", *(str(number) for number in range(MOST_KEPT))}
