"""The first line of a status: whether callers would be answered now, said no better than it is known. Pure.

That nothing was found is said only of what was read: without complete and recent reads there is no good news.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec

from shared.delivery.card_text import counted
from shared.delivery.card_verdict import verdict as said_on_a_card
from shared.model.alert import Item, Message, Section
from shared.model.sources import REQUIRED, Source
from shared.monitor.report import Report
from shared.rules.naming import one_line

Level = Literal["critical", "unknown", "warning", "info", "clear"]

LOOKS: Mapping[Level, tuple[str, str]] = {
    "critical": ("\N{BLACK UP-POINTING TRIANGLE}", "Critical"),
    "unknown": ("?", "Not known"),
    "warning": ("\N{BLACK DIAMOND}", "Warning"),
    "info": ("\N{BLACK CIRCLE}", "Notice"),
    "clear": ("\N{HEAVY CHECK MARK}", "No fault found"),
}
"""Sign and word of each level: colour is never the only signal."""

MAX_DOUBT = 300

NOTHING_READ = "Nothing has been read yet: it is not known whether callers would be answered"
UNKNOWN = "It is not known whether callers would be answered"
CLEAR = "No fault was found in anything that is watched"
CLEAR_IN_PART = "No fault was found in what was read"

_LINES = frozenset({"resource_account", "voice_app"})


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How it is, in one sentence without its stop.

    `critical`: something is down; `unknown`: licences or accounts were not read lately, and nothing is known to be
    down; `warning` and `info`: the worst that was found; `clear`: nothing was found, and everything was read.
    `lines` is how many accounts, attendants and queues would not answer, or may not, and `numbers` the telephone
    numbers whose callers notice. `doubts` are sentences about what should have been read and was not; `unread` are
    the sources that are not read here. It is not `confirmed` where all that is down is so by reads that are too old.
    """

    level: Level
    says: str
    confirmed: bool = True
    lines: int = 0
    numbers: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unread: tuple[Source, ...] = ()


def verdict_of(
    held: Sequence[Item],
    audit: Report,
    why_not: Mapping[Source, str],
    *,
    pending: int = 0,
    frozen: Collection[str] = (),
) -> Verdict:
    """The verdict of what holds, muted or not.

    Args:
        held: what holds for long enough to count, worst first.
        pending: how many findings do not yet.
        audit: the report of the same moment.
        why_not: why nothing may be concluded from a source, for those of which that is so.
        frozen: the keys of what holds and cannot be confirmed now.
    """
    down = [item for item in held if item.severity == "critical" and item.subject_kind in _LINES]
    level, says = _said(held, down, audit, why_not, pending)
    return Verdict(
        level=level,
        says=says,
        confirmed=not down or not all(item.key in frozen for item in down),
        lines=len({item.subject_id for item in down}),
        numbers=tuple(dict.fromkeys(number for item in down for number in item.numbers)),
        doubts=tuple(
            one_line(f"{why[:1].upper()}{why[1:].rstrip('.')}.", MAX_DOUBT)
            for source, why in why_not.items()
            if audit.sources[source].state != "absent" or source in REQUIRED
        ),
        unread=tuple(source for source, each in audit.sources.items() if each.state == "absent"),
    )


def _said(
    held: Sequence[Item], down: Sequence[Item], audit: Report, why_not: Mapping[Source, str], pending: int
) -> tuple[Level, str]:
    if down:
        return "critical", _on_a_card(down)
    if not any(each.as_of for each in audit.sources.values()):
        return "unknown", NOTHING_READ
    if any(source in why_not for source in REQUIRED):
        return "unknown", UNKNOWN
    counts = Counter(item.severity for item in held)
    if counts["critical"]:
        return "critical", _on_a_card([item for item in held if item.severity == "critical"])
    if counts["warning"]:
        return "warning", f"No line is known to be down; {counted(counts['warning'], 'warning')}"
    if counts["info"]:
        return "info", f"No line is known to be down; {counted(counts['info'], 'thing')} to tidy up"
    if pending:
        return "info", f"No line is known to be down; {counted(pending, 'finding')} must hold for a while first"
    if why_not or audit.skipped:
        return "info", CLEAR_IN_PART
    return "clear", CLEAR


def _on_a_card(items: Sequence[Item]) -> str:
    """What a card about them says in its first line, so that the page and the channel speak alike."""
    headline = items[0].title if len(items) == 1 else counted(len(items), "critical finding")
    return said_on_a_card(
        Message(
            kind="alert",
            group="",
            severity="critical",
            headline=headline,
            sections=(Section(kind="open", items=tuple(items), total=len(items)),),
        )
    )
