"""Queue messages as they are read: of version 1, or refused."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from shared.model.errors import UnreadableMessage

VERSION = 1


class _Versioned(Protocol):
    @property
    def v(self) -> int: ...


Kind = TypeVar("Kind", bound=_Versioned)


def decoded(content: bytes, kind: type[Kind], queue: str) -> Kind:
    """Read a message of a queue.

    Raises:
        UnreadableMessage: it is none of this kind and version; the text names the queue.
    """
    try:
        message = msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise UnreadableMessage(f"a message on queue {queue} cannot be read: {problem}.") from None
    if message.v != VERSION:
        raise UnreadableMessage(f"a message on queue {queue} has version {message.v}, this service reads {VERSION}.")
    return message
