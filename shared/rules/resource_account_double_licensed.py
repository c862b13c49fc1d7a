"""A resource account that holds both licences."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.assignment import one_call
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that hold a resource-account plan and a phone plan beside it."""
    for account in snapshot.resource_accounts:
        phone = snapshot.phone_skus_of(account)
        if not phone or not snapshot.holds_resource_account_plan(account):
            continue
        names = [snapshot.part_number(sku_id) for sku_id in phone]
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=f"{', '.join(names)} is paid for nothing: the resource-account licence is assigned beside it.",
            remedy=f"{RULE.remedy} {one_call(account, remove=phone)}",
            evidence={
                "phone_licences": list(phone),
                "resource_account_licences": list(snapshot.resource_account_skus_of(account)),
            },
        )


RULE = Rule(
    id="resource-account-double-licensed",
    family="accounts",
    severity="warning",
    title="Resource account with two phone licences",
    reads=frozenset({"licences", "accounts"}),
    why="The phone licence does nothing on an account that holds the resource-account licence, and it is paid for.",
    remedy="Take the phone licence back; the resource-account licence stays:",
    link=LICENCE_RULE_PAGE,
    check=check,
)
