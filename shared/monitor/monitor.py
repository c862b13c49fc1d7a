"""What the use cases work with: one tenant's settings, store, readers and channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
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
from shared.monitor.occasion import Occasion
from shared.monitor.silence_link import access_of, silence_url
from shared.settings import Settings
from shared.state.store import Step, Store, commit
from shared.telemetry.telemetry import Telemetry

FoundBy = Literal["notification", "delta", "sweep"]


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """The parts.

    `subscription` is None where no notification URL is set, `export` where no voice export is. `senders` and `paces`
    are those of the receivers by name, and `routes` the ways to them; `pause` waits between two posts.

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
    paces: Mapping[str, Pace] = {}
    routes: Routes = Routes()
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
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
            intervals=self.settings.file.sources.intervals,
            thresholds=self.settings.file.rules,
            price=self.settings.file.price,
            graph_url=self.settings.graph_url,
            traceparent=self.telemetry.traceparent(),
        )

    def linked(self, message: Message) -> Message:
        """A message with the links that it has when it is posted now: to silence what is new, for a day."""
        settings = self.settings
        key = access_of(settings).link_key
        open_now = (item for section in message.sections if section.kind != "resolved" for item in section.items)
        news = next(open_now, None)
        if message.kind != "alert" or settings.notification_url is None or key is None or news is None:
            return message
        url = silence_url(settings.notification_url, key, self.tenant, news.key, self.clock())
        return msgspec.structs.replace(message, links=(*message.links, ("Silence this", url)))

    async def load(self) -> TenantState:
        """The document as it stands."""
        return (await self.store.load(self.tenant)).state

    async def commit(self, step: Step) -> TenantState:
        """Carry the document one step further."""
        return await commit(self.store, self.tenant, step)
