"""Which documents are kept when they are replaced: one an hour, those of older schemas, and the newest of them only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from shared.model.errors import StoreError

KEEP = 24
"""Documents kept at most: a day, where something changes every hour."""

EVERY = timedelta(hours=1)

SKEW = 2 * EVERY
"""A kept document that is newer than this by a clock's word was named by a clock that was wrong."""

LONGEST_CLAIM = timedelta(days=1)
"""Nobody claims anything for longer."""

_STAMP = "%Y%m%dT%H%M%SZ"


class KeptVersion(msgspec.Struct, frozen=True):
    """A document that was replaced: its name, when it had been saved (UTC), and how many bytes it takes, packed."""

    name: str
    saved: datetime
    size: int


def is_due(newest: datetime | None, saved: datetime) -> bool:
    """Whether a document is to be kept when it is replaced.

    Args:
        newest: when the newest of the kept ones had been saved; None where none is kept.
        saved: when this one was.
    """
    return newest is None or not -SKEW < saved - newest < EVERY


def stamp(saved: datetime, version: str) -> str:
    """The name of a document that was saved then: the version tells apart what was saved within a second."""
    return f"{saved.astimezone(UTC):{_STAMP}}-{version}"


def stamped(name: str) -> datetime | None:
    """When the document of that name was saved; None where it is no such name."""
    try:
        return datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def the_one(kept: Sequence[KeptVersion], asked: str) -> KeptVersion:
    """The kept document that somebody means by its name or by the beginning of it.

    Raises:
        StoreError: none or several are meant.
    """
    meant = [each for each in kept if each.name == asked] or [each for each in kept if each.name.startswith(asked)]
    if len(meant) == 1:
        return meant[0]
    number = "none" if not meant else f"{len(meant)}"
    raise StoreError(f"{number} of the {len(kept)} kept documents begin with {asked!r}: see linekeeper document list.")


def is_held(until: datetime, *, now: datetime) -> bool:
    """Whether a claim that lasts until a time still stands.

    One that lasts far longer than anybody claims was made by a clock that was wrong, and does not.
    """
    return now < until <= now + LONGEST_CLAIM + SKEW
