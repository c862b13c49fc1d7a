"""What an account's failure means to callers: how bad it is, and how to say so, by whether callers come to it.

Rules about accounts that cannot answer share this, so that the same line is equally bad in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.model.directory import Account
from shared.model.finding import Evidence, Severity
from shared.model.numbers import PhoneNumber
from shared.rules.naming import one_line
from shared.rules.snapshot import Reach, Snapshot

NAMED = 3
"""How many numbers a text names; the evidence names all."""

_SEVERITY: dict[Reach, Severity] = {"line": "critical", "unknown": "warning", "nothing": "info"}


def severity_by_reach(snapshot: Snapshot, account: Account) -> Severity:
    """How bad it is that this account cannot answer."""
    return _SEVERITY[snapshot.reach(account)]


def cannot_answer(reason: str, snapshot: Snapshot, account: Account) -> str:
    """The sentence that tells what a reason not to answer means to callers."""
    reach = snapshot.reach(account)
    if reach == "line":
        return f"{reason}: callers to {named(snapshot.numbers_of(account)) or 'this line'} cannot be answered."
    if reach == "unknown":
        return f"{reason}: the attendant or queue on this account cannot answer callers."
    return f"{reason}, and no number or call flow leads to this account."


def named(numbers: Iterable[PhoneNumber]) -> str:
    """The first numbers of a list, and how many more there are."""
    every = [one_line(number.number) for number in numbers]
    more = f", +{len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def with_numbers(snapshot: Snapshot, account: Account) -> str:
    """The half-sentence that names an account's numbers; empty where none is known."""
    numbers = snapshot.numbers_of(account)
    return f"; callers reach it by {named(numbers)}" if numbers else ""


def number_evidence(snapshot: Snapshot, account: Account) -> Evidence:
    """The account's numbers; nothing where numbers were never read, which is not the same as having none."""
    return {"numbers": [each.number for each in snapshot.numbers_of(account)]} if snapshot.knows_numbers else {}


def reach_evidence(snapshot: Snapshot, account: Account) -> Evidence:
    """What a severity by reach rests on."""
    return {"reach": snapshot.reach(account)} | number_evidence(snapshot, account)
