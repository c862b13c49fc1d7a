"""Cards as a reader sees them, from what is posted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from shared.delivery.card import envelope
from shared.model.alert import Message


def sent(what: Message) -> dict[str, Any]:
    """The card inside the envelope that is posted."""
    content: dict[str, Any] = json.loads(envelope(what))["attachments"][0]["content"]
    return content


def elements(part: object) -> Iterator[dict[str, Any]]:
    """Every object of a card, whatever it stands in."""
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from elements(value)
    elif isinstance(part, list):
        for value in part:
            yield from elements(value)


def lines(part: object) -> list[str]:
    """The paragraphs as a reader sees them, from the top."""
    blocks = [each["inlines"] for each in elements(part) if each.get("type") == "RichTextBlock"]
    return ["".join(run["text"] for run in runs) for runs in blocks]


def face(what: Message) -> list[str]:
    """What stands on the card before anything is unfolded."""
    return lines(sent(what)["body"])
