"""The real parts, from the settings: a store, the SDK's client, a channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from shared.alerting.pacing import Pace
from shared.delivery.channels import sender_of
from shared.exports.blob import ExportBlob
from shared.exports.file import ExportFile
from shared.exports.place import ExportPlace
from shared.graph.credential import Credential, credential_for
from shared.graph.reader import GraphReader
from shared.graph.subscription import ChangeSubscription
from shared.graph.transport import GraphTransport
from shared.model.errors import DocumentUnreadable
from shared.monitor.monitor import Monitor
from shared.rules.catalogue import RULES
from shared.settings import BlobName, Settings
from shared.state.blob import BlobStore
from shared.state.memory import MemoryStore
from shared.state.sqlite import SqliteStore
from shared.state.store import Store
from shared.storage.connection import blob_service
from shared.storage.queue_depth import AzureQueueDepth, QueueDepth
from shared.telemetry.telemetry import Telemetry
from shared.voice.export import LARGEST

NOTIFICATIONS_PATH = "/api/notifications"


def assemble(
    settings: Settings,
    telemetry: Telemetry,
    clock: Callable[[], datetime],
    store: Store | None = None,
    queues: QueueDepth | None = None,
) -> Monitor:
    """The parts of one tenant's monitor; close it when done. Another store than the settings' may be given.

    So may queues, by a host that keeps its own; else they are Azure's, where a connection to Azure Storage is set. Of
    several tenants, which share them, only one is given any.
    """
    if not settings.tenant:
        raise ValueError("a monitor is of one tenant: choose it by Settings.of")
    transport = GraphTransport(settings.graph_url, _credential(settings), telemetry=telemetry)
    senders = {
        each.name: sender_of(each, timing=settings.file.alerting, telemetry=telemetry)
        for each in settings.routing.receivers
    }
    telemetry.begin(rule_id=[rule.id for rule in RULES], receiver=senders)
    return Monitor(
        settings=settings,
        store=store or store_of(settings),
        reader=GraphReader(transport, clock),
        subscription=_subscription(settings, transport, clock),
        senders=senders,
        paces={
            each.name: Pace(per_second=each.per_second, per_hour=each.per_hour) for each in settings.routing.receivers
        },
        routes=settings.routing.ways,
        telemetry=telemetry,
        clock=clock,
        transport=transport,
        export=_export(settings),
        queues=(queues or _queues(settings)) if settings.watches_queues else None,
    )


def store_of(settings: Settings) -> SqliteStore | BlobStore:
    """The store that the settings name."""
    storage = settings.storage
    kind, _, place = settings.store.partition(":")
    if kind == "blob" and storage is not None:
        return BlobStore(lambda: blob_service(storage), place)
    return SqliteStore(sqlite_path(settings))


def store_exists(settings: Settings) -> bool:
    """Whether the store may be asked: one in a file makes its file when it is first asked, a container is there."""
    return settings.store.startswith("blob:") or sqlite_path(settings).exists()


def sqlite_path(settings: Settings) -> Path:
    """The file of the documents; where they lie elsewhere, the one that they would have by default."""
    kind, _, place = settings.store.partition(":")
    return Path(place if kind == "sqlite" else "linekeeper.db")


def store_place(settings: Settings) -> str:
    """The store for an error: with its path, and whether it was taken only because no other is set."""
    if settings.store.startswith("blob:"):
        return f"LINEKEEPER_STORE ({settings.store})"
    path = sqlite_path(settings).absolute()
    return f"LINEKEEPER_STORE ({path})" if settings.store_is_set else f"{path} (LINEKEEPER_STORE is not set)"


@contextmanager
def naming_store(place: str) -> Iterator[None]:
    """Say, where a document cannot be read, in which store it lies.

    Raises:
        DocumentUnreadable: it cannot be read; the text names the store.
    """
    try:
        yield
    except DocumentUnreadable as problem:
        raise DocumentUnreadable(f"{problem} It lies in {place}.") from None


async def remembered(settings: Settings) -> MemoryStore:
    """The stored document in a store that forgets, so that the history of licences is there and nothing is written.

    Raises:
        StoreError: there is a document, and it cannot be read.
    """
    store = MemoryStore()
    if store_exists(settings):
        with naming_store(store_place(settings)):
            await store.save((await store_of(settings).load(settings.tenant)).state, "")
    return store


def subscription_url(settings: Settings) -> str | None:
    """Where Graph is told to deliver its notifications: our webhook, or an event hub as it is written."""
    if settings.notification_url is None or settings.by_event_hub:
        return settings.notification_url
    return settings.notification_url + NOTIFICATIONS_PATH


def _credential(settings: Settings) -> Credential:
    """Of a tenant in a list, a credential that speaks of it alone; else that of the identity's own tenant."""
    return credential_for(
        local=settings.graph_is_local,
        tenant=settings.tenant if settings.tenants or settings.app_id else "",
        app_id=settings.app_id,
        managed_identity=settings.managed_identity,
        graph_url=settings.graph_url,
    )


def _queues(settings: Settings) -> QueueDepth | None:
    return AzureQueueDepth(settings.storage) if settings.storage is not None else None


def _export(settings: Settings) -> ExportPlace | None:
    match settings.voice_export:
        case BlobName(container, name) if settings.storage is not None:
            return ExportBlob(settings.storage, container, name, LARGEST)
        case Path() as path:
            return ExportFile(path, LARGEST)
        case _:
            return None


def _subscription(
    settings: Settings, transport: GraphTransport, clock: Callable[[], datetime]
) -> ChangeSubscription | None:
    url = subscription_url(settings)
    if url is None or settings.client_state is None:
        return None
    return ChangeSubscription(
        transport,
        notification_url=url,
        client_state=settings.client_state.reveal(),
        clock=clock,
    )
