"""What an account's failure means to callers: how bad it is, and how to say so, by whether callers come to it.

Rules about accounts that cannot answer share this, so that the same line is equally bad in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.model.directory import Account
from shared.model.finding import Evidence, Severity
from shared.model.numbers import PhoneNumber
from shared.rules.line_words import LineWords
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
        return f"{reason}: {_callers(snapshot, account)} cannot be answered."
    if reach == "unknown":
        return f"{reason}: the attendant or queue on this account cannot answer callers."
    return f"{reason}, and no number or call flow leads to this account."


def _callers(snapshot: Snapshot, account: Account) -> str:
    """Who comes to the account: by its own numbers, else by the way to the attendant or queue that it stands for."""
    numbers = snapshot.numbers_of(account)
    if numbers:
        return f"callers to {named(numbers)}"
    way = _way(snapshot, account)
    return f"callers who come by {way}" if " > " in way else f"callers of {way}"


def _way(snapshot: Snapshot, account: Account) -> str:
    apps = snapshot.apps_of(account)
    if snapshot.lines is None or not apps:
        return "this line"
    called = snapshot.lines.numbers_to(snapshot.lines.graph.app(apps[0].id)).ids
    # Without a number the way begins at the account itself, and says nothing.
    return LineWords(snapshot.lines).way_to(apps[0].id) if called else one_line(apps[0].name) or apps[0].id


def stands_for(snapshot: Snapshot, account: Account) -> str:
    """The half-sentence that names the attendants and queues on an account; empty where none is known."""
    apps = snapshot.apps_of(account)
    names = ", ".join(one_line(app.name) or app.id for app in apps[:NAMED])
    more = f", +{len(apps) - NAMED} more" if len(apps) > NAMED else ""
    return f"; it stands for {names}{more}" if apps else ""


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
    found: Evidence = {"reach": snapshot.reach(account)}
    apps = snapshot.apps_of(account)
    if apps:
        found |= {"voice_apps": [app.id for app in apps], "way": _way(snapshot, account)}
    return found | number_evidence(snapshot, account)
