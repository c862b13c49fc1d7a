"""Clients of Azure Storage, from the settings: on Azurite, and by an identity."""

from __future__ import annotations

import threading

import pytest
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from shared.model.secret import Secret
from shared.settings_storage import StorageConnection
from shared.storage.connection import blob_service, in_time, queue_service
from tests.azurite.server import Azurite

BY_IDENTITY = StorageConnection(
    blob_url="https://lines.blob.core.windows.net", queue_url="https://lines.queue.core.windows.net"
)


def test_a_connection_string_leads_to_blobs_and_queues(azurite: Azurite) -> None:
    connection = StorageConnection(connection_string=Secret(azurite.connection_string))
    blob_service(connection).create_container("reached")
    queue_service(connection).create_queue("reached")
    assert [each.name for each in blob_service(connection).list_containers(name_starts_with="reached")] == ["reached"]
    assert [each.name for each in queue_service(connection).list_queues(name_starts_with="reached")] == ["reached"]


def test_an_account_is_reached_by_the_default_credentials() -> None:
    blobs, queues = blob_service(BY_IDENTITY), queue_service(BY_IDENTITY)
    assert isinstance(blobs.credential, DefaultAzureCredential)
    assert isinstance(queues.credential, DefaultAzureCredential)
    assert (blobs.url, queues.url) == (f"{BY_IDENTITY.blob_url}/", f"{BY_IDENTITY.queue_url}/")


def test_a_managed_identity_is_the_only_one_that_is_tried_where_the_settings_say_so() -> None:
    connection = StorageConnection(blob_url=BY_IDENTITY.blob_url, managed_identity=True, client_id="c1")
    assert isinstance(blob_service(connection).credential, ManagedIdentityCredential)


async def test_what_blocks_is_done_in_a_thread() -> None:
    assert await in_time(threading.get_ident) != threading.get_ident()


async def test_what_takes_too_long_is_not_waited_for() -> None:
    released = threading.Event()
    with pytest.raises(TimeoutError):
        await in_time(released.wait, seconds=0.01)
    released.set()
