"""An account that was a resource account, and that nothing shows to be one any more."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT
from shared.model.finding import Finding, Subject
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Live users that lost Teams' department marker, and to whom no known number leads."""
    for account in snapshot.people:
        if account.marked_until is not None:
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                subject=Subject("resource_account", account.id, account.name),
                summary=f"Was a resource account until {account.marked_until:%Y-%m-%d %H:%M} UTC: the department "
                "marker is gone, and its lines are no longer watched.",
                remedy=RULE.remedy,
                evidence={
                    "marked_until": f"{account.marked_until:%Y-%m-%dT%H:%M:%SZ}",
                    "department": account.department or "",
                },
            )


RULE = Rule(
    id="resource-account-vanished",
    family="accounts",
    severity="warning",
    title="Resource account that vanished",
    reads=frozenset({"accounts"}),
    why="Anybody who may edit users can change a department; what its lines then lack would go unnoticed.",
    remedy=f'Set the department back to "{RESOURCE_ACCOUNT_DEPARTMENT}". If it is a person now, nothing is to be done.',
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
)
