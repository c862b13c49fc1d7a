"""How many messages a queue holds: what the monitor asks of whatever keeps its queues, and Azure's answer."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from shared.settings_storage import StorageConnection
from shared.storage.connection import in_time, queue_service

if TYPE_CHECKING:
    from azure.storage.queue import QueueServiceClient

QUEUE_NOT_FOUND = "QueueNotFound"

_logger = logging.getLogger("linekeeper.storage")


class QueueDepth(Protocol):
    """The queues that a service's triggers are fed from: Azure's, or those of the local host."""

    async def depth(self, queue: str) -> int | None:
        """How many messages the queue holds, 0 where there is no such queue; None where that cannot be told now."""
        ...


class AzureQueueDepth:
    """The queues of a storage account.

    Azure's count is approximate: never lower than what there is, and for a while perhaps higher (Azure Storage REST
    API, "Get Queue Metadata"). So none are none. A poison queue is made with its first message; before there is none.
    """

    def __init__(self, connection: StorageConnection) -> None:
        self._connection = connection

    async def depth(self, queue: str) -> int | None:
        """How many messages the queue holds, 0 where there is no such queue; None where that cannot be told now."""
        try:
            return await in_time(lambda: self._count(queue))
        except TimeoutError:
            _logger.warning("queue %s could not be looked at in time", queue)
            return None

    @cached_property
    def _service(self) -> QueueServiceClient:
        return queue_service(self._connection)

    def _count(self, queue: str) -> int | None:
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415 - with the client, not before

        try:
            return self._service.get_queue_client(queue).get_queue_properties().approximate_message_count
        except HttpResponseError as refused:
            code = getattr(refused, "error_code", None)
            if code == QUEUE_NOT_FOUND:
                return 0
            _logger.warning("queue %s could not be looked at: %s %s", queue, refused.status_code, code or "")
        except AzureError as problem:
            _logger.warning("queue %s could not be looked at: %s", queue, type(problem).__name__)
        return None
