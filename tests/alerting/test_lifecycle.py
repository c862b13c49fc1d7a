"""The life of one finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerting.lifecycle import Lives, RuleLife, ended, step
from shared.model.alert import Alert
from shared.model.finding import Finding, Topic

TOPICS = {"unlicensed": Topic("accounts", "Unlicensed"), "short": Topic("allocation", "Short")}

MakeFinding = Callable[..., Finding]


def lives_of(topics: Mapping[str, Topic], silent: Iterable[str], **life: Any) -> dict[str, RuleLife]:  # noqa: ANN401
    return {rule: RuleLife(**{"topic": topic, "silent": rule in silent, **life}) for rule, topic in topics.items()}


@pytest.fixture
def live(now: datetime) -> Callable[..., Lives]:
    def carried(
        alerts: Mapping[str, Alert],
        findings: Iterable[Finding],
        *,
        minutes: int = 0,
        silent: Iterable[str] = (),
        topics: Mapping[str, Topic] = TOPICS,
        **life: Any,  # noqa: ANN401 - how the rules' findings live
    ) -> Lives:
        at = now + timedelta(minutes=minutes)
        return step(alerts, findings, rules=lives_of(topics, tuple(silent), **{"evidence": at, **life}), now=at)

    return carried


Live = Callable[..., Lives]


def test_a_finding_opens_when_its_rule_first_says_so(live: Live, make_finding: MakeFinding, now: datetime) -> None:
    found = make_finding("unlicensed")
    lives = live({}, [found])
    alert = lives.alerts[found.key]
    assert (alert.phase, alert.since, alert.ended, alert.frozen) == ("firing", now, None, False)
    assert alert.topic == TOPICS["unlicensed"]
    assert [(each.to, each.key, each.at, each.severity) for each in lives.transitions] == [
        ("firing", found.key, now, "critical")
    ]


def test_a_finding_that_still_holds_does_not_open_again(live: Live, make_finding: MakeFinding, now: datetime) -> None:
    found = make_finding("unlicensed")
    lives = live(live({}, [found]).alerts, [found], minutes=5)
    assert lives.alerts[found.key].since == now
    assert lives.transitions == ()


def test_a_finding_that_a_rule_could_see_and_does_not_see_ends(
    live: Live, make_finding: MakeFinding, now: datetime
) -> None:
    found = make_finding("unlicensed")
    lives = live(live({}, [found]).alerts, [], minutes=5)
    alert = lives.alerts[found.key]
    assert (alert.phase, alert.since, alert.ended) == ("resolved", now, now + timedelta(minutes=5))
    assert [(each.to, each.key) for each in lives.transitions] == [("resolved", found.key)]


def test_an_end_is_told_once(live: Live, make_finding: MakeFinding, now: datetime) -> None:
    found = make_finding("unlicensed")
    ended = live(live({}, [found]).alerts, [], minutes=5)
    lives = live(ended.alerts, [], minutes=10)
    assert lives.transitions == ()
    assert lives.alerts[found.key].ended == now + timedelta(minutes=5)


def test_a_finding_whose_rule_is_silent_freezes_and_neither_ends_nor_starts_anew(
    live: Live, make_finding: MakeFinding, now: datetime
) -> None:
    found = make_finding("unlicensed")
    frozen = live(live({}, [found]).alerts, [], minutes=5, silent=["unlicensed"])
    assert (frozen.alerts[found.key].phase, frozen.alerts[found.key].frozen) == ("firing", True)
    assert frozen.transitions == ()
    thawed = live(frozen.alerts, [found], minutes=10)
    assert (thawed.alerts[found.key].since, thawed.alerts[found.key].frozen) == (now, False)
    assert thawed.transitions == ()


def test_a_frozen_finding_ends_when_its_rule_can_see_again(live: Live, make_finding: MakeFinding) -> None:
    found = make_finding("unlicensed")
    frozen = live(live({}, [found]).alerts, [], minutes=5, silent=["unlicensed"])
    alert = live(frozen.alerts, [], minutes=10).alerts[found.key]
    assert (alert.phase, alert.frozen) == ("resolved", False)


def test_a_silent_rule_freezes_only_its_own_findings(live: Live, make_finding: MakeFinding) -> None:
    one, other = make_finding("unlicensed"), make_finding("short")
    lives = live(live({}, [one, other]).alerts, [], minutes=5, silent=["unlicensed"])
    assert (lives.alerts[one.key].phase, lives.alerts[other.key].phase) == ("firing", "resolved")


def test_a_silent_rule_does_not_reopen_what_has_ended(live: Live, make_finding: MakeFinding) -> None:
    found = make_finding("unlicensed")
    ended = live(live({}, [found]).alerts, [], minutes=5)
    lives = live(ended.alerts, [], minutes=10, silent=["unlicensed"])
    assert (lives.alerts[found.key].phase, lives.alerts[found.key].frozen) == ("resolved", False)


def test_a_finding_that_comes_back_is_a_new_one(live: Live, make_finding: MakeFinding, now: datetime) -> None:
    found = make_finding("unlicensed")
    ended = live(live({}, [found]).alerts, [], minutes=5)
    again = live(ended.alerts, [found], minutes=10)
    alert = again.alerts[found.key]
    assert (alert.phase, alert.since, alert.ended) == ("firing", now + timedelta(minutes=10), None)
    assert [each.to for each in again.transitions] == ["firing"]


def test_another_name_text_or_severity_is_the_same_finding(
    live: Live, make_finding: MakeFinding, now: datetime
) -> None:
    before = make_finding("unlicensed", 1)
    after = make_finding(
        "unlicensed",
        1,
        "warning",
        name="Support",
        summary="Other words.",
        remedy="Another remedy.",
        evidence={"licences": []},
    )
    lives = live(live({}, [before]).alerts, [after], minutes=5)
    assert lives.transitions == ()
    assert lives.alerts == {before.key: lives.alerts[before.key]}
    assert (lives.alerts[before.key].finding, lives.alerts[before.key].since) == (after, now)


@pytest.mark.parametrize(
    "changed", [{"rule": "short"}, {"subject": 2}, {"aspect": "menu/1"}], ids=["rule", "subject", "aspect"]
)
def test_another_rule_subject_or_aspect_is_another_finding(
    live: Live, make_finding: MakeFinding, changed: dict[str, object]
) -> None:
    same: dict[str, object] = {"rule": "unlicensed", "subject": 1}
    assert len(live({}, [make_finding(**same), make_finding(**same)]).alerts) == 1
    assert len(live({}, [make_finding(**same), make_finding(**same | changed)]).alerts) == 2


def test_findings_of_a_rule_that_no_longer_exists_are_dropped(live: Live, make_finding: MakeFinding) -> None:
    found = make_finding("unlicensed")
    lives = live(live({}, [found]).alerts, [], minutes=5, topics={"short": TOPICS["short"]})
    assert (lives.alerts, lives.transitions) == ({}, ())


def test_a_transition_carries_the_severity_of_its_moment(live: Live, make_finding: MakeFinding) -> None:
    worse = live(live({}, [make_finding("unlicensed", 1, "warning")]).alerts, [make_finding("unlicensed")], minutes=1)
    assert [each.severity for each in live(worse.alerts, [], minutes=2).transitions] == ["critical"]


subjects = st.sets(st.integers(0, 4))


@given(st.lists(st.tuples(subjects, st.booleans()), max_size=8))
def test_what_fires_is_what_was_found_or_could_not_be_looked_at(
    make_finding: MakeFinding, now: datetime, steps: list[tuple[set[int], bool]]
) -> None:
    alerts: dict[str, Alert] = {}
    expected: set[str] = set()
    for number, (found, silent) in enumerate(steps):
        findings = [] if silent else [make_finding("unlicensed", subject) for subject in found]
        expected = expected if silent else {finding.key for finding in findings}
        alerts = step(
            alerts,
            findings,
            rules=lives_of(TOPICS, {"unlicensed"} if silent else (), evidence=now + timedelta(minutes=number)),
            now=now + timedelta(minutes=number),
        ).alerts
        assert {key for key, alert in alerts.items() if alert.phase == "firing"} == expected
        assert all(alert.frozen == silent for alert in alerts.values() if alert.phase == "firing")


def test_a_finding_that_is_no_outage_waits_until_it_has_held_for_as_long_as_its_rule_says(
    live: Live, make_finding: MakeFinding, now: datetime
) -> None:
    found = make_finding("unlicensed", 1, "warning")
    ten = timedelta(minutes=10)
    first = live({}, [found], pending=ten)
    assert (first.alerts[found.key].phase, first.transitions) == ("pending", ())
    still = live(first.alerts, [found], minutes=9, pending=ten)
    assert still.alerts[found.key].phase == "pending"
    ripe = live(still.alerts, [found], minutes=10, pending=ten)
    alert = ripe.alerts[found.key]
    assert (alert.phase, alert.since, alert.fired) == ("firing", now, now + ten)
    assert [each.to for each in ripe.transitions] == ["firing"]


def test_a_blip_shorter_than_that_is_forgotten_without_a_word(live: Live, make_finding: MakeFinding) -> None:
    found = make_finding("unlicensed", 1, "warning")
    lives = live(live({}, [found], pending=timedelta(minutes=10)).alerts, [], minutes=5)
    assert (lives.alerts, lives.transitions) == ({}, ())


def test_a_pending_finding_whose_rule_is_silent_is_neither_dropped_nor_fires(
    live: Live, make_finding: MakeFinding
) -> None:
    found = make_finding("unlicensed", 1, "warning")
    lives = live(live({}, [found], pending=timedelta(minutes=10)).alerts, [], minutes=50, silent=["unlicensed"])
    assert lives.alerts[found.key].phase == "pending"


def test_an_outage_never_waits(live: Live, make_finding: MakeFinding) -> None:
    found = make_finding("unlicensed", 1, "critical")
    assert live({}, [found], pending=timedelta(minutes=10)).alerts[found.key].phase == "firing"
    warned = live({}, [make_finding("unlicensed", 1, "warning")], pending=timedelta(minutes=10))
    assert live(warned.alerts, [found], minutes=1, pending=timedelta(minutes=10)).alerts[found.key].phase == "firing"


def test_an_end_must_be_seen_by_as_many_newer_reads_as_are_held_for(
    live: Live, make_finding: MakeFinding, now: datetime
) -> None:
    found = make_finding("unlicensed")
    open_ = live({}, [found], hold=2)
    once = live(open_.alerts, [], minutes=5, hold=2)
    assert (once.alerts[found.key].phase, once.alerts[found.key].absences) == ("firing", 1)
    again = live(once.alerts, [], minutes=6, hold=2, evidence=now + timedelta(minutes=5))
    assert again.alerts[found.key].phase == "firing"
    twice = live(again.alerts, [], minutes=10, hold=2)
    assert twice.alerts[found.key].phase == "resolved"


def test_flapping_inside_the_hold_is_no_end_and_no_beginning(live: Live, make_finding: MakeFinding) -> None:
    found = make_finding("unlicensed")
    alerts = live({}, [found], hold=2).alerts
    for minute in range(5, 100, 5):
        lives = live(alerts, [found] if minute % 10 == 0 else [], minutes=minute, hold=2)
        assert lives.transitions == ()
        alerts = lives.alerts
    assert alerts[found.key].phase == "firing"


def test_what_was_seen_mended_is_not_raised_again_by_an_older_read(
    live: Live, make_finding: MakeFinding, now: datetime
) -> None:
    found = make_finding("unlicensed")
    ended_ = live(live({}, [found]).alerts, [], minutes=5)
    cached = live(ended_.alerts, [found], minutes=6, evidence=now + timedelta(minutes=4))
    assert (cached.alerts[found.key].phase, cached.transitions) == ("resolved", ())


def test_a_persons_word_ends_what_fires_at_once(live: Live, make_finding: MakeFinding, now: datetime) -> None:
    found = make_finding("unlicensed")
    lives = ended(live({}, [found]).alerts, found.key, now)
    assert (lives.alerts[found.key].phase, [each.to for each in lives.transitions]) == ("resolved", ["resolved"])
    assert ended({}, found.key, now) == Lives({}, ())


def test_what_comes_back_before_its_end_was_told_does_not_wait_again(live: Live, make_finding: MakeFinding) -> None:
    found = make_finding("unlicensed", 1, "warning")
    ten = timedelta(minutes=10)
    firing = live(live({}, [found], pending=ten).alerts, [found], minutes=10, pending=ten)
    ended_ = live(firing.alerts, [], minutes=15, pending=ten)
    assert ended_.alerts[found.key].phase == "resolved"
    back = live(ended_.alerts, [found], minutes=16, pending=ten)
    assert back.alerts[found.key].phase == "firing"


def test_a_read_of_another_source_does_not_prove_the_end_that_one_source_told_of(
    live: Live, make_finding: MakeFinding, now: datetime
) -> None:
    def reads(accounts: int, licences: int) -> dict[str, Any]:
        read = {"accounts": now + timedelta(minutes=accounts), "licences": now + timedelta(minutes=licences)}
        return {"hold": 2, "reads": read, "evidence": max(read.values())}

    found = make_finding("unlicensed")
    alerts = live({}, [found], **reads(0, 0)).alerts
    seen = []
    for accounts, licences in [(5, 0), (5, 6), (5, 7), (8, 7)]:
        alerts = live(alerts, [], minutes=9, **reads(accounts, licences)).alerts
        seen.append((alerts[found.key].phase, alerts[found.key].absences))
    assert seen == [("firing", 1), ("firing", 1), ("firing", 1), ("resolved", 2)]


def test_a_find_in_between_makes_an_end_be_proven_anew(live: Live, make_finding: MakeFinding, now: datetime) -> None:
    found = make_finding("unlicensed")
    alerts = live({}, [found], hold=2, reads={"accounts": now}).alerts
    for minute, findings in [(1, []), (2, [found]), (3, [])]:
        read = {"accounts": now + timedelta(minutes=minute)}
        alerts = live(alerts, findings, minutes=minute, hold=2, reads=read).alerts
    assert (alerts[found.key].phase, alerts[found.key].absences) == ("firing", 1)


def test_an_older_read_neither_counts_as_an_absence_nor_makes_the_next_one_count_twice(
    live: Live, make_finding: MakeFinding, now: datetime
) -> None:
    found = make_finding("unlicensed")
    alerts = live({}, [found], minutes=10, hold=2).alerts
    alerts = live(alerts, [], minutes=11, hold=2, evidence=now + timedelta(minutes=5)).alerts
    assert alerts[found.key].absences == 0
    alerts = live(alerts, [], minutes=12, hold=2, evidence=now + timedelta(minutes=10)).alerts
    assert (alerts[found.key].absences, alerts[found.key].evidence) == (0, now + timedelta(minutes=10))


def test_a_find_on_an_older_read_does_not_make_older_absences_count(
    live: Live, make_finding: MakeFinding, now: datetime
) -> None:
    found = make_finding("unlicensed")
    alerts = live({}, [found], minutes=10, hold=2).alerts
    alerts = live(alerts, [found], minutes=11, hold=2, evidence=now).alerts
    alerts = live(alerts, [], minutes=12, hold=2, evidence=now + timedelta(minutes=9)).alerts
    assert alerts[found.key].absences == 0


def test_a_clock_that_goes_backwards_ends_nothing_and_fires_nothing_early(
    live: Live, make_finding: MakeFinding
) -> None:
    found, pending = make_finding("unlicensed"), make_finding("short", 1, "warning")
    ten = timedelta(minutes=10)
    alerts = live({}, [found, pending], minutes=60, pending=ten).alerts
    back = live(alerts, [pending], minutes=0, pending=ten)
    assert (back.alerts[found.key].phase, back.alerts[pending.key].phase) == ("firing", "pending")
    assert back.transitions == ()


def test_a_pending_finding_whose_rule_was_silent_fires_once_it_is_found_again(
    live: Live, make_finding: MakeFinding
) -> None:
    found = make_finding("unlicensed", 1, "warning")
    ten = timedelta(minutes=10)
    pending = live({}, [found], pending=ten)
    silent = live(pending.alerts, [], minutes=9, pending=ten, silent=["unlicensed"])
    assert (silent.alerts[found.key].phase, silent.alerts[found.key].frozen) == ("pending", True)
    again = live(silent.alerts, [found], minutes=11, pending=ten).alerts[found.key]
    assert (again.phase, again.frozen) == ("firing", False)
    assert live(silent.alerts, [], minutes=11, pending=ten).alerts == {}
