"""Text and the few elements that cards are made of: whatever the tenant named is text here, and nothing else.

Source: Adaptive Cards 1.4, `RichTextBlock` and `TextRun`, which are not Markdown; "Text features", for the dates that
are shown in the reader's own zone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

Element = dict[str, Any]
Spacing = Literal["none", "small", "default", "medium", "large"]

MAX_TEXT = 400
MAX_NAME = 80
MAX_NUMBER = 40
MAX_NUMBERS = 3
"""How many telephone numbers a line names; the rest is counted."""

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
BETWEEN = " \N{MIDDLE DOT} "
_NO_BREAK = "\N{NO-BREAK SPACE}"

_EMBEDDINGS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Direction marks that reach past the text they stand in, and would turn round the words of others."""


def plain(text: str, limit: int = MAX_TEXT) -> str:
    """Text that the renderer takes as nothing but text: one line, template braces broken, bounded.

    Controls, halves of surrogate pairs, and marks that turn round what follows them are left out.
    """
    # Cut before anything is looked at: a text of a megabyte costs no more than a long one.
    cut = text[: 4 * limit]
    seen = "".join(" " if each.isspace() else each for each in cut if each.isspace() or _is_seen(each))
    line = " ".join(_EMBEDDINGS.sub("", seen).split())
    # A word joiner keeps {{DATE(…)}} and ${…} from being evaluated; it is not seen.
    broken = re.sub(r"([{$])(?=\{)", "\\1\N{WORD JOINER}", line)
    whole = len(broken) <= limit and len(cut) == len(text)
    return broken if whole else broken[: limit - 1].rstrip() + ELLIPSIS


def named(text: str, limit: int = MAX_NAME) -> str:
    """A name among other words: one that is written from right to left keeps its direction to itself."""
    name = plain(text, limit)
    if any(unicodedata.bidirectional(each) in {"R", "AL"} for each in name):
        return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
    return name


def numbers_of(numbers: Iterable[str], most: int = MAX_NUMBERS) -> str:
    """The first telephone numbers, each kept on one line, and how many more there are."""
    every = list(dict.fromkeys(filter(None, numbers)))
    more = f" +{len(every) - most}{_NO_BREAK}more" if len(every) > most else ""
    return ", ".join(map(number_of, every[:most])) + more


def number_of(number: str) -> str:
    """A telephone number that is not broken over two lines."""
    return plain(number, MAX_NUMBER).replace(" ", _NO_BREAK)


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 number`, `12 numbers`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def moment(when: datetime) -> str:
    """A time as the client writes it for its reader: `Fri, Nov 20, 2026 10:00 AM`."""
    stamp = f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{{{{DATE({stamp},SHORT)}}}} {{{{TIME({stamp})}}}}"


def lasting(since: datetime, ended: datetime) -> str:
    """A length of time in the largest two units that are not zero."""
    seconds = max(1, round((ended - since).total_seconds()))
    parts: list[str] = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{_NO_BREAK}{name}")
    return " ".join(parts[:2])


def line(*runs: Element, spacing: Spacing = "default", separator: bool = False) -> Element:
    """A paragraph of text runs."""
    shown: Element = {"type": "RichTextBlock", "inlines": list(runs)}
    if spacing != "default":
        shown["spacing"] = spacing
    if separator:
        shown["separator"] = True
    return shown


def run(text: str, **style: str | bool) -> Element:
    """A run of text in one style. The text is shown as it is, but for dates."""
    return {"type": "TextRun", "text": text, **style}


def bold(text: str) -> Element:
    """A run in bold."""
    return run(text, weight="bolder")


def quiet(text: str) -> Element:
    """A small run that stands back."""
    return run(text, isSubtle=True, size="small")


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
