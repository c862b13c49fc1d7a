"""What mends an account's licences: which to add, which to take away, in one call, and what must come first.

Source: Microsoft Graph, "user: assignLicense". Two requests, one to remove and one to add, may leave a resource account
broken for good (Microsoft Learn, "Teams Phone Resource Account licenses"). A licence that comes by a group cannot be
changed on the account (Microsoft Entra, "Group-based licensing"); no command is given for the group, because it would
change every member.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account, AssignedLicence
from shared.model.finding import Commands
from shared.rules.commands import LicenceChange, licence_commands
from shared.rules.location import countries_of, location_of
from shared.rules.naming import MAX_NAMES, licence_name, one_line, product_name
from shared.rules.powershell import update_user
from shared.rules.snapshot import Snapshot

COMMERCIAL_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
"""PHONESYSTEM_VIRTUALUSER, for a tenant that has not ordered the resource-account licence yet."""


class Mending(msgspec.Struct, frozen=True):
    """A finding's remedy, and the commands for it where it can be done by one call."""

    remedy: str
    commands: Commands | None = None


def by_one_call(
    snapshot: Snapshot, account: Account, change: LicenceChange, how: str, *, to_order: bool = False
) -> Mending:
    """The remedy that ends in the one call, after what must come first.

    Where a licence is `to_order`, that comes first; so does the usage location where the account lacks it, because
    without it nothing can be assigned.
    """
    commands = licence_commands(snapshot, account, change)
    before = "No licence is to spare: order one first. " if to_order else ""
    if change.add and not location_of(account):
        before += _location_first(snapshot, account)
    return Mending(f"{before}{how} {commands.powershell}", commands)


def licence_to_add(snapshot: Snapshot) -> AssignedLicence:
    """The resource-account SKU to assign: the tenant's own with most to spare, else the commercial one."""
    own = snapshot.resource_account_skus
    return AssignedLicence(own[0].id if own else COMMERCIAL_SKU)


def assigned_again(snapshot: Snapshot, account: Account, sku_id: str) -> AssignedLicence:
    """A resource-account SKU as it must be assigned for its resource-account plan to be on.

    Its other plans stay as the account has them: an assignment replaces the list of what is switched off. A plan that
    the SKU no longer contains is left out, because Graph refuses it.
    """
    off = {plan for licence in account.licences if licence.sku_id == sku_id for plan in licence.disabled_plans}
    sku = snapshot.skus.get(sku_id)
    kept = (off if sku is None else off & sku.plan_ids) - RESOURCE_ACCOUNT_PLANS
    return AssignedLicence(sku_id, tuple(sorted(kept)))


def directly_held(account: Account, sku_ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the SKUs that can be changed on the account."""
    return tuple(sku_id for sku_id in sku_ids if not comes_by_group_alone(account, sku_id))


def comes_by_group_alone(account: Account, sku_id: str) -> bool:
    """Whether the account has a SKU through groups and not directly: then it cannot be changed on the account."""
    assignments = [each for each in account.assignments if each.sku_id == sku_id]
    return bool(assignments) and all(each.group is not None for each in assignments)


def groups_of(account: Account, sku_id: str) -> tuple[str, ...]:
    """The groups that assign a SKU to the account, by id."""
    return tuple(sorted({each.group for each in account.assignments if each.sku_id == sku_id and each.group}))


def group_page(snapshot: Snapshot, sku_id: str) -> str:
    """Where the admin center shows the groups that assign a SKU."""
    return f"Microsoft 365 admin center: Billing > Licenses > {product_name(snapshot, sku_id)} > Groups"


def leave_groups(snapshot: Snapshot, account: Account, sku_ids: Iterable[str]) -> str:
    """How to be rid of SKUs as far as groups assign them; empty where none does."""
    return " ".join(
        f"{licence_name(snapshot, sku_id)} comes by the group {named_groups(groups)}, which alone can take it away: "
        f"take the account out of it, or unassign the licence from it ({group_page(snapshot, sku_id)})."
        for sku_id in sku_ids
        if (groups := groups_of(account, sku_id))
    )


def named_groups(groups: Iterable[str]) -> str:
    """The first groups of a list by id, and how many more there are."""
    every = [one_line(group) for group in groups]
    more = f" and {len(every) - MAX_NAMES} more" if len(every) > MAX_NAMES else ""
    return ", ".join(every[:MAX_NAMES]) + more


def _location_first(snapshot: Snapshot, account: Account) -> str:
    countries = countries_of(snapshot, account)
    if len(countries) == 1:
        return f"Set its usage location first ({update_user(account.id, 'UsageLocation', countries[0])}). "
    return "Set its usage location first, to the country where the line is. "
