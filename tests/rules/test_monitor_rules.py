"""The rules about the monitor's own means: the subscription that tells it of changes, and what it may read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.model.finding import Finding
from shared.model.sources import PERMISSIONS, Source, SourceState
from shared.model.tenant import DeltaPosition, SubscriptionState, TenantState
from shared.rules import permission_missing, subscription_missing
from shared.rules.snapshot import Snapshot

SUBSCRIPTION = subscription_missing.RULE
PERMISSION = permission_missing.RULE

MakeState = Callable[..., TenantState]
MakeSnapshot = Callable[..., Snapshot]


@pytest.fixture
def subscribed(make_state: MakeState, make_snapshot: MakeSnapshot) -> Callable[..., list[Finding]]:
    def findings(known: SubscriptionState, *, baseline: datetime | None = None, url: bool = True) -> list[Finding]:
        state = make_state(subscription=known, delta=DeltaPosition(baseline=baseline))
        return list(SUBSCRIPTION.check(make_snapshot(state, expects_subscription=url)))

    return findings


@pytest.fixture
def refused(make_state: MakeState, make_snapshot: MakeSnapshot, now: datetime) -> Callable[..., list[Finding]]:
    def findings(*sources: Source) -> list[Finding]:
        known = {
            source: SourceState(state="failed", tried_at=now, problem="refused", permission=PERMISSIONS[source])
            for source in sources
        }
        return list(PERMISSION.check(make_snapshot(make_state(sources=known))))

    return findings


Subscribed = Callable[..., list[Finding]]
Refused = Callable[..., list[Finding]]


def test_a_subscription_that_lasts_longer_than_a_day_is_fine(subscribed: Subscribed, now: datetime) -> None:
    known = SubscriptionState(id="1", checked_at=now, expires=now + timedelta(hours=24, seconds=1))
    assert subscribed(known) == []


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(hours=24), "ends at 2026-11-21 10:00 UTC"),
        (timedelta(seconds=1), "ends at 2026-11-20 10:00 UTC"),
        (timedelta(0), "ended at 2026-11-20 10:00 UTC"),
        (timedelta(days=-2), "ended at 2026-11-18 10:00 UTC"),
    ],
)
def test_a_subscription_that_ends_within_a_day_or_has_ended_is_missing(
    subscribed: Subscribed, now: datetime, left: timedelta, said: str
) -> None:
    (found,) = subscribed(SubscriptionState(id="1", checked_at=now, expires=now + left))
    assert (found.severity, found.subject.kind, found.subject.id) == ("warning", "subscription", "users")
    assert said in found.summary


def test_no_subscription_is_missing_and_names_the_problem(subscribed: Subscribed, now: datetime) -> None:
    (found,) = subscribed(SubscriptionState(checked_at=now, problem="the URL did not answer the handshake"))
    assert found.summary.startswith("There is no subscription to changes")
    assert found.remedy.endswith("Last problem: the URL did not answer the handshake")
    assert found.evidence == {
        "expires": "never",
        "checked_at": "2026-11-20T10:00:00Z",
        "problem": "the URL did not answer the handshake",
    }


def test_a_subscription_that_was_taken_away_before_its_end_is_missing(subscribed: Subscribed, now: datetime) -> None:
    assert len(subscribed(SubscriptionState(checked_at=now, expires=now + timedelta(days=20)))) == 1


def test_a_subscription_of_which_the_end_is_unknown_is_missing(subscribed: Subscribed, now: datetime) -> None:
    assert len(subscribed(SubscriptionState(id="1", checked_at=now))) == 1


def test_without_a_notification_url_no_subscription_is_missed(subscribed: Subscribed, now: datetime) -> None:
    assert subscribed(SubscriptionState(checked_at=now), url=False) == []
    assert subscribed(SubscriptionState(), baseline=now - timedelta(days=1), url=False) == []


@pytest.mark.parametrize(("minutes", "found"), [(None, 0), (0, 0), (10, 0), (11, 1)])
def test_a_subscription_that_nobody_has_looked_after_is_missed_ten_minutes_after_the_first_reading(
    subscribed: Subscribed, now: datetime, minutes: int | None, found: int
) -> None:
    baseline = None if minutes is None else now - timedelta(minutes=minutes)
    assert len(subscribed(SubscriptionState(), baseline=baseline)) == found


def test_another_subscription_with_another_problem_is_the_same_finding(subscribed: Subscribed, now: datetime) -> None:
    (one,) = subscribed(SubscriptionState(id="1", checked_at=now, expires=now))
    (other,) = subscribed(SubscriptionState(checked_at=now, problem="refused"))
    assert one.key == other.key == "subscription-missing|users|"


@pytest.mark.parametrize(
    ("source", "severity", "lost"),
    [
        ("licences", "critical", "allocation"),
        ("accounts", "critical", "nothing at all"),
        ("numbers", "warning", "which accounts callers dial"),
        ("calling", "warning", "agents of a queue"),
    ],
)
def test_a_missing_permission_is_named_with_what_is_lost_without_it(
    refused: Refused, source: Source, severity: str, lost: str
) -> None:
    (found,) = refused(source)
    assert (found.severity, found.subject.kind, found.subject.id) == (severity, "source", source)
    assert PERMISSIONS[source] in found.summary
    assert lost in found.summary
    assert f"application permission {PERMISSIONS[source]}" in found.remedy
    assert found.evidence == {"permission": PERMISSIONS[source], "problem": "refused"}


def test_each_source_without_its_permission_is_a_finding_of_its_own(refused: Refused) -> None:
    found = refused("numbers", "accounts")
    assert [finding.key for finding in found] == ["permission-missing|accounts|", "permission-missing|numbers|"]


def test_a_source_that_failed_for_another_reason_lacks_no_permission(
    make_state: MakeState, make_snapshot: MakeSnapshot, now: datetime
) -> None:
    failed = SourceState(state="failed", tried_at=now, problem="timed out")
    assert list(PERMISSION.check(make_snapshot(make_state(sources={"accounts": failed})))) == []


def test_what_was_read_before_the_permission_went_does_not_hide_that_it_went(
    make_state: MakeState, make_snapshot: MakeSnapshot, now: datetime
) -> None:
    taken = SourceState(state="failed", tried_at=now, complete_as_of=now, permission="User.Read.All")
    assert len(list(PERMISSION.check(make_snapshot(make_state(sources={"accounts": taken}))))) == 1
