"""What a person can do to the simulated tenant with one JSON object, in an administrator's words."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from simulator.directory import SimulatedTenant
from simulator.records import RefusedError, User
from simulator.telephony import AssignmentStatus
from simulator.voice_actions import ActionShape, VoiceAction, carry_out_on_voice

_Units = Annotated[int, msgspec.Meta(ge=0)]
_Number = Annotated[str, msgspec.Meta(pattern=r"^\+[0-9]{6,15}$")]

_RESOURCE_ACCOUNT_PART_NUMBER = "PHONESYSTEM_VIRTUALUSER"


class TakeLicence(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="takeLicence"):
    """Remove a licence; ``user`` is a display name, a user principal name or an id, ``sku`` a part number or an id."""

    user: str
    sku: str = _RESOURCE_ACCOUNT_PART_NUMBER


class GiveLicence(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="giveLicence"):
    """Assign a licence, as far as Entra would."""

    user: str
    sku: str = _RESOURCE_ACCOUNT_PART_NUMBER


class SoftDelete(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="softDelete"):
    """Move a user to the deleted items."""

    user: str


class Restore(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="restore"):
    """Bring a user back from the deleted items."""

    user: str


class SetUnits(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="setUnits"):
    """Renew a SKU at another size."""

    units: _Units
    sku: str = _RESOURCE_ACCOUNT_PART_NUMBER


class AssignNumber(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="assignNumber"):
    """Lead a telephone number to a user or a resource account."""

    number: _Number
    user: str
    status: AssignmentStatus = "voiceApplicationAssigned"


class UnassignNumber(ActionShape, frozen=True, kw_only=True, tag_field="action", tag="unassignNumber"):
    """Let a telephone number lead nowhere."""

    number: _Number


_DirectoryAction = TakeLicence | GiveLicence | SoftDelete | Restore | SetUnits | AssignNumber | UnassignNumber
Action = _DirectoryAction | VoiceAction
"""The actions, told apart by ``action``."""


def carry_out(action: Action, tenant: SimulatedTenant) -> str:
    """Do what an action says; returns a sentence that says what was done.

    Raises:
        RefusedError: The tenant does not accept it.
    """
    if isinstance(action, VoiceAction):
        return carry_out_on_voice(action, tenant)
    match action:
        case TakeLicence(user=user, sku=sku):
            name = tenant.remove_license(_found(tenant, user).id, _sku_id(tenant, sku)).display_name
            return f"{name} no longer has {sku}."
        case GiveLicence(user=user, sku=sku):
            name = tenant.assign_license(_found(tenant, user).id, _sku_id(tenant, sku)).display_name
            return f"{name} has {sku}."
        case SoftDelete(user=user):
            return f"{tenant.soft_delete(_found(tenant, user).id).display_name} is in the deleted items."
        case Restore(user=user):
            return f"{tenant.restore(_named(tenant.deleted, user).id).display_name} is back."
        case SetUnits(units=units, sku=sku):
            tenant.set_enabled_units(_sku_id(tenant, sku), units)
            return f"{sku} has {units} units."
        case AssignNumber(number=number, user=user, status=status):
            target = _found(tenant, user)
            tenant.assign_number(number, target.id, status=status)
            return f"{number} leads to {target.display_name}."
        case UnassignNumber(number=number):
            tenant.unassign_number(number)
            return f"{number} leads nowhere."


def _found(tenant: SimulatedTenant, key: str) -> User:
    user = tenant.find(key)
    if user is None:
        raise RefusedError("Request_ResourceNotFound", f"No active user is called {key!r}.")
    return user


def _named(users: Mapping[str, User], key: str) -> User:
    folded = key.casefold()
    for user in users.values():
        if folded in {user.id, user.display_name.casefold(), user.user_principal_name.casefold()}:
            return user
    raise RefusedError("Request_ResourceNotFound", f"No deleted user is called {key!r}.")


def _sku_id(tenant: SimulatedTenant, key: str) -> str:
    folded = key.casefold()
    for sku in tenant.skus.values():
        if folded in {sku.id, sku.part_number.casefold()}:
            return sku.id
    raise RefusedError("Request_ResourceNotFound", f"The tenant has no SKU {key!r}.")
