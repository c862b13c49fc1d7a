"""A card's links, each a button. They come from the product and its settings, never from a tenant's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from shared.delivery.card_text import Element, plain
from shared.model.alert import Message

MAX_LINKS = 4
"""With what to do and the rule's page, as many buttons as Teams shows in a row."""

MAX_URL = 2000
MAX_TITLE = 40
_URL = re.compile("[!-~]+")
_TITLES = {"alert": "About this rule"}


def links(message: Message) -> Iterator[Element]:
    """Buttons that open the message's links, then the page about what it says; without those that are no web page."""
    wanted = [link for link in message.links if _is_page(link[1])][:MAX_LINKS]
    if _is_page(message.link):
        wanted.append((_TITLES.get(message.kind, "Learn more"), message.link))
    for title, url in wanted:
        yield {"type": "Action.OpenUrl", "title": plain(title, MAX_TITLE) or "Open", "url": url}


def _is_page(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # A signed link is used whole or not at all.
    return (
        parts.scheme in {"https", "http"}
        and bool(parts.netloc)
        and len(url) <= MAX_URL
        and _URL.fullmatch(url) is not None
    )
