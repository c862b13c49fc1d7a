"""More accounts than the free allocation covers."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Licences that must be bought, because the allocation is used up."""
    ledger = snapshot.allocation
    if ledger.to_buy > 0:
        cost = snapshot.cost(ledger.to_buy)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("tenant", snapshot.state.tenant),
            summary=f"{ledger.needed} accounts need a licence and {max(ledger.entitled, ledger.owned)} are covered: "
            f"{ledger.to_buy} must be bought{cost}.",
            remedy=f"Buy {ledger.to_buy} Teams Phone Resource Account licences, or delete accounts that nothing uses.",
            evidence={
                "needed": ledger.needed,
                "entitled": ledger.entitled,
                "owned": ledger.owned,
                "to_buy": ledger.to_buy,
            },
        )


RULE = Rule(
    id="allocation-short",
    family="allocation",
    severity="warning",
    title="Licences to buy",
    holds_when="more accounts need a licence than the allocation and the owned licences cover",
    reads=frozenset({"licences", "accounts"}),
    why="An account that gets no licence does not answer, and beyond the allocation every licence costs money.",
    remedy="Buy the missing licences, or delete accounts that nothing uses.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
