"""Licences that are free, needed, and were never ordered."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.ledger import Allocation
from shared.model.finding import Evidence, Finding, Subject
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.shortfall import RESOURCE_ACCOUNT_LICENCE, Shortfall, counted, shortfall
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Licences of the allocation that accounts need and the tenant does not own yet."""
    short = shortfall(snapshot)
    if short.free_to_claim > 0:
        free = short.free_to_claim
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("tenant", snapshot.state.tenant),
            summary=f"{free} {'licence is' if free == 1 else 'licences are'} free of charge, needed and not yet "
            f"ordered{_left_out(snapshot, short)}.",
            remedy=f"Order {counted(free, RESOURCE_ACCOUNT_LICENCE)} at price zero, "
            "where the phone licences were bought.",
            evidence=_evidence(snapshot.allocation, short),
        )


def _evidence(ledger: Allocation, short: Shortfall) -> Evidence:
    found: Evidence = {
        "entitled": ledger.entitled,
        "owned": ledger.owned,
        "needed": short.needed,
        "free_to_claim": short.free_to_claim,
    }
    return found | {"on_phone_licence": short.on_phone_licence} if short.on_phone_licence else found


def _left_out(snapshot: Snapshot, short: Shortfall) -> str:
    if not short.on_phone_licence:
        return ""
    accounts = counted(short.on_phone_licence, "account")
    return f"; {accounts} on a phone licence, which the policy {snapshot.policy.id} accepts, left out"


RULE = Rule(
    id="allocation-unclaimed",
    family="allocation",
    severity="warning",
    title="Free licences not ordered",
    holds_when="accounts need licences that cost nothing and were never ordered; where the policy accepts a phone "
    "licence on accounts, those that hold one that works are left out",
    reads=frozenset({"licences", "accounts"}),
    why="The allocation is not added to a tenant by itself: it has to be ordered, at price zero.",
    remedy="Order the free licences in the channel where the phone licences were bought.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
