"""The voice export as a file, put there whole: written beside it and renamed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from shared.exports.place import Export
from shared.model.errors import NotThere, SourceError


class ExportFile:
    """An export file of at most `largest` bytes. Its version is its file number, time and size."""

    def __init__(self, path: Path, largest: int) -> None:
        self._path = path
        self._largest = largest

    async def read(self, known: str) -> Export | None:
        """The export; None where its version is the known one.

        Raises:
            SourceError: it is not there, too large, or cannot be read.
        """
        return await asyncio.to_thread(self._read, known)

    def _read(self, known: str) -> Export | None:
        try:
            with self._path.open("rb") as file:
                # Of the file that is open: another one may be put in its place meanwhile.
                status = os.fstat(file.fileno())
                version = f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
                if version == known:
                    return None
                if status.st_size > self._largest:
                    raise SourceError(
                        f"the voice export is {status.st_size:,} bytes long, and at most {self._largest:,} are read."
                    )
                return Export(file.read(self._largest), version)
        except FileNotFoundError:
            raise NotThere("there is no voice export where LINEKEEPER_VOICE_EXPORT says.") from None
        except OSError as problem:
            raise SourceError(f"the voice export cannot be read: {problem.strerror}.") from None
