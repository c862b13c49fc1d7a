"""The voice export as a blob of the service's storage account: written whole by one request."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.exports.place import Export
from shared.model.errors import NotThere, SourceError
from shared.settings_storage import StorageConnection
from shared.storage.connection import blob_service, in_time

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError
    from azure.storage.blob import BlobClient

PIECE = 4 * 1024 * 1024
"""Bytes that one request brings: beside the export itself, no more than this is in memory."""

LONGEST_SECONDS = 180.0
"""For the whole of the largest export, with all retries."""

ATTEMPTS = 3
"""How often an export that is replaced while it is read is begun anew."""

ROLE = "Storage Blob Data Reader"


class ExportBlob:
    """An export blob of at most `largest` bytes. Its version is its ETag, which every write of it changes.

    `options` are those of the SDK's client (its `transport`, for one).
    """

    def __init__(
        self,
        connection: StorageConnection,
        container: str,
        name: str,
        largest: int,
        **options: Any,  # noqa: ANN401 - the SDK's own
    ) -> None:
        self._connection = connection
        self._container = container
        self._name = name
        self._largest = largest
        self._options = options

    async def read(self, known: str) -> Export | None:
        """The export; None where its version is the known one.

        Raises:
            SourceError: it is not there, too large, or cannot be read.
        """
        # Imported in the thread: the SDK takes half a second, which the loop has not.
        try:
            return await in_time(lambda: self._read(known), LONGEST_SECONDS)
        except TimeoutError:
            raise SourceError(f"the voice export could not be read within {LONGEST_SECONDS:g} seconds.") from None

    @cached_property
    def _blob(self) -> BlobClient:
        service = blob_service(self._connection, max_single_get_size=PIECE, max_chunk_get_size=PIECE, **self._options)
        return service.get_blob_client(self._container, self._name)

    def _read(self, known: str) -> Export | None:
        from azure.core.exceptions import AzureError, ResourceModifiedError  # noqa: PLC0415 - with the client

        for _ in range(ATTEMPTS):
            try:
                return self._read_once(known)
            except ResourceModifiedError:
                continue
            except AzureError as problem:
                raise _trouble(problem) from None
        raise SourceError(f"the voice export was replaced {ATTEMPTS} times while it was read.")

    def _read_once(self, known: str) -> Export | None:
        from azure.core import MatchConditions  # noqa: PLC0415 - with the client, not before

        blob = self._blob.get_blob_properties()
        if blob.etag == known:
            return None
        if blob.size > self._largest:
            raise SourceError(f"the voice export is {blob.size:,} bytes long, and at most {self._largest:,} are read.")
        content = io.BytesIO()
        # Bound to the version: every piece is of this export, or the read is begun anew.
        self._blob.download_blob(etag=blob.etag, match_condition=MatchConditions.IfNotModified).readinto(content)
        return Export(content.getvalue(), blob.etag)


def _trouble(problem: AzureError) -> SourceError:
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - with the client, not before

    from shared.storage.trouble import reason  # noqa: PLC0415 - as above

    if isinstance(problem, ResourceNotFoundError):
        return NotThere("there is no voice export where LINEKEEPER_VOICE_EXPORT says.")
    return SourceError(f"the voice export cannot be read: {reason(problem, ROLE)}.")
