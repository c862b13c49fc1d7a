"""Which account is meant by an id, a user principal name, a telephone number or a display name. Pure.

Numbers are compared by their digits (ITU-T E.164), so that every common spelling is found: `+1 (425) 555-0100`,
`tel:+1-425-555-0100`, `00 1 425 …`, `+44 (0)20 …`, and without the country where only one number ends so.
"""

from __future__ import annotations

import difflib
import re
import uuid
from collections.abc import Iterable, Mapping

import msgspec

from shared.model.directory import Account
from shared.model.tenant import TenantState

NATIONAL_DIGITS = 7
"""Fewer digits than this are no telephone number without its country."""

_NUMBER = re.compile(r"(\+|00)?(\d{3,15})(?:;ext=(\d+))?")
_SPACING = re.compile(r"[\s().\-/\u2010-\u2015]+")


class Digits(msgspec.Struct, frozen=True):
    """A telephone number without its spelling. It is `whole` where its country is said."""

    digits: str
    extension: str = ""
    whole: bool = False


def telephone_number(text: str) -> Digits | None:
    """Read a telephone number in any common spelling; None for what is none."""
    bare = text.strip().casefold().removeprefix("tel:").removeprefix("//")
    bare = (
        _SPACING.sub("", bare.replace("(0)", "")) if bare.lstrip().startswith(("+", "00")) else _SPACING.sub("", bare)
    )
    found = _NUMBER.fullmatch(bare)
    if found is None:
        return None
    return Digits(found[2], found[3] or "", whole=found[1] is not None)


def ids_of(state: TenantState, text: str, before: Mapping[str, Account]) -> tuple[str, ...]:
    """The ids of the accounts that a text may mean, the surest reading first; none where it means nothing known.

    `before` are the accounts of an earlier document: one that was deleted since is still found by its principal name.
    """
    asked = text.strip().casefold()
    if not asked:
        return ()
    user_id = guid(asked)
    if user_id is not None:
        return (user_id,)
    readings = (
        (each.id for each in state.accounts.values() if each.upn.casefold() == asked),
        (each.id for each in before.values() if each.upn.casefold() == asked and each.id in state.departed),
        _ids_by_number(state, asked),
        (each.id for each in _named(state) if each.name.casefold() == asked),
    )
    return next((found for reading in readings if (found := tuple(sorted(set(reading))))), ())


def guid(text: str) -> str | None:
    """A text that is an id, as ids are written here; None for any other."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def nearest(state: TenantState, text: str) -> str:
    """The known name, principal name or number that a text comes closest to; empty where none is like it."""
    known = [each.name for each in _named(state)]
    known.extend(each.upn for each in state.accounts.values())
    known.extend(each.number for each in state.numbers)
    by_spelling = {each.casefold(): each for each in known if each}
    found = difflib.get_close_matches(text.strip().casefold(), by_spelling, n=1)
    return by_spelling[found[0]] if found else ""


class _Named(msgspec.Struct, frozen=True):
    id: str
    name: str


def _named(state: TenantState) -> Iterable[_Named]:
    yield from (_Named(each.id, each.name) for each in state.accounts.values())
    yield from (_Named(each.id, each.name) for each in state.departed.values())


def _ids_by_number(state: TenantState, text: str) -> Iterable[str]:
    asked = telephone_number(text)
    if asked is None:
        return ()
    return [each.target for each in state.numbers if each.target is not None and _is_meant(asked, each.number)]


def _is_meant(asked: Digits, number: str) -> bool:
    known = telephone_number(number)
    if known is None or (asked.extension and asked.extension != known.extension):
        return False
    if asked.digits == known.digits:
        return True
    national = asked.digits.removeprefix("0")
    return not asked.whole and len(national) >= NATIONAL_DIGITS and known.digits.endswith(national)
