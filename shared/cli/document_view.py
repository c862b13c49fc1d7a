"""Documents for people: what is stored, what is kept, and what is put in place of what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.state.restoring import Restored
from shared.state.versions import KeptVersion

if TYPE_CHECKING:
    from shared.cli.document import StoredView


def show_documents(stored: StoredView | None, kept: Sequence[KeptVersion], console: Console) -> None:
    """Print what is stored in a line, and what is kept in a table."""
    console.print(_stored(stored), soft_wrap=True)
    if not kept:
        console.print(Text("None that was replaced is kept yet."))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("Kept")
    table.add_column("Saved (UTC)")
    table.add_column("Bytes, packed", justify="right")
    for each in kept:
        table.add_row(Text(each.name), Text(f"{each.saved:%Y-%m-%d %H:%M:%S}"), Text(f"{each.size:,}"))
    console.print(table)


def show_swap(version: KeptVersion, accounts: int, replaced: StoredView | None, out: TextIO) -> None:
    """Write what would be put in place of what."""
    out.write(f"Kept:   {version.name}, saved {version.saved:%Y-%m-%d %H:%M:%S} UTC, {_accounts(accounts)}.\n")
    out.write(f"{_stored(replaced).plain}\n")


def show_restored(done: Restored, console: Console) -> None:
    """Print what is in place now, and what follows from it."""
    console.print(
        Text(f"In place now: {done.version.name}, saved {done.version.saved:%Y-%m-%d %H:%M:%S} UTC."), soft_wrap=True
    )
    told = (
        "What was told, and what waits to be sent, is taken from the one that it replaced."
        if done.was_readable
        else "The one that it replaced could not be read: messages that waited in it are not sent."
    )
    console.print(Text(told), soft_wrap=True)
    console.print(
        Text("The replaced one is kept. The service reads the whole tenant anew within five minutes.", style="dim"),
        soft_wrap=True,
    )


def _stored(stored: StoredView | None) -> Text:
    if stored is None:
        return Text("Stored: nothing.", style="bold")
    if stored.problem:
        return Text(f"Stored: {stored.size:,} bytes. It cannot be read: {stored.problem}", style="bold red")
    said = f"Stored: {stored.size:,} bytes, schema {stored.schema}, {_accounts(stored.accounts or 0)}."
    return Text(said, style="bold")


def _accounts(count: int) -> str:
    return f"{count:,} {'account' if count == 1 else 'accounts'}"
