"""The pages in docs/runbooks as the service hands them out: whoever is woken need not know where the project lies."""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Collection
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parents[2] / "docs/runbooks"
PATH = "/api/runbooks"

_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)([^)#]+)(#[^)]*)?\)")
"""A link within this project's documentation: its words, the file, and a place in it."""

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
    """A page by its name, with or without `.md`; where there is none of that name, which there are.

    It is as it is written, but for its links: those to other pages lead to where the service hands those out, and what
    it does not hand out is named by its file.
    """
    return await asyncio.to_thread(_read, page)


def _read(page: str) -> Answer:
    # Looked up among those that there are, never made into a path.
    pages = {path.stem: path for path in sorted(FOLDER.glob("*.md"))}
    name = page.removesuffix(".md")
    if name in pages:
        text = pages[name].read_text(encoding="utf-8")
        return Answer(200, _LINK.sub(lambda link: _leading_on(link[1], link[2], pages), text))
    return Answer(404, f"There is no such page. There are: {', '.join(pages) or 'none in this deployment'}.\n")


def _leading_on(words: str, target: str, pages: Collection[str]) -> str:
    """A link as it works where no other file of the documentation is at hand."""
    name = target.removesuffix(".md")
    if name in pages:
        return f"[{words}]({PATH}/{name})"
    return f"`{posixpath.normpath(posixpath.join('docs/runbooks', target))}`"
