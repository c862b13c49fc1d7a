"""Telephone numbers and the Teams configuration of users: what a tenant's telephony administrator decides.

Imitates the Graph reference pages "numberAssignment resource type" and "teamsUserConfiguration resource type" with the
value sets of the v1.0 metadata. Nothing here is part of a user, so no delta query and no notification tells of it.
"""

import base64
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

import msgspec

from simulator.journal import Clock, Journal, Record
from simulator.records import RefusedError, fields_by_graph_name

NumberType = Literal["internalError", "directRouting", "callingPlan", "operatorConnect", "unknownFutureValue"]
Activation = Literal[
    "activated", "assignmentPending", "assignmentFailed", "updatePending", "updateFailed", "unknownFutureValue"
]
AssignmentStatus = Literal[
    "unassigned",
    "internalError",
    "userAssigned",
    "conferenceAssigned",
    "voiceApplicationAssigned",
    "thirdPartyAppAssigned",
    "policyAssigned",
    "unknownFutureValue",
]
Category = Literal["primary", "private", "alternate", "unknownFutureValue"]
Capability = Literal[
    "conferenceAssignment", "voiceApplicationAssignment", "userAssignment", "teamsPhoneMobile", "unknownFutureValue"
]
AccountType = Literal[
    "user", "resourceAccount", "guest", "sfbOnPremUser", "unknown", "ineligibleUser", "unknownFutureValue"
]

_ANY_USE: tuple[Capability, ...] = ("conferenceAssignment", "voiceApplicationAssignment", "userAssignment")
_SERVICE: tuple[Capability, ...] = ("conferenceAssignment", "voiceApplicationAssignment")
_PERSONAL: tuple[Capability, ...] = ("userAssignment",)


class NumberAssignment(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A telephone number of the tenant and whom it leads to."""

    id: str
    telephone_number: str
    operator_id: str
    number_type: NumberType
    activation_state: Activation
    capabilities: tuple[Capability, ...]
    location_id: str | None = None
    civic_address_id: str | None = None
    network_site_id: str | None = None
    assignment_target_id: str | None = None
    assignment_category: Category | None = None
    port_in_status: Literal["completed", "firmOrderCommitmentAccepted", "unknownFutureValue"] | None = None
    assignment_status: AssignmentStatus
    iso_country_code: str | None
    city: str | None = None
    number_source: Literal["online", "onPremises", "unknownFutureValue"] = "online"
    supported_customer_actions: tuple[Literal["locationUpdate", "release", "unknownFutureValue"], ...] = ("release",)
    reverse_number_lookup_options: tuple[Literal["skipInternalVoip", "unknownFutureValue"], ...] = ()


class PolicyAssignment(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Which policy applies, and whether the user or a group brought it."""

    display_name: str
    assignment_type: Literal["direct", "group", "unknownFutureValue"] = "direct"
    policy_id: str
    group_id: str | None = None


class EffectivePolicy(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The policy of one type that applies to a user."""

    policy_type: str
    policy_assignment: PolicyAssignment


class UserConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What Teams knows of a user; names and telephone numbers are looked up when it is printed."""

    account_type: AccountType = "user"
    feature_types: tuple[str, ...] = ("Teams",)
    enterprise_voice: bool = False
    policies: tuple[EffectivePolicy, ...] = ()
    created: datetime
    modified: datetime


class Telephony:
    """The telephony half of a tenant.

    Attributes:
        tenant_id: The tenant's GUID.
        clock: Where changes take their time from.
        journal: What the tables held before each change.
        numbers: Number assignments by telephone number.
        configurations: Users' Teams configurations by user id.
    """

    def __init__(self, tenant_id: str, clock: Clock) -> None:
        self.tenant_id = tenant_id
        self.clock = clock
        self.journal = Journal()
        self.numbers: dict[str, NumberAssignment] = {}
        self.configurations: dict[str, UserConfiguration] = {}

    def seen_after(self, table: dict[str, Record], lag: float) -> Mapping[str, Record]:
        """A table as a reader sees it whom changes reach after this many seconds, by the tenant's clock."""
        return self.journal.as_of(table, self.clock() - timedelta(seconds=lag)) if lag else table

    def assign_number(
        self,
        number: str,
        target_id: str,
        *,
        number_type: NumberType | None = None,
        country: str | None = None,
        status: AssignmentStatus = "voiceApplicationAssigned",
        activation: Activation = "activated",
        capabilities: Sequence[Capability] | None = None,
        city: str | None = None,
    ) -> NumberAssignment:
        """Lead a number to a user, a resource account or a policy; an unknown number is acquired first.

        Args:
            number: The number in E.164, with its plus sign.
            target_id: What it leads to; Graph does not check that it exists, nor does this.
            number_type: Who provides the number: ``callingPlan`` for a new one.
            country: Its ISO country code: ``US`` for a new one.
            status: What kind of target it is.
            activation: How far the assignment got.
            capabilities: What it may be used for: by default everything for a Direct Routing number, and what
                ``status`` needs for a number of another type.
            city: The city that it belongs to.
        """
        known = self.numbers.get(number) or self.acquire_number(
            number, number_type=number_type or "callingPlan", country=country or "US", status=status, city=city
        )
        given = {"number_type": number_type, "iso_country_code": country, "city": city, "capabilities": capabilities}
        changed = msgspec.structs.replace(
            known,
            assignment_target_id=target_id.lower(),
            assignment_category="primary",
            assignment_status=status,
            activation_state=activation,
            **{name: value for name, value in given.items() if value is not None},
        )
        return self._put_number(msgspec.structs.replace(changed, capabilities=tuple(changed.capabilities)))

    def acquire_number(
        self,
        number: str,
        *,
        number_type: NumberType = "callingPlan",
        country: str = "US",
        status: AssignmentStatus = "voiceApplicationAssigned",
        city: str | None = None,
    ) -> NumberAssignment:
        """Add a number that leads nowhere yet; ``status`` is the use it is meant for."""
        personal = _PERSONAL if status == "userAssigned" else _SERVICE
        return self._put_number(
            NumberAssignment(
                id=base64.urlsafe_b64encode(f"{self.tenant_id}|{number}".encode()).decode().rstrip("="),
                telephone_number=number,
                operator_id=str(uuid.uuid5(uuid.UUID(self.tenant_id), f"operator {number_type}")),
                number_type=number_type,
                activation_state="activated",
                capabilities=_ANY_USE if number_type == "directRouting" else personal,
                assignment_status="unassigned",
                iso_country_code=country,
                city=city,
            )
        )

    def unassign_number(self, number: str) -> NumberAssignment:
        """Let a number lead nowhere; the tenant keeps it."""
        return self._put_number(
            msgspec.structs.replace(
                self._number(number),
                assignment_target_id=None,
                assignment_category=None,
                assignment_status="unassigned",
            )
        )

    def release_number(self, number: str) -> None:
        """Give a number back."""
        self.journal.note(self.numbers, self._number(number).telephone_number, self.clock())
        del self.numbers[number]

    def set_number(self, number: str, name: str, value: Any) -> NumberAssignment:  # noqa: ANN401 - Graph decides the type by the name
        """Set one property of a number, named and shaped as Graph names and shapes it."""
        field = number_properties().get(name)
        if field is None or name in {"id", "telephoneNumber"}:
            raise RefusedError("InvalidProperty", f"A number has no property {name!r} that can be set.")
        converted = msgspec.convert(value, type=field.type, strict=False)
        return self._put_number(msgspec.structs.replace(self._number(number), **{field.name: converted}))

    def configure_user(
        self,
        user_id: str,
        *,
        enterprise_voice: bool | None = None,
        feature_types: Sequence[str] | None = None,
        account_type: AccountType | None = None,
        policies: Sequence[EffectivePolicy] | None = None,
    ) -> UserConfiguration:
        """Give a user a Teams configuration, or change what is named here of the one that it has."""
        key, now = user_id.lower(), self.clock()
        known = self.configurations.get(key) or UserConfiguration(created=now, modified=now)
        given = {
            "enterprise_voice": enterprise_voice,
            "feature_types": None if feature_types is None else tuple(feature_types),
            "account_type": account_type,
            "policies": None if policies is None else tuple(policies),
        }
        changes = {name: value for name, value in given.items() if value is not None}
        self.journal.note(self.configurations, key, now)
        self.configurations[key] = msgspec.structs.replace(known, modified=now, **changes)
        return self.configurations[key]

    def _number(self, number: str) -> NumberAssignment:
        try:
            return self.numbers[number]
        except KeyError:
            raise RefusedError("ResourceNotFound", f"The tenant has no number {number!r}.") from None

    def _put_number(self, assignment: NumberAssignment) -> NumberAssignment:
        self.journal.note(self.numbers, assignment.telephone_number, self.clock())
        self.numbers[assignment.telephone_number] = assignment
        return assignment


@cache
def number_properties() -> dict[str, msgspec.structs.FieldInfo]:
    """The properties of a number assignment under Graph's names."""
    return fields_by_graph_name(NumberAssignment)
