"""A resource-account licence whose assignment went wrong."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account, Assignment
from shared.model.finding import Finding, Subject
from shared.rules.rule import LICENCE_ERRORS_PAGE, Rule
from shared.rules.snapshot import Snapshot

_BY_ERROR: dict[str, str] = {
    "CountViolation": "No licence is to spare: order one, or take one back from an account that needs none.",
    "ProhibitedInUsageLocationViolation": "Set the account's usage location to a country in which the licence is sold.",
    "MutuallyExclusiveViolation": "Another licence on the account excludes it: take the one that is wrong away, "
    "in the same save.",
    "DependencyViolation": "A plan in it needs another one that the account lacks: assign or switch on that one too.",
    "UniquenessViolation": "The account has the same plan twice: take one of the two away.",
}
_OTHERWISE = "Look at the account's licences in the Microsoft 365 admin center and assign it again."


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts with a resource-account SKU that is assigned, directly or by a group, and not or not wholly in force."""
    for account in snapshot.resource_accounts:
        for sku_id, failed in _failed_assignments(snapshot, account):
            groups = sorted(each.group for each in failed if each.group is not None)
            errors = sorted({_error(each) for each in failed})
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                subject=Subject("resource_account", account.id, account.name),
                summary=f"The assignment of {snapshot.part_number(sku_id)}{_how(failed)} failed: {', '.join(errors)}.",
                remedy=_remedy(errors, groups),
                evidence={"licence": sku_id, "errors": errors, "groups": groups},
                aspect=sku_id,
            )


def _failed_assignments(snapshot: Snapshot, account: Account) -> Iterator[tuple[str, list[Assignment]]]:
    failed = [each for each in account.assignments if each.failed and snapshot.is_resource_account_sku(each.sku_id)]
    for sku_id in sorted({each.sku_id for each in failed}):
        yield sku_id, [each for each in failed if each.sku_id == sku_id]


def _error(assignment: Assignment) -> str:
    return assignment.error if assignment.error not in {"", "None"} else "no reason given"


def _how(failed: list[Assignment]) -> str:
    by_group = [each.group is not None for each in failed]
    if all(by_group):
        return " by a group"
    return ", directly and by a group," if any(by_group) else ""


def _remedy(errors: list[str], groups: list[str]) -> str:
    steps = list(dict.fromkeys(_BY_ERROR.get(error, _OTHERWISE) for error in errors))
    if groups:
        steps.append(
            f"A group's licence cannot be mended on the account: mend it in the group ({', '.join(groups)}), "
            "and have its licences processed again."
        )
    return " ".join(steps)


RULE = Rule(
    id="resource-account-assignment-error",
    family="accounts",
    severity="warning",
    title="Licence assignment in error",
    reads=frozenset({"licences", "accounts"}),
    why="The licence was meant for the account and is not, or not wholly, in force; by a group, nobody is told.",
    remedy="Mend what the error names, then assign the licence again; a group's licence is mended in the group.",
    link=LICENCE_ERRORS_PAGE,
    check=check,
)
