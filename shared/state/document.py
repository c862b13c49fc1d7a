"""The document as bytes: JSON under a schema version. What cannot be read is refused and never overwritten."""

from __future__ import annotations

import gzip
import zlib

import msgspec

from shared.model.errors import DocumentTooLarge, DocumentUnreadable
from shared.model.tenant import SCHEMA, TenantState
from shared.state.migrations import OLDEST, migrated

LARGEST = 64 * 1024 * 1024
"""Bytes of a document at most. One of 50,000 accounts has 36 million; above this one, a step would take a second and
half of the memory of the smallest instance that Azure offers."""

PACKING = 1
"""gzip's level: on 36 MB, the best one saves a sixth of the bytes for twice the time."""

_NAMED_PARTS = 3
_GZIP = 16 + zlib.MAX_WBITS

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(TenantState)


class _Versioned(msgspec.Struct):
    schema: int


_VERSION = msgspec.json.Decoder(_Versioned)


class Read(msgspec.Struct, frozen=True):
    """A document, and the schema that it was stored in."""

    state: TenantState
    schema: int


def encode(state: TenantState) -> bytes:
    """The document's bytes.

    Raises:
        DocumentTooLarge: they are more than are read again; the text says what fills them.
    """
    content = _ENCODER.encode(state)
    if len(content) > LARGEST:
        raise DocumentTooLarge(
            f"the document has {len(content):,} bytes, and at most {LARGEST:,} are saved; what was saved before is "
            f"left as it is. Most of it are {_largest_parts(state)}: switch off in the TOML file's [sources] what can "
            "be done without, or leave out LINEKEEPER_VOICE_EXPORT."
        )
    return content


def decode(content: bytes, tenant: str) -> TenantState:
    """The document of a tenant from its bytes, brought to today's schema.

    Raises:
        DocumentUnreadable: it is of a newer schema, of another tenant, or no document.
    """
    return read(content, tenant).state


def read(content: bytes, tenant: str) -> Read:
    """The document of a tenant from its bytes, brought to today's schema, with the one that it was stored in.

    Raises:
        DocumentUnreadable: it is of a newer schema, of another tenant, or no document.
    """
    try:
        schema = _VERSION.decode(content).schema
        if schema > SCHEMA:
            raise DocumentUnreadable(
                f"the stored document has schema {schema}, this version reads up to {SCHEMA}: upgrade."
            )
        if schema < OLDEST:
            raise DocumentUnreadable(f"the stored document has schema {schema}, which there never was.")
        state = _DECODER.decode(content if schema == SCHEMA else migrated(content, schema))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise DocumentUnreadable(f"the stored document cannot be read ({problem}); it is left as it is.") from None
    if state.tenant != tenant:
        raise DocumentUnreadable(f"the stored document is of tenant {state.tenant}, not of {tenant}.")
    return Read(state, schema)


def pack(content: bytes) -> bytes:
    """A document's bytes, packed; equal ones pack equally."""
    return gzip.compress(content, PACKING, mtime=0)


def unpack(packed: bytes) -> bytes:
    """What `pack` was given. A bomb is not unpacked further than a document may be.

    Raises:
        DocumentUnreadable: it is not packed, damaged, or more than a document.
    """
    unpacking = zlib.decompressobj(_GZIP)
    try:
        content = unpacking.decompress(packed, LARGEST + 1)
    except zlib.error as problem:
        raise DocumentUnreadable(f"the stored document cannot be unpacked ({problem}); it is left as it is.") from None
    if len(content) > LARGEST:
        raise DocumentUnreadable(f"the stored document has more than {LARGEST:,} bytes; it is left as it is.")
    if not unpacking.eof or unpacking.unused_data:
        raise DocumentUnreadable("the stored document is cut off, or more follows its end; it is left as it is.")
    return content


def _largest_parts(state: TenantState) -> str:
    sizes = {name: len(msgspec.json.encode(getattr(state, name))) for name in TenantState.__struct_fields__}
    largest = sorted(sizes.items(), key=lambda pair: -pair[1])[:_NAMED_PARTS]
    return ", ".join(f"{name} ({size:,} bytes)" for name, size in largest)
