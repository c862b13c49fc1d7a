"""No subscription that would tell of changes at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.model.finding import Finding, Subject
from shared.model.tenant import TenantState
from shared.rules.rule import SUBSCRIPTION_PAGE, Rule
from shared.rules.snapshot import Snapshot

LEAST_LEFT = timedelta(hours=24)
"""A subscription with no more life than this has missed many renewals."""

FIRST_CHECK = timedelta(minutes=10)
"""How long after the first reading of everything the subscription may still be on its way."""


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """The change subscription, where there is a URL to notify and no subscription that lasts."""
    problem = _problem(snapshot.state, snapshot.now) if snapshot.expects_subscription else ""
    if problem:
        known = snapshot.state.subscription
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("subscription", "users", "users"),
            summary=f"{problem}: without one, changes are found by the timers alone, minutes later.",
            remedy=f"{RULE.remedy} Last problem: {known.problem or 'none'}",
            evidence={
                "expires": _text(known.expires),
                "checked_at": _text(known.checked_at),
                "problem": known.problem,
            },
        )


def _problem(state: TenantState, now: datetime) -> str:
    """What is wrong with the subscription; empty where nothing is, or where nobody can know yet."""
    known = state.subscription
    if known.checked_at is None:
        begun = state.delta.baseline
        waited = begun is not None and now - begun > FIRST_CHECK
        return "No subscription to changes has been made" if waited else ""
    if not known.id or known.expires is None:
        return "There is no subscription to changes"
    if known.expires <= now:
        return f"The subscription to changes ended at {known.expires:%Y-%m-%d %H:%M} UTC"
    if known.expires - now <= LEAST_LEFT:
        return f"The subscription to changes ends at {known.expires:%Y-%m-%d %H:%M} UTC"
    return ""


def _text(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "never"


RULE = Rule(
    id="subscription-missing",
    family="monitor",
    severity="warning",
    title="Changes are not being notified",
    holds_when="a notification URL is set, and no live subscription of ours exists, or it ends within 24 hours",
    reads=frozenset(),
    why="Graph tells of a change within seconds only while a subscription lives, and every subscription ends.",
    remedy="Check that Microsoft Graph can reach the notification URL from the internet, and that the service runs.",
    link=SUBSCRIPTION_PAGE,
    check=check,
)
