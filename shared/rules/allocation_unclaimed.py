"""Licences that are free, needed, and were never ordered."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Licences of the allocation that accounts need and the tenant does not own yet."""
    ledger = snapshot.allocation
    if ledger.free_to_claim > 0:
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("tenant", snapshot.state.tenant),
            summary=f"{ledger.free_to_claim} licences are free of charge, needed and not yet ordered.",
            remedy=f"Order {ledger.free_to_claim} Teams Phone Resource Account licences at price zero, "
            "where the phone licences were bought.",
            evidence={
                "entitled": ledger.entitled,
                "owned": ledger.owned,
                "needed": ledger.needed,
                "free_to_claim": ledger.free_to_claim,
            },
        )


RULE = Rule(
    id="allocation-unclaimed",
    family="allocation",
    severity="warning",
    title="Free licences not ordered",
    holds_when="accounts need licences that cost nothing and were never ordered",
    reads=frozenset({"licences", "accounts"}),
    why="The allocation is not added to a tenant by itself: it has to be ordered, at price zero.",
    remedy="Order the free licences in the channel where the phone licences were bought.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
