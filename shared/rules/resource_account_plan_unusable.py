"""A resource account whose licence does not work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account, AssignedLicence
from shared.model.finding import Finding, Subject
from shared.rules.assignment import (
    Mending,
    assigned_again,
    by_one_call,
    directly_held,
    group_page,
    groups_of,
    named_groups,
)
from shared.rules.commands import LicenceChange
from shared.rules.naming import MAX_NAMES, licence_name, licence_names, one_line
from shared.rules.reach import cannot_answer, reach_evidence, severity_by_reach
from shared.rules.reading import of_resource_accounts
from shared.rules.rule import LICENCE_RULE_PAGE, SETTLING, Rule
from shared.rules.snapshot import USABLE, Snapshot


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
        reason = f"The licence's plan is {_listed(states)}" if in_force else "The licence's plan is switched off"
        mending = _replace(snapshot, account, in_force, off) if in_force else _switch_on(snapshot, account, off)
        yield Finding(
            rule=RULE.id,
            severity=severity_by_reach(snapshot, account),
            subject=Subject("resource_account", account.id, account.name),
            summary=cannot_answer(reason, snapshot, account),
            remedy=mending.remedy,
            evidence={"licences": list(held), "switched_off": off, "plan_states": states}
            | reach_evidence(snapshot, account),
            commands=mending.commands,
        )


@of_resource_accounts
def reading(snapshot: Snapshot, account: Account) -> str:
    """The state of the plan in each resource-account licence that the account holds."""
    held = snapshot.resource_account_skus_of(account)
    if not held:
        return "Holds no resource-account licence."
    said = "; the plan of ".join(
        f"{licence_name(snapshot, sku_id)} {_state(snapshot, account, sku_id)}" for sku_id in held[:MAX_NAMES]
    )
    more = f", and {len(held) - MAX_NAMES} more are held" if len(held) > MAX_NAMES else ""
    needs = "" if snapshot.must_be_licensed(account) else ", and need not work without a number"
    return f"The plan of {said}{more}{needs}."


def _state(snapshot: Snapshot, account: Account, sku_id: str) -> str:
    if not snapshot.switched_on(account, sku_id, RESOURCE_ACCOUNT_PLANS):
        return "is switched off"
    states = _plan_states(snapshot, account, [sku_id])
    return f"is {_listed(states)}" if states else "has no state yet"


def _plan_states(snapshot: Snapshot, account: Account, sku_ids: Iterable[str]) -> list[str]:
    brought = {plan for sku_id in sku_ids for plan in snapshot.switched_on(account, sku_id, RESOURCE_ACCOUNT_PLANS)}
    return sorted({plan.status for plan in account.plans if plan.plan_id in brought})


def _listed(states: list[str]) -> str:
    return " and ".join(one_line(state) or "in an unnamed state" for state in states)


def _replace(snapshot: Snapshot, account: Account, lapsed: list[str], off: list[str]) -> Mending:
    """A plan out of force comes back with its subscription; another licence that the tenant has mends it at once."""
    renew = f"{RULE.remedy} Renew the subscription of {licence_names(snapshot, lapsed)}, or"
    other = _other_licence(snapshot, account, off)
    if other is None:
        return Mending(
            f"{renew} order and assign another resource-account licence, in one save with taking this one back."
        )
    change = LicenceChange(add=(other,), remove=directly_held(account, lapsed))
    return by_one_call(
        snapshot, account, change, f"{renew} put another resource-account licence in its place in one save:"
    )


def _other_licence(snapshot: Snapshot, account: Account, off: list[str]) -> AssignedLicence | None:
    """A resource-account licence in force: one that the account holds switched off, else one to spare."""
    live = [sku for sku in snapshot.resource_account_skus if sku.status in USABLE]
    for sku_id in directly_held(account, off):
        if any(sku.id == sku_id for sku in live):
            return assigned_again(snapshot, account, sku_id)
    for sku in live:
        if sku.id not in account.sku_ids and sku.enabled + sku.warning > sku.consumed:
            return AssignedLicence(sku.id)
    return None


def _switch_on(snapshot: Snapshot, account: Account, off: list[str]) -> Mending:
    direct = directly_held(account, off)
    if not direct:
        sku_id = off[0]
        return Mending(
            f"{RULE.remedy} Switch it on in the group that assigns {licence_name(snapshot, sku_id)} "
            f"({named_groups(groups_of(account, sku_id))}): {group_page(snapshot, sku_id)}. The account itself "
            "cannot be changed."
        )
    change = LicenceChange(add=(assigned_again(snapshot, account, direct[0]),))
    how = f"{RULE.remedy} Assign {licence_name(snapshot, direct[0])} again with its resource-account plan switched on:"
    return by_one_call(snapshot, account, change, how)


RULE = Rule(
    id="resource-account-plan-unusable",
    family="accounts",
    severity="critical",
    title="Resource account whose licence does not work",
    holds_when="a resource-account licence is assigned, and its plan is switched off in it or out of force",
    reads=frozenset({"licences", "accounts"}),
    why="The licence shows on the account, and its attendant or queue does not answer: the plan inside it decides.",
    remedy="Make the plan of the resource-account licence work.",
    link=LICENCE_RULE_PAGE,
    check=check,
    pending=SETTLING,
    severity_varies="critical on a line, warning where that is not known, info where nothing leads to it",
    sharpened_by=frozenset({"numbers", "voice"}),
    reading=reading,
)
