"""The use cases as the triggers call them: each brings the document up to date, then sends what that made due."""

from __future__ import annotations

from shared.model.change_message import ChangeMessage
from shared.model.job import JobName
from shared.monitor import observation
from shared.monitor.cause import caused_by
from shared.monitor.deliver import deliver, tell_and_deliver
from shared.monitor.health import Health, health
from shared.monitor.ingest import catch_up, read_changes, read_licences, read_lines, sweep, take_message
from shared.monitor.monitor import Monitor
from shared.monitor.poison import PoisonWatch
from shared.monitor.unreadable import UnreadableWatch
from shared.monitor.upkeep import keep_subscription, retry_subscription


class Service:
    """One tenant's monitor at work.

    Args:
        monitor: its parts.
        messages_at_once: where the queue is shared with other tenants: of how many messages of this one, at most, the
            work may keep the queue busy at the same time.
    """

    def __init__(self, monitor: Monitor, messages_at_once: int | None = None) -> None:
        self._monitor = monitor
        self._poison = PoisonWatch(monitor)
        self._unreadable = UnreadableWatch(monitor)
        self._messages_at_once = messages_at_once
        self._messages = 0

    async def run(self, job: JobName) -> None:
        """Do what a timer is for, by its name; a document that cannot be used is told of."""
        async with self._unreadable.watching():
            await self._do(job)

    async def _do(self, job: JobName) -> None:
        with caused_by("timer", self._monitor.clock()):
            match job:
                case "licences":
                    await self.read_licences()
                case "delta":
                    await self.read_changes()
                case "voice":
                    await self.read_lines()
                case "sweep":
                    await self.sweep()
                case "upkeep":
                    await self.keep_subscription()
                case "deliver":
                    await self.tell_and_deliver()

    async def take_message(self, message: ChangeMessage) -> None:
        """Act on what the webhook was told.

        Messages of one tenant wait for one another, since one read serves them all. Where as many as may wait do so,
        the document remembers whom this one named: the next read, or the delivery timer, asks for them.
        """
        if self._messages == self._messages_at_once and not message.lifecycle:
            await self._monitor.commit(lambda document: observation.awaiting(document, message.users))
            return
        self._messages += 1
        try:
            with caused_by("notification", message.received):
                await take_message(self._monitor, message)
        finally:
            self._messages -= 1
        await deliver(self._monitor)

    async def read_licences(self) -> None:
        """Read the tenant's SKUs."""
        await read_licences(self._monitor)
        await deliver(self._monitor)

    async def read_lines(self) -> None:
        """Read the voice export, where it has changed."""
        await read_lines(self._monitor)
        await deliver(self._monitor)

    async def read_changes(self) -> None:
        """Read what changed in the directory."""
        await read_changes(self._monitor)
        await deliver(self._monitor)

    async def keep_subscription(self) -> None:
        """Make sure that Graph tells of changes; after a gap, find what it could not tell. Look at the poison queue."""
        if await keep_subscription(self._monitor):
            await sweep(self._monitor)
        await self._poison.look()
        await deliver(self._monitor)

    async def sweep(self) -> None:
        """Read all accounts anew."""
        await sweep(self._monitor)
        await deliver(self._monitor)

    async def tell_and_deliver(self) -> None:
        """Read what still waits to be read, and send what has fallen due."""
        if await retry_subscription(self._monitor):
            await sweep(self._monitor)
        await catch_up(self._monitor)
        await tell_and_deliver(self._monitor)
        # Last: nothing that is due waits for a look.
        await self._poison.look_if_due()

    async def health(self) -> Health:
        """How the service is."""
        return await health(self._monitor)

    async def close(self) -> None:
        """Let go of connections."""
        await self._monitor.close()
