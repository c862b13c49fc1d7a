"""The embedded store: one SQLite file, a row a tenant, its version a counter."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from shared.model.errors import StoreError
from shared.model.tenant import TenantState
from shared.state.document import decode, encode
from shared.state.store import Loaded

BUSY_SECONDS = 10.0

Result = TypeVar("Result")


class SqliteStore:
    """Documents in a SQLite file. Safe for several threads and processes; a save survives a crash of either."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self, tenant: str) -> Loaded:
        """The tenant's document; an empty one where none was saved yet."""
        row = await asyncio.to_thread(self._run, lambda database: _select(database, tenant))
        if row is None:
            return Loaded(TenantState(tenant=tenant), "")
        content, version = row
        return Loaded(decode(content, tenant), str(version))

    async def save(self, state: TenantState, version: str) -> bool:
        """Save the document if its stored version is still this one; tell whether it was."""
        content = encode(state)
        return await asyncio.to_thread(self._run, lambda database: _write(database, state.tenant, content, version))

    def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS documents (tenant TEXT PRIMARY KEY, content BLOB, version INTEGER)"
                )
                with database:
                    return work(database)
        except sqlite3.Error as problem:
            raise StoreError(f"LINEKEEPER_STORE: {self._path}: {problem}.") from problem


def _select(database: sqlite3.Connection, tenant: str) -> tuple[bytes, int] | None:
    row: tuple[bytes, int] | None = database.execute(
        "SELECT content, version FROM documents WHERE tenant = ?", (tenant,)
    ).fetchone()
    return row


def _write(database: sqlite3.Connection, tenant: str, content: bytes, version: str) -> bool:
    if not version:
        written = database.execute("INSERT OR IGNORE INTO documents VALUES (?, ?, 1)", (tenant, content))
    else:
        written = database.execute(
            "UPDATE documents SET content = ?, version = version + 1 WHERE tenant = ? AND version = ?",
            (content, tenant, int(version)),
        )
    return written.rowcount == 1
