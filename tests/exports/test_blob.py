"""What only a blob can do: be replaced between two requests, be refused, be out of reach."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import LinearRetry

from shared.exports.blob import ATTEMPTS, PIECE, ExportBlob
from shared.model.errors import NotThere, SourceError
from shared.model.secret import Secret
from shared.settings_storage import StorageConnection

if TYPE_CHECKING:
    from tests.exports.conftest import WrittenBlob

CONTAINER = "voice-exports"
LARGEST = 64 * 1024 * 1024


class Watched(RequestsTransport):  # type: ignore[misc]  # the SDK gives it to whoever asks by name, without a type
    """The real transport, which counts the bytes that come and lets something happen before a request."""

    def __init__(self, before: Callable[[int], None] = lambda _: None) -> None:
        super().__init__()
        self.methods: list[str] = []
        self._before = before

    def send(self, request: Any, **changed: Any) -> Any:  # noqa: ANN401 - the SDK's own types
        self.methods.append(request.method)
        self._before(len(self.methods))
        return super().send(request, **changed)


async def test_an_unchanged_export_costs_one_request_and_no_content(
    blob: WrittenBlob, connection: StorageConnection
) -> None:
    blob.write(b"x" * PIECE)
    transport = Watched()
    place = ExportBlob(connection, *blob.address, LARGEST, transport=transport)
    export = await place.read("")
    assert export is not None
    assert transport.methods == ["HEAD", "GET"]
    assert await place.read(export.version) is None
    assert transport.methods == ["HEAD", "GET", "HEAD"]


async def test_what_is_too_large_is_refused_before_a_byte_of_it_comes(
    blob: WrittenBlob, connection: StorageConnection
) -> None:
    blob.write(b"x" * 1000)
    transport = Watched()
    with pytest.raises(SourceError, match="is 1,000 bytes long, and at most 999 are read"):
        await ExportBlob(connection, *blob.address, 999, transport=transport).read("")
    assert transport.methods == ["HEAD"]


@pytest.mark.parametrize("request_number", [2, 3])
async def test_an_export_that_is_replaced_while_it_is_read_is_read_anew_and_never_half_of_each(
    blob: WrittenBlob, connection: StorageConnection, request_number: int
) -> None:
    blob.write(b"a" * (PIECE * 2))
    new = b"b" * (PIECE * 2)
    transport = Watched(lambda number: blob.write(new) if number == request_number else None)
    export = await ExportBlob(connection, *blob.address, LARGEST, transport=transport).read("")
    assert export is not None
    assert export.content == new
    assert export.version == blob.blob.get_blob_properties().etag


async def test_an_export_that_is_replaced_again_and_again_is_given_up(
    blob: WrittenBlob, connection: StorageConnection
) -> None:
    blob.write(b"a")
    transport = Watched(lambda number: blob.write(b"b") if number % 2 == 0 else None)
    with pytest.raises(SourceError, match=f"was replaced {ATTEMPTS} times while it was read"):
        await ExportBlob(connection, *blob.address, LARGEST, transport=transport).read("")


async def test_a_container_that_is_not_there_is_told_as_an_export_that_is_not(connection: StorageConnection) -> None:
    with pytest.raises(NotThere):
        await ExportBlob(connection, "nobody-made-this", "voice.json", LARGEST).read("")


async def test_a_refusal_names_the_role_that_is_missing_and_no_secret(
    blob: WrittenBlob, connection: StorageConnection
) -> None:
    blob.write(b"{}")
    assert connection.connection_string is not None
    known = connection.connection_string.reveal()
    key = known.partition("AccountKey=")[2].partition(";")[0]
    wrong = StorageConnection(connection_string=Secret(known.replace(key, "c2VjcmV0c2VjcmV0c2VjcmV0")))
    with pytest.raises(SourceError, match="Storage Blob Data Reader") as refused:
        await ExportBlob(wrong, *blob.address, LARGEST).read("")
    assert "403" in str(refused.value)
    assert not any(word in str(refused.value) for word in ("http", "c2VjcmV0", "devstore"))


async def test_an_account_that_is_out_of_reach_is_told_without_its_address(connection: StorageConnection) -> None:
    assert connection.connection_string is not None
    known = connection.connection_string.reveal()
    away = StorageConnection(connection_string=Secret(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:9", known)))
    place = ExportBlob(away, "linekeeper", "voice.json", LARGEST, retry_policy=LinearRetry(retry_total=0))
    with pytest.raises(SourceError) as failed:
        await place.read("")
    assert str(failed.value) == (
        "the voice export cannot be read: Azure Storage cannot be reached (ServiceRequestError): see that "
        "AzureWebJobsStorage names the right account, and that the network leads to it."
    )


async def test_where_there_is_no_identity_the_reason_is_told_and_not_an_answer_that_nobody_gave(
    connection: StorageConnection,
) -> None:
    def refuse(_: int) -> None:
        raise ClientAuthenticationError("no identity")

    place = ExportBlob(connection, CONTAINER, "voice.json", LARGEST, transport=Watched(refuse))
    with pytest.raises(SourceError, match=r"cannot be read: no identity was found to reach Azure Storage with \("):
        await place.read("")
