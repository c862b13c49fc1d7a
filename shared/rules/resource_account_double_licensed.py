"""A resource account that holds both licences."""

from __future__ import annotations

from collections.abc import Iterator

from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.rules.assignment import Mending, assigned_again, by_one_call, directly_held, leave_groups
from shared.rules.commands import LicenceChange
from shared.rules.naming import licence_names
from shared.rules.reading import held_licences
from shared.rules.rule import LICENCE_RULE_PAGE, SETTLING, Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Accounts that hold a resource-account plan and a phone plan beside it."""
    for account in snapshot.resource_accounts:
        phone = snapshot.phone_skus_of(account)
        if not phone or not snapshot.holds_resource_account_plan(account):
            continue
        mending = _mending(snapshot, account, phone)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", account.id, account.name),
            summary=f"{licence_names(snapshot, phone)} is paid for nothing: the resource-account licence is assigned "
            "beside it.",
            remedy=mending.remedy,
            evidence={
                "phone_licences": list(phone),
                "resource_account_licences": list(snapshot.resource_account_skus_of(account)),
            },
            commands=mending.commands,
        )


def _mending(snapshot: Snapshot, account: Account, phone: tuple[str, ...]) -> Mending:
    """Without the phone licence the other one must work: where it does not, it is switched on in the same call."""
    direct, groups = directly_held(account, phone), leave_groups(snapshot, account, phone)
    works = snapshot.has_usable_plan(account, RESOURCE_ACCOUNT_PLANS)
    off = () if works else _switched_off(snapshot, account)
    if not works and not (direct and off):
        first = "First make the plan of the resource-account licence work, else the account is left without any."
        return Mending(" ".join(filter(None, (first, _IN_WORDS, groups))))
    if not direct:
        return Mending(f"{_IN_WORDS} {groups}")
    change = LicenceChange(add=tuple(assigned_again(snapshot, account, sku_id) for sku_id in off[:1]), remove=direct)
    how = "Take the phone licence back and switch the resource-account plan on, in one save:" if off else RULE.remedy
    return by_one_call(snapshot, account, change, " ".join(filter(None, (groups, how))))


def _switched_off(snapshot: Snapshot, account: Account) -> tuple[str, ...]:
    """The resource-account licences whose plan can be switched on here, if that is all that is wrong with it."""
    held = snapshot.resource_account_skus_of(account)
    off = [sku_id for sku_id in held if not snapshot.switched_on(account, sku_id, RESOURCE_ACCOUNT_PLANS)]
    return directly_held(account, off) if len(off) == len(held) else ()


_IN_WORDS = "Take the phone licence back; the resource-account licence stays."

RULE = Rule(
    id="resource-account-double-licensed",
    family="accounts",
    severity="warning",
    title="Resource account with two phone licences",
    holds_when="a resource-account plan and a phone plan are both assigned",
    reads=frozenset({"licences", "accounts"}),
    why="The phone licence does nothing on an account that holds the resource-account licence, and it is paid for.",
    remedy="Take the phone licence back; the resource-account licence stays:",
    link=LICENCE_RULE_PAGE,
    check=check,
    pending=SETTLING,
    reading=held_licences,
)
