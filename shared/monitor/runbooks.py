"""The pages in docs/runbooks as the service hands them out: whoever is woken need not know where the project lies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parents[2] / "docs/runbooks"
PATH = "/api/runbooks"

HEADERS = {
    "Cache-Control": "max-age=3600",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class Answer(msgspec.Struct, frozen=True):
    """What is answered: the status and the text."""

    status: int
    text: str


def runbook_url(public_url: str, page: str) -> str:
    """Where the service hands a page out."""
    return f"{public_url}{PATH}/{page}"


async def runbook(page: str) -> Answer:
    """A page by its name, as it is written; where there is none of that name, which there are."""
    return await asyncio.to_thread(_read, page)


def _read(page: str) -> Answer:
    # Looked up among those that there are, never made into a path.
    pages = {path.stem: path for path in sorted(FOLDER.glob("*.md"))}
    if page in pages:
        return Answer(200, pages[page].read_text(encoding="utf-8"))
    return Answer(404, f"There is no such page. There are: {', '.join(pages) or 'none in this deployment'}.\n")
