"""A resource account whose licence does not work."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.rules.assignment import comes_by_group_alone, one_call
from shared.rules.reach import cannot_answer, reach_evidence, severity_by_reach
from shared.rules.rule import LICENCE_RULE_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts to which a resource-account SKU is assigned, with its plan switched off or out of force."""
    for account in snapshot.resource_accounts:
        held = snapshot.resource_account_skus_of(account)
        if not held or snapshot.has_usable_plan(account, RESOURCE_ACCOUNT_PLANS):
            continue
        if not snapshot.must_be_licensed(account):
            continue
        off = [sku_id for sku_id in held if not snapshot.switched_on(account, sku_id, RESOURCE_ACCOUNT_PLANS)]
        in_force = [sku_id for sku_id in held if sku_id not in off]
        states = _plan_states(snapshot, account, in_force)
        reason = f"The licence's plan is {' and '.join(states)}" if in_force else "The licence's plan is switched off"
        yield Finding(
            rule=RULE.id,
            severity=severity_by_reach(snapshot, account),
            subject=Subject("resource_account", account.id, account.name),
            summary=cannot_answer(reason, snapshot, account),
            remedy=_renew(snapshot, in_force) if in_force else _switch_on(snapshot, account, off),
            evidence={"licences": list(held), "switched_off": off, "plan_states": states}
            | reach_evidence(snapshot, account),
        )


def _plan_states(snapshot: Snapshot, account: Account, sku_ids: list[str]) -> list[str]:
    brought = {plan for sku_id in sku_ids for plan in snapshot.switched_on(account, sku_id, RESOURCE_ACCOUNT_PLANS)}
    return sorted({plan.status for plan in account.plans if plan.plan_id in brought})


def _renew(snapshot: Snapshot, sku_ids: list[str]) -> str:
    names = ", ".join(snapshot.part_number(sku_id) for sku_id in sku_ids)
    return f"{RULE.remedy} Renew the subscription of {names}, or assign another resource-account licence in one save."


def _switch_on(snapshot: Snapshot, account: Account, off: list[str]) -> str:
    direct = [sku_id for sku_id in off if not comes_by_group_alone(account, sku_id)]
    if not direct:
        names = ", ".join(snapshot.part_number(sku_id) for sku_id in off)
        return f"{RULE.remedy} Switch it on in the group that assigns {names}: the account itself cannot be changed."
    return f"{RULE.remedy} Assign the licence again with all its plans: {one_call(account, add=direct[:1])}"


RULE = Rule(
    id="resource-account-plan-unusable",
    family="accounts",
    severity="critical",
    title="Resource account whose licence does not work",
    reads=frozenset({"licences", "accounts"}),
    why="The licence shows on the account, and its attendant or queue does not answer: the plan inside it decides.",
    remedy="Make the plan of the resource-account licence work.",
    link=LICENCE_RULE_PAGE,
    check=check,
)
