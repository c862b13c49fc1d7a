"""Directory objects, as far as the licences of resource accounts concern them."""

from __future__ import annotations

from datetime import datetime

import msgspec

RESOURCE_ACCOUNT_DEPARTMENT = "Microsoft Communication Application Instance"
"""The department that Teams writes on a resource account (Microsoft Learn: "Manage Teams resource accounts")."""


class AssignedLicence(msgspec.Struct, frozen=True, gc=False):
    """A SKU that an account holds, with the service plans switched off in it. Ids are lower-case GUIDs."""

    sku_id: str
    disabled_plans: tuple[str, ...] = ()


class AssignedPlan(msgspec.Struct, frozen=True, gc=False):
    """A service plan as the directory reports it for one account; `status` is Graph's `capabilityStatus`."""

    plan_id: str
    status: str


class Assignment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How the assignment of a SKU went (Graph's `licenseAssignmentState`); `group` is None for a direct one."""

    sku_id: str
    state: str = ""
    error: str = ""
    group: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the licence is not, or not wholly, in force."""
        return "error" in self.state.casefold()


class Departed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account that mattered and is no live user any more: it may be restored, or is gone for good."""

    id: str
    name: str = ""
    restorable: bool = False
    read_at: datetime


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A directory user that the monitor follows: a resource account, or a holder of its licence.

    `read_at` is when the read that brought it began (UTC): an older observation never replaces a newer one.
    `marked_until` is when an account that was a resource account was first seen without the department marker.
    """

    id: str
    name: str = ""
    upn: str = ""
    enabled: bool | None = None
    department: str | None = None
    usage_location: str | None = None
    created: datetime | None = None
    licences: tuple[AssignedLicence, ...] = ()
    plans: tuple[AssignedPlan, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    marked_until: datetime | None = None
    read_at: datetime

    @property
    def sku_ids(self) -> frozenset[str]:
        """The SKUs it holds."""
        return frozenset(licence.sku_id for licence in self.licences)

    @property
    def has_department_marker(self) -> bool:
        """Whether its department says that Teams made it as a resource account."""
        return (self.department or "").casefold() == RESOURCE_ACCOUNT_DEPARTMENT.casefold()


class AccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a delta read said of one user: an absent property is unchanged, an empty one is empty.

    Of a user that was removed, `restorable` tells that it can be restored.
    """

    id: str
    removed: bool = False
    name: str | msgspec.UnsetType = msgspec.UNSET
    upn: str | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType | None = msgspec.UNSET
    department: str | msgspec.UnsetType | None = msgspec.UNSET
    usage_location: str | msgspec.UnsetType | None = msgspec.UNSET
    created: datetime | msgspec.UnsetType | None = msgspec.UNSET
    licences: tuple[AssignedLicence, ...] | msgspec.UnsetType = msgspec.UNSET
    plans: tuple[AssignedPlan, ...] | msgspec.UnsetType = msgspec.UNSET
    assignments: tuple[Assignment, ...] | msgspec.UnsetType = msgspec.UNSET
    restorable: bool = False

    def applied_to(self, account: Account, read_at: datetime) -> Account:
        """The account with what changed."""
        said = {name: value for name in _CHANGEABLE if (value := getattr(self, name)) is not msgspec.UNSET}
        return msgspec.structs.replace(account, read_at=read_at, **said)


_CHANGEABLE = tuple(
    field.name for field in msgspec.structs.fields(AccountChange) if field.name not in {"id", "removed", "restorable"}
)
