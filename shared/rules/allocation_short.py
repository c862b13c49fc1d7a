"""More accounts than the free allocation covers."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.ledger import Allocation
from shared.model.finding import Evidence, Finding, Subject
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.shortfall import Shortfall, counted, licence_to_buy, shortfall
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Licences that must be bought, because the allocation is used up."""
    short = shortfall(snapshot)
    if short.to_buy > 0:
        ledger = snapshot.allocation
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("tenant", snapshot.state.tenant),
            summary=f"{_covered(snapshot, short)}: {short.to_buy} must be bought{snapshot.cost(short.to_buy)}.",
            remedy=f"Buy {counted(short.to_buy, licence_to_buy(ledger))}, or delete accounts that nothing uses.",
            evidence=_evidence(ledger, short),
        )


def _evidence(ledger: Allocation, short: Shortfall) -> Evidence:
    found: Evidence = {
        "needed": short.needed,
        "entitled": ledger.entitled,
        "owned": ledger.owned,
        "to_buy": short.to_buy,
    }
    return found | {"on_phone_licence": short.on_phone_licence} if short.on_phone_licence else found


def _covered(snapshot: Snapshot, short: Shortfall) -> str:
    covered = max(snapshot.allocation.entitled, snapshot.allocation.owned)
    if not short.on_phone_licence:
        return f"{short.needed} accounts need a licence and {covered} are covered"
    return (
        f"{short.needed} accounts need a licence, {short.on_phone_licence} of them on a phone licence, which the "
        f"policy {snapshot.policy.id} accepts, and {covered} of the others are covered"
    )


RULE = Rule(
    id="allocation-short",
    family="allocation",
    severity="warning",
    title="Licences to buy",
    holds_when="more accounts need a licence than the allocation and the owned licences cover; where the policy "
    "accepts a phone licence on accounts, those that hold one that works are left out",
    reads=frozenset({"licences", "accounts"}),
    why="An account that gets no licence does not answer, and beyond the allocation every licence costs money.",
    remedy="Buy the missing licences, or delete accounts that nothing uses.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
