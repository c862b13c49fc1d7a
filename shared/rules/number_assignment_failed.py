"""A number whose assignment to a resource account failed."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.model.numbers import FAILED_ACTIVATIONS
from shared.rules.naming import MAX_NAMES, one_line
from shared.rules.reading import of_resource_accounts
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Numbers of resource accounts whose assignment, or whose last change, went wrong."""
    accounts = {account.id: account for account in snapshot.resource_accounts}
    for number in snapshot.numbers:
        if number.target not in accounts or number.activation not in FAILED_ACTIVATIONS:
            continue
        account = accounts[number.target]
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=f"{one_line(number.number)} is in the state {number.activation}: "
            "callers to it may not get through.",
            remedy=RULE.remedy,
            evidence={"number": number.number, "activation": number.activation},
            aspect="".join(filter(str.isdigit, number.number)),
        )


@of_resource_accounts
def reading(snapshot: Snapshot, account: Account) -> str:
    """The states of the numbers that are assigned to the account, those that failed first."""
    if not snapshot.knows_numbers:
        return "Its numbers are not known."
    mine = [number for number in snapshot.numbers if number.target == account.id]
    mine.sort(key=lambda number: number.activation not in FAILED_ACTIVATIONS)
    said = [f"{one_line(each.number)} is {one_line(each.activation) or 'in no known state'}" for each in mine]
    more = f", and it has {len(said) - MAX_NAMES} more" if len(said) > MAX_NAMES else ""
    return f"{', '.join(said[:MAX_NAMES])}{more}." if said else "No number is assigned to it."


RULE = Rule(
    id="number-assignment-failed",
    family="lines",
    severity="critical",
    title="Number that could not be assigned",
    holds_when="a number of a resource account is in the state `assignmentFailed` or `updateFailed`",
    reads=frozenset({"numbers", "accounts"}),
    why="The number stands beside the account as if it worked, and calls to it need not arrive there.",
    remedy="Take the number from the account and assign it again in the Teams admin center, then call it.",
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
    reading=reading,
)
