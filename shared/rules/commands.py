"""One mending three ways: a Microsoft Graph PowerShell command, the raw request, and the words for the admin center.

Source: Microsoft Graph, "user: assignLicense", "Update user" and "Restore deleted directory object"; Microsoft 365
admin center help, "Assign or unassign licenses for users" and "Restore a user".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from shared.licensing.plans import RESOURCE_ACCOUNT_PLANS
from shared.model.directory import Account, AssignedLicence, Departed
from shared.model.finding import Commands
from shared.rules.location import location_of
from shared.rules.naming import one_line, person_name, product_name
from shared.rules.powershell import restore_deleted, set_user_licence, update_user
from shared.rules.snapshot import Snapshot

ACTIVE_USERS = "Microsoft 365 admin center: Users > Active users"


class LicenceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one request adds to an account, each SKU with the plans that are off in it, and what it takes away."""

    add: tuple[AssignedLicence, ...] = ()
    remove: tuple[str, ...] = ()


def licence_commands(snapshot: Snapshot, account: Account, change: LicenceChange) -> Commands:
    """Change an account's licences in one call."""
    added = [{"skuId": each.sku_id, "disabledPlans": list(each.disabled_plans)} for each in change.add]
    body = {"addLicenses": added, "removeLicenses": list(change.remove)}
    steps = " and ".join(_steps(snapshot, account, change))
    return Commands(
        powershell=set_user_licence(account.id, change.add, change.remove),
        request=_request(snapshot, "POST", f"users/{_segment(account.id)}/assignLicense", body),
        admin_centre=f"{ACTIVE_USERS} > {person_name(account)} > Licenses and apps: {steps}, then Save changes once.",
    )


def sign_in_commands(snapshot: Snapshot, account: Account) -> Commands:
    """Block an account's sign-in."""
    return _update(
        snapshot, account, "accountEnabled", "Block sign-in: tick Block this user from signing in", value=False
    )


def usage_location_commands(snapshot: Snapshot, account: Account, country: str) -> Commands:
    """Set an account's usage location to a country of two letters."""
    words = f"Licenses and apps: under Select location choose the country {country}"
    return _update(snapshot, account, "usageLocation", words, value=country)


def department_commands(snapshot: Snapshot, account: Account, department: str) -> Commands:
    """Set an account's department."""
    words = f"Manage contact information: set Department to {department}"
    return _update(snapshot, account, "department", words, value=department)


def restore_commands(snapshot: Snapshot, departed: Departed) -> Commands:
    """Restore a soft-deleted account."""
    name = one_line(departed.name) or one_line(departed.id)
    return Commands(
        powershell=restore_deleted(departed.id),
        request=_request(snapshot, "POST", f"directory/deletedItems/{_segment(departed.id)}/restore"),
        admin_centre=f"Microsoft 365 admin center: Users > Deleted users > {name} > Restore user.",
    )


def _update(snapshot: Snapshot, account: Account, name: str, words: str, *, value: str | bool) -> Commands:
    return Commands(
        powershell=update_user(account.id, name[0].upper() + name[1:], value),
        request=_request(snapshot, "PATCH", f"users/{_segment(account.id)}", {name: value}),
        admin_centre=f"{ACTIVE_USERS} > {person_name(account)} > {words}, then Save changes.",
    )


def _steps(snapshot: Snapshot, account: Account, change: LicenceChange) -> list[str]:
    steps = []
    if change.add and not location_of(account):
        steps.append("choose its country under Select location")
    for licence in change.add:
        product = product_name(snapshot, licence.sku_id)
        if licence.sku_id in account.sku_ids:
            steps.append(f"under Apps {_apps(snapshot, account, licence)} of {product}")
        else:
            steps.append(f"tick {product}")
    steps += [f"untick {product_name(snapshot, sku_id)}" for sku_id in change.remove]
    return steps


def _apps(snapshot: Snapshot, account: Account, licence: AssignedLicence) -> str:
    """What assigning a licence again switches off in it, or else that it switches the resource-account plan on."""
    was_off = {plan for each in account.licences if each.sku_id == licence.sku_id for plan in each.disabled_plans}
    off = frozenset(licence.disabled_plans) - was_off
    if off:
        return f"untick {_plan_names(snapshot, licence.sku_id, off) or 'the phone plan'}"
    return f"tick {_plan_names(snapshot, licence.sku_id, RESOURCE_ACCOUNT_PLANS) or 'the resource-account plan'}"


def _plan_names(snapshot: Snapshot, sku_id: str, plan_ids: frozenset[str]) -> str:
    sku = snapshot.skus.get(sku_id)
    plans = [plan for plan in sku.plans if plan.id in plan_ids] if sku is not None else []
    return " and ".join(filter(None, (one_line(plan.name) for plan in plans)))


def _request(snapshot: Snapshot, method: str, path: str, body: Mapping[str, object] | None = None) -> str:
    line = f"{method} {snapshot.graph_url.rstrip('/')}/{path}"
    if body is None:
        return line
    # ASCII only: what is pasted is what is read, whatever a name or an id holds.
    return f"{line}\nContent-Type: application/json\n\n{json.dumps(body, separators=(',', ':'))}"


def _segment(object_id: str) -> str:
    return quote(object_id, safe="", errors="replace")
