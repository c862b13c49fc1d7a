"""Cards are Adaptive Cards 1.4: by the renderer itself, and by what the format allows on a webhook's card."""

from __future__ import annotations

import json
import operator
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.delivery.card import MAX_BYTES, card, envelope
from shared.model.alert import Item, Message, Section
from shared.model.finding import SEVERITIES, Commands, Severity
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
"""Every element and property in use, with its values: all are in the strict schema of 1.5, and none came after 1.4.

Source: the schema of Adaptive Cards 1.5.0. Of these RichTextBlock and TextRun came with 1.2, `msteams` is Teams' own.
"""


REQUIRED = {
    "AdaptiveCard": {"body"},
    "Container": {"items"},
    "ColumnSet": {"columns"},
    "Column": {"width", "items"},
    "RichTextBlock": {"inlines"},
    "TextRun": {"text"},
    "Action.ShowCard": {"title", "card"},
    "Action.OpenUrl": {"title", "url"},
}
"""What an element must have: what the schema asks for, and what it is of no use without."""

BLOCKS = {"Container", "ColumnSet", "RichTextBlock"}
PLACES: dict[str, set[str]] = {
    "body": BLOCKS,
    "items": BLOCKS,
    "columns": {"Column"},
    "inlines": {"TextRun"},
    "actions": {"Action.ShowCard", "Action.OpenUrl"},
    "card": {"AdaptiveCard"},
}
"""What may stand in what."""


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


def assert_well_formed(content: dict[str, Any]) -> None:
    """Made of nothing that the format or a webhook does not know, and nothing in it is empty."""
    for element in elements(content):
        allowed = ALLOWED[element["type"]]
        for key, value in element.items():
            if key == "type":
                continue
            assert key in allowed, f"{element['type']}.{key}"
            wanted = allowed[key]
            assert value in wanted if isinstance(wanted, set) else isinstance(value, wanted)  # type: ignore[arg-type]
        assert REQUIRED[element["type"]] <= element.keys()
        for key, kinds in PLACES.items():
            inner = element.get(key, [])
            for each in [inner] if isinstance(inner, dict) else inner:
                assert each["type"] in kinds, f"{each['type']} in {element['type']}.{key}"
        assert re.fullmatch("[!-~]*", element.get("url", ""))
        for key in ("body", "items", "columns", "inlines", "actions", "title", "text", "url", "fallbackText"):
            assert element.get(key, "something"), f"{element['type']}.{key}"


STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
MOMENT = re.compile(rf"\{{\{{DATE\(({STAMP}),SHORT\)\}}\}} \{{\{{TIME\(\1\)\}}\}}")
"""What the card's own times look like, and no piece of a hostile name."""


def assert_deaf(content: dict[str, Any]) -> None:
    """Nobody is mentioned, nothing is left to be evaluated but our own dates, and each text is one line of its own."""
    assert content["msteams"] == {"width": "full"}
    texts = [text for each in elements(content) for key in ("text", "title", "fallbackText") if (text := each.get(key))]
    for text in texts:
        assert not re.search(r"[{$]\{", MOMENT.sub("", text)), text
        assert len(text.splitlines()) == 1
        assert not re.search("[\u202a-\u202e\u2066\u2067]", text)
        assert text.count("\u2068") == text.count("\u2069")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_card_is_made_of_nothing_that_the_format_or_a_webhook_does_not_know(name: str) -> None:
    assert_well_formed(sent(name))


PIECES = [
    "[x](javascript:alert(1))",
    "<at>all</at>",
    "{{DATE(2026-11-20T10:00:00Z,SHORT)}}",
    "${$root} @{triggerBody()}",
    "half a pair \ud83d",
    "\N{RIGHT-TO-LEFT OVERRIDE}selaS\N{RIGHT-TO-LEFT MARK} خدمة العملاء",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}",
    "\r\n\x00\t",
    "",
    " ",
    "x",
]
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
texts = st.builds(
    operator.mul,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(PIECES),
    st.integers(0, 600),
)
said = texts.map("Do {}".format) | texts
moments = st.timedeltas(timedelta(days=-900), timedelta(days=1)).map(NOW.__add__)
severities: st.SearchStrategy[Severity] = st.sampled_from(SEVERITIES)
found = st.builds(
    Item,
    key=texts,
    rule=st.sampled_from(["resource-account-unlicensed", "allocation-short", "unheard-of"]),
    subject_kind=st.sampled_from(["resource_account", "voice_app", "tenant", "sku", ""]),
    subject_id=texts,
    severity=severities,
    title=st.sampled_from(["Resource account without a licence", "Call queue without agents"]),
    name=texts,
    summary=texts.map("No licence: {}".format) | texts,
    remedy=texts,
    commands=st.none() | st.builds(Commands, powershell=said, request=said, admin_centre=said),
    numbers=st.lists(texts, max_size=5).map(tuple),
    since=moments,
    ended=st.none() | moments,
    worse=st.booleans(),
)
parts = st.builds(
    Section,
    kind=st.sampled_from(["new", "open", "resolved"]),
    items=st.lists(found, max_size=25).map(tuple),
    total=st.integers(0, 500),
)
figures = st.lists(
    st.tuples(st.just("Owned") | texts, texts.map("{} of 85".format) | st.just("85") | texts), max_size=12
)
pairs = st.lists(st.tuples(texts, texts | st.just("https://lines.contoso.example/api/silences?token=x")), max_size=12)
messages = st.builds(
    Message,
    kind=st.sampled_from(["alert", "announcement", "digest", "heartbeat", "notice", "test"]),
    group=texts,
    severity=severities | st.just("resolved"),
    headline=texts.map("Headline {}".format),
    text=texts,
    sections=st.lists(parts, max_size=14).map(tuple),
    facts=figures.map(tuple),
    link=texts | st.just("https://learn.microsoft.com/rule"),
    links=pairs.map(tuple),
    as_of=st.none() | moments,
    firing=st.integers(0, 500),
    tenant=texts,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(messages)
def test_whatever_is_told_the_card_is_well_formed_and_within_the_budget(message: Message) -> None:
    body = envelope(message)
    assert len(body) <= MAX_BYTES
    content = json.loads(body.decode())["attachments"][0]["content"]
    assert_well_formed(content)
    assert_deaf(content)


def test_whatever_is_told_the_renderer_finds_nothing_wrong_with_it() -> None:
    cards: list[dict[str, Any]] = []

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(messages)
    def told(message: Message) -> None:
        cards.append(json.loads(envelope(message))["attachments"][0]["content"])

    told()
    # All at once: to start the renderer takes longer than to judge by it.
    assert [
        (found["problems"], each) for found, each in zip(judged(cards), cards, strict=True) if found["problems"]
    ] == []


def test_five_hundred_findings_of_ten_thousand_characters_each_stay_one_small_card() -> None:
    long = Item(
        rule="resource-account-unlicensed",
        severity="critical",
        title="Resource account without a licence",
        name="\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}" * 3334,
        summary="[x](https://evil.example) " * 400,
        remedy="${$root} {{TIME(2026-11-20T10:00:00Z)}} " * 250,
        since=NOW,
    )
    every = tuple(msgspec.structs.replace(long, key=str(place), subject_id=str(place)) for place in range(500))
    for kind in ("new", "open", "resolved"):
        section = Section(kind=kind, items=every, total=500)
        message = Message(
            kind="alert", group="teams/accounts", severity="critical", headline="H", sections=(section,), as_of=NOW
        )
        body = envelope(message)
        assert len(body) <= MAX_BYTES
        content = json.loads(body)["attachments"][0]["content"]
        assert_well_formed(content)
        assert_deaf(content)
        assert re.search(r"\+4[89][0-9] more", body.decode())


def test_the_only_links_of_a_card_are_its_own() -> None:
    for name, message in SAMPLES.items():
        own = {url for _, url in message.links} | {message.link}
        assert {each["url"] for each in elements(sent(name)) if each["type"] == "Action.OpenUrl"} <= own


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
