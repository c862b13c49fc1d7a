"""A resource account behind which no attendant and no queue stands."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.rules.listing import RESOURCE_ACCOUNTS, is_listed, left_out
from shared.rules.naming import MAX_NAMES, one_line, person_name
from shared.rules.reach import named, number_evidence
from shared.rules.reading import of_resource_accounts
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot
from shared.voice.graph import Node


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that the export could tell of, and that stand for no voice app that exists."""
    left_out_ids = {account.id for account in left_out(snapshot)}
    for account in snapshot.resource_accounts:
        if snapshot.is_third_party(account) or snapshot.apps_of(account):
            continue
        if not is_listed(snapshot, account) and account.id not in left_out_ids:
            continue
        numbers = snapshot.numbers_of(account)
        callers = f"callers to {named(numbers)} reach nothing" if numbers else _without_number(snapshot, account)
        yield Finding(
            rule=RULE.id,
            severity="critical" if numbers else "info",
            subject=Subject("resource_account", account.id, account.name),
            summary=f"{_standing(snapshot, account)}: {callers}.",
            remedy=f"{RULE.remedy if numbers else _UNUSED} {RESOURCE_ACCOUNTS} > {person_name(account)} > "
            "Assign/unassign.",
            evidence={"listed": account.id not in left_out_ids} | number_evidence(snapshot, account),
        )


@of_resource_accounts
def reading(snapshot: Snapshot, account: Account) -> str:
    """For which attendants and queues the account stands, as far as Teams lists it."""
    if snapshot.lines is None:
        return "The voice export is not known."
    if snapshot.is_third_party(account):
        return "Belongs to another vendor's application, which needs no attendant or queue."
    apps = snapshot.apps_of(account)
    if apps:
        named_apps = ", ".join(one_line(app.name) or app.id for app in apps[:MAX_NAMES])
        more = f" and {len(apps) - MAX_NAMES} more" if len(apps) > MAX_NAMES else ""
        return f"Stands for {named_apps}{more}."
    unlisted = "" if is_listed(snapshot, account) else ", and Teams does not list it"
    return f"{_standing(snapshot, account)}{unlisted}."


def _without_number(snapshot: Snapshot, account: Account) -> str:
    """Who comes to an account to which no number leads: nobody, or whom an attendant or queue sends there."""
    lines = snapshot.lines
    leading = lines.graph.edges_to(Node("account", account.id)) if lines is not None else ()
    if lines is None or not leading:
        return "no number leads to it"
    return f"callers whom {one_line(lines.ways.name(leading[0].source))} sends to it reach nothing"


def _standing(snapshot: Snapshot, account: Account) -> str:
    associated = snapshot.lines is not None and account.id in snapshot.lines.associations
    if associated:
        return "It is associated with an attendant or queue that no longer exists"
    return "It is associated with no attendant and no queue"


_UNUSED = "Is it kept for a line to come? Then nothing is to be done. Else associate it, or delete it:"

RULE = Rule(
    id="resource-account-unassociated",
    family="lines",
    severity="critical",
    title="Resource account without an attendant or queue",
    holds_when="a resource account that is no other vendor's is associated with no auto attendant and no call queue",
    reads=frozenset({"accounts", "voice"}),
    why="Its attendant or queue answers; without one, whoever calls the account's number hears nobody.",
    remedy="Associate it with its attendant or queue, then call its number:",
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
    severity_varies="critical where a number leads to it, else info",
    sharpened_by=frozenset({"numbers"}),
    reading=reading,
)
