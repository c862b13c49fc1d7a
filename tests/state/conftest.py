from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from shared.model.secret import Secret
from shared.settings_storage import StorageConnection
from shared.state.blob import KEPT, SUFFIX, BlobStore
from shared.state.document import pack, unpack
from shared.state.memory import MemoryStore
from shared.state.sqlite import SqliteStore
from shared.state.store import Store
from shared.state.versions import stamp, stamped
from shared.storage.connection import blob_service
from tests.azurite.server import Azurite

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Place(Protocol):
    """Where documents last. A test opens it, as an instance does, and lays there what no store would."""

    def open(self) -> SqliteStore | BlobStore:
        """A store of it, as another instance has one."""
        ...

    def lay(self, content: bytes) -> None:
        """Lay something there as the tenant's document."""
        ...

    def found(self) -> tuple[bytes, str]:
        """What lies there as the tenant's document, and its version."""
        ...

    def remove(self) -> None:
        """Take away what lies there as the tenant's document."""
        ...

    def let_pass(self, hours: float) -> None:
        """Let time pass since the newest kept document was saved."""
        ...


class File:
    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def open(self) -> SqliteStore:
        return SqliteStore(self._path, self._clock)

    def lay(self, content: bytes) -> None:
        self.remove()
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute("INSERT INTO documents VALUES (?, ?, 7)", (TENANT, content))

    def found(self) -> tuple[bytes, str]:
        with closing(sqlite3.connect(self._path)) as connection:
            content, version = connection.execute("SELECT content, version FROM documents").fetchone()
        return content, str(version)

    def remove(self) -> None:
        self.open()._run(lambda database: database.execute("DELETE FROM documents"))

    def let_pass(self, hours: float) -> None:
        self._clock.now += timedelta(hours=hours)


class Container:
    def __init__(self, connection: StorageConnection, name: str) -> None:
        self._connection = connection
        self.name = name
        self.client = blob_service(connection).get_container_client(name)

    def open(self) -> BlobStore:
        return BlobStore(lambda: blob_service(self._connection), self.name)

    def lay(self, content: bytes) -> None:
        blob = self.client.get_blob_client(f"{TENANT}{SUFFIX}")
        notes = blob.get_blob_properties().metadata if blob.exists() else None
        blob.upload_blob(pack(content), metadata=notes, overwrite=True)

    def found(self) -> tuple[bytes, str]:
        stream = self.client.download_blob(f"{TENANT}{SUFFIX}")
        return unpack(stream.readall()), str(stream.properties.etag)

    def remove(self) -> None:
        self.client.delete_blob(f"{TENANT}{SUFFIX}")

    def let_pass(self, hours: float) -> None:
        # Storage's clock cannot be moved: what it noted is moved back instead.
        blob = self.client.get_blob_client(f"{TENANT}{SUFFIX}")
        notes = blob.get_blob_properties().metadata
        newest = stamped(notes.get(KEPT, ""))
        if newest is not None:
            blob.set_blob_metadata({**notes, KEPT: stamp(newest - timedelta(hours=hours), "")})


@pytest.fixture
def clock() -> Clock:
    """This machine's clock, by which a store in a file goes; Azure Storage goes by its own."""
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "linekeeper.db"


@pytest.fixture
def connection(request: pytest.FixtureRequest) -> StorageConnection:
    azurite: Azurite = request.getfixturevalue("azurite")
    return StorageConnection(connection_string=Secret(azurite.connection_string))


@pytest.fixture
def container(connection: StorageConnection) -> Container:
    """A container of this test's own, on Azurite."""
    name = f"state-{uuid.uuid4().hex}"
    blob_service(connection).create_container(name)
    return Container(connection, name)


@pytest.fixture(params=["sqlite", "blob"])
def place(request: pytest.FixtureRequest, database: Path, clock: Clock) -> Place:
    if request.param == "sqlite":
        return File(database, clock)
    made: Container = request.getfixturevalue("container")
    return made


@pytest.fixture(params=["memory", "sqlite", "blob"])
def open_store(request: pytest.FixtureRequest, database: Path, clock: Clock) -> Callable[[], Store]:
    """Opens the one place of a test, again and again as each instance does."""
    if request.param == "memory":
        one = MemoryStore()
        return lambda: one
    place: Place = File(database, clock) if request.param == "sqlite" else request.getfixturevalue("container")
    return place.open


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()
