"""What waits to be posted, in the document: bounded, in order, and whatever never goes out is counted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from itertools import count

import msgspec

from shared.model.alert import Message, OutboxEntry, ReceiverState
from shared.model.tenant import TenantState
from shared.monitor.occasion import Occasion

LIMIT = 200
"""Messages that wait at most for one receiver: where it cannot be reached, the oldest make room, and are counted.

As many that were refused are kept beside them, to be looked at.
"""

STALE = timedelta(days=2)
"""After how long a message that never had its turn is no news: longer than it may wait behind one that fails."""

KEEP_REFUSED = timedelta(days=7)
"""How long a message that was given up can still be looked at."""


def posted(state: TenantState, messages: Iterable[Message], occasion: Occasion) -> TenantState:
    """The document with messages in its outbox, oldest first; what makes room for others is counted."""
    taken = {entry.id for entry in state.outbox}
    added = []
    for message in messages:
        entry_id = _free_id(f"{occasion.now.isoformat()}/{message.kind}/{message.group}", taken)
        taken.add(entry_id)
        added.append(
            OutboxEntry(
                id=entry_id,
                receiver=message.group.partition("/")[0],
                message=message,
                created=occasion.now,
                due=occasion.now,
                traceparent=occasion.traceparent,
            )
        )
    if not added:
        return state
    return _bounded(msgspec.structs.replace(state, outbox=(*state.outbox, *added)), occasion.now)


def waits(state: TenantState, message: Message) -> bool:
    """Whether a message of the same kind and group is on its way, so that to remind of it is no use."""
    return any(
        not entry.refused and (entry.message.kind, entry.message.group) == (message.kind, message.group)
        for entry in state.outbox
    )


def dropped(state: TenantState, entries: Iterable[OutboxEntry], now: datetime) -> TenantState:
    """The document without messages that will never be posted, and with the count of them at their receivers."""
    gone = {entry.id: entry for entry in entries}
    if not gone:
        return state
    receivers = dict(state.receivers)
    for name, lately in Counter(entry.receiver for entry in gone.values() if not entry.refused).items():
        known = receivers.get(name, ReceiverState())
        receivers[name] = msgspec.structs.replace(known, dropped=known.dropped + lately, dropped_at=now)
    outbox = tuple(entry for entry in state.outbox if entry.id not in gone)
    return msgspec.structs.replace(state, outbox=outbox, receivers=receivers)


def _free_id(wanted: str, taken: Container[str]) -> str:
    if wanted not in taken:
        return wanted
    return next(each for number in count(2) if (each := f"{wanted}/{number}") not in taken)


def _bounded(state: TenantState, now: datetime) -> TenantState:
    """The document with no more in its outbox than may wait; what is being posted stays."""
    over = Counter((entry.receiver, bool(entry.refused)) for entry in state.outbox)
    over.subtract(dict.fromkeys(over, LIMIT))
    gone = []
    for entry in state.outbox:
        kind = (entry.receiver, bool(entry.refused))
        in_flight = entry.claimed_until is not None and entry.claimed_until > now
        if over[kind] > 0 and not in_flight:
            over[kind] -= 1
            gone.append(entry)
    return dropped(state, gone, now)


def without_the_unset(state: TenantState, occasion: Occasion) -> TenantState:
    """The document without messages for receivers that are no longer set: nobody would ever post them."""
    outbox = tuple(entry for entry in state.outbox if entry.receiver in occasion.routes.receivers)
    return msgspec.structs.replace(state, outbox=outbox) if len(outbox) < len(state.outbox) else state


def without_the_stale(state: TenantState, now: datetime) -> TenantState:
    """The document in which messages that waited too long to be news are given up, and old given-up ones are gone."""
    kept = (entry for entry in state.outbox if entry.refused_at is None or now - entry.refused_at <= KEEP_REFUSED)
    outbox = tuple(_given_up(entry, now) if _is_stale(entry, now) else entry for entry in kept)
    return msgspec.structs.replace(state, outbox=outbox) if outbox != state.outbox else state


def _is_stale(entry: OutboxEntry, now: datetime) -> bool:
    return not (entry.refused or entry.attempts) and now - entry.created >= STALE


def _given_up(entry: OutboxEntry, now: datetime) -> OutboxEntry:
    return msgspec.structs.replace(entry, refused="it never had its turn in two days", refused_at=now)
