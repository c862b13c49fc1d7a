"""Clients of Azure Storage, from the settings.

They are the SDK's synchronous ones, to be used in a thread (`in_time`): their import takes 434 ms for blobs and queues
against 550 ms of the asynchronous ones, they belong to no event loop, need no closing, and what must be packed or
unpacked does so in the same thread. The SDK is imported when the first client is made: the webhook makes none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from shared.settings_storage import StorageConnection

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobServiceClient
    from azure.storage.queue import QueueServiceClient

CONNECT_SECONDS = 5
READ_SECONDS = 15
"""Without a byte for so long, a request is given up and tried again."""

RETRIES = 2
RETRY_SECONDS = 1.0

LONGEST_SECONDS = 60.0
"""One operation with all its retries: nothing that asks storage waits longer."""

Result = TypeVar("Result")


async def in_time(work: Callable[[], Result], seconds: float = LONGEST_SECONDS) -> Result:
    """Do what blocks in a thread, and do not wait for it longer than this.

    What runs out of time may still take effect: only what is safe to find done belongs here, such as a write that is
    bound to a version.

    Raises:
        TimeoutError: it took longer.
    """
    return await asyncio.wait_for(asyncio.to_thread(work), seconds)


def blob_service(connection: StorageConnection, **changed: Any) -> BlobServiceClient:  # noqa: ANN401 - the SDK's own
    """The account's blobs; `changed` are options of the SDK's client (its `transport`, for one)."""
    from azure.storage.blob import BlobServiceClient, LinearRetry  # noqa: PLC0415 - 390 ms that only blobs need

    options: dict[str, Any] = {**_options(LinearRetry), **changed}
    if connection.connection_string is not None:
        return BlobServiceClient.from_connection_string(connection.connection_string.reveal(), **options)
    credential = options.pop("credential", None) or _credential(connection)
    return BlobServiceClient(connection.blob_url, credential=credential, **options)


def queue_service(connection: StorageConnection, **changed: Any) -> QueueServiceClient:  # noqa: ANN401 - the SDK's own
    """The account's queues; `changed` are options of the SDK's client (its `transport`, for one)."""
    from azure.storage.queue import LinearRetry, QueueServiceClient  # noqa: PLC0415 - 330 ms that only queues need

    options: dict[str, Any] = {**_options(LinearRetry), **changed}
    if connection.connection_string is not None:
        return QueueServiceClient.from_connection_string(connection.connection_string.reveal(), **options)
    credential = options.pop("credential", None) or _credential(connection)
    return QueueServiceClient(connection.queue_url, credential=credential, **options)


def _options(retry: Callable[..., object]) -> dict[str, Any]:
    """Bounds for every request: the SDK's own wait for minutes. Its log of every request is for its own makers."""
    logging.getLogger("azure").setLevel(logging.WARNING)
    # Half a second to one and a half, so that instances that were refused together do not come back together.
    policy = retry(backoff=RETRY_SECONDS, retry_total=RETRIES, random_jitter_range=RETRY_SECONDS / 2)
    return {"retry_policy": policy, "connection_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}


def _credential(connection: StorageConnection) -> TokenCredential:
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415 - identities only

    chosen = connection.client_id or None
    if connection.managed_identity:
        return ManagedIdentityCredential(client_id=chosen)
    return DefaultAzureCredential(managed_identity_client_id=chosen)
