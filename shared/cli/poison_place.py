"""Where messages lie that could not be worked off: in the queue file of `linekeeper serve`, or in Azure's queue."""

from __future__ import annotations

import base64
import binascii
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from shared.cli.serve import queue_path
from shared.host import QueueStoreError, SqliteQueueStore
from shared.model.change_message import QUEUE
from shared.model.errors import LinekeeperError
from shared.rules.messages_poisoned import POISON_QUEUE
from shared.settings import Settings
from shared.settings_storage import StorageConnection, needed_by
from shared.storage.connection import queue_service

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient, QueueMessage

TAKEN_SECONDS = 60
"""For how long a message that was taken is hidden from others: long enough to put it back and take it away."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the poison queue. `raw` is how it is stored, `receipt` what it can be taken away with."""

    id: str
    put_aside: datetime
    content: bytes
    raw: str = ""
    receipt: str = ""


class PoisonPlace(Protocol):
    """A poison queue, and the queue that its messages came from."""

    name: str

    def depth(self) -> int:
        """How many messages there are, those in work included."""
        ...

    def peek(self, count: int) -> list[Held]:
        """The oldest messages, which stay where they are."""
        ...

    def take(self, count: int) -> list[Held]:
        """The oldest messages, hidden from others for a while."""
        ...

    def put_back(self, held: Held) -> None:
        """Put a message that was taken into the queue that it came from."""
        ...

    def drop(self, held: Held) -> None:
        """Take a message that was taken away for good."""
        ...


@contextmanager
def place_of(settings: Settings, azure: bool) -> Iterator[PoisonPlace]:  # noqa: FBT001 - as it was typed
    """The queue file of `linekeeper serve` where there is one, else, or where it is asked for, Azure's queue.

    Raises:
        LinekeeperError: there is neither, or it cannot be reached.
    """
    path = queue_path(settings)
    if path.exists() and not azure:
        try:
            with SqliteQueueStore(path) as store:
                yield LocalPoison(store, f"{POISON_QUEUE} in {path}")
        except (QueueStoreError, sqlite3.Error) as problem:
            raise LinekeeperError(f"the queue file {path} cannot be used: {problem}.") from None
    elif settings.storage is not None:
        with _azure_in_words():
            yield AzurePoison(settings.storage)
    elif azure:
        raise needed_by("linekeeper poison --azure")
    else:
        raise LinekeeperError(
            f"there is no queue file {path}, which linekeeper serve makes, and AzureWebJobsStorage is not set: give "
            "LINEKEEPER_STORE as the service has it, or the connection to its storage account."
        )


class LocalPoison:
    """The poison queue of the local host."""

    def __init__(self, store: SqliteQueueStore, name: str = POISON_QUEUE) -> None:
        self.name = name
        self._store = store

    def depth(self) -> int:
        """How many messages there are, those in work included."""
        return self._store.depth(POISON_QUEUE)

    def peek(self, count: int) -> list[Held]:
        """The oldest messages, which stay where they are."""
        return [
            Held(id=each.id, put_aside=datetime.fromtimestamp(each.inserted, UTC), content=each.body)
            for each in self._store.peek(POISON_QUEUE, count)
        ]

    def take(self, count: int) -> list[Held]:
        """The oldest messages, hidden from others for a while."""
        return [
            Held(
                id=each.id,
                put_aside=datetime.fromtimestamp(each.inserted, UTC),
                content=each.body,
                receipt=each.pop_receipt,
            )
            for each in self._store.get(POISON_QUEUE, count, TAKEN_SECONDS)
        ]

    def put_back(self, held: Held) -> None:
        """Put a message that was taken into the queue that it came from."""
        self._store.put(QUEUE, held.content)
        self.drop(held)

    def drop(self, held: Held) -> None:
        """Take a message that was taken away for good."""
        self._store.delete(POISON_QUEUE, held.id, held.receipt)


class AzurePoison:
    """The poison queue of a storage account. What is in it is Base64, the Functions host's default."""

    def __init__(self, connection: StorageConnection) -> None:
        self.name = f"{POISON_QUEUE} in Azure Storage"
        service = queue_service(connection)
        self._poison: QueueClient = service.get_queue_client(POISON_QUEUE)
        self._queue: QueueClient = service.get_queue_client(QUEUE)

    def depth(self) -> int:
        """How many messages there are, those in work included."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - with the client, not before

        try:
            return self._poison.get_queue_properties().approximate_message_count or 0
        except ResourceNotFoundError:
            return 0

    def peek(self, count: int) -> list[Held]:
        """The oldest messages, which stay where they are."""
        return [_held(each) for each in self._poison.peek_messages(max_messages=count)] if self.depth() else []

    def take(self, count: int) -> list[Held]:
        """The oldest messages, hidden from others for a while."""
        return [
            _held(each)
            for each in self._poison.receive_messages(
                messages_per_page=count, max_messages=count, visibility_timeout=TAKEN_SECONDS
            )
        ]

    def put_back(self, held: Held) -> None:
        """Put a message that was taken into the queue that it came from."""
        self._queue.send_message(held.raw)
        self.drop(held)

    def drop(self, held: Held) -> None:
        """Take a message that was taken away for good."""
        self._poison.delete_message(held.id, held.receipt)


def _held(message: QueueMessage) -> Held:
    raw = str(message.content)
    try:
        content = base64.b64decode(raw, validate=True)
    except binascii.Error:
        content = raw.encode()
    return Held(
        id=message.id or "",
        put_aside=message.inserted_on or datetime.min.replace(tzinfo=UTC),
        content=content,
        raw=raw,
        receipt=message.pop_receipt or "",
    )


@contextmanager
def _azure_in_words() -> Iterator[None]:
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - with the client, not before

    from shared.storage.trouble import reason  # noqa: PLC0415 - as above

    try:
        yield
    except AzureError as problem:
        said = reason(problem, "Storage Queue Data Contributor").removesuffix("; the next timer tries again")
        raise LinekeeperError(f"the poison queue cannot be used: {said}.") from None
