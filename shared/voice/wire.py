"""The Teams PowerShell module's objects as `ConvertTo-Json` writes them, as far as they are read here.

Sources: Microsoft Learn, cmdlet reference of the MicrosoftTeams module (`Get-CsAutoAttendant`, `Get-CsCallQueue`,
`Get-CsOnlineApplicationInstance`, `Get-CsOnlineApplicationInstanceAssociation` and its `…Status`), and of
`ConvertTo-Json`: one element may stand without its list, an empty list may be null, an enum may be its integer, and
below `-Depth` a text silently replaces an object. So each list takes all forms, enums are plain words, and a text of
that kind is refused.
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from shared.voice.identifiers import identifier

Item = TypeVar("Item")

Many: TypeAlias = list[Item | None] | Item | None
"""A list as PowerShell writes it: of several, of one, or of none."""

Word: TypeAlias = str | int | None
"""An enum by its name, or by an integer that says nothing unless it is documented."""

NO_ID = "no id"
"""What a reference without any key that could hold its id is refused with."""


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", gc=False):
    """Decoded values hold no cycles: the collector need not look at thousands of them."""


class WireReference(Wire, frozen=True, kw_only=True):
    """Anything that has an id; which key holds it differs from cmdlet to cmdlet, and an id may be an object again."""

    object_id: str | WireReference | UnsetType | None = UNSET
    identity: str | WireReference | UnsetType | None = UNSET
    id: str | WireReference | UnsetType | None = UNSET
    guid: str | WireReference | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        """An object of another shape is not taken for a reference to nothing."""
        if self.object_id is UNSET and self.identity is UNSET and self.id is UNSET and self.guid is UNSET:
            raise ValueError(NO_ID)

    @property
    def name(self) -> str:
        """The id in the form in which ids are compared; "" where it is null."""
        return identity(self)


class WireTarget(Wire, frozen=True, kw_only=True):
    """CallableEntity: whom a call is sent to."""

    id: str | WireReference | None = None
    type: Word = None


class WireOption(Wire, frozen=True, kw_only=True):
    """MenuOption."""

    action: Word = None
    dtmf_response: Word = None
    call_target: str | WireTarget | None = None


class WireMenu(Wire, frozen=True, kw_only=True):
    """Menu."""

    menu_options: Many[WireOption] = None


class WireFlow(Wire, frozen=True, kw_only=True):
    """CallFlow."""

    id: str | WireReference | None = None
    name: str | None = None
    menu: WireMenu | None = None


class WireHandling(Wire, frozen=True, kw_only=True):
    """CallHandlingAssociation."""

    type: Word = None
    schedule_id: str | WireReference | None = None
    call_flow_id: str | WireReference | None = None
    enabled: bool | None = None


class WireGroups(Wire, frozen=True, kw_only=True):
    """GroupDialScope."""

    group_ids: Many[str | WireReference] = None


class WireScope(Wire, frozen=True, kw_only=True):
    """DialScope."""

    group_scope: WireGroups | None = None


class WireLookup(Wire, frozen=True, kw_only=True):
    """DirectoryLookupScope."""

    inclusion_scope: WireScope | None = None
    exclusion_scope: WireScope | None = None


class WireStatus(Wire, frozen=True, kw_only=True):
    """StatusRecord of an attendant."""

    type: Word = None
    status: Word = None
    message: str | None = None


class WireAttendant(WireReference, frozen=True, kw_only=True):
    """AutoAttendant. Its `Name` is `title` here: the name of a reference is its id."""

    title: str | None = msgspec.field(name="Name", default=None)
    default_call_flow: WireFlow | None = None
    call_flows: Many[WireFlow] = None
    schedules: Many[str | WireReference] = None
    call_handling_associations: Many[WireHandling] = None
    operator: str | WireTarget | None = None
    directory_lookup_scope: WireLookup | None = None
    application_instances: Many[str | WireReference] = None
    authorized_users: Many[str | WireReference] = None
    status: Many[WireStatus] = None


class WireAgent(WireReference, frozen=True, kw_only=True):
    """Agent of a queue."""

    opt_in: bool | None = None


class WireQueue(WireReference, frozen=True, kw_only=True):
    """CallQueue."""

    title: str | None = msgspec.field(name="Name", default=None)
    users: Many[str | WireReference] = None
    distribution_lists: Many[str | WireReference] = None
    agents: Many[str | WireAgent] = None
    channel_id: str | None = None
    shifts_team_id: str | WireReference | None = None
    shifts_scheduling_group_id: str | WireReference | None = None
    overflow_action: Word = None
    overflow_action_target: str | WireTarget | None = None
    timeout_action: Word = None
    timeout_action_target: str | WireTarget | None = None
    no_agent_action: Word = None
    no_agent_action_target: str | WireTarget | None = None
    application_instances: Many[str | WireReference] = None
    obo_resource_accounts: Many[str | WireReference] = None
    obo_resource_account_ids: Many[str | WireReference] = None
    authorized_users: Many[str | WireReference] = None


class WireInstance(WireReference, frozen=True, kw_only=True):
    """ApplicationInstance."""

    display_name: str | None = None
    user_principal_name: str | None = None
    application_id: str | WireReference | None = None
    phone_number: str | None = None
    soft_deletion_timestamp: object = None


class WireAssociation(WireReference, frozen=True, kw_only=True):
    """ApplicationInstanceAssociation; its id is the account's."""

    configuration_type: Word = None
    configuration_id: str | WireReference | None = None


class WireAssociationStatus(WireReference, frozen=True, kw_only=True):
    """StatusRecord of an association; its id is the account's."""

    type: Word = None
    status: Word = None
    message: str | None = None


def listed(many: list[Item | None] | Item | None) -> list[Item]:
    """The elements, whichever form the list has; null is no element."""
    if isinstance(many, list):
        return [each for each in many if each is not None]
    return [] if many is None else [many]


def identity(reference: str | WireReference | UnsetType | None) -> str:
    """The id that a text or an object gives, in the form in which ids are compared; "" for none.

    Raises:
        NoIdentifier: the text can be no id.
    """
    while isinstance(reference, WireReference):
        reference = reference.object_id or reference.identity or reference.id or reference.guid
    return identifier(reference) if isinstance(reference, str) else ""


def identities(many: list[str | WireReference | None] | str | WireReference | None) -> tuple[str, ...]:
    """The ids of a list, each once, in its order.

    Raises:
        NoIdentifier: one of its texts can be no id.
    """
    references: list[str | WireReference] = listed(many)
    found = dict.fromkeys([identity(each) for each in references])
    found.pop("", None)
    return tuple(found)
