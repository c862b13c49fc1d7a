"""Remembers what accounts held, and sees the swap in two saves.

Microsoft warns that a resource account from which the phone licence is removed and saved, and to which the
resource-account licence is added and saved only then, may stop working for good, though its licences look right
(Microsoft Learn, "Microsoft Teams Phone Resource Account licenses"). Only the gap between the two tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from shared.model.history import Held, HeldSince, LicenceHistory, Swap

REMEMBERED_CHANGES = 12
"""How many changes of one account are remembered."""

LONGEST_GAP = timedelta(days=30)
"""A gap longer than this is no swap: the account was out of use, and was taken into use anew."""

_PHONE: frozenset[Held] = frozenset({"phone", "both"})
_RESOURCE_ACCOUNT: frozenset[Held] = frozenset({"resource_account", "both"})


def observed(
    history: LicenceHistory,
    held: Held,
    at: datetime,
    *,
    licences: int | None = None,
    numbers: Iterable[str] = (),
    apps: Iterable[str] = (),
) -> LicenceHistory:
    """The history after an observation, unless it knows a later one, or nobody has changed the account's licences.

    What a licence contains may change too, or be misread once: that is no change of the account.

    Args:
        history: what is remembered so far.
        held: what the account held.
        at: when the read that saw it began.
        licences: a checksum of its licences, if it is known.
        numbers: the numbers that lead to the account.
        apps: the voice apps (ids) for which it stands.
    """
    history = _with_line(history, frozenset(numbers), frozenset(apps))
    last = history.changes[-1] if history.changes else None
    if last is not None and (last.held == held or at <= last.since or licences == last.licences):
        return history
    changes = (*history.changes, HeldSince(held, at, licences or 0))[-REMEMBERED_CHANGES:]
    gap = _gap_before(changes)
    swap = history.swap
    if gap is not None:
        swap = Swap(nothing_since=gap, licensed_at=at, numbers=_sorted(numbers), apps=_sorted(apps))
    return LicenceHistory(changes=changes, swap=swap)


def confirmed(history: LicenceHistory, at: datetime) -> LicenceHistory:
    """The history after a test call got through."""
    if history.swap is None:
        return history
    return msgspec.structs.replace(history, swap=msgspec.structs.replace(history.swap, confirmed=at))


def _gap_before(changes: tuple[HeldSince, ...]) -> datetime | None:
    """When the gap began that the last change ended, if this was a swap with a gap."""
    match changes[-3:]:
        case (before, gap, after) if (
            before.held in _PHONE
            and gap.held == "nothing"
            and after.held in _RESOURCE_ACCOUNT
            and after.since - gap.since <= LONGEST_GAP
        ):
            return gap.since
    return None


def _with_line(history: LicenceHistory, numbers: frozenset[str], apps: frozenset[str]) -> LicenceHistory:
    """The history whose open swap knows every number that has led to the account since, and every app on it."""
    swap = history.swap
    if swap is None or swap.confirmed is not None or (numbers <= set(swap.numbers) and apps <= set(swap.apps)):
        return history
    known = msgspec.structs.replace(swap, numbers=_sorted(numbers, swap.numbers), apps=_sorted(apps, swap.apps))
    return msgspec.structs.replace(history, swap=known)


def _sorted(*ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set().union(*ids)))
