"""How deep Azure's queues are, on Azurite."""

from __future__ import annotations

import logging
import re

import pytest

from shared.model.secret import Secret
from shared.settings_storage import StorageConnection
from shared.storage.connection import queue_service
from shared.storage.queue_depth import AzureQueueDepth
from tests.azurite.server import Azurite


@pytest.fixture
def connection(azurite: Azurite) -> StorageConnection:
    return StorageConnection(connection_string=Secret(azurite.connection_string))


async def test_a_queue_is_as_deep_as_it_has_messages_those_in_work_included(connection: StorageConnection) -> None:
    queue = queue_service(connection).create_queue("depth-counted")
    depth = AzureQueueDepth(connection)
    assert await depth.depth("depth-counted") == 0
    for _ in range(3):
        queue.send_message("e30=")
    queue.receive_message(visibility_timeout=60)
    assert await depth.depth("depth-counted") == 3
    queue.clear_messages()
    assert await depth.depth("depth-counted") == 0


async def test_a_queue_that_nobody_has_made_is_empty(connection: StorageConnection) -> None:
    assert await AzureQueueDepth(connection).depth("depth-nobody-made-this-poison") == 0


async def test_a_queue_that_may_not_be_looked_at_tells_nothing_and_the_log_says_why(
    connection: StorageConnection, caplog: pytest.LogCaptureFixture
) -> None:
    assert connection.connection_string is not None
    known = connection.connection_string.reveal()
    key = known.partition("AccountKey=")[2].partition(";")[0]
    wrong = StorageConnection(connection_string=Secret(known.replace(key, "c2VjcmV0c2VjcmV0c2VjcmV0")))
    with caplog.at_level(logging.WARNING, logger="linekeeper"):
        assert await AzureQueueDepth(wrong).depth("changes-poison") is None
    assert "queue changes-poison could not be looked at: 403" in caplog.text
    assert "c2VjcmV0" not in caplog.text


async def test_an_account_that_is_out_of_reach_tells_nothing(
    connection: StorageConnection, caplog: pytest.LogCaptureFixture
) -> None:
    assert connection.connection_string is not None
    nowhere = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:9", connection.connection_string.reveal())
    with caplog.at_level(logging.WARNING, logger="linekeeper"):
        away = AzureQueueDepth(StorageConnection(connection_string=Secret(nowhere)))
        assert await away.depth("changes-poison") is None
    assert "queue changes-poison could not be looked at: ServiceRequestError" in caplog.text
