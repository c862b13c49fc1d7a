"""Progress on a terminal, for what takes longer than a second; on standard error, so that output stays clean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from rich.console import Console

PATIENCE_SECONDS = 1.0


@asynccontextmanager
async def progress(text: str) -> AsyncIterator[None]:
    """Show that something is going on, once it has gone on for a second."""
    console = Console(stderr=True)
    shown = asyncio.create_task(_show(console, text)) if console.is_terminal else None
    try:
        yield
    finally:
        if shown is not None:
            shown.cancel()
            with suppress(asyncio.CancelledError):
                await shown


async def _show(console: Console, text: str) -> None:
    await asyncio.sleep(PATIENCE_SECONDS)
    with console.status(f"{text} …"):
        await asyncio.Event().wait()
