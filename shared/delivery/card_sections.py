"""What changed, as a card shows it: few findings in full, many as a line each under what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from shared.delivery.card_mended import what_mended
from shared.delivery.card_text import (
    BETWEEN,
    Element,
    Spacing,
    bold,
    lasting,
    line,
    moment,
    named,
    number_of,
    numbers_of,
    plain,
    quiet,
    run,
)
from shared.delivery.card_verdict import LOOKS, first_sentence, verdict, worse
from shared.model.alert import Item, Message, Section

IN_FULL = 2
"""How many findings of one kind stand in full; of more, each gets a line."""

MAX_SUMMARY = 300
MAX_SHORT = 160
MAX_TITLE = 80
MAX_SECTIONS = 12
_TITLES = {"new": "New", "resolved": "Mended", "open": "Still open"}
_BECAME_WORSE = "Was a warning, is critical now"
_TIMES = "\N{MULTIPLICATION SIGN}"


def sections(message: Message, shown: int) -> Iterator[Element]:
    """All sections, with at most `shown` findings named between them; each counts what it does not name."""
    every = [section for section in message.sections if section.total or section.items]
    for place, section in enumerate(every[:MAX_SECTIONS]):
        items = section.items[:shown]
        shown -= len(items)
        yield line(bold(_heading(message, section)), spacing="medium", separator=place > 0 and message.kind != "digest")
        for _, same in groupby(items, key=lambda item: item.title):
            yield from _group(message, section, list(same))
        left = section.total - len(items)
        if left > 0:
            yield line(quiet(f"+{left} more"), spacing="none" if message.kind == "digest" else "small")
    beyond = sum(section.total for section in every[MAX_SECTIONS:])
    if beyond:
        yield line(quiet(f"+{beyond} more"), spacing="medium")


def _heading(message: Message, section: Section) -> str:
    if message.kind != "digest":
        return f"{_heading_word(section)} ({section.total})"
    # In a digest what counts is the rule: where a section is about one, its title is the heading.
    if len({item.title for item in section.items}) != 1:
        return f"Open ({section.total})"
    return f"{section.total} {_TIMES} {plain(section.items[0].title, MAX_TITLE)}"


def _heading_word(section: Section) -> str:
    worsened = worse(section)
    if worsened:
        return "Worse" if worsened == section.total else "New or worse"
    return _TITLES[section.kind]


def _group(message: Message, section: Section, items: list[Item]) -> Iterator[Element]:
    """Findings with one title, one after the other in the message."""
    if section.kind == "resolved":
        yield from (_ended_short(items) if len(items) > IN_FULL else _each(_ended(item) for item in items))
    elif message.kind == "digest":
        yield from _names(items, heading=len({item.title for item in section.items}) > 1, dated=False)
    elif section.kind == "open" and any(other.kind != "open" for other in message.sections):
        yield from _names(items, heading=True, dated=True)
    elif len(items) > IN_FULL:
        yield from _short(message, items)
    else:
        yield from _each(_full(message, item) for item in items)


def _each(blocks: Iterator[Iterator[Element]]) -> Iterator[Element]:
    for block in blocks:
        yield from block


def _full(message: Message, item: Item) -> Iterator[Element]:
    summary = plain(item.summary, MAX_SUMMARY)
    numbers = [number for number in item.numbers if number_of(number) not in summary]
    yield _name(item, numbers)
    title = [plain(item.title, MAX_TITLE)] if named(item.name) else []
    if said := BETWEEN.join((*_severity(message, item), *title)):
        yield line(quiet(said), spacing="none")
    if item.worse:
        yield line(run(f"{_BECAME_WORSE}.", weight="bolder", color="attention"), spacing="none")
    if summary and (first_sentence(item.summary) != verdict(message) or ". " in summary):
        yield line(run(summary), spacing="none")
    yield line(quiet(f"Since {moment(item.since)}"), spacing="none")


def _short(message: Message, items: list[Item]) -> Iterator[Element]:
    """A line each under their title; a time that they share stands with it."""
    together = len({moment(item.since) for item in items}) == 1
    yield line(quiet(BETWEEN.join((*_severity(message, items[0]), plain(items[0].title, MAX_TITLE)))), spacing="small")
    if together:
        yield line(quiet(f"Since {moment(items[0].since)}"), spacing="none")
    for place, item in enumerate(items):
        runs = [bold(named(item.name) or plain(item.title, MAX_TITLE))]
        if said := numbers_of(item.numbers) or plain(item.summary, MAX_SHORT):
            runs.append(run(BETWEEN + said))
        if item.worse:
            runs.append(run(f"{BETWEEN}{_BECAME_WORSE.lower()}", color="attention"))
        if not together:
            runs.append(quiet(f"{BETWEEN}since {moment(item.since)}"))
        yield line(*runs, spacing=_tight(place))


def _names(items: list[Item], *, heading: bool, dated: bool) -> Iterator[Element]:
    """Only the names: what the reader knows already, or may look up at leisure."""
    if heading:
        count = f"{len(items)} {_TIMES} " if len(items) > 1 else ""
        yield line(run(f"{count}{plain(items[0].title, MAX_TITLE)}"), spacing="small")
    names = ", ".join(filter(None, (named(item.name) for item in items))) or plain(items[0].summary, MAX_SUMMARY)
    if names:
        yield line(quiet(names), spacing="none")
    if dated:
        first = min(item.since for item in items)
        yield line(quiet(f"{'Since' if len(items) == 1 else 'The first since'} {moment(first)}"), spacing="none")


def _ended(item: Item) -> Iterator[Element]:
    yield _name(item, item.numbers)
    if named(item.name):
        yield line(quiet(plain(item.title, MAX_TITLE)), spacing="none")
    yield line(run(what_mended(item)), spacing="none")
    yield line(quiet(_lasted(item)), spacing="none")


def _ended_short(items: list[Item]) -> Iterator[Element]:
    yield line(quiet(plain(items[0].title, MAX_TITLE)), spacing="small")
    yield line(run(what_mended(items[0])), spacing="none")
    for place, item in enumerate(items):
        said = BETWEEN.join(filter(None, (numbers_of(item.numbers), _lasted(item, until=False))))
        name = bold(named(item.name) or plain(item.title, MAX_TITLE))
        yield line(name, quiet(BETWEEN + said), spacing=_tight(place))


def _name(item: Item, numbers: Iterable[str]) -> Element:
    said = numbers_of(numbers)
    runs = [bold(named(item.name) or plain(item.title, MAX_TITLE))]
    return line(*runs, *([run(BETWEEN + said)] if said else []), spacing="small")


def _lasted(item: Item, *, until: bool = True) -> str:
    if item.ended is None:
        return f"Since {moment(item.since)}"
    lasted = f"Lasted {lasting(item.since, item.ended)}"
    return f"{lasted}, until {moment(item.ended)}" if until else lasted


def _severity(message: Message, item: Item) -> Iterator[str]:
    """The finding's own severity, where it is not that of the card."""
    if item.severity != message.severity:
        yield LOOKS[item.severity][2]


def _tight(place: int) -> Spacing:
    return "none" if place else "small"
