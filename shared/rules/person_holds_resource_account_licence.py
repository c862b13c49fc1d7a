"""A person with the licence that is meant for resource accounts."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.assignment import one_call
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Users that are no resource accounts and hold a resource-account plan."""
    for person in snapshot.people:
        held = snapshot.resource_account_skus_of(person)
        if held:
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                subject=Subject("user", person.id, person.name),
                summary="Holds a resource-account licence, which takes Teams functions away from a person.",
                remedy=f"{RULE.remedy} {one_call(person, remove=held)}",
                evidence={"resource_account_licences": list(held)},
            )


RULE = Rule(
    id="person-holds-resource-account-licence",
    family="accounts",
    severity="warning",
    title="Person with a resource-account licence",
    reads=frozenset({"licences", "accounts"}),
    why="The licence must not be on an account that is no resource account: Teams then treats the person as a machine.",
    remedy="Take the licence back. Is it a resource account after all? Then its department must carry Teams' marker.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
