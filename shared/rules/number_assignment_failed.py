"""A number whose assignment to a resource account failed."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.model.numbers import FAILED_ACTIVATIONS
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
            summary=f"{number.number} is in the state {number.activation}: callers to it may not get through.",
            remedy=RULE.remedy,
            evidence={"number": number.number, "activation": number.activation},
            aspect="".join(filter(str.isdigit, number.number)),
        )


RULE = Rule(
    id="number-assignment-failed",
    family="lines",
    severity="critical",
    title="Number that could not be assigned",
    reads=frozenset({"numbers", "accounts"}),
    why="The number stands beside the account as if it worked, and calls to it need not arrive there.",
    remedy="Take the number from the account and assign it again in the Teams admin center, then call it.",
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
)
