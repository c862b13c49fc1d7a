"""A resource account without any phone licence."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.catalogue import PUBLISHED
from shared.licensing.plans import looks_like_unknown_phone_plan
from shared.model.directory import Account, AssignedLicence
from shared.model.finding import Finding, Severity, Subject
from shared.rules.assignment import Mending, ToAdd, by_one_call, licences_to_add
from shared.rules.commands import ACTIVE_USERS, LicenceChange
from shared.rules.naming import licence_names, person_name
from shared.rules.reach import cannot_answer, reach_evidence, severity_by_reach
from shared.rules.reading import held_licences
from shared.rules.rule import LICENCE_RULE_PAGE, SERVICE_PLANS_PAGE, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that hold neither a resource-account plan nor a phone plan."""
    to_add = licences_to_add(snapshot)
    for account in snapshot.resource_accounts:
        if snapshot.holds_resource_account_plan(account) or snapshot.phone_skus_of(account):
            continue
        if not snapshot.must_be_licensed(account):
            continue
        unknown = unknown_licences(snapshot, account)
        mending = _look_up(snapshot, unknown) if unknown else _assign(snapshot, account, to_add[account.id])
        severity = severity_by_reach(snapshot, account)
        yield Finding(
            rule=RULE.id,
            severity=_not_critical(severity) if unknown else severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=_unknown(snapshot, unknown) if unknown else cannot_answer("No licence", snapshot, account),
            remedy=mending.remedy,
            evidence={"licences": sorted(account.sku_ids)} | reach_evidence(snapshot, account),
            commands=mending.commands,
        )


def unknown_licences(snapshot: Snapshot, account: Account) -> tuple[str, ...]:
    """The SKUs of an account that may bring a phone plan, as far as anybody knows, by id."""
    return tuple(sorted({held.sku_id for held in account.licences if _may_bring_a_phone_plan(snapshot, held)}))


def _may_bring_a_phone_plan(snapshot: Snapshot, held: AssignedLicence) -> bool:
    sku = snapshot.skus.get(held.sku_id)
    if sku is None:
        return held.sku_id not in PUBLISHED
    return any(looks_like_unknown_phone_plan(plan) and plan.id not in held.disabled_plans for plan in sku.plans)


def _not_critical(severity: Severity) -> Severity:
    return "warning" if severity == "critical" else severity


def _unknown(snapshot: Snapshot, unknown: tuple[str, ...]) -> str:
    return (
        f"No licence that is known as a phone licence: it holds {licence_names(snapshot, unknown)}, and whether that "
        "has a phone plan in it is not known."
    )


def _look_up(snapshot: Snapshot, unknown: tuple[str, ...]) -> Mending:
    names = licence_names(snapshot, unknown)
    return Mending(
        f"Call the line, and look up what {names} contains ({SERVICE_PLANS_PAGE}). Is a Teams Phone or "
        "resource-account plan in it? Then a newer version of Linekeeper may know it: upgrade, or report it where none "
        "does. Else assign the Teams Phone Resource Account licence."
    )


def _assign(snapshot: Snapshot, account: Account, to_add: ToAdd) -> Mending:
    if to_add.licence is None:
        where = f"{ACTIVE_USERS} > {person_name(account)} > Licenses and apps"
        return Mending(f"{to_add.first}{RULE.remedy} {where}.")
    return by_one_call(snapshot, account, LicenceChange(add=(to_add.licence,)), RULE.remedy, first=to_add.first)


RULE = Rule(
    id="resource-account-unlicensed",
    family="accounts",
    severity="critical",
    title="Resource account without a licence",
    holds_when="no licence with a resource-account plan and none with a phone plan is assigned",
    reads=frozenset({"licences", "accounts"}),
    why="An attendant or queue whose account holds no licence does not answer, and no number can be assigned to it.",
    remedy="Assign the Teams Phone Resource Account licence:",
    link=LICENCE_RULE_PAGE,
    check=check,
    severity_varies="critical on a line, warning where that is not known or where what a licence on it contains is not "
    "known, info where nothing leads to it",
    sharpened_by=frozenset({"numbers", "voice"}),
    reading=held_licences,
)
