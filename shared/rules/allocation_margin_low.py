"""Few seats may go before a licence that is needed costs money."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Subject
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Whether a small cut of seats would take the free licence from an account; none is needed, none can be taken."""
    ledger = snapshot.allocation
    covered = 0 < ledger.needed <= ledger.entitled
    if covered and ledger.seats_to_lose < snapshot.thresholds.margin_seats:
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("tenant", snapshot.state.tenant),
            summary=f"All {ledger.needed} accounts that need a licence are covered free of charge, and only "
            f"{ledger.seats_to_lose} of {ledger.qualifying} qualifying seats may go before one is not.",
            remedy=f"{RULE.remedy} linekeeper what-if --seats -{ledger.seats_to_lose + 1}",
            evidence={
                "needed": ledger.needed,
                "entitled": ledger.entitled,
                "qualifying": ledger.qualifying,
                "seats_to_lose": ledger.seats_to_lose,
            },
        )


RULE = Rule(
    id="allocation-margin-low",
    family="allocation",
    severity="info",
    title="Small margin of the free allocation",
    holds_when="all accounts are covered free of charge, and fewer than 10 seats (`rules.margin_seats`) may go before "
    "one is not",
    reads=frozenset({"licences", "accounts"}),
    why="The allocation follows the number of phone licences: a small cut at a renewal makes a needed licence payable.",
    remedy="Before phone licences are cut, see what it would cost:",
    link=LICENCE_RULE_PAGE,
    check=check,
)
