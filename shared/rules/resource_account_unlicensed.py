"""A resource account without any phone licence."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.assignment import by_one_call, licence_to_add
from shared.rules.commands import LicenceChange
from shared.rules.reach import cannot_answer, reach_evidence, severity_by_reach
from shared.rules.reading import held_licences
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that hold neither a resource-account plan nor a phone plan."""
    change = LicenceChange(add=(licence_to_add(snapshot),))
    for account in snapshot.resource_accounts:
        if snapshot.holds_resource_account_plan(account) or snapshot.phone_skus_of(account):
            continue
        if not snapshot.must_be_licensed(account):
            continue
        mending = by_one_call(snapshot, account, change, RULE.remedy, to_order=not snapshot.unassigned)
        yield Finding(
            rule=RULE.id,
            severity=severity_by_reach(snapshot, account),
            subject=Subject("resource_account", account.id, account.name),
            summary=cannot_answer("No licence", snapshot, account),
            remedy=mending.remedy,
            evidence={"licences": sorted(account.sku_ids)} | reach_evidence(snapshot, account),
            commands=mending.commands,
        )


RULE = Rule(
    id="resource-account-unlicensed",
    family="accounts",
    severity="critical",
    title="Resource account without a licence",
    holds_when="no licence with a resource-account plan and none with a phone plan is assigned",
    reads=frozenset({"licences", "accounts"}),
    why="An attendant or queue whose account holds no licence does not answer, and no number can be assigned to it.",
    remedy="Assign the Teams Phone Resource Account licence:",
    link=LICENCE_RULE_PAGE,
    check=check,
    severity_varies="critical on a line, warning where that is not known, info where nothing leads to it",
    sharpened_by=frozenset({"numbers", "voice"}),
    reading=held_licences,
)
