"""Auto attendants and call queues in the shapes of the Teams PowerShell module.

Imitates the objects of ``Get-CsAutoAttendant``, ``Get-CsCallQueue``, ``Get-CsOnlineApplicationInstanceAssociation`` and
``Get-CsOnlineApplicationInstanceAssociationStatus`` with the properties that calls depend on, and with enumerations as
texts, as ``ConvertTo-Json -EnumsAsStrings`` writes them.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

ATTENDANT_APPLICATION = "ce933385-9390-45d1-9512-c8d228074e07"
QUEUE_APPLICATION = "11cd3e2e-fccb-42ad-ad00-878b93575e07"

TargetType = Literal["User", "ApplicationEndpoint", "ConfigurationEndpoint", "ExternalPstn", "SharedVoicemail", "Phone"]
OptionAction = Literal["DisconnectCall", "TransferCallToOperator", "TransferCallToTarget", "Announcement"]
ConfigurationType = Literal["AutoAttendant", "CallQueue"]
OverflowAction = Literal["DisconnectWithBusy", "Forward", "Voicemail", "SharedVoicemail"]
TimeoutAction = Literal["Disconnect", "Forward", "Voicemail", "SharedVoicemail"]
NoAgentAction = Literal["Queue", "Disconnect", "Forward", "Voicemail", "SharedVoicemail"]


class _Shape(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Properties are printed in Pascal case, as PowerShell names them."""


class CallTarget(_Shape, frozen=True, kw_only=True):
    """Where a menu sends a call; what ``id`` is depends on the type."""

    id: str
    type: TargetType
    enable_transcription: bool = False
    enable_shared_voicemail_system_prompt_suppression: bool = False
    call_priority: int = 3


class QueueTarget(_Shape, frozen=True, kw_only=True):
    """Where a queue sends a call that nobody took."""

    id: str
    type: TargetType


class Prompt(_Shape, frozen=True, kw_only=True):
    """What a caller hears."""

    active_type: Literal["TextToSpeech", "AudioFile", "None"] = "TextToSpeech"
    text_to_speech_prompt: str | None = None
    audio_file_prompt: dict[str, Any] | None = None


class MenuOption(_Shape, frozen=True, kw_only=True):
    """What one key of a menu does; ``Automatic`` is taken by every caller."""

    action: OptionAction
    dtmf_response: str
    voice_responses: tuple[str, ...] = ()
    prompt: Prompt | None = None
    description: str | None = None
    call_target: CallTarget | None = None


class Menu(_Shape, frozen=True, kw_only=True):
    """The choices of a call flow."""

    name: str
    prompts: tuple[Prompt, ...] = ()
    dial_by_name_enabled: bool = False
    directory_search_method: Literal["None", "ByName", "ByExtension"] = "None"
    menu_options: tuple[MenuOption, ...] = ()


class CallFlow(_Shape, frozen=True, kw_only=True):
    """A greeting and a menu."""

    id: str
    name: str
    greetings: tuple[Prompt, ...] = ()
    force_listen_menu_enabled: bool = False
    menu: Menu


class Schedule(_Shape, frozen=True, kw_only=True):
    """Opening hours of a week, or a list of days."""

    id: str
    name: str
    type: Literal["WeeklyRecurrence", "Fixed"]
    weekly_recurrent_schedule: dict[str, Any] | None = None
    fixed_schedule: dict[str, Any] | None = None


class CallHandlingAssociation(_Shape, frozen=True, kw_only=True):
    """Which call flow answers during which schedule."""

    type: Literal["AfterHours", "Holiday"]
    schedule_id: str
    call_flow_id: str
    enabled: bool = True
    priority: int = 1


class AutoAttendant(_Shape, frozen=True, kw_only=True):
    """An auto attendant; the resource accounts in front of it are the associations' to tell."""

    identity: str
    tenant_id: str
    name: str
    language_id: str = "en-US"
    voice_id: str = "Female"
    time_zone_id: str = "UTC"
    voice_response_enabled: bool = False
    user_name_extension: str | None = None
    mainline_attendant_enabled: bool = False
    default_call_flow: CallFlow
    call_flows: tuple[CallFlow, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    call_handling_associations: tuple[CallHandlingAssociation, ...] = ()
    operator: CallTarget | None = None
    directory_lookup_scope: dict[str, Any] | None = None
    authorized_users: tuple[str, ...] = ()
    hide_authorized_users: tuple[str, ...] = ()
    dial_by_name_resource_id: str | None = None


class Agent(_Shape, frozen=True, kw_only=True):
    """A person who answers a queue, and whether that person takes calls of it now."""

    object_id: str
    opt_in: bool = True


class CallingId(_Shape, frozen=True, kw_only=True):
    """A resource account that agents call out as."""

    object_id: str


class CallQueue(_Shape, frozen=True, kw_only=True):
    """A call queue; ``agents`` are its users and the members of its lists."""

    identity: str
    tenant_id: str
    name: str
    language_id: str = "en-US"
    users: tuple[str, ...] = ()
    distribution_lists: tuple[str, ...] = ()
    agents: tuple[Agent, ...] = ()
    agents_capped: bool = False
    agents_in_sync_with_distribution_lists: bool = True
    distribution_lists_last_expanded: datetime | None = None
    channel_id: str | None = None
    channel_user_object_id: str | None = None
    shifts_team_id: str | None = None
    shifts_scheduling_group_id: str | None = None
    routing_method: Literal["Attendant", "Serial", "RoundRobin", "LongestIdle"] = "Attendant"
    allow_opt_out: bool = True
    conference_mode: bool = True
    presence_based_routing: bool = True
    agent_alert_time: int = 30
    overflow_threshold: int = 50
    overflow_action: OverflowAction = "DisconnectWithBusy"
    overflow_action_target: QueueTarget | None = None
    timeout_threshold: int = 1200
    timeout_action: TimeoutAction = "Disconnect"
    timeout_action_target: QueueTarget | None = None
    no_agent_action: NoAgentAction = "Queue"
    no_agent_action_target: QueueTarget | None = None
    no_agent_apply_to: Literal["AllCalls", "NewCalls"] = "AllCalls"
    obo_resource_accounts: tuple[CallingId, ...] = ()
    authorized_users: tuple[str, ...] = ()
    hide_authorized_users: tuple[str, ...] = ()


class Association(_Shape, frozen=True, kw_only=True):
    """Which attendant or queue a resource account stands for."""

    id: str
    configuration_type: ConfigurationType
    configuration_id: str
    call_priority: int = 3


class AssociationStatus(_Shape, frozen=True, kw_only=True):
    """How far setting up a resource account got."""

    id: str
    type: str = "SipProvisioning"
    status: Literal["Success", "Pending", "Error", "Unknown"] = "Success"
    status_code: str | None = None
    message: str | None = None
    status_timestamp: datetime | None = None
