"""From the outbox to the channel: claimed in the document, posted, and the outcome recorded.

At least once: a crash between posting and recording repeats the one entry in flight, and no other.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

import msgspec

from shared.delivery.sender import Delayed, Delivered, Refused, Result, Sender
from shared.model.alert import OutboxEntry
from shared.model.tenant import TenantState
from shared.monitor.evaluate import told
from shared.monitor.monitor import Monitor

TICK = timedelta(seconds=30)
"""How often the timer looks for what is due."""

CLAIM = timedelta(seconds=60)
"""How long an instance has for posting one message before another may try."""

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=15)
GIVE_UP = timedelta(days=1)
STALE = timedelta(days=2)
"""After how long a message that never had its turn is no news: longer than it may wait behind one that fails."""

_logger = logging.getLogger("linekeeper.deliver")


async def tell_and_deliver(monitor: Monitor) -> None:
    """Look at every group, then post what is due.

    What falls due before the middle of the time to the next look goes now, so that a wait is kept to half a tick.
    """
    occasion = monitor.occasion()
    await monitor.commit(lambda document: told(document, occasion, ahead=TICK / 2))
    await deliver(monitor)


async def deliver(monitor: Monitor) -> None:
    """Post what is due, oldest first. Without a channel everything stays in the outbox."""
    sender = monitor.sender
    if sender is not None:
        now = monitor.clock()
        await monitor.commit(lambda document: _without_the_stale(document, now))
    while sender is not None:
        now = monitor.clock()
        # Looked at before it is claimed, so that a look with nothing due writes nothing.
        claimed = _next(await monitor.load(), now)
        if claimed is None:
            return
        mine = msgspec.structs.replace(claimed, claimed_until=now + CLAIM, claimed_by=uuid.uuid4().hex)
        state = await monitor.commit(lambda document: _claim(document, claimed, mine, now))  # noqa: B023 - run at once
        if mine not in state.outbox or not await _post(monitor, sender, mine):
            return


async def _post(monitor: Monitor, sender: Sender, entry: OutboxEntry) -> bool:
    """Post one entry and record the outcome; tell whether the next may follow."""
    with monitor.telemetry.span("deliver", origin=entry.traceparent) as span:
        result = await sender.send(entry.message)
        span.set_attribute("linekeeper.outcome", type(result).__name__.lower())
    now = monitor.clock()
    await monitor.commit(lambda document: _recorded(document, entry, result, now))
    if isinstance(result, Delivered):
        _logger.info("a message was delivered")
        return True
    _logger.warning("a message was not delivered: %s", result.reason)
    return isinstance(result, Refused)


def _without_the_stale(state: TenantState, now: datetime) -> TenantState:
    """The document without messages that waited for a channel too long to be news: what holds is told again anyway."""
    outbox = tuple(entry for entry in state.outbox if entry.attempts or now - entry.created < STALE)
    return msgspec.structs.replace(state, outbox=outbox) if len(outbox) < len(state.outbox) else state


def _next(state: TenantState, now: datetime) -> OutboxEntry | None:
    """The oldest entry that waits, if it may be posted now: messages go out in order or not at all."""
    for entry in state.outbox:
        if entry.refused:
            continue
        free = entry.claimed_until is None or entry.claimed_until <= now
        return entry if free and entry.due <= now else None
    return None


def _claim(state: TenantState, claimed: OutboxEntry, mine: OutboxEntry, now: datetime) -> TenantState:
    return _replaced(state, mine) if _next(state, now) == claimed else state


def _recorded(state: TenantState, entry: OutboxEntry, result: Result, now: datetime) -> TenantState:
    if isinstance(result, Delivered):
        outbox = tuple(each for each in state.outbox if each.id != entry.id)
        return msgspec.structs.replace(state, outbox=outbox)
    if entry not in state.outbox:
        return state  # the claim ran out, and somebody else has it
    after = msgspec.structs.replace(entry, attempts=entry.attempts + 1, claimed_until=None, claimed_by="")
    if isinstance(result, Delayed) and now - entry.created < GIVE_UP:
        return _replaced(state, msgspec.structs.replace(after, due=now + _pause(after, result)))
    return _replaced(state, msgspec.structs.replace(after, refused=result.reason))


def _pause(entry: OutboxEntry, result: Delayed) -> timedelta:
    if result.retry_after is not None:
        return timedelta(seconds=result.retry_after)
    doublings: int = 2 ** (entry.attempts - 1)
    return min(LONGEST_RETRY, FIRST_RETRY * doublings)


def _replaced(state: TenantState, entry: OutboxEntry) -> TenantState:
    outbox = tuple(entry if each.id == entry.id else each for each in state.outbox)
    return msgspec.structs.replace(state, outbox=outbox)
