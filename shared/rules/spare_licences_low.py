"""Few owned licences are left to assign, and more would be free."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Whether the next account would find no licence, though one could be ordered at price zero in time."""
    ledger = snapshot.allocation
    free = ledger.entitled - ledger.owned
    if free <= 0 or ledger.free_to_claim > 0 or ledger.spare >= snapshot.thresholds.spare_licences:
        return
    wanted = min(free, snapshot.thresholds.spare_licences - ledger.spare)
    yield Finding(
        rule=RULE.id,
        severity=RULE.severity,
        subject=Subject("tenant", snapshot.state.tenant),
        summary=f"{ledger.spare} of {ledger.owned} owned licences are left to assign; {free} more are free of charge.",
        remedy=f"Order {wanted} more Teams Phone Resource Account licences at price zero, before the next account "
        "needs one.",
        evidence={"spare": ledger.spare, "owned": ledger.owned, "entitled": ledger.entitled},
    )


RULE = Rule(
    id="spare-licences-low",
    family="allocation",
    severity="info",
    title="Few licences to spare",
    holds_when="fewer than 5 owned licences (`rules.spare_licences`) are unassigned, more would be free of charge, and "
    "none of these is needed already",
    reads=frozenset({"licences", "accounts"}),
    why="A new attendant or queue waits for its licence until one is ordered; Microsoft advises to keep five to spare.",
    remedy="Order free licences ahead.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
