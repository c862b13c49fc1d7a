"""A group of which a message is still on its way: no other is composed, and nothing that changes meanwhile is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from shared.alerting.grouping import Told, tell
from shared.alerting.routing import Routes
from shared.model.alert import Alert, GroupLog, Message
from shared.model.finding import Finding
from shared.model.timing import Timing

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GROUP = "teams/accounts"


def look(told: Told, now: datetime, *alerts: Alert, held: Iterable[str] = ()) -> Told:
    """A look after some alerts have become what they are now."""
    return tell(
        {**told.alerts, **{each.finding.key: each for each in alerts}},
        told.groups,
        routes=Routes(),
        tenant="tenant",
        timing=Timing(),
        now=now,
        held=set(held),
    )


def says(messages: Iterable[Message]) -> list[dict[str, list[str]]]:
    return [{section.kind: [item.name for item in section.items] for section in each.sections} for each in messages]


@pytest.fixture
def told(make_finding: Callable[..., Finding], make_alert: Callable[..., Alert]) -> Told:
    """A receiver that was told of one finding, by a message that is on its way."""
    alert = make_alert(make_finding("resource-account-unlicensed", 1, name="First"), since=START)
    log = GroupLog(firing=(alert.finding.key,), critical=(alert.finding.key,), sent_at=START)
    return Told({alert.finding.key: alert}, {GROUP: log}, ())


def test_what_changes_while_a_message_waits_is_told_after_it_in_one(
    told: Told, make_finding: Callable[..., Finding], make_alert: Callable[..., Alert]
) -> None:
    first, second = (make_finding("resource-account-unlicensed", n, name=f"Line {n}") for n in (1, 2))
    told = look(told, START + 20 * MINUTE, make_alert(second, since=START + 20 * MINUTE), held=[GROUP])
    told = look(told, START + 40 * MINUTE, make_alert(first, since=START, lasted=40 * MINUTE), held=[GROUP])
    assert told.messages == ()
    told = look(told, START + 41 * MINUTE)
    assert says(told.messages) == [{"new": ["Line 2"], "resolved": ["Line 1"]}]
    assert look(told, START + 60 * MINUTE).messages == ()


def test_what_began_and_ended_while_a_message_waited_is_not_told(
    told: Told, make_finding: Callable[..., Finding], make_alert: Callable[..., Alert]
) -> None:
    second = make_finding("resource-account-unlicensed", 2)
    told = look(told, START + 20 * MINUTE, make_alert(second, since=START + 20 * MINUTE), held=[GROUP])
    ended = make_alert(second, since=START + 20 * MINUTE, lasted=20 * MINUTE)
    told = look(told, START + 40 * MINUTE, ended, held=[GROUP])
    assert look(told, START + 50 * MINUTE).messages == ()


def test_nobody_is_reminded_of_what_is_on_its_way_and_a_look_at_it_changes_nothing(told: Told) -> None:
    later = look(told, START + 500 * MINUTE, held=[GROUP])
    assert (later.messages, later.groups, later.alerts) == ((), told.groups, told.alerts)
    assert [each.headline for each in look(later, START + 501 * MINUTE).messages] == [
        "Still open: Title of resource-account-unlicensed: First"
    ]


def test_a_message_to_one_receiver_that_waits_holds_up_no_other(
    told: Told, make_finding: Callable[..., Finding], make_alert: Callable[..., Alert]
) -> None:
    second = make_alert(make_finding("allocation-short", 2), family="allocation", since=START)
    told = look(told, START, second, held=[GROUP])
    assert [each.group for each in look(told, START + MINUTE, held=[GROUP]).messages] == ["teams/allocation"]
