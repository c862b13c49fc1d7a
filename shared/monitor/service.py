"""The use cases as the triggers call them: each brings the document up to date, then sends what that made due."""

from __future__ import annotations

from shared.model.change_message import ChangeMessage
from shared.monitor.deliver import deliver, tell_and_deliver
from shared.monitor.health import Health, health
from shared.monitor.ingest import catch_up, read_changes, read_licences, read_lines, sweep, take_message
from shared.monitor.monitor import Monitor
from shared.monitor.upkeep import keep_subscription, retry_subscription


class Service:
    """One tenant's monitor at work."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    async def take_message(self, message: ChangeMessage) -> None:
        """Act on what the webhook was told."""
        await take_message(self._monitor, message)
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
        """Make sure that Graph tells of changes; after a gap, find what it could not tell."""
        if await keep_subscription(self._monitor):
            await sweep(self._monitor)
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

    async def health(self) -> Health:
        """How the service is."""
        return await health(self._monitor)

    async def close(self) -> None:
        """Let go of connections."""
        await self._monitor.close()
