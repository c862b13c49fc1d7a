"""The document as bytes: JSON under a schema version. What cannot be read is refused and never overwritten."""

from __future__ import annotations

import msgspec

from shared.model.errors import StoreError
from shared.model.tenant import SCHEMA, TenantState

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(TenantState)


class _Versioned(msgspec.Struct):
    schema: int


_VERSION = msgspec.json.Decoder(_Versioned)


def encode(state: TenantState) -> bytes:
    """The document's bytes."""
    return _ENCODER.encode(state)


def decode(content: bytes, tenant: str) -> TenantState:
    """The document of a tenant from its bytes.

    Raises:
        StoreError: it is of a newer schema, of another tenant, or no document.
    """
    try:
        schema = _VERSION.decode(content).schema
        if schema > SCHEMA:
            raise StoreError(f"the stored document has schema {schema}, this version reads up to {SCHEMA}: upgrade.")
        state = _DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise StoreError(f"the stored document cannot be read ({problem}); it is left as it is.") from None
    if state.tenant != tenant:
        raise StoreError(f"the stored document is of tenant {state.tenant}, not of {tenant}.")
    return state
