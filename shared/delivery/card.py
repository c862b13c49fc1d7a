"""A message as an Adaptive Card for Teams: the verdict first, then what changed, then what to do, then the figures.

Source: Adaptive Cards 1.4 and Microsoft Learn, "Create incoming webhooks with Workflows". Everything that the tenant
named stands in text runs, which are not Markdown, with template braces broken: a name can become no link, no mention
and no template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from shared.model.alert import Item, Message, Section

Element = dict[str, Any]

MAX_BYTES = 18 * 1024
"""The envelope's budget. Teams refuses 28 KB, and counts more than what is sent."""

MAX_TEXT = 400
MAX_HEADLINE = 120
MAX_REMEDY = 2000
"""A remedy ends in a command, which must not be cut; an account holds few licences."""

_LOOK: dict[str, tuple[str, str, str]] = {
    "critical": ("attention", "\N{OCTAGONAL SIGN}", "Critical"),
    "warning": ("warning", "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}", "Warning"),
    "info": ("accent", "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}", "Notice"),
    "resolved": ("good", "\N{WHITE HEAVY CHECK MARK}", "Resolved"),
}
"""Container style, sign and word of each severity: colour is never the only signal."""

_SECTION_TITLES = {"new": "New", "resolved": "Mended", "open": "Still open"}


def envelope(message: Message) -> bytes:
    """The body of a Workflows webhook request, as UTF-8 JSON within the budget.

    Items go from the end until it fits; what is left out is counted on the card.
    """
    shown = sum(len(section.items) for section in message.sections)
    while True:
        content = msgspec.json.encode(_envelope(card(message, shown)))
        if len(content) <= MAX_BYTES or shown == 0:
            return content
        shown -= 1


def _envelope(content: Element) -> Element:
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
        ],
    }


def card(message: Message, shown: int) -> Element:
    """The card, with at most `shown` findings named."""
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "full"},
        "body": [_header(message), *_text(message), *_sections(message, shown), *_figures(message), *_footer(message)],
        "actions": list(_actions(message, shown)),
    }


def plain(text: str, limit: int = MAX_TEXT) -> str:
    """Text that the renderer takes as nothing but text: one line, template braces broken, bounded."""
    line = " ".join(text.split())
    # A word joiner between braces keeps {{DATE(…)}} from being evaluated; it is not seen.
    broken = re.sub(r"\{(?=\{)", "{\N{WORD JOINER}", line)
    return broken if len(broken) <= limit else broken[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _header(message: Message) -> Element:
    style, sign, word = _LOOK[message.severity]
    return {
        "type": "Container",
        "style": style,
        "bleed": True,
        "items": [
            _runs(
                _run(f"{sign} {word}: ", weight="bolder", size="medium"),
                _run(plain(message.headline, MAX_HEADLINE), weight="bolder", size="medium"),
            )
        ],
    }


def _text(message: Message) -> Iterator[Element]:
    if message.text:
        yield _runs(_run(plain(message.text)))


def _sections(message: Message, shown: int) -> Iterator[Element]:
    for section in message.sections:
        items = section.items[:shown]
        shown -= len(items)
        yield _runs(_run(f"{_SECTION_TITLES[section.kind]} ({section.total})", weight="bolder"), spacing="medium")
        for item in items:
            yield from _item(item, section)
        if section.total > len(items):
            yield _runs(_run(f"+{section.total - len(items)} more", isSubtle=True))


def _item(item: Item, section: Section) -> Iterator[Element]:
    if section.kind == "resolved" and item.ended is not None:
        lasted = _run(f" Lasted {_lasting(item.since, item.ended)}.", isSubtle=True)
        yield _runs(*_name(item), _run(plain(item.title) + "."), lasted, spacing="small")
    else:
        yield _runs(*_name(item), _run(plain(item.summary)), spacing="small")


def _name(item: Item) -> list[Element]:
    return [_run(f"{plain(item.name)}: ", weight="bolder")] if item.name else []


def _figures(message: Message) -> Iterator[Element]:
    if message.facts:
        yield {
            "type": "FactSet",
            "spacing": "medium",
            "facts": [{"title": title, "value": value} for title, value in message.facts],
        }


def _footer(message: Message) -> Iterator[Element]:
    if message.as_of is not None:
        stamp = f"{message.as_of:%Y-%m-%dT%H:%M:%SZ}"
        yield {
            "type": "TextBlock",
            "text": f"Data as of {{{{DATE({stamp},SHORT)}}}} {{{{TIME({stamp})}}}}",
            "isSubtle": True,
            "size": "small",
            "spacing": "medium",
            "wrap": True,
        }


def _actions(message: Message, shown: int) -> Iterator[Element]:
    remedies = list(_remedies(message, shown))
    if remedies:
        yield {
            "type": "Action.ShowCard",
            "title": "What to do",
            "card": {"type": "AdaptiveCard", "version": "1.4", "body": remedies},
        }
    if message.link:
        yield {"type": "Action.OpenUrl", "title": "About this rule", "url": message.link}


def _remedies(message: Message, shown: int) -> Iterator[Element]:
    """What mends each new finding: folded away, because a command is long and is needed once."""
    for section in message.sections:
        items = section.items[:shown]
        shown -= len(items)
        if section.kind == "new":
            for item in items:
                yield _runs(*_name(item), _run(plain(item.remedy, MAX_REMEDY)), spacing="small")


def _lasting(since: datetime, ended: datetime) -> str:
    """A length of time in the largest two units that are not zero."""
    seconds = max(1, round((ended - since).total_seconds()))
    parts: list[str] = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


def _runs(*runs: Element, spacing: str = "default") -> Element:
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": list(runs)}


def _run(text: str, **style: str | bool) -> Element:
    return {"type": "TextRun", "text": text, **style}
