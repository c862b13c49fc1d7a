"""What a place of the voice export must do: give it if it is another one than the last."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Export(msgspec.Struct, frozen=True):
    """An export's bytes, and what tells this one from the next."""

    content: bytes
    version: str


class ExportPlace(Protocol):
    """Where the voice export lies."""

    async def read(self, known: str) -> Export | None:
        """The export; None where its version is the known one.

        Raises:
            SourceError: it is not there, too large, or cannot be read.
        """
        ...
