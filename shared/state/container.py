"""A container of blobs as the blob store uses it: whole blobs under their versions, errors in the product's words."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from shared.model.errors import DocumentUnreadable, StoreError
from shared.storage.connection import in_time
from shared.storage.trouble import code_of, reason

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient, ContainerClient

ROLE = "Storage Blob Data Owner or Contributor"
NOT_MODIFIED = 304
WRITE = "write"
"""The note beside a blob that tells one write of it from all others."""

_CONFLICTS = {"BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"}

Result = TypeVar("Result")


class Blob(msgspec.Struct, frozen=True):
    """A blob's bytes, its version, when it was saved by the server's clock, and what was noted beside it."""

    content: bytes
    etag: str
    saved: datetime
    notes: dict[str, str] = {}


class Unchanged:
    """The blob is the version that is known already."""


class BlobContainer:
    """A container of this name; its client is made when it is first used, by whoever is in a thread for it."""

    def __init__(self, service: Callable[[], BlobServiceClient], name: str, largest: int) -> None:
        self._service = service
        self._name = name
        self._largest = largest

    @cached_property
    def _client(self) -> ContainerClient:
        return self._service().get_container_client(self._name)

    async def run(self, work: Callable[[BlobContainer], Result]) -> Result:
        """Do what blocks in a thread, and say in words what went wrong.

        Raises:
            StoreError: storage did not do it; the text names the container and the remedy.
        """
        try:
            return await in_time(lambda: work(self))
        except (AzureError, TimeoutError) as problem:
            missing = isinstance(problem, ResourceNotFoundError) and code_of(problem) == "ContainerNotFound"
            why = "it is not there: create it in the storage account" if missing else reason(problem, ROLE)
            raise StoreError(f"LINEKEEPER_STORE: container {self._name}: {why}.") from None

    def fetch(self, name: str, known: str = "") -> Blob | Unchanged | None:
        """A blob; None where there is none.

        Args:
            name: the blob's.
            known: a version of it; where that is still the current one, nothing is fetched.

        Raises:
            DocumentUnreadable: it is larger than what is read.
        """
        try:
            stream = self._client.get_blob_client(name).download_blob(**_if(MatchConditions.IfModified, known))
        except HttpResponseError as problem:
            if problem.status_code == NOT_MODIFIED:
                return Unchanged()
            if isinstance(problem, ResourceNotFoundError) and code_of(problem) == "BlobNotFound":
                return None
            raise
        if stream.size > self._largest:
            raise DocumentUnreadable(
                f"the stored document has {stream.size:,} bytes, and at most {self._largest:,} are read; it is left "
                "as it is."
            )
        found = stream.properties
        return Blob(stream.readall(), found.etag, found.last_modified, dict(found.metadata or {}))

    def put(self, name: str, content: bytes, version: str, notes: dict[str, str] | None = None) -> Blob | None:
        """Write a blob if its version is still this one, "" if there is none; None where it is not.

        A write whose answer was lost is tried again by the SDK, and then refused because of itself: so each carries a
        note of its own, by which it is known again, unless somebody else has written since.
        """
        blob = self._client.get_blob_client(name)
        noted = {**(notes or {}), WRITE: uuid.uuid4().hex}
        try:
            answer = blob.upload_blob(
                content, metadata=noted, overwrite=bool(version), **_if(MatchConditions.IfNotModified, version)
            )
        except HttpResponseError as problem:
            if code_of(problem) not in _CONFLICTS:
                raise
            found = _properties(blob)
            if found is None or (found.metadata or {}).get(WRITE) != noted[WRITE]:
                return None
            return Blob(content, found.etag, found.last_modified, noted)
        return Blob(content, answer["etag"], answer["last_modified"], noted)

    def listed(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The names behind a prefix, in their order, and their sizes."""
        for blob in self._client.list_blobs(name_starts_with=prefix):
            yield blob.name, blob.size or 0

    def remove(self, name: str) -> None:
        """Remove a blob, if it is there."""
        try:
            self._client.get_blob_client(name).delete_blob()
        except ResourceNotFoundError as problem:
            if code_of(problem) != "BlobNotFound":
                raise


def _properties(blob: BlobClient) -> BlobProperties | None:
    try:
        return blob.get_blob_properties()
    except ResourceNotFoundError:
        return None


def _if(condition: MatchConditions, version: str) -> dict[str, Any]:
    """The condition that a version must meet; none where there is no version."""
    return {"etag": version, "match_condition": condition} if version else {}
