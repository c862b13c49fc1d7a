"""Cards are Adaptive Cards 1.4: by the renderer itself, and by what the format allows on a webhook's card."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.delivery.card import card, envelope
from tools.sample_cards import SAMPLES

ROOT = Path(__file__).resolve().parents[2]
RENDERER = ROOT / "simulator" / "node_modules" / "adaptivecards" / "dist" / "adaptivecards.min.js"
PARSE = Path(__file__).parent / "browser" / "parse.cjs"

SPACINGS = {"none", "small", "medium", "large"}
SIZES = {"small", "medium", "large"}
COLOURS = {"attention", "good"}
STYLES = {"attention", "warning", "accent", "good", "emphasis"}
ENUMERATED = {"color", "fontType", "size", "spacing", "style", "weight"}
"""Properties whose values the renderer writes with a capital."""

ALLOWED: dict[str, dict[str, object]] = {
    "AdaptiveCard": {
        "$schema": {"http://adaptivecards.io/schemas/adaptive-card.json"},
        "version": {"1.4"},
        "fallbackText": str,
        "msteams": dict,
        "body": list,
        "actions": list,
    },
    "Container": {"style": STYLES, "bleed": bool, "spacing": SPACINGS, "items": list},
    "ColumnSet": {"columns": list},
    "Column": {"width": {"stretch"}, "items": list},
    "RichTextBlock": {"inlines": list, "spacing": SPACINGS, "separator": bool},
    "TextRun": {
        "text": str,
        "weight": {"bolder"},
        "size": SIZES,
        "color": COLOURS,
        "isSubtle": bool,
        "fontType": {"monospace"},
    },
    "Action.ShowCard": {"title": str, "card": dict},
    "Action.OpenUrl": {"title": str, "url": str},
}
"""Every element and property in use, with its values: all are in the strict schema of 1.5, all but none came after 1.4.

Source: the schema of Adaptive Cards 1.5.0. Of these RichTextBlock and TextRun came with 1.2, `msteams` is Teams' own.
"""


def sent(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(envelope(SAMPLES[name]))["attachments"][0]["content"]
    return content


def elements(part: object) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "type" in part:
            yield part
        for value in part.values():
            yield from elements(value)
    elif isinstance(part, list):
        for value in part:
            yield from elements(value)


def judged(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the renderer finds wrong with cards, and how it understood them."""
    node = shutil.which("node")
    assert node is not None, "node is missing: make installs what the simulator needs"
    assert RENDERER.is_file(), "the renderer is missing: run `npm ci` in simulator/"
    done = subprocess.run(  # noqa: S603 - our own script
        [node, str(PARSE), str(RENDERER)],
        input=json.dumps(cards),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answer: list[dict[str, Any]] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("name", SAMPLES)
def test_a_card_is_made_of_nothing_that_the_format_or_a_webhook_does_not_know(name: str) -> None:
    for element in elements(sent(name)):
        allowed = ALLOWED[element["type"]]
        for key, value in element.items():
            if key == "type":
                continue
            assert key in allowed, f"{element['type']}.{key}"
            wanted = allowed[key]
            assert value in wanted if isinstance(wanted, set) else isinstance(value, wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_on_a_card_is_empty(name: str) -> None:
    for element in elements(sent(name)):
        for key in ("body", "items", "columns", "inlines", "actions", "title", "text", "url", "fallbackText"):
            assert element.get(key, "something"), f"{element['type']}.{key}"


def test_the_renderer_takes_every_card_for_1_4_and_loses_nothing_of_it() -> None:
    cards = [sent(name) for name in SAMPLES]
    for name, card_sent, found in zip(SAMPLES, cards, judged(cards), strict=True):
        assert found["problems"] == [], name
        known = {json.dumps(each, sort_keys=True) for each in map(_essence, elements(found["understood"]))}
        lost = [each for each in map(_essence, elements(card_sent)) if json.dumps(each, sort_keys=True) not in known]
        assert lost == [], name


def test_the_renderer_would_say_what_is_wrong() -> None:
    wrong = card(SAMPLES["one"]) | {
        "body": [{"type": "Badge"}, {"type": "RichTextBlock", "spacing": "wide", "inlines": []}]
    }
    newer = card(SAMPLES["one"]) | {"body": [{"type": "Table", "columns": [], "rows": []}]}
    [first, second] = judged([wrong, newer])
    assert len(first["problems"]) == 2
    assert second["problems"]


def _essence(element: dict[str, Any]) -> dict[str, Any]:
    """An element's own values, without what stands in it and without what the renderer takes for granted."""
    return {
        key: value.lower() if key in ENUMERATED else value
        for key, value in element.items()
        if not isinstance(value, (dict, list)) and (key, value) != ("width", "stretch")
    }
