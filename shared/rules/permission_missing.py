"""A source that Graph refuses to give for lack of a permission."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.model.sources import REQUIRED, SOURCES, Source
from shared.rules.rule import PERMISSIONS_PAGE, Rule
from shared.rules.snapshot import Snapshot

_LOST: dict[Source, str] = {
    "licences": "nothing can be said of the allocation, nor of accounts without a licence",
    "accounts": "nothing at all can be said of this tenant's lines",
    "numbers": "which accounts callers dial is unknown or out of date, and nothing is said of numbers",
    "calling": "whether the agents of a queue can take calls is not known",
    "voice": "nothing can be said of attendants and queues",
}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Sources whose last read was refused."""
    for source in SOURCES:
        known = snapshot.state.source(source)
        if known.permission:
            yield Finding(
                rule=RULE.id,
                severity="critical" if source in REQUIRED else RULE.severity,
                subject=Subject("source", source, source),
                summary=f"The permission {known.permission} to read the {source} is missing: {_LOST[source]}.",
                remedy=f"Grant Linekeeper's identity the application permission {known.permission}, "
                "and give an administrator's consent to it.",
                evidence={"permission": known.permission, "problem": known.problem},
            )


RULE = Rule(
    id="permission-missing",
    family="monitor",
    severity="warning",
    title="A permission is missing",
    holds_when="Graph refuses a read for lack of a permission",
    reads=frozenset(),
    why="What Graph does not let the monitor read, it can neither find broken nor see mended.",
    remedy="Grant the application permission that is named, and give an administrator's consent to it.",
    link=PERMISSIONS_PAGE,
    check=check,
    severity_varies="critical for accounts and licences",
)
