"""From the outbox to the receivers: claimed in the document, posted, and the outcome recorded.

At least once: a crash between posting and recording repeats the one entry in flight, and no other. Each receiver is
told in order and at its own pace; one that fails keeps no other waiting.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

import msgspec

from shared.alerting.pacing import Pace, allowed_at, remembered
from shared.delivery.sender import Delayed, Delivered, Refused, Result, Sender
from shared.model.alert import OutboxEntry, ReceiverState
from shared.model.tenant import TenantState
from shared.monitor.monitor import Monitor
from shared.monitor.telling import told

TICK = timedelta(seconds=30)
"""How often the timer looks for what is due."""

CLAIM = timedelta(seconds=60)
"""How long an instance has for posting one message before another may try."""

LONGEST_PAUSE = timedelta(seconds=2)
"""A pause up to this long is waited for; for a longer one the timer comes back."""

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=15)
GIVE_UP = timedelta(days=1)
STALE = timedelta(days=2)
"""After how long a message that never had its turn is no news: longer than it may wait behind one that fails."""

KEEP_REFUSED = timedelta(days=7)
"""How long a message that was given up can still be looked at."""

_UNKNOWN = ReceiverState()

_logger = logging.getLogger("linekeeper.deliver")


async def tell_and_deliver(monitor: Monitor) -> None:
    """Look at every group, then post what is due.

    What falls due before the middle of the time to the next look goes now, so that a wait is kept to half a tick.
    """
    occasion = monitor.occasion()
    await monitor.commit(lambda document: told(document, occasion, ahead=TICK / 2))
    await deliver(monitor)


async def deliver(monitor: Monitor) -> None:
    """Post what is due, oldest first; what is for a receiver that is not set stays in the outbox."""
    now = monitor.clock()
    if monitor.senders:
        await monitor.commit(lambda document: _without_the_stale(document, now))
    for receiver, sender in monitor.senders.items():
        while await _deliver_next(monitor, receiver, sender):
            pass


async def _deliver_next(monitor: Monitor, receiver: str, sender: Sender) -> bool:
    """Post a receiver's next message, if it is due; tell whether another may follow at once."""
    pace = monitor.paces.get(receiver, Pace())
    state = await monitor.load()
    now = monitor.clock()
    # Looked at before it is claimed, so that a look with nothing due writes nothing.
    claimed = _next(state, receiver, now)
    if claimed is None:
        return False
    pause = allowed_at(state.receivers.get(receiver, _UNKNOWN).sent, pace, now) - now
    if pause > LONGEST_PAUSE:
        return False
    if pause > timedelta(0):
        await monitor.pause(pause.total_seconds())
        now = monitor.clock()
    mine = msgspec.structs.replace(claimed, claimed_until=now + CLAIM, claimed_by=uuid.uuid4().hex)
    state = await monitor.commit(lambda document: _claim(document, claimed, mine, now))
    return mine in state.outbox and await _post(monitor, sender, mine, _receipt(state, mine))


async def _post(monitor: Monitor, sender: Sender, entry: OutboxEntry, receipt: str) -> bool:
    """Post one entry and record the outcome; tell whether the next may follow."""
    with monitor.telemetry.span("deliver", origin=entry.traceparent) as span:
        result = await sender.send(monitor.linked(entry.message), receipt)
        span.set_attribute("linekeeper.outcome", type(result).__name__.lower())
    now = monitor.clock()
    await monitor.commit(lambda document: _recorded(document, entry, result, now))
    if isinstance(result, Delivered):
        _logger.info("a message was delivered to %s", entry.receiver)
        return True
    _logger.warning("a message was not delivered to %s: %s", entry.receiver, result.reason)
    return isinstance(result, Refused)


def _receipt(state: TenantState, entry: OutboxEntry) -> str:
    """The card of the entry's group that still stands at the receiver, if there is one."""
    return state.receivers.get(entry.receiver, _UNKNOWN).threads.get(entry.message.group, "")


def _without_the_stale(state: TenantState, now: datetime) -> TenantState:
    """The document without messages that waited for a receiver too long to be news, or were given up long ago."""
    outbox = tuple(entry for entry in state.outbox if not _is_stale(entry, now))
    return msgspec.structs.replace(state, outbox=outbox) if len(outbox) < len(state.outbox) else state


def _is_stale(entry: OutboxEntry, now: datetime) -> bool:
    if entry.refused:
        return entry.refused_at is not None and now - entry.refused_at > KEEP_REFUSED
    return not entry.attempts and now - entry.created >= STALE


def _next(state: TenantState, receiver: str, now: datetime) -> OutboxEntry | None:
    """The receiver's oldest entry that waits, if it may be posted now: messages go out in order or not at all."""
    for entry in state.outbox:
        if entry.refused or entry.receiver != receiver:
            continue
        free = entry.claimed_until is None or entry.claimed_until <= now
        return entry if free and entry.due <= now else None
    return None


def _claim(state: TenantState, claimed: OutboxEntry, mine: OutboxEntry, now: datetime) -> TenantState:
    return _replaced(state, mine) if _next(state, claimed.receiver, now) == claimed else state


def _recorded(state: TenantState, entry: OutboxEntry, result: Result, now: datetime) -> TenantState:
    if isinstance(result, Delivered):
        outbox = tuple(each for each in state.outbox if each.id != entry.id)
        return _posted(msgspec.structs.replace(state, outbox=outbox), entry, result, now)
    state = _failed(state, entry, now)
    if entry not in state.outbox:
        return state  # the claim ran out, and somebody else has it
    after = msgspec.structs.replace(entry, attempts=entry.attempts + 1, claimed_until=None, claimed_by="")
    if isinstance(result, Delayed) and now - entry.created < GIVE_UP:
        return _replaced(state, msgspec.structs.replace(after, due=now + _pause(after, result)))
    given_up = "given up after a day: " if isinstance(result, Delayed) else ""
    return _replaced(state, msgspec.structs.replace(after, refused=given_up + result.reason, refused_at=now))


def _posted(state: TenantState, entry: OutboxEntry, result: Delivered, now: datetime) -> TenantState:
    known = state.receivers.get(entry.receiver, _UNKNOWN)
    group = entry.message.group
    threads = {key: receipt for key, receipt in known.threads.items() if key != group}
    if result.receipt and entry.message.kind == "alert" and entry.message.firing:
        threads[group] = result.receipt  # the next message of this group stands on the same card
    after = msgspec.structs.replace(
        known, delivered_at=now, failing_since=None, sent=remembered(known.sent, now), threads=threads
    )
    return msgspec.structs.replace(state, receivers={**state.receivers, entry.receiver: after})


def _failed(state: TenantState, entry: OutboxEntry, now: datetime) -> TenantState:
    known = state.receivers.get(entry.receiver, _UNKNOWN)
    after = msgspec.structs.replace(known, failing_since=known.failing_since or now, sent=remembered(known.sent, now))
    return msgspec.structs.replace(state, receivers={**state.receivers, entry.receiver: after})


def _pause(entry: OutboxEntry, result: Delayed) -> timedelta:
    if result.retry_after is not None:
        return timedelta(seconds=result.retry_after)
    doublings: int = 2 ** (entry.attempts - 1)
    return min(LONGEST_RETRY, FIRST_RETRY * doublings)


def _replaced(state: TenantState, entry: OutboxEntry) -> TenantState:
    outbox = tuple(entry if each.id == entry.id else each for each in state.outbox)
    return msgspec.structs.replace(state, outbox=outbox)
