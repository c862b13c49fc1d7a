"""A resource account that holds both licences."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.plans import PHONE_PLANS, RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.rules.assignment import (
    Mending,
    assigned_again,
    brings_other_services,
    by_one_call,
    directly_held,
    failed_licences,
    group_page,
    groups_of,
    leave_groups,
    named_groups,
    without_phone_plan,
)
from shared.rules.commands import LicenceChange
from shared.rules.naming import licence_name, licence_names
from shared.rules.reading import held_licences, of_resource_accounts
from shared.rules.rule import LICENCE_RULE_PAGE, SETTLING, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that hold a resource-account plan and a phone plan, not switched off, beside it."""
    for account in snapshot.resource_accounts:
        phone = _switched_on(snapshot, account)
        if not phone or not snapshot.holds_resource_account_plan(account):
            continue
        mending = _mending(snapshot, account, phone)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=_summary(snapshot, phone),
            remedy=mending.remedy,
            evidence={
                "phone_licences": list(phone),
                "resource_account_licences": list(snapshot.resource_account_skus_of(account)),
            },
            commands=mending.commands,
        )


@of_resource_accounts
def reading(snapshot: Snapshot, account: Account) -> str:
    """Which of the account's licences bring which plan, and that the phone plan among them is switched off."""
    held, phone = snapshot.resource_account_skus_of(account), snapshot.phone_skus_of(account)
    if held and phone and not _switched_on(snapshot, account):
        return f"Holds {licence_names(snapshot, held)}; the phone plan of {licence_names(snapshot, phone)} is off."
    return held_licences(snapshot, account)


def _switched_on(snapshot: Snapshot, account: Account) -> tuple[str, ...]:
    phone = snapshot.phone_skus_of(account)
    return tuple(sku_id for sku_id in phone if snapshot.switched_on(account, sku_id, PHONE_PLANS))


def _apart(snapshot: Snapshot, phone: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The licences that are for Teams Phone alone, and those that bring other services too."""
    bundles = tuple(sku_id for sku_id in phone if brings_other_services(snapshot, sku_id))
    return tuple(sku_id for sku_id in phone if sku_id not in bundles), bundles


def _summary(snapshot: Snapshot, phone: tuple[str, ...]) -> str:
    alone, bundles = _apart(snapshot, phone)
    told = [f"{licence_names(snapshot, alone)} is paid for nothing"] if alone else []
    if bundles:
        told.append(f"{'t' if alone else 'T'}he phone plan of {licence_names(snapshot, bundles)} does nothing")
    return f"{', and '.join(told)}: the resource-account licence is assigned beside it."


def _mending(snapshot: Snapshot, account: Account, phone: tuple[str, ...]) -> Mending:
    """Without the phone licence the other one must work: where it does not, it is switched on in the same call."""
    words, groups = _in_words(snapshot, phone), _in_groups(snapshot, account, phone)
    works, failed = _works(snapshot, account), failed_licences(snapshot, account)
    off = () if works or failed else _switched_off(snapshot, account)
    if not works and not off:
        return Mending(" ".join(filter(None, (_first(snapshot, failed), f"{words}.", groups))))
    change = _change(snapshot, account, directly_held(account, phone), off)
    if change is None:
        first = "" if works else _first(snapshot, ())
        return Mending(" ".join(filter(None, (first, f"{words}.", groups))))
    how = f"{words}, and its plan is switched on in the same save" if off else words
    # A group left before would leave the account without a plan that works.
    return by_one_call(snapshot, account, change, f"{how}. And then: {groups} The call:" if groups else f"{how}:")


def _first(snapshot: Snapshot, failed: tuple[str, ...]) -> str:
    if failed:
        return f"First mend the assignment of {licence_names(snapshot, failed)}, which is in error."
    return "First make the plan of the resource-account licence work, else the account is left without any."


def _works(snapshot: Snapshot, account: Account) -> bool:
    failed = failed_licences(snapshot, account)
    held = snapshot.resource_account_skus_of(account)
    return any(snapshot.is_usable(account, each, RESOURCE_ACCOUNT_PLANS) for each in held if each not in failed)


def _in_words(snapshot: Snapshot, phone: tuple[str, ...]) -> str:
    alone, bundles = _apart(snapshot, phone)
    if not bundles:
        return "Take the phone licence back; the resource-account licence stays"
    names = licence_names(snapshot, bundles)
    back = f"Take {licence_names(snapshot, alone)} back, and switch" if alone else "Switch"
    return f"{back} the phone plan of {names} off; the other services of {names} and the resource-account licence stay"


def _in_groups(snapshot: Snapshot, account: Account, phone: tuple[str, ...]) -> str:
    alone, bundles = _apart(snapshot, phone)
    by_bundle = (
        f"{licence_name(snapshot, sku_id)} comes by the group {named_groups(groups)}: switch its phone plan off there "
        "if the group holds resource accounts only, else take the account out of it, and all of "
        f"{licence_name(snapshot, sku_id)} goes with it ({group_page(snapshot, sku_id)})."
        for sku_id in bundles
        if (groups := groups_of(account, sku_id))
    )
    return " ".join(filter(None, (leave_groups(snapshot, account, alone), *by_bundle)))


def _change(
    snapshot: Snapshot, account: Account, direct: tuple[str, ...], off: tuple[str, ...]
) -> LicenceChange | None:
    """What one call can do on the account; None where it can do nothing, or a bundle's plans are not known."""
    alone, bundles = _apart(snapshot, direct)
    kept = tuple(each for sku_id in bundles if (each := without_phone_plan(snapshot, account, sku_id)) is not None)
    if not direct or len(kept) < len(bundles):
        return None
    on = tuple(assigned_again(snapshot, account, sku_id) for sku_id in off[:1])
    return LicenceChange(add=(*on, *kept), remove=alone)


def _switched_off(snapshot: Snapshot, account: Account) -> tuple[str, ...]:
    """The resource-account licences whose plan can be switched on here, if that is all that is wrong with it."""
    held = snapshot.resource_account_skus_of(account)
    off = [sku_id for sku_id in held if not snapshot.switched_on(account, sku_id, RESOURCE_ACCOUNT_PLANS)]
    return directly_held(account, off) if len(off) == len(held) else ()


RULE = Rule(
    id="resource-account-double-licensed",
    family="accounts",
    severity="warning",
    title="Resource account with two phone licences",
    holds_when="a resource-account plan and a phone plan, not switched off in its licence, are both assigned",
    reads=frozenset({"licences", "accounts"}),
    why="The phone licence does nothing on an account that holds the resource-account licence, and it is paid for.",
    remedy="Take the phone licence back, or of a bundle its phone plan; the resource-account licence stays:",
    link=LICENCE_RULE_PAGE,
    check=check,
    pending=SETTLING,
    reading=reading,
)
