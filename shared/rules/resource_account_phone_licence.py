"""A resource account on a user's phone licence."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.assignment import licence_to_add, one_call
from shared.rules.reach import number_evidence, with_numbers
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that hold a phone plan and no resource-account plan."""
    for account in snapshot.resource_accounts:
        phone = snapshot.phone_skus_of(account)
        if not phone or snapshot.holds_resource_account_plan(account):
            continue
        names = [snapshot.part_number(sku_id) for sku_id in phone]
        swap = one_call(account, add=[licence_to_add(snapshot)], remove=phone)
        yield Finding(
            rule=RULE.id,
            severity="info" if snapshot.policy.accepts_phone_licence else RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=f"On a user's phone licence ({', '.join(names)}) instead of the resource-account licence"
            f"{with_numbers(snapshot, account)}.",
            remedy=f"{RULE.remedy} {swap}",
            evidence={"phone_licences": list(phone)} | number_evidence(snapshot, account),
        )


RULE = Rule(
    id="resource-account-phone-licence",
    family="accounts",
    severity="warning",
    title="Resource account on a user's phone licence",
    reads=frozenset({"licences", "accounts"}),
    why="Microsoft no longer allows Teams Phone Standard on a resource account, and a free licence would do.",
    remedy="Swap both licences in one save, never in two: two saves can break the account for good.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
