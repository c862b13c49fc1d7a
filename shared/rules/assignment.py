"""What mends an account's licences: which to add, which to take away, in one call, and what must come first.

Source: Microsoft Graph, "user: assignLicense". Two requests, one to remove and one to add, may leave a resource account
broken for good (Microsoft Learn, "Teams Phone Resource Account licenses"). A licence that comes by a group cannot be
changed on the account (Microsoft Entra, "Group-based licensing"); no command is given for the group, because it would
change every member.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat
from urllib.parse import urlsplit

import msgspec

from shared.licensing.catalogue import PUBLISHED, classify
from shared.licensing.phone_skus import Kind
from shared.licensing.plans import PHONE_PLANS, RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account, AssignedLicence
from shared.model.finding import SEVERITIES, Commands, severity_rank
from shared.model.sources import GRAPH_URL
from shared.rules.commands import LicenceChange, licence_commands
from shared.rules.location import countries_of, location_of
from shared.rules.naming import MAX_NAMES, licence_name, one_line, product_name
from shared.rules.powershell import update_user
from shared.rules.reach import severity_by_reach
from shared.rules.snapshot import USABLE, Snapshot

COMMERCIAL_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
"""PHONESYSTEM_VIRTUALUSER, for a tenant that has not ordered the resource-account licence yet."""

_WITH_OTHER_SERVICES: frozenset[Kind] = frozenset({"bundle", "teams_rooms", "phone_with_calling_plan"})


class Mending(msgspec.Struct, frozen=True):
    """A finding's remedy, and the commands for it where it can be done by one call."""

    remedy: str
    commands: Commands | None = None


class ToAdd(msgspec.Struct, frozen=True):
    """The resource-account licence that an account is to get.

    It is None where the tenant has none and which one its cloud sells is not known. `first` is what must come before,
    a sentence with its blank; empty where a unit is left for the account.
    """

    licence: AssignedLicence | None
    first: str = ""


def by_one_call(snapshot: Snapshot, account: Account, change: LicenceChange, how: str, *, first: str = "") -> Mending:
    """The remedy that ends in the one call, after what must come first.

    The usage location comes first too where the account lacks it, because without it nothing can be assigned.
    """
    commands = licence_commands(snapshot, account, change)
    before = first
    if change.add and not location_of(account):
        before += _location_first(snapshot, account)
    return Mending(f"{before}{how} {commands.powershell}", commands)


def licences_to_add(snapshot: Snapshot) -> dict[str, ToAdd]:
    """What each resource account without the resource-account licence is to get, by the account's id.

    Each unit that is left is given out once, of the SKU with most left first: to those that cannot answer, those on a
    line first, then to those that must not keep a user's phone licence, then to the others, each by id. For the rest
    one must be ordered.
    """
    lacking = [each for each in snapshot.resource_accounts if not snapshot.holds_resource_account_plan(each)]
    lacking.sort(key=lambda each: (_rank(snapshot, each), each.id))
    own = [sku for sku in snapshot.resource_account_skus if sku.status in USABLE]
    left = chain.from_iterable(repeat(AssignedLicence(sku.id), max(0, snapshot.left_of(sku))) for sku in own)
    units = (ToAdd(licence) for licence in left)
    return {each.id: unit for each, unit in zip(lacking, chain(units, repeat(_to_order(snapshot))), strict=False)}


def _rank(snapshot: Snapshot, account: Account) -> int:
    if snapshot.must_be_licensed(account):
        if not snapshot.has_usable_plan(account, PHONE_PLANS):
            return severity_rank(severity_by_reach(snapshot, account))
        if not snapshot.policy.accepts_phone_licence:
            return len(SEVERITIES)
    return len(SEVERITIES) + 1


def _to_order(snapshot: Snapshot) -> ToAdd:
    """What an account is to get for which no unit is left: of the SKU that works, else of the one to renew."""
    own = snapshot.resource_account_skus
    working = [sku for sku in own if sku.status in USABLE]
    taken = any(snapshot.left_of(sku) > 0 for sku in working)
    first = f"No licence is to spare{' beyond those for other accounts' if taken else ''}: order one first. "
    if own:
        return ToAdd(AssignedLicence((working or own)[0].id), first)
    # Each national cloud sells a licence of its own under another id.
    is_commercial = urlsplit(snapshot.graph_url).hostname == urlsplit(GRAPH_URL).hostname
    return ToAdd(AssignedLicence(COMMERCIAL_SKU) if is_commercial else None, first)


def brings_other_services(snapshot: Snapshot, sku_id: str) -> bool:
    """Whether a phone licence holds more than Teams Phone, which goes with it where the whole of it is taken away."""
    sku, listed = snapshot.skus.get(sku_id), PUBLISHED.get(sku_id)
    kind = classify(sku).kind if sku is not None else listed.kind if listed is not None else None
    return kind in _WITH_OTHER_SERVICES


def failed_licences(snapshot: Snapshot, account: Account) -> tuple[str, ...]:
    """The resource-account SKUs whose assignment to the account is in error, by id."""
    failed = {each.sku_id for each in account.assignments if each.failed}
    return tuple(sorted(sku_id for sku_id in failed if snapshot.is_resource_account_sku(sku_id)))


def assigned_again(snapshot: Snapshot, account: Account, sku_id: str) -> AssignedLicence:
    """A resource-account SKU as it must be assigned for its resource-account plan to be on.

    Its other plans stay as the account has them: an assignment replaces the list of what is switched off. A plan that
    the SKU no longer contains is left out, because Graph refuses it.
    """
    off = {plan for licence in account.licences if licence.sku_id == sku_id for plan in licence.disabled_plans}
    sku = snapshot.skus.get(sku_id)
    kept = (off if sku is None else off & sku.plan_ids) - RESOURCE_ACCOUNT_PLANS
    return AssignedLicence(sku_id, tuple(sorted(kept)))


def without_phone_plan(snapshot: Snapshot, account: Account, sku_id: str) -> AssignedLicence | None:
    """A phone SKU as it must be assigned for its phone plan alone to go; None where its plans are not known."""
    sku = snapshot.skus.get(sku_id)
    if sku is None:
        return None
    off = {plan for licence in account.licences if licence.sku_id == sku_id for plan in licence.disabled_plans}
    return AssignedLicence(sku_id, tuple(sorted((off | PHONE_PLANS) & sku.plan_ids)))


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
