"""A resource-account licence whose assignment went wrong."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account, Assignment
from shared.model.finding import Finding, Subject
from shared.rules.assignment import Mending, assigned_again, by_one_call, directly_held, group_page, named_groups
from shared.rules.commands import LicenceChange
from shared.rules.naming import MAX_NAMES, licence_name, one_line
from shared.rules.reading import of_resource_accounts
from shared.rules.rule import LICENCE_ERRORS_PAGE, SETTLING, Rule
from shared.rules.snapshot import Snapshot

_EXCLUDED = "MutuallyExclusiveViolation"
_BY_ERROR: dict[str, str] = {
    "CountViolation": "No licence is to spare: order one, or take one back from an account that needs none.",
    "ProhibitedInUsageLocationViolation": "Set the account's usage location to a country in which the licence is sold.",
    _EXCLUDED: "Another licence on the account excludes it: take the one that is wrong away, in the same save.",
    "DependencyViolation": "A plan in it needs another one that the account lacks: assign or switch on that one too.",
    "UniquenessViolation": "Something in it may be there only once, a plan or a proxy address, and is there twice: "
    "take one of the two away.",
}
_OTHERWISE = "Look at the account's licences in the Microsoft 365 admin center and assign it again."
_NOT_BY_ASSIGNING = frozenset({"DependencyViolation", "UniquenessViolation"})
"""Errors that assigning the same licence again brings back."""


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts with a resource-account SKU that is assigned, directly or by a group, and not or not wholly in force."""
    for account in snapshot.resource_accounts:
        for sku_id, failed in _failed_assignments(snapshot, account):
            errors = sorted({_error(each) for each in failed})
            mending = _mending(snapshot, account, sku_id, failed)
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                subject=Subject("resource_account", account.id, account.name),
                summary=f"The assignment of {licence_name(snapshot, sku_id)}{_how(failed)} failed: "
                f"{', '.join(errors)}.",
                remedy=mending.remedy,
                evidence={"licence": sku_id, "errors": errors, "groups": _groups(failed)},
                aspect=sku_id,
                commands=mending.commands,
            )


@of_resource_accounts
def reading(snapshot: Snapshot, account: Account) -> str:
    """The state of each assignment of a resource-account licence, those that failed first."""
    mine = [each for each in account.assignments if snapshot.is_resource_account_sku(each.sku_id)]
    mine.sort(key=lambda each: not each.failed)
    said = [
        f"the assignment of {licence_name(snapshot, each.sku_id)}{_how([each])} is {_state(each)}"
        for each in mine[:MAX_NAMES]
    ]
    more = f", and there are {len(mine) - MAX_NAMES} more" if len(mine) > MAX_NAMES else ""
    return f"T{'; '.join(said)[1:]}{more}." if said else "No assignment of a resource-account licence is recorded."


def _state(assignment: Assignment) -> str:
    state = one_line(assignment.state) or "in no known state"
    return f"{state} ({_error(assignment)})" if assignment.failed else state


def _failed_assignments(snapshot: Snapshot, account: Account) -> Iterator[tuple[str, list[Assignment]]]:
    failed = [each for each in account.assignments if each.failed and snapshot.is_resource_account_sku(each.sku_id)]
    for sku_id in sorted({each.sku_id for each in failed}):
        yield sku_id, [each for each in failed if each.sku_id == sku_id]


def _error(assignment: Assignment) -> str:
    error = one_line(assignment.error)
    return error if error not in {"", "None"} else "no reason given"


def _groups(failed: list[Assignment]) -> list[str]:
    return sorted(each.group for each in failed if each.group is not None)


def _how(failed: list[Assignment]) -> str:
    by_group = [each.group is not None for each in failed]
    if all(by_group):
        return " by a group"
    return ", directly and by a group," if any(by_group) else ""


def _mending(snapshot: Snapshot, account: Account, sku_id: str, failed: list[Assignment]) -> Mending:
    errors = sorted({_error(each) for each in failed})
    steps = list(dict.fromkeys(_BY_ERROR.get(error, _OTHERWISE) for error in errors))
    groups = _groups(failed)
    if groups:
        steps.append(
            f"A group's licence cannot be mended on the account: mend it in the group ({named_groups(groups)}) and "
            f"have its licences processed again ({group_page(snapshot, sku_id)})."
        )
    change = _change(snapshot, account, sku_id, [_error(each) for each in failed if each.group is None])
    if change is None:
        return Mending(" ".join(steps))
    steps.append("Swap both in one call:" if change.remove else "Then assign it again on the account:")
    return by_one_call(snapshot, account, change, " ".join(steps))


def _change(snapshot: Snapshot, account: Account, sku_id: str, direct: list[str]) -> LicenceChange | None:
    """What assigns the licence again where the account itself can be changed and that can help; else None."""
    if not direct or _NOT_BY_ASSIGNING.intersection(direct):
        return None
    excluding = directly_held(account, snapshot.phone_skus_of(account)) if _EXCLUDED in direct else ()
    if _EXCLUDED in direct and not excluding:
        return None
    return LicenceChange(add=(assigned_again(snapshot, account, sku_id),), remove=excluding)


RULE = Rule(
    id="resource-account-assignment-error",
    family="accounts",
    severity="warning",
    title="Licence assignment in error",
    holds_when="the assignment of a resource-account licence, direct or by a group, is in error (`CountViolation`, …)",
    reads=frozenset({"licences", "accounts"}),
    why="The licence was meant for the account and is not, or not wholly, in force; by a group, nobody is told.",
    remedy="Mend what the error names, then assign the licence again; a group's licence is mended in the group.",
    link=LICENCE_ERRORS_PAGE,
    check=check,
    pending=SETTLING,
    reading=reading,
)
