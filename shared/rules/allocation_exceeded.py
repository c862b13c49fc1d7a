"""More licences owned than the free allocation covers."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Owned licences that are not free, or will not be at the next renewal."""
    ledger = snapshot.allocation
    if ledger.paid > 0:
        unused = max(0, ledger.owned - max(ledger.needed, ledger.entitled))
        advice = f"{unused} of them are not needed and can be given back." if unused else "All of them are needed."
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("tenant", snapshot.state.tenant),
            summary=f"{ledger.owned} licences are owned and {ledger.entitled} are free of charge: "
            f"{ledger.paid} are paid for, or will be{snapshot.cost(ledger.paid)}.",
            remedy=f"{RULE.remedy} {advice}",
            evidence={
                "owned": ledger.owned,
                "entitled": ledger.entitled,
                "paid": ledger.paid,
                "needed": ledger.needed,
            },
        )


RULE = Rule(
    id="allocation-exceeded",
    family="allocation",
    severity="warning",
    title="More licences than the allocation covers",
    holds_when="more resource-account licences are owned than the allocation covers",
    reads=frozenset({"licences", "accounts"}),
    why="The allocation falls when qualifying licences go; Microsoft does not say when the excess is charged.",
    remedy="Budget for them, or reduce the order at the next renewal.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
