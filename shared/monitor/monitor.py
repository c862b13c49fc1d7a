"""What the use cases work with: one tenant's settings, store, readers and channel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec

from shared.delivery.sender import Sender
from shared.exports.place import ExportPlace
from shared.graph.reader import GraphReader
from shared.graph.subscription import ChangeSubscription
from shared.graph.transport import GraphTransport
from shared.model.tenant import TenantState
from shared.monitor.evaluate import Occasion
from shared.settings import Settings
from shared.state.store import Step, Store, commit
from shared.telemetry.telemetry import Telemetry

FoundBy = Literal["notification", "delta", "sweep"]


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """The parts.

    `subscription` is None where no notification URL is set, `sender` where no webhook is, `export` where no voice
    export is.

    `reading` lets one read of accounts run at a time, so that a storm of messages waits for the read that serves all.
    """

    settings: Settings
    store: Store
    reader: GraphReader
    subscription: ChangeSubscription | None
    sender: Sender | None
    telemetry: Telemetry
    clock: Callable[[], datetime]
    transport: GraphTransport
    export: ExportPlace | None = None
    reading: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)

    async def close(self) -> None:
        """Let go of connections."""
        await self.transport.close()
        if self.sender is not None:
            await self.sender.close()

    @property
    def tenant(self) -> str:
        """The tenant that is watched."""
        return self.settings.tenant

    def occasion(self) -> Occasion:
        """This moment, for an evaluation."""
        return Occasion(
            now=self.clock(),
            policy=self.settings.policy,
            timing=self.settings.file.alerting,
            expects_subscription=self.subscription is not None,
            intervals=self.settings.file.sources.intervals,
            thresholds=self.settings.file.rules,
            price=self.settings.file.price,
            graph_url=self.settings.graph_url,
            traceparent=self.telemetry.traceparent(),
        )

    async def load(self) -> TenantState:
        """The document as it stands."""
        return (await self.store.load(self.tenant)).state

    async def commit(self, step: Step) -> TenantState:
        """Carry the document one step further."""
        return await commit(self.store, self.tenant, step)
