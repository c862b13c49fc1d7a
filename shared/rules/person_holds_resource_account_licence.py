"""A person with the licence that is meant for resource accounts."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.rules.assignment import Mending, by_one_call, directly_held, leave_groups
from shared.rules.commands import LicenceChange
from shared.rules.naming import licence_names
from shared.rules.reading import is_resource_account
from shared.rules.rule import LICENCE_RULE_PAGE, SETTLING, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Users that are no resource accounts and hold a resource-account plan."""
    for person in snapshot.people:
        held = snapshot.resource_account_skus_of(person)
        if held:
            mending = _mending(snapshot, person, held)
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                subject=Subject("user", person.id, person.name),
                summary="Holds a resource-account licence, which takes Teams functions away from a person.",
                remedy=mending.remedy,
                evidence={"resource_account_licences": list(held)},
                commands=mending.commands,
            )


def reading(snapshot: Snapshot, account: Account) -> str:
    """Whether it is a person, and which resource-account licences a person holds."""
    if is_resource_account(snapshot, account):
        return "Is a resource account, which may hold the resource-account licence."
    held = snapshot.resource_account_skus_of(account)
    return f"Is no resource account, and holds {licence_names(snapshot, held) or 'no resource-account licence'}."


def _mending(snapshot: Snapshot, person: Account, held: tuple[str, ...]) -> Mending:
    direct, groups = directly_held(person, held), leave_groups(snapshot, person, held)
    if not direct:
        return Mending(f"{RULE.remedy} {groups}")
    how = " ".join(filter(None, (RULE.remedy, groups, groups and "On the person:")))
    return by_one_call(snapshot, person, LicenceChange(remove=direct), how)


RULE = Rule(
    id="person-holds-resource-account-licence",
    family="accounts",
    severity="warning",
    title="Person with a resource-account licence",
    holds_when="a user that is no resource account holds a resource-account plan",
    reads=frozenset({"licences", "accounts"}),
    why="The licence must not be on an account that is no resource account: Teams then treats the person as a machine.",
    remedy="Is it a resource account after all? Then its department must carry Teams' marker. "
    "Else take the licence back.",
    link=LICENCE_RULE_PAGE,
    check=check,
    pending=SETTLING,
    reading=reading,
)
