"""What a message says: the verdict first, then what changed, and never more than twenty names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.alerting.compose import MAX_ITEMS, compose
from shared.alerting.decision import Reason
from shared.model.alert import Alert, GroupLog, Message
from shared.model.finding import Finding, Severity

TIMES = "\N{MULTIPLICATION SIGN}"

MakeFinding = Callable[..., Finding]
MakeAlert = Callable[..., Alert]
Say = Callable[..., Message]


@pytest.fixture
def say() -> Say:
    def composed(*alerts: Alert, knew: tuple[Alert, ...] = (), reason: Reason = "new") -> Message:
        log = GroupLog(firing=tuple(alert.finding.key for alert in knew))
        return compose("accounts", {alert.finding.key: alert for alert in alerts}, log, reason)

    return composed


@pytest.fixture
def unlicensed(make_alert: MakeAlert, make_finding: MakeFinding) -> Callable[..., Alert]:
    def alert(number: int, severity: Severity = "critical", *, lasted: timedelta | None = None) -> Alert:
        return make_alert(make_finding("unlicensed", number, severity, name=f"Line {number:03}"), lasted=lasted)

    return alert


def test_one_new_finding_is_named_in_the_headline(say: Say, unlicensed: Callable[..., Alert]) -> None:
    message = say(unlicensed(1))
    assert message.headline == "Title of unlicensed: Line 001"
    assert (message.kind, message.group, message.severity) == ("alert", "accounts", "critical")


def test_several_new_findings_are_counted_in_the_headline(
    say: Say, unlicensed: Callable[..., Alert], make_alert: MakeAlert, make_finding: MakeFinding
) -> None:
    message = say(*(unlicensed(number) for number in range(12)), make_alert(make_finding("misused", 1, "warning")))
    assert message.headline == f"12 {TIMES} Title of unlicensed, 1 {TIMES} Title of misused"


def test_a_subject_without_a_name_leaves_the_title(say: Say, make_alert: MakeAlert, make_finding: MakeFinding) -> None:
    tenant = make_finding("short", "tenant", "warning", name="")
    assert say(make_alert(tenant)).headline == "Title of short"


def test_the_headline_of_something_new_says_nothing_of_what_is_known(
    say: Say, unlicensed: Callable[..., Alert]
) -> None:
    known = unlicensed(2)
    assert say(unlicensed(1), known, knew=(known,)).headline == say(unlicensed(1)).headline


def test_sections_come_new_first_then_mended_then_still_open(say: Say, unlicensed: Callable[..., Alert]) -> None:
    known, ended = unlicensed(2), unlicensed(3, lasted=timedelta(minutes=5))
    message = say(known, ended, unlicensed(1), knew=(known, unlicensed(3)))
    assert [(section.kind, section.total) for section in message.sections] == [
        ("new", 1),
        ("resolved", 1),
        ("open", 1),
    ]
    assert [section.items[0].name for section in message.sections] == ["Line 001", "Line 003", "Line 002"]


def test_an_end_is_told_as_good_news_with_what_is_left(say: Say, unlicensed: Callable[..., Alert]) -> None:
    known, ended = unlicensed(2), unlicensed(3, lasted=timedelta(minutes=5))
    message = say(known, ended, knew=(known, unlicensed(3)), reason="some_resolved")
    assert message.severity == "resolved"
    assert "Line 003" in message.headline
    assert "1 still open" in message.headline


def test_the_last_end_is_told_as_all_clear(say: Say, unlicensed: Callable[..., Alert]) -> None:
    message = say(unlicensed(3, lasted=timedelta(minutes=5)), knew=(unlicensed(3),), reason="all_resolved")
    assert message.severity == "resolved"
    assert "Line 003" in message.headline
    assert "still open" not in message.headline
    assert "all clear" in message.headline.lower()


def test_a_repetition_keeps_the_severity_and_says_that_it_is_one(say: Say, unlicensed: Callable[..., Alert]) -> None:
    known = unlicensed(1)
    message = say(known, knew=(known,), reason="repeat")
    assert message.severity == "critical"
    assert message.headline == "Still open: Title of unlicensed: Line 001"


def test_the_worst_open_finding_gives_the_severity(say: Say, unlicensed: Callable[..., Alert]) -> None:
    known = unlicensed(1, "critical")
    assert say(known, unlicensed(2, "warning"), knew=(known,)).severity == "critical"
    assert say(unlicensed(1, "critical", lasted=timedelta(1)), unlicensed(2, "warning")).severity == "warning"


def test_twenty_are_named_and_all_are_counted(say: Say, unlicensed: Callable[..., Alert]) -> None:
    (section,) = say(*(unlicensed(number) for number in range(500))).sections
    assert len(section.items) == MAX_ITEMS == 20
    assert section.total == 500
    assert [item.name for item in section.items] == [f"Line {number:03}" for number in range(20)]


def test_the_twenty_names_go_to_what_is_new_first(say: Say, unlicensed: Callable[..., Alert]) -> None:
    known = tuple(unlicensed(number) for number in range(100, 130))
    ended = tuple(unlicensed(number, lasted=timedelta(minutes=5)) for number in range(200, 205))
    message = say(*known, *ended, *(unlicensed(number) for number in range(12)), knew=known)
    assert [(section.kind, len(section.items), section.total) for section in message.sections] == [
        ("new", 12, 12),
        ("resolved", 5, 5),
        ("open", 3, 30),
    ]


def test_the_worst_are_named_first(say: Say, unlicensed: Callable[..., Alert]) -> None:
    message = say(unlicensed(1, "warning"), unlicensed(2, "critical"))
    assert [item.severity for item in message.sections[0].items] == ["critical", "warning"]


def test_an_item_says_what_is_wrong_what_mends_it_and_how_long_it_was(
    say: Say, unlicensed: Callable[..., Alert], now: datetime
) -> None:
    ((item,),) = (section.items for section in say(unlicensed(1, lasted=timedelta(minutes=5))).sections)
    assert (item.rule, item.name) == ("unlicensed", "Line 001")
    assert (item.summary, item.remedy) == ("No licence.", "Assign one.")
    assert (item.since, item.ended) == (now, now + timedelta(minutes=5))


def test_figures_time_and_link_come_along(unlicensed: Callable[..., Alert], now: datetime) -> None:
    alert = unlicensed(1)
    message = compose("a", {alert.finding.key: alert}, GroupLog(), "first", facts=(("Owned", "5"),), as_of=now)
    assert (message.facts, message.as_of, message.link) == ((("Owned", "5"),), now, alert.topic.link)
