"""A kept document put in place of the one that is stored, so that the service goes on from it without a storm."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.model.alert import GroupLog, ReceiverState
from shared.model.errors import Conflict, DocumentUnreadable
from shared.model.tenant import DeltaPosition, TenantState
from shared.state.document import decode
from shared.state.store import ATTEMPTS, Archive
from shared.state.versions import KeptVersion, the_one


class Restored(msgspec.Struct, frozen=True):
    """Which kept document is in place now, and whether the one before could be read: its messages were kept, if so."""

    version: KeptVersion
    was_readable: bool


async def restore(archive: Archive, tenant: str, name: str, now: datetime) -> Restored:
    """Put a kept document in place of the one that is stored, which is kept in its turn.

    Args:
        archive: the store.
        tenant: whose document.
        name: the kept document's name, or its beginning.
        now: the time.

    Raises:
        DocumentUnreadable: the kept document cannot be read either.
        StoreError: there is none of that name.
        Conflict: others saved first each time.
    """
    version = the_one(await archive.kept(tenant), name)
    kept = decode(await archive.kept_content(tenant, version.name), tenant)
    for _ in range(ATTEMPTS):
        stored = await archive.stored(tenant)
        current = _read(stored.content, tenant) if stored is not None else None
        if await archive.replace(restored(kept, current, now), stored.version if stored is not None else ""):
            return Restored(version, current is not None)
    raise Conflict(f"the document of tenant {tenant} was saved by others {ATTEMPTS} times in a row; try again.")


def restored(kept: TenantState, current: TenantState | None, now: datetime) -> TenantState:
    """The document to go on from.

    What it knew of the tenant is old: its chain of changes is dropped, no source counts as read, and everything is read
    anew before anything is concluded. What receivers were told cannot be untold: it is taken from the document that is
    replaced, with the alerts that they were told of and the messages that wait there. Where that cannot be read,
    nothing of what waited then is sent, and whatever stood open then is taken for told just now: what has changed since
    is told, and nothing is repeated.

    Args:
        kept: the document as it was.
        current: the one that it replaces; None where that cannot be read, or there is none.
        now: the time.
    """
    state = msgspec.structs.replace(
        kept, delta=DeltaPosition(sweep_due=True), sources={}, voice_seen="", subscriptions_read=None
    )
    if current is None:
        return msgspec.structs.replace(
            state,
            groups={name: _told(log, now) for name, log in kept.groups.items()},
            receivers={name: _calmed(receiver, now) for name, receiver in kept.receivers.items()},
            outbox=(),
        )
    return msgspec.structs.replace(
        state,
        subscription=current.subscription,
        entitled=current.entitled,
        entitled_with_trials=current.entitled_with_trials,
        qualifying_by_sku=current.qualifying_by_sku,
        alerts=current.alerts,
        recent=current.recent,
        groups=current.groups,
        silences=current.silences,
        receivers=current.receivers,
        outbox=current.outbox,
    )


def _read(content: bytes, tenant: str) -> TenantState | None:
    try:
        return decode(content, tenant)
    except DocumentUnreadable:
        return None


def _told(log: GroupLog, now: datetime) -> GroupLog:
    return msgspec.structs.replace(log, sent_at=now if log.firing else log.sent_at, flush_at=None)


def _calmed(receiver: ReceiverState, now: datetime) -> ReceiverState:
    return msgspec.structs.replace(receiver, sent=(), threads={}, heartbeat_at=now, digest_at=now)
