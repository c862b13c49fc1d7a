"""The queue message: which users a batch of notifications named, and what it said of the subscription itself."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.model.errors import UnreadableMessage

QUEUE = "changes"


class Lifecycle(msgspec.Struct, frozen=True):
    """A lifecycle event that Graph sent about one of our subscriptions."""

    subscription: str
    event: str


class ChangeMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `users` are lower-case GUIDs; `received` is when the webhook took the notifications (UTC)."""

    v: int = 1
    tenant: str
    users: tuple[str, ...] = ()
    lifecycle: tuple[Lifecycle, ...] = ()
    received: datetime
    traceparent: str = ""


def decode_message(content: bytes) -> ChangeMessage:
    """Read a queue message.

    Raises:
        UnreadableMessage: it is none of version 1.
    """
    try:
        message = msgspec.json.decode(content, type=ChangeMessage)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise UnreadableMessage(f"a message on queue {QUEUE} cannot be read: {problem}.") from None
    if message.v != 1:
        raise UnreadableMessage(f"a message on queue {QUEUE} has version {message.v}, this service reads 1.")
    return message
