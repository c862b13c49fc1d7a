"""The SQLite file under the queues and the timers, and the thread on which the host uses it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from shared.host.errors import QueueStoreError
from shared.private_file import make_private

P = ParamSpec("P")
T = TypeVar("T")

LOCK_TIMEOUT = 30.0
"""Seconds that a statement waits for another process to let go of the file."""

IN_MEMORY = ":memory:"
"""A path that is no file's."""

_LOCK_PAUSE = 0.02


class Database:
    """One SQLite file, shared by threads through this object and by processes through WAL.

    Args:
        path: the file; it is created when missing, for its owner's eyes only. Its folder is not.

    Raises:
        QueueStoreError: the file cannot be opened or is no SQLite database.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        if str(path) != IN_MEMORY:
            make_private(Path(path))
        try:
            self._connection = sqlite3.connect(
                path, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise QueueStoreError(f"the queue file {path} cannot be opened: {error}") from error
        try:
            self._use_wal()
            self._connection.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error as error:
            self._connection.close()
            raise QueueStoreError(f"the queue file {path} cannot be opened: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: all of it or, after an error, nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for single statements that change nothing."""
        with self._lock:
            yield self._connection

    def close(self) -> None:
        """Closes the file; closing twice is fine."""
        with self._lock:
            self._connection.close()

    def _use_wal(self) -> None:
        # Switching needs the file for itself and, unlike other statements, does not wait for it. Where there is no
        # WAL (in memory, on some network drives) SQLite keeps the mode it has, and that serves one process.
        deadline = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_LOCK_PAUSE)
            else:
                return


class StorageThread:
    """Runs blocking storage calls one after the other off the event loop, which must never wait for a disk."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="host-storage")

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result; its exceptions come through."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: call(*args, **kwargs))

    def close(self) -> None:
        """Ends the thread after the calls that it has been given."""
        self._pool.shutdown(wait=True)
