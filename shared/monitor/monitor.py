"""What the use cases work with: one tenant's settings, store, readers and channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shared.alerting.pacing import Pace
from shared.alerting.routing import Routes
from shared.delivery.sender import Sender
from shared.exports.place import ExportPlace
from shared.graph.reader import GraphReader
from shared.graph.subscription import ChangeSubscription
from shared.graph.transport import GraphTransport
from shared.model.alert import Message
from shared.model.tenant import TenantState
from shared.monitor.message_links import linked
from shared.monitor.occasion import Occasion
from shared.settings import Settings
from shared.state.store import Step, Store, commit
from shared.storage.queue_depth import QueueDepth
from shared.telemetry.telemetry import Telemetry

FoundBy = Literal["notification", "delta", "sweep"]


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """The parts.

    `subscription` is None where no notification URL is set, `export` where no voice export is, `queues` where none can
    be looked at. `senders` and `paces` are those of the receivers by name, and `routes` the ways to them; `pause` waits
    between two posts, and `patience` is how long a post keeps those to other receivers waiting.

    `reading` lets one read of accounts run at a time, so that a storm of messages waits for the read that serves all.
    """

    settings: Settings
    store: Store
    reader: GraphReader
    subscription: ChangeSubscription | None
    senders: Mapping[str, Sender]
    telemetry: Telemetry
    clock: Callable[[], datetime]
    transport: GraphTransport
    export: ExportPlace | None = None
    queues: QueueDepth | None = None
    paces: Mapping[str, Pace] = {}
    routes: Routes = Routes()
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    patience: timedelta = timedelta(seconds=3)
    reading: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)

    async def close(self) -> None:
        """Let go of connections."""
        await self.transport.close()
        for sender in self.senders.values():
            await sender.close()

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
            routes=self.routes,
            expects_subscription=self.subscription is not None,
            expects_delivery=bool(self.senders),
            expects_queue=self.queues is not None,
            intervals=self.settings.file.sources.intervals,
            thresholds=self.settings.file.rules,
            price=self.settings.file.price,
            graph_url=self.settings.graph_url,
            traceparent=self.telemetry.traceparent(),
        )

    def linked(self, message: Message) -> Message:
        """A message with the links that it has when it is posted now."""
        return linked(message, self.settings, self.clock())

    async def load(self) -> TenantState:
        """The document as it stands."""
        return (await self.store.load(self.tenant)).state

    async def commit(self, step: Step) -> TenantState:
        """Carry the document one step further."""
        return await commit(self.store, self.tenant, step)
