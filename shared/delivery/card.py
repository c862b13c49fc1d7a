"""A message as an Adaptive Card for Teams: the verdict first, then what changed, then what to do, then the figures.

Source: Adaptive Cards 1.4 and Microsoft Learn, "Create incoming webhooks with Workflows". Everything that the tenant
named stands in text runs, which are not Markdown, with template braces broken: a name can become no link, no mention
and no template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from shared.alerting.compose import BECAME_CRITICAL, UNEXPLAINED, UNSILENCED
from shared.delivery import card_remedies
from shared.delivery.card_links import links
from shared.delivery.card_sections import sections
from shared.delivery.card_text import BETWEEN, Element, Spacing, bold, line, moment, named, plain, quiet, run
from shared.delivery.card_verdict import LOOKS, occasion, standing, verdict
from shared.model.alert import Message

MAX_BYTES = 18 * 1024
"""The envelope's budget. Teams refuses 28 KB, and counts more than what is sent."""

MAX_ITEMS = 20
"""How many findings a card names; a message may carry more."""

MAX_LEAD = 500
MAX_PARAGRAPHS = 3
MAX_FACTS = 8
MAX_FACT_TITLE = 40
MAX_FACT_VALUE = 60
_TILES = 4
_TILE_VALUE = 6
"""Figures of so few characters stand side by side, as many in a row as a phone has room for."""

_ID = re.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

_PROVED = (
    "You read this, so the way from Linekeeper to this channel works: the address is right, and a card of this form is "
    "posted and shown."
)
_NOT_PROVED = (
    "That the next card comes as well. A Workflows webhook answers 202 when it takes a message, which is no receipt: "
    "the flow behind it may fail later without a word. The regular heartbeat is the proof that lasts."
)


def envelope(message: Message) -> bytes:
    """The body of a Workflows webhook request, as UTF-8 JSON within the budget.

    Findings go from the end until it fits, then remedies: the first remedy outlives the last names. What is left out is
    counted on the card.
    """
    message = _bounded(message)
    if len(msgspec.json.encode(_envelope(card(message, 0, 0)))) > MAX_BYTES:
        # Of what a card can do without, the longest.
        message = msgspec.structs.replace(message, links=(), link="")

    def encoded(shown: int, told: int) -> bytes:
        return msgspec.json.encode(_envelope(card(message, shown, told)))

    most = sum(len(section.items) for section in message.sections)
    shown = _most_that_fits(lambda count: encoded(count, 1), most)
    if shown == 0:
        return encoded(_most_that_fits(lambda count: encoded(count, 0), most), 0)
    told = _most_that_fits(lambda count: encoded(shown, count), len(card_remedies.advice(message, shown)))
    return encoded(shown, told)


def _bounded(message: Message) -> Message:
    """The message with no more findings than a card may name, so that a huge one costs no more than a large one."""
    left = MAX_ITEMS
    kept = []
    for section in message.sections:
        items = section.items[:left]
        left -= len(items)
        kept.append(msgspec.structs.replace(section, items=items, total=max(section.total, len(section.items))))
    return msgspec.structs.replace(message, sections=tuple(kept))


def _most_that_fits(encoded: Callable[[int], bytes], most: int) -> int:
    """The largest count within the budget, by halves; 0 where none fits."""
    fits, beyond = 0, most + 1
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        if len(encoded(middle)) <= MAX_BYTES:
            fits = middle
        else:
            beyond = middle
    return fits


def _envelope(content: Element) -> Element:
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
        ],
    }


def card(message: Message, shown: int = MAX_ITEMS, told: int = MAX_ITEMS) -> Element:
    """The card, with at most `shown` findings named and `told` remedies."""
    content: Element = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": verdict(message),
        "msteams": {"width": "full"},
        "body": _body(message, shown),
    }
    actions = list(_actions(message, shown, told))
    return content | {"actions": actions} if actions else content


def _body(message: Message, shown: int) -> list[Element]:
    if message.kind == "heartbeat":
        return [_pulse(message)]
    body = [_header(message)]
    if reason := occasion(message):
        body.append(line(quiet(reason), spacing="medium"))
    body += _lead(message)
    if message.kind == "test":
        body += _proof()
    figures = list(_figures(message, spacing="medium" if len(body) > 1 or message.kind == "alert" else "none"))
    told = list(sections(message, shown))
    ledger_first = message.kind in {"digest", "announcement"}
    body += [*figures, *told] if ledger_first else [*told, *figures]
    # Coloured blocks part from what follows by themselves.
    return body + list(_footer(message, separator=body[-1]["type"] != "Container"))


def _header(message: Message) -> Element:
    style, sign, _ = LOOKS[message.severity]
    return {
        "type": "Container",
        "style": style,
        "bleed": True,
        "items": [
            line(run(f"{sign} {verdict(message)}", weight="bolder", size="medium")),
            line(quiet(standing(message)), spacing="none"),
        ],
    }


def _lead(message: Message) -> Iterator[Element]:
    """What the message says in words, a paragraph for each of its lines."""
    if message.kind == "alert" and _only_names_the_worse(message):
        return
    every = [said for each in message.text.split("\n", MAX_PARAGRAPHS - 1) if (said := plain(each, MAX_LEAD))]
    for place, said in enumerate(every):
        yield line(run(said), spacing="small" if place else "medium")


def _only_names_the_worse(message: Message) -> bool:
    """Whether all that an alert's words tell is who has become critical, which stands beside each name as well."""
    others = (UNSILENCED, UNEXPLAINED)
    return message.text.startswith(BECAME_CRITICAL) and not any(each in message.text for each in others)


def _pulse(message: Message) -> Element:
    """The one quiet line of a heartbeat: that the route works, and what is open."""
    runs = [
        run("\N{HEAVY CHECK MARK} ", color="good", size="small"),
        run(f"{verdict(message).rstrip('.')}.", size="small"),
    ]
    counts = [f"{plain(title, MAX_FACT_TITLE)} {named(value, MAX_FACT_VALUE)}" for title, value in message.facts]
    said = (plain(message.text, MAX_LEAD), BETWEEN.join(counts[:MAX_FACTS]), BETWEEN.join(_origin(message)))
    runs += [quiet(f" {each.removesuffix('.')}.") for each in said if each]
    return {"type": "Container", "items": [line(*runs)]}


def _proof() -> Iterator[Element]:
    for title, text in (("What this proves", _PROVED), ("What it does not prove", _NOT_PROVED)):
        yield line(bold(title), spacing="medium")
        yield line(run(text), spacing="none")


def _figures(message: Message, spacing: Spacing) -> Iterator[Element]:
    """Short figures as tiles, others as lines. Never a FactSet: its values are Markdown."""
    said = [(plain(title, MAX_FACT_TITLE), plain(value, MAX_FACT_VALUE)) for title, value in message.facts[:MAX_FACTS]]
    facts = [(title, value) for title, value in said if title and value]
    tiles = [fact for fact in facts if len(fact[1]) <= _TILE_VALUE]
    rows: list[Element] = [
        {"type": "ColumnSet", "columns": [_tile(*tile) for tile in tiles[start : start + _TILES]]}
        for start in range(0, len(tiles), _TILES)
    ]
    rows += [line(quiet(f"{title}: "), run(value, size="small")) for title, value in facts if len(value) > _TILE_VALUE]
    if rows:
        yield {"type": "Container", "style": "emphasis", "bleed": True, "spacing": spacing, "items": rows}


def _tile(title: str, value: str) -> Element:
    return {
        "type": "Column",
        "width": "stretch",
        "items": [line(run(value, weight="bolder", size="large")), line(quiet(title), spacing="none")],
    }


def _footer(message: Message, *, separator: bool) -> Iterator[Element]:
    parts = list(_origin(message))
    if parts:
        yield line(quiet(BETWEEN.join(parts)), spacing="medium", separator=separator)
    if message.trace:
        yield line(quiet(f"Trace {message.trace}"), spacing="none")


def _origin(message: Message) -> Iterator[str]:
    """How recent it is, and whose lines it is about."""
    if message.as_of is not None:
        yield f"{'Sent' if message.kind == 'test' else 'Data as of'} {moment(message.as_of)}"
    # Of an id its beginning: enough to tell tenants apart that share a channel.
    tenant = f"tenant {message.tenant[:8]}" if _ID.fullmatch(message.tenant) else named(message.tenant)
    if tenant:
        yield tenant


def _actions(message: Message, shown: int, told: int) -> Iterator[Element]:
    every = card_remedies.advice(message, shown)
    if every and told:
        yield card_remedies.button(every, told, resolved=message.severity == "resolved")
    yield from links(message)
