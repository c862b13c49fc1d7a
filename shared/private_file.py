"""A file that only its owner may read, whatever the umask: for what holds names and telephone numbers."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

_making = threading.Lock()


def make_private(path: Path) -> None:
    """Make an empty file of mode 0600 where there is none; one that exists stays as it is.

    SQLite takes an empty file for a new database, and gives its WAL and journal the mode of the database (`os_unix.c`,
    findCreateFileMode). Where the file cannot be made nothing happens: whoever opens it says why in its own words.
    """
    # One at a time: that a descriptor is closed drops the locks that another thread holds on the same file (POSIX).
    with _making, suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
