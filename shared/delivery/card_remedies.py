"""What to do, folded away behind a button: the sentence, then the same mending three ways, each fit to be pasted.

A command is shown as it is or not at all: a command that was cut, or in which a brace was broken, would do something
else than what was meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from shared.delivery.card_text import Element, Spacing, bold, line, named, plain, quiet, run
from shared.model.alert import Item, Message
from shared.model.finding import Commands

MAX_REMEDY = 800
MAX_COMMAND_BYTES = 1500
_NAMED = 5


class Advice(msgspec.Struct, frozen=True):
    """One remedy and the findings that it mends."""

    items: tuple[Item, ...]

    @property
    def commands(self) -> Commands | None:
        """The ways to do it, where it can be done by one call."""
        return self.items[0].commands

    @property
    def sentence(self) -> str:
        """The remedy without the command in which it may end: that has a place of its own."""
        remedy = self.items[0].remedy
        return remedy.removesuffix(self.commands.powershell) if self.commands is not None else remedy


def advice(message: Message, shown: int) -> list[Advice]:
    """The remedies of what a card names: of what is new, or on a reminder of what is open; each once."""
    if message.kind in {"digest", "heartbeat", "test"}:
        return []
    wanted: list[Item] = []
    kind = "new" if any(section.kind == "new" for section in message.sections) else "open"
    for section in message.sections:
        items = section.items[:shown]
        shown -= len(items)
        wanted += [item for item in items if section.kind == kind and plain(item.remedy)]
    return [Advice(tuple(same)) for _, same in groupby(wanted, key=lambda item: (item.remedy, item.commands))]


def button(every: list[Advice], told: int, *, resolved: bool = False) -> Element:
    """The button that unfolds the first `told` remedies; the rest is counted.

    `resolved`: the card is about what has ended, and what is still open is another matter.
    """
    body = [element for place, each in enumerate(every[:told]) for element in _advice(each, first=place == 0)]
    left = sum(len(each.items) for each in every[told:])
    if left:
        said = f"+{left} more, each with its commands on the status page and in linekeeper audit"
        body.append(line(run(said, isSubtle=True), spacing="medium", separator=True))
    return {
        "type": "Action.ShowCard",
        "title": "What is left to do" if resolved else "What to do",
        "card": {"type": "AdaptiveCard", "body": body},
    }


def _advice(each: Advice, *, first: bool) -> Iterator[Element]:
    names = list(filter(None, (named(item.name) for item in each.items)))
    spacing: Spacing = "default" if first else "medium"
    if names:
        more = f" +{len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield line(bold(", ".join(names[:_NAMED]) + more), spacing=spacing, separator=not first)
    said = plain(each.sentence, MAX_REMEDY)
    if said:
        yield line(run(said), spacing="small" if names else spacing, separator=not (names or first))
    if each.commands is not None:
        yield from _way("PowerShell", each.commands.powershell)
        yield from _way("Request", each.commands.request)
        if by_hand := plain(each.commands.admin_centre, MAX_REMEDY):
            yield line(quiet("Admin centre"), spacing="small")
            yield line(run(by_hand), spacing="none")


def _way(label: str, command: str) -> Iterator[Element]:
    if not command.strip():
        return
    yield line(quiet(label), spacing="small")
    if _is_showable(command):
        yield from _code(filter(None, command.split("\n")))
    else:
        yield line(run("Does not fit on a card: it stands on the status page.", isSubtle=True), spacing="none")


def _code(lines: Iterable[str]) -> Iterator[Element]:
    # A line each, because a run is one paragraph: the parts of a request must not flow into each other.
    # The body of a request begins with a brace, and stands apart from its headers.
    for each in lines:
        yield line(run(each, fontType="monospace", size="small"), spacing="small" if each[0] == "{" else "none")


def _is_showable(command: str) -> bool:
    # Its length first: there is no use in reading a command of a megabyte.
    if len(command) > MAX_COMMAND_BYTES or len(command.encode(errors="replace")) > MAX_COMMAND_BYTES:
        return False
    return all(plain(each, len(each) + 1) == each for each in command.split("\n"))
