"""The embedded store: one SQLite file, a row a tenant, its version a counter."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from shared.model.errors import StoreError
from shared.model.tenant import SCHEMA, TenantState
from shared.private_file import make_private
from shared.state.document import encode, pack, read, unpack
from shared.state.store import Loaded, Stored
from shared.state.versions import KEEP, KeptVersion, is_due, is_held, stamp, the_one

BUSY_SECONDS = 10.0

_TABLES = (
    "CREATE TABLE IF NOT EXISTS documents (tenant TEXT PRIMARY KEY, content BLOB, version INTEGER)",
    "CREATE TABLE IF NOT EXISTS saved (tenant TEXT PRIMARY KEY, version INTEGER, at TEXT)",
    """CREATE TABLE IF NOT EXISTS kept
        (tenant TEXT, version INTEGER, saved TEXT, content BLOB, PRIMARY KEY (tenant, version))""",
    "CREATE TABLE IF NOT EXISTS marks (tenant TEXT, name TEXT, until TEXT, PRIMARY KEY (tenant, name))",
)

_PRIMARY = 0xFF
"""The bits of an error's code that say its kind (SQLite, "Result and Error Codes")."""

_FORBIDDEN = {sqlite3.SQLITE_READONLY: "written", sqlite3.SQLITE_PERM: "written", sqlite3.SQLITE_CANTOPEN: "opened"}

Result = TypeVar("Result")


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class SqliteStore:
    """Documents in a SQLite file. Safe for several threads and processes; a save survives a crash of either.

    What was replaced is kept packed, in the order of the versions: a clock that is wrong cannot change it.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self._path = path
        self._clock = clock
        self._migrated: dict[str, str] = {}
        """The version of a tenant's document that was last read in an older schema."""

    async def load(self, tenant: str) -> Loaded:
        """The tenant's document; an empty one where none was saved yet."""
        return await asyncio.to_thread(self._load, tenant)

    async def save(self, state: TenantState, version: str) -> bool:
        """Save the document if its stored version is still this one; tell whether it was."""
        always = bool(version) and self._migrated.get(state.tenant) == version
        return await asyncio.to_thread(self._save, state, version, always=always)

    async def replace(self, state: TenantState, version: str) -> bool:
        """Save a document in place of one that need not be readable, and keep that one, whatever the hour."""
        return await asyncio.to_thread(self._save, state, version, always=True)

    async def stored(self, tenant: str) -> Stored | None:
        """What is stored now; None where nothing is."""
        row = await asyncio.to_thread(self._run, lambda database: _select(database, tenant))
        return Stored(row[0], str(row[1])) if row is not None else None

    async def kept(self, tenant: str) -> tuple[KeptVersion, ...]:
        """The documents that are kept, the newest first."""
        return await asyncio.to_thread(self._run, lambda database: _kept(database, tenant))

    async def kept_content(self, tenant: str, name: str) -> bytes:
        """A kept document's bytes.

        Raises:
            StoreError: there is none of that name.
        """

        def fetch(database: sqlite3.Connection) -> bytes:
            version = the_one(_kept(database, tenant), name).name.partition("-")[2]
            row: tuple[bytes] = database.execute(
                "SELECT content FROM kept WHERE tenant = ? AND version = ?", (tenant, int(version))
            ).fetchone()
            return row[0]

        return unpack(await asyncio.to_thread(self._run, fetch))

    async def claim(self, tenant: str, name: str, *, now: datetime, until: datetime) -> bool:
        """Take a thing on until a time, unless somebody has; tell whether it was taken."""

        def take(database: sqlite3.Connection) -> bool:
            database.execute("BEGIN IMMEDIATE")
            row = database.execute("SELECT until FROM marks WHERE tenant = ? AND name = ?", (tenant, name)).fetchone()
            if row is not None and is_held(datetime.fromisoformat(row[0]), now=now):
                return False
            _mark(database, tenant, name, until)
            return True

        return await asyncio.to_thread(self._run, take)

    async def hold(self, tenant: str, name: str, *, now: datetime, until: datetime) -> None:  # noqa: ARG002 - as all
        """Keep what was claimed until another time; one that has passed lets go of it."""
        await asyncio.to_thread(self._run, lambda database: _mark(database, tenant, name, until))

    def _load(self, tenant: str) -> Loaded:
        row = self._run(lambda database: _select(database, tenant))
        if row is None:
            return Loaded(TenantState(tenant=tenant), "")
        content, version = row
        found = read(content, tenant)
        if found.schema < SCHEMA:
            self._migrated[tenant] = str(version)
        return Loaded(found.state, str(version))

    def _save(self, state: TenantState, version: str, *, always: bool) -> bool:
        content, now = encode(state), self._clock()

        def write(database: sqlite3.Connection) -> bool:
            # The right to write at once: what is kept must be what is then replaced.
            database.execute("BEGIN IMMEDIATE")
            if version:
                _keep(database, state.tenant, version, now, always=always)
            if not _write(database, state.tenant, content, version):
                database.rollback()
                return False
            database.execute(
                "INSERT OR REPLACE INTO saved SELECT tenant, version, ? FROM documents WHERE tenant = ?",
                (now.isoformat(), state.tenant),
            )
            return True

        return self._run(write)

    def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        make_private(self._path)
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as database:
                for table in _TABLES:
                    database.execute(table)
                with database:
                    return work(database)
        except sqlite3.Error as problem:
            raise StoreError(f"LINEKEEPER_STORE: {why_not(self._path, problem)}") from problem


def why_not(path: Path, problem: sqlite3.Error | None = None) -> str:
    """Why a file cannot be used as it should be, with its path and what to do, as a sentence."""
    path = path.absolute()
    if path.is_dir():
        return f"{path} is a folder: name a file in it, such as sqlite:{path / 'linekeeper.db'}."
    if not path.parent.is_dir():
        return f"{path} cannot be opened: there is no folder {path.parent}. Make it, or give another path."
    code = getattr(problem, "sqlite_errorcode", 0) & _PRIMARY
    if code == sqlite3.SQLITE_NOTADB:
        return f"{path} is no SQLite database, and is left as it is: move it away, or give another path."
    if problem is None or code in _FORBIDDEN:
        return f"{path} cannot be {_FORBIDDEN.get(code, 'written')}: run this as its owner, or give another path."
    return f"{path}: {problem}."


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


def _kept(database: sqlite3.Connection, tenant: str) -> tuple[KeptVersion, ...]:
    rows = database.execute(
        "SELECT version, saved, length(content) FROM kept WHERE tenant = ? ORDER BY version DESC", (tenant,)
    )
    return tuple(
        KeptVersion(stamp(saved, str(version)), saved, size)
        for version, text, size in rows
        for saved in (datetime.fromisoformat(text),)
    )


def _keep(database: sqlite3.Connection, tenant: str, version: str, now: datetime, *, always: bool) -> None:
    """Keep the document that is about to be replaced, if it is time to, and let go of the oldest."""
    at = (tenant, int(version))
    row = database.execute("SELECT at FROM saved WHERE tenant = ? AND version = ?", at).fetchone()
    saved = datetime.fromisoformat(row[0]) if row is not None else now
    newest = next(iter(_kept(database, tenant)), None)
    if not always and not is_due(newest.saved if newest is not None else None, saved):
        return
    found = database.execute("SELECT content FROM documents WHERE tenant = ? AND version = ?", at).fetchone()
    if found is None:
        return
    database.execute("INSERT OR IGNORE INTO kept VALUES (?, ?, ?, ?)", (*at, saved.isoformat(), pack(found[0])))
    database.execute(
        "DELETE FROM kept WHERE tenant = ?1 AND version NOT IN"
        " (SELECT version FROM kept WHERE tenant = ?1 ORDER BY version DESC LIMIT ?2)",
        (tenant, KEEP),
    )


def _mark(database: sqlite3.Connection, tenant: str, name: str, until: datetime) -> None:
    database.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", (tenant, name, until.isoformat()))
