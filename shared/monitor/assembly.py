"""The real parts, from the settings: a store, the SDK's client, a channel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from shared.alerting.pacing import Pace
from shared.delivery.channels import sender_of
from shared.exports.file import ExportFile
from shared.graph.credential import credential_for
from shared.graph.reader import GraphReader
from shared.graph.subscription import ChangeSubscription
from shared.graph.transport import GraphTransport
from shared.monitor.monitor import Monitor
from shared.settings import Settings
from shared.state.memory import MemoryStore
from shared.state.sqlite import SqliteStore
from shared.state.store import Store
from shared.telemetry.telemetry import Telemetry
from shared.voice.export import LARGEST

NOTIFICATIONS_PATH = "/api/notifications"


def assemble(
    settings: Settings, telemetry: Telemetry, clock: Callable[[], datetime], store: Store | None = None
) -> Monitor:
    """The parts of one tenant's monitor; close it when done. Another store than the settings' may be given."""
    transport = GraphTransport(settings.graph_url, credential_for(local=settings.graph_is_local))
    return Monitor(
        settings=settings,
        store=store or store_of(settings),
        reader=GraphReader(transport, clock),
        subscription=_subscription(settings, transport, clock),
        senders={each.name: sender_of(each, timing=settings.file.alerting) for each in settings.routing.receivers},
        paces={
            each.name: Pace(per_second=each.per_second, per_hour=each.per_hour) for each in settings.routing.receivers
        },
        routes=settings.routing.ways,
        telemetry=telemetry,
        clock=clock,
        transport=transport,
        export=ExportFile(settings.voice_export, LARGEST) if settings.voice_export is not None else None,
    )


def store_of(settings: Settings) -> Store:
    """The store that the settings name."""
    return SqliteStore(sqlite_path(settings))


def store_exists(settings: Settings) -> bool:
    """Whether the store has been used: one in a file makes its file when it is first asked."""
    return sqlite_path(settings).exists()


def sqlite_path(settings: Settings) -> Path:
    """The file of the documents."""
    return Path(settings.store.partition(":")[2])


async def remembered(settings: Settings) -> MemoryStore:
    """The stored document in a store that forgets, so that the history of licences is there and nothing is written.

    Raises:
        StoreError: there is a document, and it cannot be read.
    """
    store = MemoryStore()
    if store_exists(settings):
        await store.save((await store_of(settings).load(settings.tenant)).state, "")
    return store


def _subscription(
    settings: Settings, transport: GraphTransport, clock: Callable[[], datetime]
) -> ChangeSubscription | None:
    if settings.notification_url is None or settings.client_state is None:
        return None
    return ChangeSubscription(
        transport,
        notification_url=settings.notification_url + NOTIFICATIONS_PATH,
        client_state=settings.client_state.reveal(),
        clock=clock,
    )
