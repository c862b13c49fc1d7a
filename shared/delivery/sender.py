"""What a channel must do with a message, and what may come of it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from shared.model.alert import Message


class Delivered(msgspec.Struct, frozen=True):
    """The channel took the message (a Workflows webhook only says that it accepted it).

    `receipt` names the card where it can be updated in place.
    """

    receipt: str = ""


class Delayed(msgspec.Struct, frozen=True):
    """Not now: try again, after `retry_after` seconds where the channel says so."""

    reason: str
    retry_after: float | None = None


class Refused(msgspec.Struct, frozen=True):
    """Never: the same message would be refused again."""

    reason: str


Result = Delivered | Delayed | Refused


class Sender(Protocol):
    """A channel."""

    async def send(self, message: Message, receipt: str = "") -> Result:
        """Send a message once and say what came of it; a failure is a result, not an error.

        `receipt` is that of the group's card that still stands, where there is one: it may be updated instead.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
