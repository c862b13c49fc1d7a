"""The store on Azure: one packed blob a tenant in a container, its version the ETag that storage gave it.

Every time that decides anything here is the server's: an instance whose clock is wrong keeps the same documents, under
the same names, as all others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from shared.model.errors import DocumentUnreadable, StoreError
from shared.model.tenant import SCHEMA, TenantState
from shared.state.container import Blob, BlobContainer, Unchanged
from shared.state.document import LARGEST, encode, pack, read, unpack
from shared.state.store import Loaded, Stored
from shared.state.versions import KEEP, KeptVersion, is_due, is_held, stamp, stamped, the_one

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

SUFFIX = ".json.gz"
KEPT = "kept"
"""The note beside a document that says when the newest of the kept ones had been saved."""

_NO_VERSION = '"0x0"'
_NEVER = datetime.min.replace(tzinfo=UTC)


class _Known(msgspec.Struct, frozen=True):
    """A document as it was read or saved last: while its version is current, it need not be fetched and read again."""

    blob: Blob
    state: TenantState
    schema: int


class BlobStore:
    """Documents in a container of Azure Storage. Safe for any number of instances.

    Packing and reading happen in the thread that also waits for storage; while JSON itself is read or written, other
    threads wait, 0.15 s for 50,000 accounts.
    """

    def __init__(self, service: Callable[[], BlobServiceClient], container: str) -> None:
        self._container = BlobContainer(service, container, LARGEST)
        self._known: dict[str, _Known] = {}

    async def load(self, tenant: str) -> Loaded:
        """The tenant's document; an empty one where none was saved yet."""
        return await self._container.run(lambda container: self._load(container, tenant))

    async def save(self, state: TenantState, version: str) -> bool:
        """Save the document if its stored version is still this one; tell whether it was."""
        return await self._container.run(lambda container: self._save(container, state, version, always=False))

    async def replace(self, state: TenantState, version: str) -> bool:
        """Save a document in place of one that need not be readable, and keep that one, whatever the hour."""
        return await self._container.run(lambda container: self._save(container, state, version, always=True))

    async def stored(self, tenant: str) -> Stored | None:
        """What is stored now; None where nothing is."""
        return await self._container.run(lambda container: _stored(container, tenant))

    async def kept(self, tenant: str) -> tuple[KeptVersion, ...]:
        """The documents that are kept, the newest first."""
        return await self._container.run(lambda container: _kept(container, tenant))

    async def kept_content(self, tenant: str, name: str) -> bytes:
        """A kept document's bytes.

        Raises:
            StoreError: there is none of that name.
        """
        return await self._container.run(lambda container: _kept_content(container, tenant, name))

    async def claim(self, tenant: str, name: str, *, now: datetime, until: datetime) -> bool:
        """Take a thing on until a time, unless somebody has; tell whether it was taken."""
        return await self._container.run(lambda container: _claim(container, _mark(tenant, name), now, until))

    async def hold(self, tenant: str, name: str, *, now: datetime, until: datetime) -> None:
        """Keep what was claimed until another time; one that has passed lets go of it."""
        await self._container.run(lambda container: _claim(container, _mark(tenant, name), now, until, held=True))

    async def look(self, tenant: str) -> None:
        """See that the document can be read, where there is one, and that the container may be written; change nothing.

        Raises:
            StoreError: one of both is not so; the text says why.
        """
        await self.load(tenant)
        # No blob has this version: whoever may write is told so, and whoever may not is told that.
        await self._container.run(lambda container: container.put(_document(tenant), b"", _NO_VERSION))

    def _load(self, container: BlobContainer, tenant: str) -> Loaded:
        known = self._known.get(tenant)
        found = container.fetch(_document(tenant), known.blob.etag if known is not None else "")
        if known is not None and isinstance(found, Unchanged):
            return Loaded(known.state, known.blob.etag)
        self._known.pop(tenant, None)
        if not isinstance(found, Blob):
            return Loaded(TenantState(tenant=tenant), "")
        document = read(unpack(found.content), tenant)
        self._known[tenant] = _Known(found, document.state, document.schema)
        return Loaded(document.state, found.etag)

    def _save(self, container: BlobContainer, state: TenantState, version: str, *, always: bool) -> bool:
        packed = pack(encode(state))
        notes: dict[str, str] = {}
        if version:
            before, is_old = self._before(container, state.tenant, version)
            if before is None:
                return False
            # Kept before it is replaced: whoever else replaces it keeps the same under the same name.
            newest = stamped(before.notes.get(KEPT, ""))
            if always or is_old or is_due(newest, before.saved):
                _keep(container, state.tenant, before)
                newest = before.saved
            notes = {KEPT: stamp(newest, "")} if newest is not None else {}
        saved = container.put(_document(state.tenant), packed, version, notes)
        if saved is None:
            return False
        self._known[state.tenant] = _Known(saved, state, SCHEMA)
        return True

    def _before(self, container: BlobContainer, tenant: str, version: str) -> tuple[Blob | None, bool]:
        """The blob that a save is to replace, whether it can be read or not; and whether its schema is an older one."""
        known = self._known.get(tenant)
        if known is not None and known.blob.etag == version:
            return known.blob, known.schema < SCHEMA
        found = container.fetch(_document(tenant))
        return (found, False) if isinstance(found, Blob) and found.etag == version else (None, False)


def _document(tenant: str) -> str:
    return f"{tenant}{SUFFIX}"


def _versions(tenant: str) -> str:
    return f"{tenant}/versions/"


def _mark(tenant: str, name: str) -> str:
    return f"{tenant}/marks/{name}"


def _stored(container: BlobContainer, tenant: str) -> Stored | None:
    found = container.fetch(_document(tenant))
    if not isinstance(found, Blob):
        return None
    try:
        content = unpack(found.content)
    except DocumentUnreadable:
        content = found.content
    return Stored(content, found.etag)


def _kept(container: BlobContainer, tenant: str) -> tuple[KeptVersion, ...]:
    folder = _versions(tenant)
    names = ((name.removeprefix(folder).removesuffix(SUFFIX), size) for name, size in container.listed(folder))
    there = (KeptVersion(name, saved, size) for name, size in names if (saved := stamped(name)) is not None)
    return tuple(sorted(there, key=lambda each: (each.saved, each.name), reverse=True))


def _kept_content(container: BlobContainer, tenant: str, name: str) -> bytes:
    meant = the_one(_kept(container, tenant), name)
    found = container.fetch(f"{_versions(tenant)}{meant.name}{SUFFIX}")
    if not isinstance(found, Blob):
        raise StoreError(f"{meant.name} is no longer kept: see linekeeper document list.")
    return unpack(found.content)


def _keep(container: BlobContainer, tenant: str, blob: Blob) -> None:
    name = stamp(blob.saved, blob.etag.strip('"').removeprefix("0x"))
    container.put(f"{_versions(tenant)}{name}{SUFFIX}", blob.content, "")
    for outlived in _kept(container, tenant)[KEEP:]:
        container.remove(f"{_versions(tenant)}{outlived.name}{SUFFIX}")


def _claim(container: BlobContainer, mark: str, now: datetime, until: datetime, *, held: bool = False) -> bool:
    """Write a mark, unless it is held by somebody else; tell whether it was written."""
    found = container.fetch(mark)
    version = found.etag if isinstance(found, Blob) else ""
    if isinstance(found, Blob) and not held and is_held(_until(found), now=now):
        return False
    return container.put(mark, until.isoformat().encode(), version) is not None


def _until(mark: Blob) -> datetime:
    try:
        return datetime.fromisoformat(mark.content.decode()).astimezone(UTC)
    except (ValueError, OverflowError):  # not ours: it holds nobody
        return _NEVER
