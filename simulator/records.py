"""The things that a tenant holds, named and printed as Microsoft Graph prints them.

Shapes follow the Graph reference pages "user resource type", "subscribedSku resource type" and "companySubscription
resource type". Records are frozen: a mutation makes a new one, so that a reader who holds an old record holds the truth
of that moment.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Literal

import msgspec

Status = Literal["Enabled", "Warning", "Suspended", "LockedOut", "Deleted"]
"""States of a SKU, of a commerce subscription and of a user's plan."""

ChangeKind = Literal["created", "updated", "deleted", "restored", "purged"]
"""What happened to a user: ``deleted`` can be restored, ``purged`` cannot."""


class RefusedError(Exception):
    """A change that the tenant does not accept; ``reason`` is Entra's name for it, as in ``CountViolation``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ServicePlan(msgspec.Struct, frozen=True):
    """One plan inside a SKU, and the name of the service that provides it."""

    id: str
    name: str
    service: str


class AssignedLicense(msgspec.Struct, frozen=True, rename="camel"):
    """A SKU that a user holds, and the plans of it that are switched off."""

    sku_id: str
    disabled_plans: tuple[str, ...] = ()


class AssignedPlan(msgspec.Struct, frozen=True, rename="camel"):
    """What a user may use; an entry outlives its licence with the status ``Deleted``."""

    assigned_date_time: datetime
    capability_status: Status
    service: str
    service_plan_id: str


class LicenseAssignmentState(msgspec.Struct, frozen=True, rename="camel"):
    """How the assignment of one SKU went."""

    sku_id: str
    last_updated_date_time: datetime
    disabled_plans: tuple[str, ...] = ()
    assigned_by_group: str | None = None
    state: str = "Active"
    error: str = "None"


class User(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A person, a device or a resource account, with every property that can be selected here."""

    id: str
    display_name: str
    user_principal_name: str
    created_date_time: datetime
    account_enabled: bool = True
    department: str | None = None
    usage_location: str | None = None
    user_type: str | None = "Member"
    deleted_date_time: datetime | None = None
    assigned_licenses: tuple[AssignedLicense, ...] = ()
    assigned_plans: tuple[AssignedPlan, ...] = ()
    license_assignment_states: tuple[LicenseAssignmentState, ...] = ()

    def as_graph(self, names: Iterable[str] | None = None) -> dict[str, Any]:
        """The user as JSON values under Graph's names: all its properties, or those that are named."""
        if names is None:
            printed: dict[str, Any] = msgspec.to_builtins(self)
            return printed
        known = user_properties()
        return {name: msgspec.to_builtins(getattr(self, known[name].name)) for name in names}


class Group(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A Microsoft 365 group or a distribution list."""

    id: str
    display_name: str


class Sku(msgspec.Struct, frozen=True, kw_only=True):
    """A product that the tenant bought, with the units in each state."""

    id: str
    part_number: str
    plans: tuple[ServicePlan, ...]
    units: int
    status: Status = "Enabled"
    applies_to: str = "User"

    def units_in(self, status: Status) -> int:
        """Units in one state: all of a SKU's units are in the state that the SKU is in."""
        return self.units if self.status == status else 0

    @property
    def assignable(self) -> int:
        """Units that can be assigned: paid ones and those in their grace time."""
        return self.units if self.status in {"Enabled", "Warning"} else 0


class CommerceSubscription(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One purchase of a SKU: its size, its state and when the state changes next."""

    id: str
    commerce_subscription_id: str
    sku_id: str
    sku_part_number: str
    total_licenses: int
    created_date_time: datetime
    next_lifecycle_date_time: datetime | None = None
    status: Status = "Enabled"
    is_trial: bool = False
    owner_id: str | None = None
    owner_tenant_id: str | None = None
    owner_type: str | None = None
    service_status: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """One entry of the change log: what happened to a user and what the user is since."""

    number: int
    kind: ChangeKind
    at: datetime
    user: User
    properties: frozenset[str]


def fields_by_graph_name(shape: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of a record under the names that Graph gives them."""
    return {field.encode_name: field for field in msgspec.structs.fields(shape)}


@cache
def user_properties() -> dict[str, msgspec.structs.FieldInfo]:
    """The properties of a user under Graph's names."""
    return fields_by_graph_name(User)


def changed_properties(before: User, after: User) -> frozenset[str]:
    """Graph's names of the properties in which two records of a user differ."""
    return frozenset(
        name for name, field in user_properties().items() if getattr(before, field.name) != getattr(after, field.name)
    )
