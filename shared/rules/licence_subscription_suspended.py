"""A phone licence that is in its grace period, or no longer works."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding, Severity, Subject
from shared.model.licences import Sku
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot

_STATES = {
    "Warning": "has expired and is in its grace period",
    "Suspended": "is suspended: its licences do not work",
    "LockedOut": "was cancelled: its licences do not work",
    "Deleted": "is deleted: its licences are gone",
}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Counted and resource-account SKUs whose state is not what it should be."""
    for sku in sorted(snapshot.state.skus, key=lambda each: each.id):
        if sku.status not in _STATES or not snapshot.is_watched_sku(sku):
            continue
        severity = _severity(snapshot, sku)
        lines = f" {_holders(sku.consumed)}." if severity == "critical" else ""
        yield Finding(
            rule=RULE.id,
            severity=severity,
            subject=Subject("sku", sku.id, snapshot.part_number(sku.id)),
            summary=f"{snapshot.part_number(sku.id)} {_STATES[sku.status]}.{lines}",
            remedy=RULE.remedy,
            evidence={
                "state": sku.status,
                "assigned": sku.consumed,
                "enabled": sku.enabled,
                "in_grace": sku.warning,
                "suspended": sku.suspended,
                "locked_out": sku.locked_out,
            },
        )


def _holders(held: int) -> str:
    return "1 account holds one" if held == 1 else f"{held} accounts hold one"


def _severity(snapshot: Snapshot, sku: Sku) -> Severity:
    works = sku.status == "Warning"
    return "critical" if not works and sku.consumed > 0 and snapshot.is_resource_account_sku(sku.id) else RULE.severity


RULE = Rule(
    id="licence-subscription-suspended",
    family="allocation",
    severity="warning",
    title="Licence that has expired",
    holds_when="a counted or resource-account SKU is in the state `Warning`, `Suspended`, `LockedOut` or `Deleted`",
    reads=frozenset({"licences"}),
    why="After the grace period its licences stop working: accounts that hold them no longer answer, and the free "
    "allocation falls.",
    remedy="Renew the subscription in the Microsoft 365 admin center, under Billing > Your products.",
    link=LICENCE_RULE_PAGE,
    check=check,
    severity_varies="critical for a resource-account SKU that is assigned and no longer in its grace period",
)
