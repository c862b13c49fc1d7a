"""From PowerShell's objects to the model's values. An enum value that is not known here stays unknown.

Each of these functions raises `NoIdentifier` where the text that stands for an id can be none.
"""

from __future__ import annotations

from typing import Final, Literal

from shared.model.voice import (
    AUTOMATIC,
    Agent,
    AppKind,
    ApplicationInstance,
    Association,
    AssociationStatus,
    AutoAttendant,
    CallFlow,
    CallHandling,
    CallQueue,
    ExitAction,
    MenuOption,
    OptionAction,
    ProvisioningStatus,
    QueueExit,
    Target,
    TargetKind,
)
from shared.voice.identifiers import dialled, is_diallable, shortened
from shared.voice.wire import (
    WireAgent,
    WireAssociation,
    WireAssociationStatus,
    WireAttendant,
    WireFlow,
    WireHandling,
    WireInstance,
    WireOption,
    WireQueue,
    WireStatus,
    WireTarget,
    Word,
    identities,
    identity,
    listed,
)

Outcome = Literal["success", "pending", "error", "unknown"]

_TARGETS: Final[dict[str, TargetKind]] = {
    "user": "user",
    "applicationendpoint": "account",
    "configurationendpoint": "app",
    "externalpstn": "number",
    "phone": "number",
    "sharedvoicemail": "voicemail",
}
_OPTIONS: Final[dict[str, OptionAction]] = {
    "disconnectcall": "disconnect",
    "transfercalltooperator": "operator",
    "transfercalltotarget": "target",
    "announcement": "announcement",
}
_EXITS: Final[dict[str, ExitAction]] = {
    "": "",
    "disconnect": "disconnect",
    "disconnectwithbusy": "disconnect",
    "queue": "queue",
    "forward": "forward",
    "voicemail": "voicemail",
    "sharedvoicemail": "shared_voicemail",
}
_KEYS: Final = {
    **{f"tone{digit}": str(digit) for digit in range(10)},
    "tonestar": "*",
    "tonepound": "#",
    "automatic": AUTOMATIC,
}
_HANDLINGS: Final[dict[str, Literal["after_hours", "holiday", "unknown"]]] = {
    "afterhours": "after_hours",
    "holiday": "holiday",
}
_APPS: Final[dict[str, AppKind]] = {"autoattendant": "attendant", "callqueue": "queue"}
_OUTCOMES: Final[dict[str, Outcome]] = {"success": "success", "pending": "pending", "error": "error"}
_NUMBERED_OUTCOMES: Final[dict[int, Outcome]] = {0: "error", 1: "pending", 2: "unknown", 3: "success"}
"""An association's status by its integer (seen in the module's files); no other enum's integers are documented."""

_FAILURES: Final = ("error", "fail")
"""What the words for a failure hold: not all of them are documented."""

_NO_DATE: Final = ("0001-01-01", "/Date(-62135596800000")
"""How .NET's `DateTime.MinValue` begins: it is printed where a date is not set."""


def attendant(wire: WireAttendant) -> AutoAttendant:
    """An auto attendant."""
    lookup = wire.directory_lookup_scope
    scopes = (lookup.inclusion_scope, lookup.exclusion_scope) if lookup else ()
    groups = [identities(scope.group_scope.group_ids) for scope in scopes if scope and scope.group_scope]
    return AutoAttendant(
        id=wire.name,
        name=shortened(wire.title),
        default_flow=_flow(wire.default_call_flow) if wire.default_call_flow else CallFlow(),
        flows=tuple([_flow(each) for each in listed(wire.call_flows)]),
        schedules=identities(wire.schedules),
        handlings=tuple([_handling(each) for each in listed(wire.call_handling_associations)]),
        operator=_target(wire.operator),
        accounts=identities(wire.application_instances),
        authorised_users=identities(wire.authorized_users),
        scope_groups=tuple(dict.fromkeys([name for each in groups for name in each])),
        statuses=tuple([_attendant_status(each) for each in listed(wire.status)]),
    )


def queue(wire: WireQueue) -> CallQueue:
    """A call queue."""
    obo = (*identities(wire.obo_resource_accounts), *identities(wire.obo_resource_account_ids))
    return CallQueue(
        id=wire.name,
        name=shortened(wire.title),
        users=identities(wire.users),
        groups=identities(wire.distribution_lists),
        agents=_agents(listed(wire.agents)),
        channel=shortened(wire.channel_id),
        shifts_team=identity(wire.shifts_team_id),
        shifts_group=identity(wire.shifts_scheduling_group_id),
        overflow=_exit(wire.overflow_action, wire.overflow_action_target),
        timeout=_exit(wire.timeout_action, wire.timeout_action_target),
        no_agent=_exit(wire.no_agent_action, wire.no_agent_action_target),
        accounts=identities(wire.application_instances),
        calling_id_accounts=tuple(dict.fromkeys(obo)),
        authorised_users=identities(wire.authorized_users),
    )


def instance(wire: WireInstance) -> ApplicationInstance:
    """A resource account as Teams lists it."""
    deleted = wire.soft_deletion_timestamp
    unset = not deleted or (isinstance(deleted, str) and deleted.startswith(_NO_DATE))
    return ApplicationInstance(
        id=wire.name,
        name=shortened(wire.display_name),
        upn=shortened(wire.user_principal_name),
        application=identity(wire.application_id),
        number=dialled(wire.phone_number) if wire.phone_number else "",
        deleted=not unset,
    )


def association(wire: WireAssociation) -> Association | None:
    """Which app an account stands for; None where it stands for none."""
    app = identity(wire.configuration_id)
    kind = _APPS.get(_word(wire.configuration_type), "unknown")
    return Association(account=wire.name, app_kind=kind, app=app) if app else None


def association_status(wire: WireAssociationStatus) -> AssociationStatus:
    """How an association was set up."""
    numbered = _NUMBERED_OUTCOMES.get(wire.status, "unknown") if isinstance(wire.status, int) else None
    return AssociationStatus(
        account=wire.name,
        status=ProvisioningStatus(
            kind=_printed(wire.type),
            status=numbered or _outcome(wire.status),
            message=shortened(wire.message),
        ),
    )


def _attendant_status(wire: WireStatus) -> ProvisioningStatus:
    return ProvisioningStatus(
        kind=_printed(wire.type),
        status=_outcome(wire.status),
        message=shortened(wire.message),
    )


def _outcome(word: Word) -> Outcome:
    """What a status says by its name."""
    name = _word(word)
    unnamed: Outcome = "error" if any(each in name for each in _FAILURES) else "unknown"
    return _OUTCOMES.get(name, unnamed)


def _flow(wire: WireFlow) -> CallFlow:
    options = listed(wire.menu.menu_options) if wire.menu else []
    return CallFlow(id=identity(wire.id), name=shortened(wire.name), options=tuple([_option(each) for each in options]))


def _option(wire: WireOption) -> MenuOption:
    return MenuOption(
        key=_KEYS.get(_word(wire.dtmf_response), ""),
        action=_OPTIONS.get(_word(wire.action), "unknown"),
        target=_target(wire.call_target),
    )


def _handling(wire: WireHandling) -> CallHandling:
    return CallHandling(
        kind=_HANDLINGS.get(_word(wire.type), "unknown"),
        schedule=identity(wire.schedule_id),
        flow=identity(wire.call_flow_id),
        enabled=wire.enabled is not False,
    )


def _agents(wires: list[str | WireAgent]) -> tuple[Agent, ...]:
    found: dict[str, Agent] = {}
    for each in wires:
        name = identity(each)
        if name:
            found.setdefault(name, Agent(name, each.opt_in if isinstance(each, WireAgent) else None))
    return tuple(found.values())


def _exit(action: Word, wire: str | WireTarget | None) -> QueueExit:
    """A shared voicemail is a group's, whatever type is printed beside the id: that one is not documented."""
    taken = _EXITS.get(_word(action), "unknown")
    if taken != "shared_voicemail":
        return QueueExit(taken, _target(wire))
    group = identity(wire.id if isinstance(wire, WireTarget) else wire)
    return QueueExit(taken, Target("voicemail", group) if group else None)


def _target(wire: str | WireTarget | None) -> Target | None:
    """None where no id is given. A text that can only be a phone number is one, whatever its type."""
    given = wire.id if isinstance(wire, WireTarget) else wire
    kind = _TARGETS.get(_word(wire.type), "unknown") if isinstance(wire, WireTarget) else "unknown"
    if isinstance(given, str) and (kind == "number" or is_diallable(given)):
        number = dialled(given)
        return Target("number", number) if number else None
    name = identity(given)
    return Target(kind, name) if name else None


def _word(word: Word) -> str:
    """An enum's value to be compared: letter case differs from cmdlet to cmdlet. An integer is no name."""
    return "" if word is None else str(word).strip().casefold()


def _printed(word: Word) -> str:
    return shortened(word) if isinstance(word, str) else ""
