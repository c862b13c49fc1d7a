"""A resource account on a user's phone licence."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.rules.assignment import (
    Mending,
    by_one_call,
    directly_held,
    group_page,
    groups_of,
    leave_groups,
    licence_to_add,
    named_groups,
)
from shared.rules.commands import LicenceChange
from shared.rules.naming import licence_names
from shared.rules.reach import number_evidence, with_numbers
from shared.rules.reading import held_licences
from shared.rules.rule import LICENCE_RULE_PAGE, SETTLING, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that hold a phone plan and no resource-account plan."""
    for account in snapshot.resource_accounts:
        phone = snapshot.phone_skus_of(account)
        if not phone or snapshot.holds_resource_account_plan(account):
            continue
        mending = _mending(snapshot, account, phone)
        yield Finding(
            rule=RULE.id,
            severity="info" if snapshot.policy.accepts_phone_licence else RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=f"On a user's phone licence ({licence_names(snapshot, phone)}) instead of the resource-account "
            f"licence{with_numbers(snapshot, account)}.",
            remedy=mending.remedy,
            evidence={"phone_licences": list(phone)} | number_evidence(snapshot, account),
            commands=mending.commands,
        )


def _mending(snapshot: Snapshot, account: Account, phone: tuple[str, ...]) -> Mending:
    direct = directly_held(account, phone)
    if not direct:
        return Mending(_by_group(snapshot, account, phone))
    swap = LicenceChange(add=(licence_to_add(snapshot),), remove=direct)
    how = " ".join(filter(None, (leave_groups(snapshot, account, phone), RULE.remedy)))
    return by_one_call(snapshot, account, swap, how, to_order=not snapshot.unassigned)


def _by_group(snapshot: Snapshot, account: Account, phone: tuple[str, ...]) -> str:
    """Two saves cannot be avoided here: the order keeps the account from ever being without both licences."""
    groups = sorted({group for sku_id in phone for group in groups_of(account, sku_id)})
    order = "" if snapshot.unassigned else "No licence is to spare: order one first. "
    return (
        f"{order}{licence_names(snapshot, phone)} comes by the group {named_groups(groups)} and cannot be changed "
        "on the account. Assign the resource-account licence to a group of resource accounts that has the account in "
        f"it ({group_page(snapshot, licence_to_add(snapshot).sku_id)}), wait until the account holds it, and only then "
        "take the account out of the other group: it must never be without both."
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
    severity_varies="info under a policy that allows a phone licence on accounts",
    sharpened_by=frozenset({"numbers"}),
    reading=held_licences,
)
