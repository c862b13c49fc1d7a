"""An account that was a resource account, and that nothing shows to be one any more."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account
from shared.model.finding import Finding, Subject
from shared.rules.commands import department_commands
from shared.rules.reach import named
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Live users that lost Teams' department marker, and to whom no known number leads."""
    for account in snapshot.people:
        if account.marked_until is not None:
            commands = department_commands(snapshot, account, RESOURCE_ACCOUNT_DEPARTMENT)
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                subject=Subject("resource_account", account.id, account.name),
                summary=f"Was a resource account until {account.marked_until:%Y-%m-%d %H:%M} UTC: the department "
                "marker is gone, and its lines are no longer watched.",
                remedy=f"{RULE.remedy} {commands.powershell}",
                evidence={
                    "marked_until": f"{account.marked_until:%Y-%m-%dT%H:%M:%SZ}",
                    "department": account.department or "",
                },
                commands=commands,
            )


def reading(snapshot: Snapshot, account: Account) -> str:
    """Whether the account has Teams' department marker, and what else shows it to be a resource account."""
    if account.has_department_marker:
        return "Has Teams' department marker."
    marker = f"lost it at {account.marked_until:%Y-%m-%d %H:%M} UTC" if account.marked_until else "never seen with it"
    numbers = snapshot.numbers_of(account)
    line = f"; {named(numbers)} leads to it" if numbers else ""
    return f"Has no department marker of Teams ({marker}){line}."


RULE = Rule(
    id="resource-account-vanished",
    family="accounts",
    severity="warning",
    title="Resource account that vanished",
    holds_when="a live user lost Teams' department marker less than 30 days ago, and no known number leads to it",
    reads=frozenset({"accounts"}),
    why="Anybody who may edit users can change a department; what its lines then lack would go unnoticed.",
    remedy="Is it a person now? Then nothing is to be done. Else set the department back to "
    f'"{RESOURCE_ACCOUNT_DEPARTMENT}":',
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
    reading=reading,
)
