"""A licence with a plan that is named like a phone plan under an id that nobody here knows."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.plans import looks_like_unknown_phone_plan
from shared.model.finding import Finding, Subject
from shared.model.licences import Sku
from shared.rules.rule import SERVICE_PLANS_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """SKUs that may be phone licences, and are not counted because their plan is not known."""
    for sku in sorted(snapshot.state.skus, key=lambda each: each.id):
        unknown = sorted({plan.id: plan.name for plan in sku.plans if looks_like_unknown_phone_plan(plan)}.items())
        if not unknown:
            continue
        names = ", ".join(f"{name} ({plan_id})" for plan_id, name in unknown)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("sku", sku.id, snapshot.part_number(sku.id)),
            summary=f"{snapshot.part_number(sku.id)} holds {names}, which is named like a phone plan and is not known.",
            remedy=_remedy(sku, [name for _, name in unknown]),
            evidence={"plans": [plan_id for plan_id, _ in unknown], "enabled": sku.enabled},
        )


def _remedy(sku: Sku, names: list[str]) -> str:
    if any("VIRTUALUSER" in name.upper() for name in names):
        return (
            "Look the plan up on the page below. It may be the resource-account licence under a new id, which a newer "
            "version of Linekeeper may know: upgrade, or report the id where the newest does not know it. Its "
            "licences must not count towards the allocation."
        )
    return f'{RULE.remedy} policy.skus = {{ "{sku.id}" = true }}'


RULE = Rule(
    id="phone-plan-unknown",
    family="allocation",
    severity="info",
    title="Unknown phone plan",
    holds_when="a SKU holds a plan named like a phone plan (`MCOEV…`, `…VIRTUALUSER…`) under an id that is not known",
    reads=frozenset({"licences"}),
    why="Plans are told by their ids: what Microsoft names anew is neither counted nor silently left out.",
    remedy="Look the plan up on the page below. If its licences include Phone System, let them count in the settings:",
    link=SERVICE_PLANS_PAGE,
    check=check,
)
