"""Every reference that a voice export holds: from where, under which path, to what, and whether that is there.

A path is written like the property that holds the reference, with ids and keys for positions, so that it stays the same
when a list is ordered anew: `DefaultCallFlow.MenuOptions[2]`, `CallFlows[<id>].MenuOptions[automatic]`, `Users[<id>]`.
Inside one holder, one path never leads to two ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

import msgspec

from shared.model.voice import (
    AutoAttendant,
    CallFlow,
    CallQueue,
    ExitAction,
    MenuOption,
    QueueExit,
    Target,
    VoiceExport,
)

App = AutoAttendant | CallQueue

What = Literal[
    "operator",
    "menu_option",
    "schedule",
    "call_flow",
    "overflow",
    "timeout",
    "no_agent",
    "agent",
    "agent_group",
    "channel",
    "shifts",
    "calling_id",
    "authorised_user",
    "scope_group",
    "association",
]
ReferenceKind = Literal[
    "user",
    "group",
    "voicemail",
    "account",
    "app",
    "number",
    "schedule",
    "flow",
    "channel",
    "shifts_team",
    "shifts_group",
    "unknown",
]
Verdict = Literal["resolved", "missing", "not_judged"]
ExitName = Literal["no_agent", "timeout", "overflow"]

SENDS_NOWHERE: frozenset[ExitAction] = frozenset({"disconnect", "queue"})
"""Actions of a queue that leave a target unused."""

_EXIT_PROPERTIES: dict[ExitName, str] = {
    "no_agent": "NoAgentAction",
    "timeout": "TimeoutAction",
    "overflow": "OverflowAction",
}


class Reference(msgspec.Struct, frozen=True, gc=False):
    """That one object names another.

    `holder` is the voice app, or, for an association that the account tells of, the account. `what` is the part that
    the reference plays, `kind` what it leads to: `voicemail` is a group whose shared voicemail takes the call.
    """

    holder: str
    path: str
    what: What
    kind: ReferenceKind
    id: str


class MenuWay(msgspec.Struct, frozen=True, gc=False):
    """An option of one of an attendant's menus; `flow` is the call flow's id, None for the default one."""

    flow: str | None
    option: MenuOption
    path: str


class QueueWay(msgspec.Struct, frozen=True, gc=False):
    """A way out of a queue. `path` is the action's; the reference is None where the action leads to no object."""

    name: ExitName
    action: ExitAction
    path: str
    reference: Reference | None


def apps_of(export: VoiceExport) -> dict[str, App]:
    """The voice apps by id; pages that overlap list one twice, and the first counts."""
    listed: list[App] = [*(export.attendants or ()), *(export.queues or ())]
    apps: dict[str, App] = {}
    for app in listed:
        apps.setdefault(app.id, app)
    return apps


def references(export: VoiceExport) -> Iterator[Reference]:
    """Every reference of an export, each once, in the export's order. Empty ids refer to nothing."""
    for app in apps_of(export).values():
        yield from references_of(app)
    associations = (
        Reference(each.account, f"Association[{each.app}]", "association", "app", each.app)
        for each in export.associations or ()
    )
    yield from _named(associations)


def references_of(app: App) -> tuple[Reference, ...]:
    """The references that a voice app holds, each once."""
    return tuple(_named(_of_attendant(app) if isinstance(app, AutoAttendant) else _of_queue(app)))


def menu_ways(attendant: AutoAttendant) -> tuple[MenuWay, ...]:
    """All options of all menus, taken by callers or not.

    An option is known by its key. One that is only spoken, or whose key leads to several places, is known by its
    target too.
    """
    places: list[tuple[str | None, str, CallFlow]] = [(None, "DefaultCallFlow", attendant.default_flow)]
    places += [(flow.id, f"CallFlows[{flow.id or flow.name}]", flow) for flow in attendant.flows]
    targets: dict[tuple[str, str], set[str]] = {}
    for _, place, flow in places:
        for option in flow.options:
            targets.setdefault((place, option.key), set()).add(_target_id(option))

    def label(place: str, option: MenuOption) -> str:
        if option.key and len(targets[place, option.key]) == 1:
            return option.key
        return f"{option.key or 'spoken'}:{_target_id(option)}"

    return tuple(
        MenuWay(flow_id, option, f"{place}.MenuOptions[{label(place, option)}]")
        for flow_id, place, flow in places
        for option in flow.options
    )


def option_reference(attendant: AutoAttendant, way: MenuWay) -> Reference | None:
    """What an option of a menu refers to itself; the operator is the attendant's reference, not the option's."""
    target = way.option.target
    if target is None or way.option.action not in {"target", "unknown"}:
        return None
    return Reference(attendant.id, way.path, "menu_option", target.kind, target.id)


def queue_ways(queue: CallQueue) -> tuple[QueueWay, ...]:
    """The three ways out of a queue."""
    exits: tuple[tuple[ExitName, QueueExit], ...] = (
        ("no_agent", queue.no_agent),
        ("timeout", queue.timeout),
        ("overflow", queue.overflow),
    )
    return tuple(
        QueueWay(name, way.action, _EXIT_PROPERTIES[name], _exit_reference(queue, name, way)) for name, way in exits
    )


def leaves_waiting(way: QueueExit) -> bool:
    """Whether callers stay in the queue where this way out would be taken."""
    return way.action == "queue" or (not way.action and way.target is None)


class Inventory:
    """What exists, as far as an export tells: voice apps, resource accounts, and an attendant's schedules and flows.

    `live` are accounts that are known to live whatever the export lists: Teams' own list leaves out some that have
    lost their licence. A list that was not read, and an export that is not complete, prove no absence. Of people,
    groups, channels, shifts and numbers an export tells nothing: the directory judges them.
    """

    def __init__(self, export: VoiceExport, live: Collection[str] = frozenset()) -> None:
        attendants = [app for app in apps_of(export).values() if isinstance(app, AutoAttendant)]
        instances = export.instances or ()
        self._apps = apps_of(export).keys()
        self._accounts = frozenset(live) | {each.id for each in instances if not each.deleted}
        self._schedules = {each.id: frozenset(each.schedules) for each in attendants}
        self._flows = {each.id: frozenset(f.id for f in (each.default_flow, *each.flows)) for each in attendants}
        self._complete = export.complete
        self._knows_apps = export.attendants is not None and export.queues is not None
        self._knows_accounts = export.instances is not None

    def verdict(self, reference: Reference) -> Verdict:
        """Whether what is referred to exists."""
        match reference.kind:
            case "app":
                return self._judge(exists=reference.id in self._apps, known=self._knows_apps)
            case "account":
                return self._judge(exists=reference.id in self._accounts, known=self._knows_accounts)
            case "schedule":
                return self._judge(exists=reference.id in self._schedules.get(reference.holder, ()))
            case "flow":
                return self._judge(exists=reference.id in self._flows.get(reference.holder, ()))
            case _:
                return "not_judged"

    def _judge(self, *, exists: bool, known: bool = True) -> Verdict:
        if exists:
            return "resolved"
        return "missing" if known and self._complete else "not_judged"


def _of_attendant(attendant: AutoAttendant) -> Iterator[Reference]:
    holder = attendant.id
    if attendant.operator is not None:
        yield Reference(holder, "Operator", "operator", attendant.operator.kind, attendant.operator.id)
    for way in menu_ways(attendant):
        reference = option_reference(attendant, way)
        if reference is not None:
            yield reference
    schedules = (handling.schedule for handling in attendant.handlings)
    flows = (handling.flow for handling in attendant.handlings)
    yield from _listed(holder, "CallHandlingAssociations.ScheduleId", "schedule", "schedule", schedules)
    yield from _listed(holder, "CallHandlingAssociations.CallFlowId", "call_flow", "flow", flows)
    yield from _listed(holder, "DirectoryLookupScope.GroupIds", "scope_group", "group", attendant.scope_groups)
    yield from _listed(holder, "AuthorizedUsers", "authorised_user", "user", attendant.authorised_users)
    yield from _listed(holder, "ApplicationInstances", "association", "account", attendant.accounts)


def _of_queue(queue: CallQueue) -> Iterator[Reference]:
    holder = queue.id
    for way in queue_ways(queue):
        if way.reference is not None:
            yield way.reference
    by_themselves = frozenset(queue.users)
    through_groups = (agent.id for agent in queue.agents if agent.id not in by_themselves)
    yield from _listed(holder, "Users", "agent", "user", queue.users)
    yield from _listed(holder, "Agents", "agent", "user", through_groups)
    yield from _listed(holder, "DistributionLists", "agent_group", "group", queue.groups)
    yield Reference(holder, "ChannelId", "channel", "channel", queue.channel)
    yield Reference(holder, "ShiftsTeamId", "shifts", "shifts_team", queue.shifts_team)
    yield Reference(holder, "ShiftsSchedulingGroupId", "shifts", "shifts_group", queue.shifts_group)
    yield from _listed(holder, "OboResourceAccounts", "calling_id", "account", queue.calling_id_accounts)
    yield from _listed(holder, "AuthorizedUsers", "authorised_user", "user", queue.authorised_users)
    yield from _listed(holder, "ApplicationInstances", "association", "account", queue.accounts)


def _exit_reference(queue: CallQueue, name: ExitName, way: QueueExit) -> Reference | None:
    if way.target is None or way.action in SENDS_NOWHERE:
        return None
    kind = _exit_kind(way.action, way.target)
    return Reference(queue.id, f"{_EXIT_PROPERTIES[name]}Target", name, kind, way.target.id)


def _exit_kind(action: ExitAction, target: Target) -> ReferenceKind:
    """For voicemail the action tells what the id is; the type that Teams shows beside it is not documented.

    What can be nothing but a phone number is one, whatever the action.
    """
    if target.kind == "number":
        return "number"
    if action == "shared_voicemail":
        return "voicemail"
    if action == "voicemail":
        return "user"
    return target.kind


def _listed(holder: str, path: str, what: What, kind: ReferenceKind, ids: Iterable[str]) -> Iterator[Reference]:
    return (Reference(holder, f"{path}[{each}]", what, kind, each) for each in ids)


def _named(found: Iterable[Reference]) -> Iterator[Reference]:
    return iter(dict.fromkeys(reference for reference in found if reference.id))


def _target_id(option: MenuOption) -> str:
    return option.target.id if option.target is not None else ""
