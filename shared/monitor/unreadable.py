"""Tells people that the tenant's document cannot be used: beside the outbox, which is part of that document."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from shared.alerting.routing import group_of
from shared.alerting.silences import MONITOR
from shared.delivery.sender import Delivered
from shared.model.alert import Item, Message, Section
from shared.model.errors import DocumentTooLarge, DocumentUnreadable, LinekeeperError
from shared.monitor.monitor import Monitor
from shared.state.store import Marks

UNREADABLE = "document-unreadable"
TOO_LARGE = "document-too-large"

GRACE = timedelta(minutes=2)
"""For how long a document may be unreadable before that is told: while a new version is deployed, the old one does not
understand what the new one saves."""

EVERY = timedelta(days=1)
"""How often each receiver is told, by all instances together; a claim may last no longer."""

RETRY = timedelta(minutes=5)
"""After how long a receiver that did not take it is tried again."""

_WAY_BACK = (
    "See what is kept with linekeeper document list, and put one of these in place with linekeeper document restore; "
    "where its schema is a newer one, deploy the version that wrote it. docs/storage.md says more."
)
_TO_SHRINK = (
    "Switch off in the TOML file's [sources] what can be done without, or leave out LINEKEEPER_VOICE_EXPORT. "
    "docs/storage.md says more."
)

_logger = logging.getLogger("linekeeper.unreadable")


class UnreadableWatch:
    """One process's watch over the document that its jobs work on."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._since: datetime | None = None

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """What a job does; where it cannot because of the document, somebody is told, and the error goes on.

        One that cannot be read is told of once it has been so for `GRACE`; one that is too large, at once.
        """
        try:
            yield
        except DocumentUnreadable as problem:
            now = self._monitor.clock()
            self._since = self._since or now
            if now - self._since >= GRACE:
                await self._tell(UNREADABLE, problem)
            raise
        except DocumentTooLarge as problem:
            await self._tell(TOO_LARGE, problem)
            raise
        self._since = None

    async def _tell(self, rule: str, problem: LinekeeperError) -> None:
        monitor, store = self._monitor, self._monitor.store
        names = monitor.routes.named(rule, MONITOR, "critical", monitor.tenant)
        if isinstance(store, Marks):
            await asyncio.gather(*(self._tell_one(store, name, rule, problem) for name in names))

    async def _tell_one(self, store: Marks, receiver: str, rule: str, problem: LinekeeperError) -> None:
        """Tell a receiver, unless some instance has within a day; whatever is wrong here hides no other error."""
        monitor, now = self._monitor, self._monitor.clock()
        sender, mark = monitor.senders.get(receiver), f"{rule}/{receiver}"
        if sender is None:
            return
        try:
            # For no longer than a try takes: one that ends in a crash is made again.
            if not await store.claim(monitor.tenant, mark, now=now, until=now + RETRY):
                return
            message = _message(rule, problem, group_of(receiver, MONITOR), monitor, now)
            result = await sender.send(monitor.linked(message))
            if isinstance(result, Delivered):
                await store.hold(monitor.tenant, mark, now=now, until=now + EVERY)
            else:
                _logger.warning("%s could not be told of %s: %s", receiver, rule, result.reason)
        except Exception:
            _logger.exception("%s could not be told of %s", receiver, rule)


def _message(rule: str, problem: LinekeeperError, group: str, monitor: Monitor, now: datetime) -> Message:
    large = rule == TOO_LARGE
    title = "The document is too large" if large else "The document cannot be read"
    headline = (
        "Nothing new is watched: the document is too large to be saved"
        if large
        else "Nothing is watched: the stored document cannot be read"
    )
    reason = str(problem)
    item = Item(
        key=f"{rule}|{monitor.tenant}|",
        rule=rule,
        subject_kind="tenant",
        subject_id=monitor.tenant,
        severity="critical",
        title=title,
        name=monitor.settings.label,
        summary=f"{headline}. {reason[:1].upper()}{reason[1:]}",
        remedy=_TO_SHRINK if large else _WAY_BACK,
        since=now,
    )
    return Message(
        kind="alert",
        group=group,
        severity="critical",
        headline=headline,
        sections=(Section(kind="new", items=(item,), total=1),),
        firing=1,
        tenant=monitor.tenant,
    )
