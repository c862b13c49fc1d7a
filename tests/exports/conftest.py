from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from shared.exports.blob import ExportBlob
from shared.exports.file import ExportFile
from shared.exports.place import ExportPlace
from shared.model.secret import Secret
from shared.settings_storage import StorageConnection
from shared.storage.connection import blob_service
from tests.azurite.server import Azurite

CONTAINER = "voice-exports"


class Written(Protocol):
    """A place of the export, seen from the exporter."""

    def write(self, content: bytes) -> None: ...

    def remove(self) -> None: ...

    def place(self, largest: int) -> ExportPlace: ...


class WrittenFile:
    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, content: bytes) -> None:
        beside = self._path.with_suffix(".tmp")
        beside.write_bytes(content)
        beside.rename(self._path)

    def remove(self) -> None:
        self._path.unlink()

    def place(self, largest: int) -> ExportPlace:
        return ExportFile(self._path, largest)


class WrittenBlob:
    def __init__(self, connection: StorageConnection, name: str) -> None:
        self._connection = connection
        self._name = name
        container = blob_service(connection).get_container_client(CONTAINER)
        if not container.exists():
            container.create_container()
        self.blob = container.get_blob_client(name)

    @property
    def address(self) -> tuple[str, str]:
        return CONTAINER, self._name

    def write(self, content: bytes) -> None:
        self.blob.upload_blob(content, overwrite=True)

    def remove(self) -> None:
        self.blob.delete_blob()

    def place(self, largest: int) -> ExportPlace:
        return ExportBlob(self._connection, CONTAINER, self._name, largest)


@pytest.fixture
def connection(azurite: Azurite) -> StorageConnection:
    return StorageConnection(connection_string=Secret(azurite.connection_string))


@pytest.fixture
def blob(connection: StorageConnection, request: pytest.FixtureRequest) -> WrittenBlob:
    """A blob of this test's own, in a folder, which is not there yet."""
    return WrittenBlob(connection, f"{request.node.name}/voice.json")


@pytest.fixture(params=["file", "blob"])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Written:
    """Each of the two places, of this test's own, where nothing lies yet."""
    make: dict[str, Callable[[], Written]] = {
        "file": lambda: WrittenFile(tmp_path / "voice.json"),
        "blob": lambda: request.getfixturevalue("blob"),
    }
    return make[request.param]()
