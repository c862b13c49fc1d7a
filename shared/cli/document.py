"""`linekeeper document`: what is stored of a tenant, the last few documents that were replaced, and the way back."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from shared.cli.document_view import show_documents, show_restored, show_swap
from shared.cli.output import console, reader_may_leave
from shared.model.errors import DocumentUnreadable, LinekeeperError
from shared.monitor.assembly import store_exists, store_of, store_place
from shared.monitor.confirm import nothing_stored
from shared.monitor.runtime import utc_now
from shared.settings import Settings, load
from shared.state.document import decode, read
from shared.state.restoring import Restored, restore
from shared.state.store import Archive
from shared.state.versions import KeptVersion, the_one

SCHEMA = 1
DONE = 0
UNREADABLE = 1
DECLINED = 1

_CONFIRMED = {"y", "yes"}


class StoredView(msgspec.Struct, frozen=True, kw_only=True):
    """The stored document: how large it is, the schema that it was saved in, or why it cannot be read."""

    size: int
    schema: int | None = None
    accounts: int | None = None
    problem: str = ""


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored, None where nothing is, and what is kept, the newest first."""

    stored: StoredView | None
    kept: tuple[KeptVersion, ...]


def run_list(environment: Mapping[str, str], *, as_json: bool = False, tenant: str = "") -> int:
    """Show what is stored and kept; 0, or 1 where what is stored cannot be read.

    Raises:
        SettingsError: a setting is missing or wrong.
        LinekeeperError: nothing is stored or kept, or the store cannot be asked.
    """
    archive, settings = _archive(environment, tenant)
    documents = asyncio.run(_documents(archive, settings.tenant))
    if documents.stored is None and not documents.kept:
        raise nothing_stored(store_place(settings))
    with reader_may_leave():
        if as_json:
            _print_json({"schema": SCHEMA, **msgspec.structs.asdict(documents)})
        else:
            show_documents(documents.stored, documents.kept, console())
    return UNREADABLE if documents.stored is not None and documents.stored.problem else DONE


def run_show(environment: Mapping[str, str], *, name: str = "", raw: bool = False, tenant: str = "") -> int:
    """Print the stored document, or a kept one, as JSON in the schema of then; `raw`, byte for byte as it was saved.

    Raises:
        SettingsError: a setting is missing or wrong.
        LinekeeperError: there is none, or it is no JSON and not wanted raw.
    """
    archive, settings = _archive(environment, tenant)
    content = asyncio.run(_content(archive, settings, name))
    shown = content if raw else _formatted(content)
    with reader_may_leave():
        sys.stdout.buffer.write(shown)
    return DONE


def run_restore(
    environment: Mapping[str, str],
    *,
    name: str,
    yes: bool = False,
    as_json: bool = False,
    tenant: str = "",
    clock: Callable[[], datetime] = utc_now,
    ask: Callable[[], str] | None = None,
) -> int:
    """Put a kept document in place of the stored one; 0, or 1 where that was not wanted after all.

    Args:
        environment: the settings.
        name: the kept document's name, or its beginning.
        yes: whether that is sure; else it is asked on a terminal.
        as_json: whether to print JSON.
        tenant: whose document, by the tenant's id or name.
        clock: the time.
        ask: gives the answer to the question; None: whoever sits at the terminal does.

    Raises:
        SettingsError: a setting is missing or wrong.
        LinekeeperError: there is none of that name, it cannot be read, or nobody can be asked.
    """
    archive, settings = _archive(environment, tenant)
    chosen = settings.tenant
    if not yes and not asyncio.run(_is_wanted(archive, chosen, name, ask or _at_the_terminal())):
        sys.stderr.write("Nothing was changed.\n")
        return DECLINED
    done = asyncio.run(restore(archive, chosen, name, clock()))
    _print_restored(done, as_json=as_json)
    return DONE


async def _documents(archive: Archive, tenant: str) -> Documents:
    stored = await archive.stored(tenant)
    return Documents(
        stored=_viewed(stored.content, tenant) if stored is not None else None, kept=await archive.kept(tenant)
    )


def _viewed(content: bytes, tenant: str) -> StoredView:
    try:
        found = read(content, tenant)
    except DocumentUnreadable as problem:
        return StoredView(size=len(content), problem=str(problem))
    return StoredView(size=len(content), schema=found.schema, accounts=len(found.state.accounts))


async def _content(archive: Archive, settings: Settings, name: str) -> bytes:
    if name:
        return await archive.kept_content(settings.tenant, name)
    stored = await archive.stored(settings.tenant)
    if stored is None:
        raise nothing_stored(store_place(settings))
    return stored.content


def _formatted(content: bytes) -> bytes:
    try:
        return msgspec.json.format(content, indent=2) + b"\n"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise LinekeeperError(
            f"the document is no JSON ({problem}); --raw gives its {len(content):,} bytes as they are."
        ) from None


async def _is_wanted(archive: Archive, tenant: str, name: str, ask: Callable[[], str]) -> bool:
    """Say what would be put in place of what, and ask; a document that cannot be read is refused before."""
    version = the_one(await archive.kept(tenant), name)
    kept = decode(await archive.kept_content(tenant, version.name), tenant)
    stored = await archive.stored(tenant)
    replaced = _viewed(stored.content, tenant) if stored is not None else None
    show_swap(version, len(kept.accounts), replaced, sys.stderr)
    return ask().strip().lower() in _CONFIRMED


def _at_the_terminal() -> Callable[[], str]:
    if not sys.stdin.isatty():
        raise LinekeeperError("nobody can be asked here whether to restore it: give --yes.")

    def ask() -> str:
        sys.stderr.write("Put it in place? [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline()

    return ask


def _print_restored(done: Restored, *, as_json: bool) -> None:
    with reader_may_leave():
        if as_json:
            _print_json({"schema": SCHEMA, "restored": done.version, "replaced_was_readable": done.was_readable})
        else:
            show_restored(done, console())


def _archive(environment: Mapping[str, str], tenant: str) -> tuple[Archive, Settings]:
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    settings = load(environment).chosen(tenant)
    if not store_exists(settings):
        raise nothing_stored(store_place(settings))
    return store_of(settings), settings


def _print_json(document: Mapping[str, object]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
