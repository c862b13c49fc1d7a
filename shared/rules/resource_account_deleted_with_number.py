"""A number that leads to an account that was deleted."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Commands, Finding, Subject
from shared.rules.commands import restore_commands
from shared.rules.reach import named
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Targets of numbers that are known to be no live users any more.

    A target of which nothing is known has not been looked up yet: that is no evidence of its deletion.
    """
    for target, numbers in sorted(snapshot.numbers_by_target.items()):
        departed = snapshot.state.departed.get(target)
        if departed is None or target in snapshot.state.accounts:
            continue
        commands = restore_commands(snapshot, departed) if departed.restorable else None
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", target, departed.name),
            summary=f"The account is deleted: callers to {named(numbers)} cannot be answered.",
            remedy=_remedy(commands),
            evidence={"numbers": [number.number for number in numbers], "restorable": departed.restorable},
            commands=commands,
        )


def reading(snapshot: Snapshot, account: Account) -> str:
    """Whether the account is live, and which numbers lead to it."""
    live = "Is a live user" if account.id in snapshot.state.accounts else "Is not known as a live user"
    numbers = snapshot.numbers_of(account)
    return f"{live}; callers reach it by {named(numbers)}." if numbers else f"{live}."


def _remedy(commands: Commands | None) -> str:
    if commands is not None:
        return f"Restore the account within 30 days of its deletion: {commands.powershell}"
    return (
        "The account cannot be restored: assign the number anew, to a live resource account that is associated with "
        "the attendant or queue."
    )


RULE = Rule(
    id="resource-account-deleted-with-number",
    family="accounts",
    severity="critical",
    title="Number of a deleted resource account",
    holds_when="a number leads to an account that is soft-deleted or exists nowhere",
    reads=frozenset({"accounts", "numbers"}),
    why="Callers dial the number and nobody is there: deleting an account takes its attendant or queue off the line.",
    remedy="Restore the account while that is possible, within 30 days of its deletion; else assign the number anew.",
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
    reading=reading,
)
