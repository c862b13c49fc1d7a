"""Keeps the change subscription, without which only the timers hear of changes, and answers what Graph says of it.

For users Graph tells neither that a subscription has vanished nor that a notification was lost (Microsoft Graph,
"Reduce missing subscriptions and change notifications"): the subscription is looked for by a timer, and after any gap
the chain of delta reads tells what happened in it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from shared.model.change_message import Lifecycle
from shared.model.errors import SourceError
from shared.model.tenant import SubscriptionState, TenantState
from shared.monitor.judging import commit_judged
from shared.monitor.monitor import Monitor

_logger = logging.getLogger("linekeeper.upkeep")

RETRY_AFTER = timedelta(minutes=1)
"""How soon a subscription that could not be made or renewed is tried again."""

RENEW = "reauthorizationRequired"
REMOVED = "subscriptionRemoved"
MISSED = "missed"


async def keep_subscription(monitor: Monitor, *, renew: bool = False) -> bool:
    """Make sure that Graph tells us of changes; tell whether there was a gap, in which it could not."""
    if monitor.subscription is None:
        return False
    known = (await monitor.load()).subscription
    fingerprint = _fingerprint(monitor)
    due = renew or known.renewal_due
    try:
        with monitor.telemetry.span("keep subscription"):
            kept = await monitor.subscription.keep(renew=due, anew=known.fingerprint != fingerprint, known=known.id)
    except SourceError as problem:
        _logger.warning("the subscription could not be kept: %s", problem)
        await _record_problem(monitor, str(problem), renewal_due=due)
        return False
    if kept.created:
        _logger.info("subscribed to changes until %s", kept.expires)
    await _record(monitor, SubscriptionState(id=kept.id, expires=kept.expires, fingerprint=fingerprint))
    return kept.created or kept.id != known.id


async def retry_subscription(monitor: Monitor) -> bool:
    """Try again what could not be done, well before the hour is over; tell whether there was a gap."""
    known = (await monitor.load()).subscription
    failed = known.problem or known.renewal_due
    if not failed or known.checked_at is None or monitor.clock() - known.checked_at < RETRY_AFTER:
        return False
    return await keep_subscription(monitor)


async def answer_lifecycle(monitor: Monitor, events: Sequence[Lifecycle]) -> bool:
    """Act on what Graph says of the subscription; tell whether changes may have been lost."""
    told = {event.event for event in events}
    if not told:
        return False
    lost = await keep_subscription(monitor, renew=RENEW in told)
    return lost or bool(told & {REMOVED, MISSED})


async def _record(monitor: Monitor, found: SubscriptionState) -> None:
    now = monitor.clock()
    await commit_judged(monitor, lambda document: _with_subscription(document, found, now))


async def _record_problem(monitor: Monitor, problem: str, *, renewal_due: bool) -> None:
    """Remember that it failed, beside what the document knows of the subscription by now."""
    now = monitor.clock()

    def step(document: TenantState) -> TenantState:
        found = msgspec.structs.replace(document.subscription, problem=problem, renewal_due=renewal_due)
        return _with_subscription(document, found, now)

    await commit_judged(monitor, step)


def _with_subscription(state: TenantState, found: SubscriptionState, now: datetime) -> TenantState:
    known = state.subscription.checked_at
    if known is not None and known > now:
        return state
    return msgspec.structs.replace(state, subscription=msgspec.structs.replace(found, checked_at=now))


def _fingerprint(monitor: Monitor) -> str:
    """Tells one client state from another without telling it."""
    secret = monitor.settings.client_state
    return hashlib.sha256(secret.reveal().encode()).hexdigest()[:16] if secret is not None else ""
