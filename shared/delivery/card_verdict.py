"""A card's first two lines: what callers notice, and how much has changed.

A feed and a toast show the first line alone, so it names neither product nor severity before the news. It says no more
than is known: that a fault is mended is no proof that nothing else keeps the same callers from being answered.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.delivery.card_text import BETWEEN, counted, named, number_of, plain
from shared.model.alert import Item, Message, Section

MAX_VERDICT = 120

LOOKS: dict[str, tuple[str, str, str]] = {
    "critical": ("attention", "\N{OCTAGONAL SIGN}", "Critical"),
    "warning": ("warning", "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}", "Warning"),
    "info": ("accent", "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}", "Notice"),
    "resolved": ("good", "\N{WHITE HEAVY CHECK MARK}", "Resolved"),
}
"""Container style, sign and word of each severity: colour is never the only signal."""

_KINDS = {"digest": "Weekly digest", "test": "A test: nothing is wrong"}
"""What stands for a severity on cards that have none to speak of."""

_SUSPICIONS = frozenset({"resource-account-two-step-swap"})
"""Rules that find what may be broken while everything looks right."""

_LINES = frozenset({"resource_account", "voice_app"})
_BEYOND_LINES = frozenset({"tenant", "sku", "source", "subscription"})
_TIMES = "\N{MULTIPLICATION SIGN}"


def verdict(message: Message) -> str:
    """The card's first line, without its sign."""
    if message.kind != "alert":
        return plain(message.headline, MAX_VERDICT)
    news = news_of(message)
    items = [item for section in news for item in section.items]
    complete = sum(section.total for section in news) <= len(items)
    if message.severity == "resolved":
        said = _mended(items, complete=complete)
    else:
        said = _callers(items, complete=complete) or _plain_words(items, complete=complete)
    return plain(said or message.headline, MAX_VERDICT)


def news_of(message: Message) -> tuple[Section, ...]:
    """The sections that a card is about: what is new; else what ended, on a card that says so; else what is open."""
    for kind in ("resolved",) if message.severity == "resolved" else ("new", "open"):
        found = tuple(section for section in message.sections if section.kind == kind and section.total)
        if found:
            return found
    return ()


def occasion(message: Message) -> str:
    """Why a card comes that tells nothing new, in its headline's words; empty for a reminder, which says so anyway."""
    told_before = message.kind == "alert" and {section.kind for section in message.sections} == {"open"}
    said = plain(message.headline, MAX_VERDICT)
    return said if told_before and said != verdict(message) and not said.startswith("Still open") else ""


def standing(message: Message) -> str:
    """The card's second line: the severity in a word, then how many are new, worse, mended and still open."""
    word = _KINDS.get(message.kind) or LOOKS[message.severity][2]
    return BETWEEN.join((word, *_counts(message)))


def total(message: Message, kind: str) -> int:
    """How many findings the sections of one kind stand for, named or not."""
    return sum(section.total for section in message.sections if section.kind == kind)


def worse(section: Section) -> int:
    """How many of the findings that a section names have become critical since they were told."""
    return sum(item.worse for item in section.items) if section.kind == "new" else 0


def _counts(message: Message) -> Iterable[str]:
    if message.kind != "alert":
        return
    worsened = sum(worse(section) for section in message.sections)
    new, mended = total(message, "new") - worsened, total(message, "resolved")
    still = total(message, "open") or max(0, message.firing - total(message, "new"))
    for count, said in ((new, "new"), (worsened, "worse"), (mended, "mended"), (still, "still open")):
        if count:
            yield f"{count} {said}"
    if message.severity == "resolved" and mended and not still:
        yield "none still open"


def _callers(items: Iterable[Item], *, complete: bool) -> str:
    """What callers notice; empty where they notice nothing, or it is not known what."""
    critical = [item for item in items if item.severity == "critical"]
    sure = [item for item in critical if item.rule not in _SUSPICIONS]
    who = _who(sure or critical, complete=complete)
    return f"Callers {who} {'cannot' if sure else 'may not'} be answered" if who else ""


def _who(items: list[Item], *, complete: bool) -> str:
    """To which numbers, else of which lines."""
    numbers = list(dict.fromkeys(number for item in items for number in item.numbers))
    others = list({item.subject_id or item.name: item for item in items if _is_line(item)}.values())
    least = "" if complete else "at least "
    if numbers and others:
        return f"to {least}{counted(len(numbers), 'number')} and of {counted(len(others), 'other line')}"
    if len(numbers) == 1 and complete:
        return f"to {number_of(numbers[0])}"
    if numbers:
        return f"to {least}{counted(len(numbers), 'number')}"
    if len(others) == 1 and complete and others[0].name:
        return f"of {named(others[0].name)}"
    return f"of {least}{counted(len(others), 'line')}" if others else ""


def _is_line(item: Item) -> bool:
    return item.subject_kind in _LINES and not item.numbers


def _plain_words(items: list[Item], *, complete: bool) -> str:
    """What one finding about the tenant as a whole says in its own first sentence; else nothing."""
    if not complete or len(items) != 1 or items[0].subject_kind not in _BEYOND_LINES:
        return ""
    sentence = first_sentence(items[0].summary)
    return sentence if len(sentence) <= MAX_VERDICT else ""


def first_sentence(text: str) -> str:
    """A text's first sentence, without its stop."""
    return plain(text).split(". ")[0].removesuffix(".")


def _mended(items: list[Item], *, complete: bool) -> str:
    who = _who([item for item in items if item.severity == "critical"], complete=complete)
    if who:
        return f"Mended for callers {who}"
    titles = {item.title for item in items}
    if not complete or len(titles) != 1:
        return ""
    if len(items) > 1:
        return f"Mended: {len(items)} {_TIMES} {items[0].title}"
    return f"Mended: {items[0].title}" + (f": {named(items[0].name)}" if items[0].name else "")
