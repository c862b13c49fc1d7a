"""The one call that mends an account's licences: adding and removing in the same request.

Source: Microsoft Graph, "user: assignLicense", and its PowerShell form `Set-MgUserLicense`. Two requests, one to remove
and one to add, may leave a resource account broken for good (Microsoft Learn, "Teams Phone Resource Account licenses").
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.model.directory import Account
from shared.rules.snapshot import Snapshot

COMMERCIAL_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
"""PHONESYSTEM_VIRTUALUSER, for a tenant that has not ordered the resource-account licence yet."""


def one_call(account: Account, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> str:
    """The Microsoft Graph PowerShell command that adds and removes SKUs in one request. All arguments are GUIDs."""
    added = ", ".join(f"@{{SkuId='{sku_id}'}}" for sku_id in add)
    removed = ", ".join(f"'{sku_id}'" for sku_id in remove)
    return f"Set-MgUserLicense -UserId '{account.id}' -AddLicenses @({added}) -RemoveLicenses @({removed})"


def licence_to_add(snapshot: Snapshot) -> str:
    """The resource-account SKU to assign: the tenant's own with most to spare, else the commercial one."""
    own = snapshot.resource_account_skus
    return own[0].id if own else COMMERCIAL_SKU


def comes_by_group_alone(account: Account, sku_id: str) -> bool:
    """Whether the account has a SKU through groups and not directly: then it cannot be changed on the account."""
    assignments = [each for each in account.assignments if each.sku_id == sku_id]
    return bool(assignments) and all(each.group is not None for each in assignments)
