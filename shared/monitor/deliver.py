"""From the outbox to the receivers: claimed in the document, posted, and the outcome recorded.

At least once: a crash between posting and recording repeats the one entry in flight, and no other. Each receiver is
told in order and at its own pace; one that fails keeps no other waiting.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
import uuid
from datetime import datetime, timedelta

import msgspec

from shared.alerting.pacing import Pace, allowed_at, remembered
from shared.delivery.sender import Delayed, Delivered, Refused, Result, Sender
from shared.model.alert import Message, OutboxEntry, ReceiverState
from shared.model.tenant import TenantState
from shared.monitor.monitor import Monitor
from shared.monitor.observing import measure_life
from shared.monitor.outbox import without_the_stale
from shared.monitor.telling import told

TICK = timedelta(seconds=30)
"""How often the timer looks for what is due."""

CLAIM = timedelta(seconds=60)
"""How long an instance has for posting one message before another may try."""

LONGEST_PAUSE = timedelta(seconds=2)
"""A pause up to this long is waited for; for a longer one the timer comes back."""

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=15)
ENOUGH_DOUBLINGS = 5
"""After so many the longest pause is reached."""

GIVE_UP = timedelta(days=1)
MOST_ERRORS = 5
"""After so many tries, within eight minutes, a message that breaks the sender is given up."""

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
        await monitor.commit(lambda document: without_the_stale(document, now))
    # Side by side: one that keeps us waiting keeps no other waiting, and where one fails the others are told first.
    turns = _Turns(asyncio.Lock(), asyncio.Lock())
    outcomes = await asyncio.gather(
        *(_deliver_all(monitor, receiver, sender, turns) for receiver, sender in monitor.senders.items()),
        return_exceptions=True,
    )
    if monitor.telemetry.is_sent:
        measure_life(monitor, await monitor.load())
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


class _Turns(msgspec.Struct, frozen=True):
    """What receivers take turns at, so that they are not in each other's way: the document, and posting."""

    document: asyncio.Lock
    posting: asyncio.Lock


async def _deliver_all(monitor: Monitor, receiver: str, sender: Sender, turns: _Turns) -> None:
    while await _deliver_next(monitor, receiver, sender, turns):
        pass


async def _deliver_next(monitor: Monitor, receiver: str, sender: Sender, turns: _Turns) -> bool:
    """Post a receiver's next message, if it is due; tell whether another may follow at once.

    What a crash finds posted and not recorded is posted again: so posts are in the air one at a time, and a second one
    only while a first one hangs, which then was hardly taken.
    """
    pace = monitor.paces.get(receiver, Pace())
    async with turns.document:
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
    async with turns.posting:
        work = asyncio.create_task(_claim_and_post(monitor, sender, claimed, turns.document))
        try:
            await asyncio.wait({work}, timeout=monitor.patience.total_seconds())
        except asyncio.CancelledError:
            work.cancel()
            raise
    return await work


async def _claim_and_post(monitor: Monitor, sender: Sender, claimed: OutboxEntry, document: asyncio.Lock) -> bool:
    """Claim an entry, post it and record the outcome; tell whether another may follow at once."""
    now = monitor.clock()
    mine = msgspec.structs.replace(claimed, claimed_until=now + CLAIM, claimed_by=uuid.uuid4().hex)
    async with document:
        state = await monitor.commit(lambda known: _claim(known, claimed, mine, now))
    if mine not in state.outbox:
        return False
    result = await _post(monitor, sender, mine, _receipt(state, mine))
    posted_at = monitor.clock()
    async with document:
        await monitor.commit(lambda known: _recorded(known, mine, result, posted_at))
    if isinstance(result, Delivered):
        _logger.info("a message was delivered to %s", mine.receiver)
        return True
    _logger.warning("a message was not delivered to %s: %s", mine.receiver, result.reason)
    return isinstance(result, Refused)


async def _post(monitor: Monitor, sender: Sender, entry: OutboxEntry, receipt: str) -> Result:
    """Post one entry."""
    told_whom = {"linekeeper.receiver": entry.receiver, "linekeeper.message": entry.message.kind}
    with monitor.telemetry.span("deliver", origin=entry.traceparent, attributes=told_whom, noteworthy=True) as span:
        result = await _sent(monitor, sender, entry, receipt)
        span.set_attribute("linekeeper.outcome", type(result).__name__.lower())
    return result


def _traced(entry: OutboxEntry, *, kept: bool) -> Message:
    """The message with the trace that led to it, if one is kept; a calendar's messages have none that says anything."""
    if not kept or not entry.traceparent or entry.message.kind not in {"alert", "announcement"}:
        return entry.message
    return msgspec.structs.replace(entry.message, trace=entry.traceparent.split("-")[1])


async def _sent(monitor: Monitor, sender: Sender, entry: OutboxEntry, receipt: str) -> Result:
    """What came of sending a message; an error of ours is tried again, and soon given up: others wait behind it."""
    try:
        return await sender.send(
            monitor.linked(_traced(entry, kept=monitor.telemetry.destinations.takes_traces)), receipt
        )
    except Exception as problem:  # noqa: BLE001 - whatever it is, it must not keep all later messages from going out
        # Not its text, which may repeat a URL that is a secret.
        where = "".join(traceback.format_tb(problem.__traceback__))
        _logger.error("a message to %s broke the sender (%s):\n%s", entry.receiver, type(problem).__name__, where)  # noqa: TRY400
        reason = f"the message could not be sent ({type(problem).__name__})"
        return Refused(reason) if entry.attempts + 1 >= MOST_ERRORS else Delayed(reason)


def _receipt(state: TenantState, entry: OutboxEntry) -> str:
    """The card of the entry's group that still stands at the receiver, if there is one."""
    return state.receivers.get(entry.receiver, _UNKNOWN).threads.get(entry.message.group, "")


def _next(state: TenantState, receiver: str, now: datetime) -> OutboxEntry | None:
    """The receiver's oldest entry that waits, if it may be posted now: messages go out in order or not at all."""
    for entry in state.outbox:
        if entry.refused or entry.receiver != receiver:
            continue
        # A claim that lasts for far longer than any was made by a clock that ran ahead.
        free = entry.claimed_until is None or not now < entry.claimed_until <= now + 2 * CLAIM
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
    # Bounded: doubled as often as a day has attempts, it would be longer than a time can be.
    doublings: int = 2 ** min(entry.attempts - 1, ENOUGH_DOUBLINGS)
    return min(LONGEST_RETRY, FIRST_RETRY * doublings)


def _replaced(state: TenantState, entry: OutboxEntry) -> TenantState:
    outbox = tuple(entry if each.id == entry.id else each for each in state.outbox)
    return msgspec.structs.replace(state, outbox=outbox)
