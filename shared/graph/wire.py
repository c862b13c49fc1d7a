"""Graph's JSON, as far as it is read here, and how it becomes values of the model.

Shapes: Microsoft Graph v1.0 reference (user, subscribedSku, companySubscription, subscription, JSON batching). Enums
are taken as plain texts, so that a value that Graph adds tomorrow is carried, not refused. GUIDs become lower case.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from shared.model.directory import Account, AccountChange, AssignedLicence, AssignedPlan, Assignment
from shared.model.licences import CommerceSubscription, ServicePlan, Sku
from shared.model.numbers import CallingState, PhoneNumber
from shared.model.referenced import DirectoryObject

Row = TypeVar("Row")

CANONICAL_LENGTH = 36


class Page(msgspec.Struct, Generic[Row], frozen=True):
    """One page of a collection."""

    value: tuple[Row, ...]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)


class _Wire(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Decoded values hold no cycles: the collector need not look at thousands of them."""


class WireLicence(_Wire, frozen=True):
    """assignedLicense."""

    sku_id: str
    disabled_plans: tuple[str, ...] | None = None


class WirePlan(_Wire, frozen=True):
    """assignedPlan."""

    service_plan_id: str | None = None
    capability_status: str | None = None


class WireAssignment(_Wire, frozen=True):
    """licenseAssignmentState."""

    sku_id: str
    assigned_by_group: str | None = None
    state: str | None = None
    error: str | None = None


class WireUser(_Wire, frozen=True):
    """A user, whole or as delta tells of it."""

    id: str
    removed: dict[str, str] | UnsetType = msgspec.field(name="@removed", default=UNSET)
    display_name: str | UnsetType | None = UNSET
    user_principal_name: str | UnsetType | None = UNSET
    account_enabled: bool | UnsetType | None = UNSET
    department: str | UnsetType | None = UNSET
    usage_location: str | UnsetType | None = UNSET
    created_date_time: datetime | UnsetType | None = UNSET
    assigned_licenses: tuple[WireLicence, ...] | UnsetType | None = UNSET
    assigned_plans: tuple[WirePlan, ...] | UnsetType | None = UNSET
    license_assignment_states: tuple[WireAssignment, ...] | UnsetType | None = UNSET

    def change(self) -> AccountChange:
        """What it says, leaving unsaid what it does not say."""
        return AccountChange(
            id=self.id.lower(),
            removed=self.removed is not UNSET,
            restorable=self.removed is not UNSET and self.removed.get("reason") == "changed",
            name=_text(self.display_name),
            upn=_text(self.user_principal_name),
            enabled=self.account_enabled,
            department=self.department,
            usage_location=self.usage_location,
            created=self.created_date_time,
            licences=_licences(self.assigned_licenses),
            plans=_plans(self.assigned_plans),
            assignments=_assignments(self.license_assignment_states),
        )

    def account(self, read_at: datetime) -> Account:
        """The account that a whole user is; what was not asked for is empty.

        Built directly and not by way of a change: a listing has thousands of these.
        """
        return Account(
            id=self.id.lower(),
            name=self.display_name or "",
            upn=self.user_principal_name or "",
            enabled=None if self.account_enabled is UNSET else self.account_enabled,
            department=self.department or None,
            usage_location=self.usage_location or None,
            created=self.created_date_time or None,
            licences=_licences(self.assigned_licenses) or (),
            plans=_plans(self.assigned_plans) or (),
            assignments=_assignments(self.license_assignment_states) or (),
            read_at=read_at,
        )


DELTA_FIELDS = (
    "id",
    "displayName",
    "userPrincipalName",
    "accountEnabled",
    "department",
    "usageLocation",
    "createdDateTime",
    "assignedLicenses",
    "assignedPlans",
)
"""What a delta read tells of: the properties that Graph tracks changes of."""

USER_FIELDS = (*DELTA_FIELDS, "licenseAssignmentStates")
"""What a direct read asks for. Graph does not track changes of the last one."""


def _text(value: str | UnsetType | None) -> str | UnsetType:
    return "" if value is None else value


def _licences(value: tuple[WireLicence, ...] | UnsetType | None) -> tuple[AssignedLicence, ...] | UnsetType:
    if value is UNSET:
        return UNSET
    return tuple([AssignedLicence(guid(each.sku_id), _guids(each.disabled_plans)) for each in value or ()])


def _guids(ids: tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple([guid(each) for each in ids]) if ids else ()


def guid(text: str) -> str:
    """A GUID as it is compared: lower case, without the stray space, braces or missing hyphens of some sources.

    What is no GUID stays as it is, trimmed.
    """
    bare = text.strip().lower()
    if len(bare) == CANONICAL_LENGTH:
        return bare
    try:
        return str(uuid.UUID(bare))
    except ValueError:
        return bare


def _plans(value: tuple[WirePlan, ...] | UnsetType | None) -> tuple[AssignedPlan, ...] | UnsetType:
    if value is UNSET:
        return UNSET
    return tuple(
        [
            AssignedPlan(guid(each.service_plan_id), each.capability_status or "")
            for each in value or ()
            if each.service_plan_id
        ]
    )


def _assignments(value: tuple[WireAssignment, ...] | UnsetType | None) -> tuple[Assignment, ...] | UnsetType:
    if value is UNSET:
        return UNSET
    return tuple(
        [
            Assignment(
                sku_id=guid(each.sku_id), state=each.state or "", error=each.error or "", group=each.assigned_by_group
            )
            for each in value or ()
        ]
    )


class WireDirectoryObject(_Wire, frozen=True):
    """directoryObject; of a kind that may not be read, Graph gives little more than the id."""

    id: str
    kind: str = msgspec.field(name="@odata.type", default="")
    display_name: str | None = None
    account_enabled: bool | None = None
    assigned_licenses: tuple[WireLicence, ...] | None = None

    def object(self) -> DirectoryObject:
        """The model's directory object."""
        licences = _licences(self.assigned_licenses) if self.assigned_licenses is not None else None
        return DirectoryObject(
            id=guid(self.id),
            kind="group" if self.kind.casefold().endswith(".group") else "user",
            name=self.display_name or "",
            enabled=self.account_enabled,
            licences=licences if licences is not UNSET else None,
        )


OBJECT_FIELDS = ("id", "displayName", "accountEnabled", "assignedLicenses")


class WireNumber(_Wire, frozen=True):
    """numberAssignment."""

    telephone_number: str
    assignment_target_id: str | None = None
    assignment_status: str | None = None
    activation_state: str | None = None
    number_type: str | None = None
    iso_country_code: str | None = None

    def phone_number(self) -> PhoneNumber:
        """The model's number."""
        return PhoneNumber(
            number=self.telephone_number.strip(),
            target=self.assignment_target_id.lower() if self.assignment_target_id else None,
            status=self.assignment_status or "",
            activation=self.activation_state or "",
            kind=self.number_type or "",
            country=self.iso_country_code,
        )


class WireUserConfiguration(_Wire, frozen=True):
    """teamsUserConfiguration."""

    id: str
    is_enterprise_voice_enabled: bool | None = None
    feature_types: tuple[str, ...] | None = None

    def state(self) -> CallingState:
        """The model's calling state."""
        return CallingState(enterprise_voice=self.is_enterprise_voice_enabled, features=self.feature_types or ())


class WireUnits(_Wire, frozen=True):
    """licenseUnitsDetail; any of them may be missing or null."""

    enabled: int | None = None
    warning: int | None = None
    suspended: int | None = None
    locked_out: int | None = None


class WireServicePlan(_Wire, frozen=True):
    """servicePlanInfo."""

    service_plan_id: str | None = None
    service_plan_name: str | None = None


class WireSku(_Wire, frozen=True):
    """subscribedSku."""

    sku_id: str
    sku_part_number: str | None = None
    applies_to: str | None = None
    capability_status: str | None = None
    consumed_units: int | None = None
    prepaid_units: WireUnits | None = None
    service_plans: tuple[WireServicePlan, ...] | None = None
    subscription_ids: tuple[str, ...] | None = None

    def sku(self) -> Sku:
        """The model's SKU; texts are trimmed, since the published ones carry stray space."""
        units = self.prepaid_units or WireUnits()
        return Sku(
            id=guid(self.sku_id),
            part_number=(self.sku_part_number or "").strip(),
            applies_to=self.applies_to or "User",
            status=self.capability_status or "Enabled",
            enabled=units.enabled or 0,
            warning=units.warning or 0,
            suspended=units.suspended or 0,
            locked_out=units.locked_out or 0,
            consumed=self.consumed_units or 0,
            plans=tuple(
                ServicePlan(guid(plan.service_plan_id), (plan.service_plan_name or "").strip())
                for plan in self.service_plans or ()
                if plan.service_plan_id
            ),
            subscription_ids=tuple(guid(each) for each in self.subscription_ids or ()),
        )


class WireCommerceSubscription(_Wire, frozen=True):
    """companySubscription."""

    id: str
    sku_id: str | None = None
    status: str | None = None
    is_trial: bool | None = None
    total_licenses: int | None = None
    next_lifecycle_date_time: datetime | None = None

    def subscription(self) -> CommerceSubscription:
        """The model's subscription."""
        return CommerceSubscription(
            id=guid(self.id),
            sku_id=guid(self.sku_id or ""),
            status=self.status or "Enabled",
            is_trial=bool(self.is_trial),
            total=self.total_licenses or 0,
            next_lifecycle=self.next_lifecycle_date_time,
        )


class WireChangeSubscription(_Wire, frozen=True):
    """subscription: where Graph sends change notifications."""

    id: str
    resource: str = ""
    notification_url: str | None = None
    expiration_date_time: datetime | None = None


class WireBatchAnswer(_Wire, frozen=True):
    """One answer inside a JSON batch; the body is decoded only where the status says what it is."""

    id: str
    status: int
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw()

    def header(self, name: str) -> str:
        """A header by its name in any letter case, "" where it is not there."""
        return next((value for key, value in self.headers.items() if key.casefold() == name.casefold()), "")


class WireBatch(_Wire, frozen=True):
    """The answers of a JSON batch, in any order."""

    responses: tuple[WireBatchAnswer, ...]


class WireErrorDetail(_Wire, frozen=True):
    """What went wrong, by Graph's code."""

    code: str | None = None


class WireError(_Wire, frozen=True):
    """An error body."""

    error: WireErrorDetail | None = None
