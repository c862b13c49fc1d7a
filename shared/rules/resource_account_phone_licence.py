"""A resource account on a user's phone licence."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.plans import PHONE_PLANS
from shared.model.directory import Account
from shared.model.finding import Finding, Severity, Subject, severity_rank
from shared.rules.assignment import (
    Mending,
    ToAdd,
    brings_other_services,
    by_one_call,
    directly_held,
    failed_licences,
    group_page,
    groups_of,
    leave_groups,
    licences_to_add,
    named_groups,
)
from shared.rules.commands import ACTIVE_USERS, LicenceChange
from shared.rules.naming import licence_names, person_name
from shared.rules.reach import cannot_answer, number_evidence, reach_evidence, severity_by_reach, with_numbers
from shared.rules.reading import held_licences
from shared.rules.rule import LICENCE_RULE_PAGE, SETTLING, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that hold a phone plan and no resource-account plan."""
    to_add = licences_to_add(snapshot)
    for account in snapshot.resource_accounts:
        phone = snapshot.phone_skus_of(account)
        if not phone or snapshot.holds_resource_account_plan(account):
            continue
        mending = _mending(snapshot, account, phone, to_add[account.id])
        works = snapshot.has_usable_plan(account, PHONE_PLANS) or not snapshot.must_be_licensed(account)
        yield Finding(
            rule=RULE.id,
            severity=_severity(snapshot, account, works=works),
            subject=Subject("resource_account", account.id, account.name),
            summary=_summary(snapshot, account, phone, works=works),
            remedy=mending.remedy,
            evidence={"phone_licences": list(phone)}
            | (number_evidence(snapshot, account) if works else reach_evidence(snapshot, account)),
            commands=mending.commands,
        )


def _severity(snapshot: Snapshot, account: Account, *, works: bool) -> Severity:
    usual: Severity = "info" if snapshot.policy.accepts_phone_licence else RULE.severity
    return usual if works else min(usual, severity_by_reach(snapshot, account), key=severity_rank)


def _summary(snapshot: Snapshot, account: Account, phone: tuple[str, ...], *, works: bool) -> str:
    names = licence_names(snapshot, phone)
    if works:
        return (
            f"On a user's phone licence ({names}) instead of the resource-account licence"
            f"{with_numbers(snapshot, account)}."
        )
    reason = (
        f"On a user's phone licence ({names}) instead of the resource-account licence, and its phone plan is switched "
        "off or out of force"
    )
    return cannot_answer(reason, snapshot, account)


def _mending(snapshot: Snapshot, account: Account, phone: tuple[str, ...], to_add: ToAdd) -> Mending:
    direct, failed = directly_held(account, phone), failed_licences(snapshot, account)
    if failed:
        return Mending(
            f"The assignment of {licence_names(snapshot, failed)} to it is in error: mend that first, and take "
            f"{licence_names(snapshot, phone)} away only once the account holds the resource-account licence."
        )
    if not direct:
        return Mending(_by_group(snapshot, account, phone, to_add))
    how = " ".join(filter(None, (RULE.remedy, _goes_with_it(snapshot, direct), _then_leave(snapshot, account, phone))))
    if to_add.licence is None:
        return Mending(f"{to_add.first}{how} {ACTIVE_USERS} > {person_name(account)} > Licenses and apps.")
    swap = LicenceChange(add=(to_add.licence,), remove=direct)
    return by_one_call(snapshot, account, swap, how, first=to_add.first)


def _goes_with_it(snapshot: Snapshot, removed: tuple[str, ...]) -> str:
    """What else a resource account loses by it: it needs nothing of a bundle, and who pays for one should know."""
    bundles = [sku_id for sku_id in removed if brings_other_services(snapshot, sku_id)]
    return f"All of {licence_names(snapshot, bundles)} goes with it." if bundles else ""


def _then_leave(snapshot: Snapshot, account: Account, phone: tuple[str, ...]) -> str:
    """A group left before the swap would leave the account without both licences."""
    groups = leave_groups(snapshot, account, phone)
    return f"And then, once the account holds the resource-account licence: {groups} The swap:" if groups else ""


def _by_group(snapshot: Snapshot, account: Account, phone: tuple[str, ...], to_add: ToAdd) -> str:
    """Two saves cannot be avoided here: the order keeps the account from ever being without both licences."""
    groups = sorted({group for sku_id in phone for group in groups_of(account, sku_id)})
    page = f" ({group_page(snapshot, to_add.licence.sku_id)})" if to_add.licence is not None else ""
    bundles = _goes_with_it(snapshot, phone)
    return (
        f"{to_add.first}{licence_names(snapshot, phone)} comes by the group {named_groups(groups)} and cannot be "
        "changed on the account. Assign the resource-account licence to a group of resource accounts that has the "
        f"account in it{page}, wait until the account holds it, and only then "
        f"take the account out of the other group: it must never be without both.{' ' + bundles if bundles else ''}"
    )


RULE = Rule(
    id="resource-account-phone-licence",
    family="accounts",
    severity="warning",
    title="Resource account on a user's phone licence",
    holds_when="a phone plan, and no resource-account plan, is assigned",
    reads=frozenset({"licences", "accounts"}),
    why="Microsoft no longer allows Teams Phone Standard on a resource account, and a free licence would do.",
    remedy="Swap both licences in one save, never in two: two saves can break the account for good.",
    link=LICENCE_RULE_PAGE,
    check=check,
    pending=SETTLING,
    severity_varies="critical on a line where the phone plan is switched off or out of force; else info under a policy "
    "that allows a phone licence on accounts",
    sharpened_by=frozenset({"numbers", "voice"}),
    reading=held_licences,
)
