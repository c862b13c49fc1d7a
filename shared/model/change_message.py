"""The queue message: which users a batch of notifications named, and what it said of the subscription itself."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.model.queue_message import decoded

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
    return decoded(content, ChangeMessage, QUEUE)
