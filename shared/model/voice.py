"""What the voice export tells of a tenant's auto attendants and call queues, as far as calls depend on it.

Shapes and words are those of the Teams PowerShell module (`Get-CsAutoAttendant`, `Get-CsCallQueue`,
`Get-CsOnlineApplicationInstance`, `Get-CsOnlineApplicationInstanceAssociation`). Ids are lower-case GUIDs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

ATTENDANT_APPLICATION = "ce933385-9390-45d1-9512-c8d228074e07"
QUEUE_APPLICATION = "11cd3e2e-fccb-42ad-ad00-878b93575e07"
MAINLINE_ATTENDANT_APPLICATION = "7d563055-b6cc-4d7a-93c1-38aa762b34ae"
"""The application ids by which Microsoft marks the resource account of each kind of voice app."""

AppKind = Literal["attendant", "queue", "unknown"]
TargetKind = Literal["user", "account", "app", "number", "voicemail", "unknown"]
OptionAction = Literal["disconnect", "operator", "target", "announcement", "unknown"]
ExitAction = Literal["disconnect", "queue", "forward", "voicemail", "shared_voicemail", "unknown", ""]

AUTOMATIC = "automatic"
"""The key of a menu option that every caller takes without pressing anything."""


class Target(msgspec.Struct, frozen=True, gc=False):
    """Where a call is sent.

    A person, a resource account (`ApplicationEndpoint`), a voice app itself (`ConfigurationEndpoint`), a number (`+…`),
    or a group's voicemail. The id of an unknown kind means nothing.
    """

    kind: TargetKind
    id: str


class MenuOption(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One way out of a menu: `key` is `0` to `9`, `*`, `#`, `AUTOMATIC`, or empty where it is spoken only."""

    key: str = ""
    action: OptionAction
    target: Target | None = None


class CallFlow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A greeting and a menu."""

    id: str = ""
    name: str = ""
    options: tuple[MenuOption, ...] = ()


class CallHandling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """When another flow than the default one answers; both ids are inside the attendant."""

    kind: Literal["after_hours", "holiday", "unknown"]
    schedule: str = ""
    flow: str = ""
    enabled: bool = True


class ProvisioningStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How setting something up went; `kind` is what (`SipProvisioning`, `AudioFile`, …)."""

    kind: str = ""
    status: Literal["success", "pending", "error", "unknown"] = "unknown"
    message: str = ""


class AutoAttendant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An auto attendant. `accounts` are its resource accounts, `scope_groups` those of its directory search."""

    id: str
    name: str = ""
    default_flow: CallFlow = CallFlow()
    flows: tuple[CallFlow, ...] = ()
    schedules: tuple[str, ...] = ()
    handlings: tuple[CallHandling, ...] = ()
    operator: Target | None = None
    accounts: tuple[str, ...] = ()
    authorised_users: tuple[str, ...] = ()
    scope_groups: tuple[str, ...] = ()
    statuses: tuple[ProvisioningStatus, ...] = ()


class Agent(msgspec.Struct, frozen=True, gc=False):
    """A person who answers a queue; `opted_in` is None where the export does not say."""

    id: str
    opted_in: bool | None = None


class QueueExit(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How callers leave a queue unanswered; the action is empty where the export names none."""

    action: ExitAction = ""
    target: Target | None = None


class CallQueue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A call queue.

    `agents` are the people it rings, those of its groups included; `users` are added one by one, `groups` are
    distribution lists. `calling_id_accounts` are the resource accounts that its agents call out as.
    """

    id: str
    name: str = ""
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    agents: tuple[Agent, ...] = ()
    channel: str = ""
    shifts_team: str = ""
    shifts_group: str = ""
    overflow: QueueExit = QueueExit()
    timeout: QueueExit = QueueExit()
    no_agent: QueueExit = QueueExit()
    accounts: tuple[str, ...] = ()
    calling_id_accounts: tuple[str, ...] = ()
    authorised_users: tuple[str, ...] = ()

    @property
    def has_members(self) -> bool:
        """Whether anything is meant to answer it: people, lists, a channel, or a shifts group."""
        return bool(self.users or self.agents or self.groups or self.channel or self.shifts_group)


class ApplicationInstance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A resource account as Teams lists it; `number` is `+…`. A soft-deleted one is listed too."""

    id: str
    name: str = ""
    upn: str = ""
    application: str = ""
    number: str = ""
    deleted: bool = False

    @property
    def is_third_party(self) -> bool:
        """Whether another vendor's application answers: its account needs the licence, and no attendant or queue."""
        return self.application not in {
            "",
            ATTENDANT_APPLICATION,
            QUEUE_APPLICATION,
            MAINLINE_ATTENDANT_APPLICATION,
        }


class Association(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which voice app a resource account stands for."""

    account: str
    app_kind: AppKind = "unknown"
    app: str


class AssociationStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How an account's association was set up."""

    account: str
    status: ProvisioningStatus


class VoiceExport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An export document, read. `version` is what it was read from (an ETag): the same one is not read again.

    A list that the document lacks was not read: it is None, which is not the same as empty. `errors` are stages that
    failed; where it is not `complete`, what it lacks proves nothing.
    """

    exported_at: datetime
    version: str = ""
    complete: bool = False
    errors: tuple[str, ...] = ()
    attendants: tuple[AutoAttendant, ...] | None = None
    queues: tuple[CallQueue, ...] | None = None
    instances: tuple[ApplicationInstance, ...] | None = None
    associations: tuple[Association, ...] | None = None
    statuses: tuple[AssociationStatus, ...] | None = None
