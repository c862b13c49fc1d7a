"""The call-flow graph: what callers can come to, and by what they come to it.

Built once for an evaluation, in time and memory linear in the export. Nothing here recurses and nothing trusts an id:
apps may nest by the thousand, refer to themselves or in circles, and name objects that do not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Literal

import msgspec

from shared.model.voice import AUTOMATIC, AutoAttendant, CallQueue, VoiceExport
from shared.voice.references import (
    App,
    MenuWay,
    QueueWay,
    Reference,
    ReferenceKind,
    apps_of,
    leaves_waiting,
    menu_ways,
    option_reference,
    queue_ways,
)

NodeKind = Literal[
    "number",
    "account",
    "attendant",
    "queue",
    "app",
    "person",
    "group",
    "channel",
    "shifts",
    "outside",
    "voicemail",
    "nobody",
]
EdgeKind = Literal[
    "number",
    "association",
    "automatic",
    "key",
    "operator",
    "no_agent",
    "timeout",
    "overflow",
    "after_hours",
    "holiday",
    "other_hours",
    "member",
]

_RANK: dict[EdgeKind, int] = {
    "number": 0,
    "association": 1,
    "automatic": 2,
    "key": 3,
    "operator": 4,
    "no_agent": 5,
    "timeout": 6,
    "overflow": 7,
    "after_hours": 8,
    "holiday": 9,
    "other_hours": 10,
    "member": 11,
}
_NODE_KINDS: dict[ReferenceKind, NodeKind] = {
    "user": "person",
    "group": "group",
    "voicemail": "voicemail",
    "account": "account",
}
_HANDLING_KINDS: dict[str, EdgeKind] = {"after_hours": "after_hours", "holiday": "holiday", "unknown": "other_hours"}
_ONWARD: frozenset[NodeKind] = frozenset({"number", "account", "attendant", "queue"})


class Node(msgspec.Struct, frozen=True, order=True, gc=False):
    """Something that a call comes to.

    A `number` is the tenant's own, an `outside` one is not; an `app` is a voice app that the export does not hold. The
    id of `nobody` is the app that leaves callers there; that of `voicemail` is the person or group whose it is.
    """

    kind: NodeKind
    id: str


class Edge(msgspec.Struct, frozen=True, gc=False):
    """A step of a call, and what makes a call take it.

    `key` is the menu option's, whatever the hours: `0` to `9`, `*`, `#`, `AUTOMATIC`, or empty where it is spoken.
    `path` is that of the reference which the source holds, as in `Reference.path`; of an association, the app's.
    """

    source: Node
    target: Node
    kind: EdgeKind
    path: str = ""
    key: str = ""


class CallFlowGraph:
    """The tenant's calls, from its numbers to whoever answers.

    Call flows count where an enabled handling takes callers to them; what only other flows refer to is `unused_from`.
    A target of unknown type leads nowhere; an action of unknown type leads to its target, because it may.

    Args:
        export: the voice export.
        live: the resource accounts that are known to live; no other takes a call.
        numbers: the numbers (E.164) that lead to each account, by the account's id, from Graph or else the export.
    """

    def __init__(self, export: VoiceExport, *, live: Collection[str], numbers: Mapping[str, tuple[str, ...]]) -> None:
        self.export = export
        self.live = frozenset(live)
        self.numbers = numbers
        self.apps: Mapping[str, App] = apps_of(export)
        self._numbers = frozenset(number for each in numbers.values() for number in each)
        taken: dict[Node, list[Edge]] = {}
        unused: dict[Node, list[Edge]] = {}
        self._add(self._number_edges(), taken)
        self._add(self._association_edges(), taken)
        for app in self.apps.values():
            if isinstance(app, AutoAttendant):
                self._add_attendant(app, taken, unused)
            else:
                self._add(self._queue_edges(app), taken)
        self._onward: dict[Node, tuple[Edge, ...]] = {}
        self._ending: dict[Node, tuple[Edge, ...]] = {}
        for source, edges in taken.items():
            # Teams may list the same menu in another order: what is said of it must not change by that.
            edges.sort(key=_order)
            self._onward[source] = tuple(edge for edge in edges if edge.target.kind in _ONWARD)
            self._ending[source] = tuple(edge for edge in edges if edge.target.kind not in _ONWARD)
        self._unused = {source: tuple(sorted(edges, key=_order)) for source, edges in unused.items()}

    def app(self, app_id: str) -> Node:
        """The node of a voice app."""
        app = self.apps.get(app_id)
        if app is None:
            return Node("app", app_id)
        return Node("attendant" if isinstance(app, AutoAttendant) else "queue", app_id)

    def carries(self, node: Node) -> bool:
        """Whether calls go on from here: an account that does not live takes none."""
        return node.kind != "account" or node.id in self.live

    def edges_from(self, node: Node) -> tuple[Edge, ...]:
        """The steps that a call here can take; those of an account that does not live, too."""
        return self.onward(node) + self._ending.get(node, ())

    def onward(self, node: Node) -> tuple[Edge, ...]:
        """The steps after which a call is still on its way: to numbers of the tenant, accounts and apps."""
        return self._onward.get(node, ())

    def unused_from(self, node: Node) -> tuple[Edge, ...]:
        """The steps of call flows that no enabled handling takes callers to; no call takes them as things are."""
        return self._unused.get(node, ())

    def edges_to(self, node: Node) -> tuple[Edge, ...]:
        """The steps by which calls come here."""
        return tuple(self._incoming.get(node, ()))

    def steps_by(self, reference: Reference) -> tuple[Edge, ...]:
        """The steps of calls that rest on a reference; none where no call follows it.

        An operator is stepped to by `automatic` and `key` steps too, where a menu's option sends callers to it.
        """
        return tuple(self._by_path.get((self.app(reference.holder), reference.path), ()))

    @property
    def nodes(self) -> frozenset[Node]:
        """All nodes that a call can come from or to."""
        ends = (edge.target for edges in (*self._onward.values(), *self._ending.values()) for edge in edges)
        return frozenset((*self._onward, *ends, *(self.app(app_id) for app_id in self.apps)))

    @cached_property
    def accounts_by_app(self) -> dict[str, tuple[str, ...]]:
        """The accounts that stand for each app, live or not, by the app's id."""
        by_app: dict[str, list[str]] = {}
        for account, app_id in self._associations():
            by_app.setdefault(app_id, []).append(account)
        return {app_id: tuple(sorted(accounts)) for app_id, accounts in by_app.items()}

    @cached_property
    def _incoming(self) -> dict[Node, list[Edge]]:
        incoming: dict[Node, list[Edge]] = {}
        for edges in (*self._onward.values(), *self._ending.values()):
            for edge in edges:
                incoming.setdefault(edge.target, []).append(edge)
        return incoming

    @cached_property
    def _by_path(self) -> dict[tuple[Node, str], list[Edge]]:
        by_path: dict[tuple[Node, str], list[Edge]] = {}
        for app_id in self.apps:
            for edge in self.edges_from(self.app(app_id)):
                by_path.setdefault((edge.source, edge.path), []).append(edge)
        return by_path

    def _number_edges(self) -> Iterator[Edge]:
        for account, numbers in self.numbers.items():
            for number in dict.fromkeys(numbers):
                yield Edge(Node("number", number), Node("account", account), "number")

    def _associations(self) -> Iterable[tuple[str, str]]:
        """Account and app, as the associations tell and as the apps do: either list may be missing."""
        told = [(each.account, each.app) for each in self.export.associations or ()]
        told += [(account, app.id) for app in self.apps.values() for account in app.accounts]
        return dict.fromkeys(told)

    def _association_edges(self) -> Iterator[Edge]:
        for account, app_id in self._associations():
            yield Edge(Node("account", account), self.app(app_id), "association", f"ApplicationInstances[{account}]")

    def _add_attendant(
        self, attendant: AutoAttendant, taken: dict[Node, list[Edge]], unused: dict[Node, list[Edge]]
    ) -> None:
        kinds: dict[str, set[EdgeKind]] = {}
        for handling in attendant.handlings:
            if handling.enabled and handling.flow:
                kinds.setdefault(handling.flow, set()).add(_HANDLING_KINDS[handling.kind])
        for way in menu_ways(attendant):
            kind: EdgeKind = "automatic" if way.option.key == AUTOMATIC else "key"
            if way.flow is None:
                self._add(self._menu_edges(attendant, way, {kind}), taken)
            elif way.flow in kinds:
                self._add(self._menu_edges(attendant, way, kinds[way.flow]), taken)
            else:
                self._add(self._menu_edges(attendant, way, {kind}), unused)
        self._add(self._to_operator(attendant, "operator", ""), taken)

    def _menu_edges(self, attendant: AutoAttendant, way: MenuWay, kinds: set[EdgeKind]) -> Iterator[Edge]:
        source = self.app(attendant.id)
        reference = option_reference(attendant, way)
        for kind in kinds:
            if way.option.action == "operator":
                yield from self._to_operator(attendant, kind, way.option.key)
            elif way.option.action == "disconnect":
                yield Edge(source, Node("nobody", attendant.id), kind, way.path, way.option.key)
            elif reference is not None and (target := self._target(reference)) is not None:
                yield Edge(source, target, kind, way.path, way.option.key)

    def _to_operator(self, attendant: AutoAttendant, kind: EdgeKind, key: str) -> Iterator[Edge]:
        """The step to the operator, which needs no option that names it.

        Callers who choose nothing, or whose target was deleted, are sent to it (Microsoft Learn: "Set up a Microsoft
        Teams Auto attendant").
        """
        if attendant.operator is None:
            return
        reference = Reference(attendant.id, "Operator", "operator", attendant.operator.kind, attendant.operator.id)
        target = self._target(reference)
        if target is not None:
            yield Edge(self.app(attendant.id), target, kind, "Operator", key)

    def _queue_edges(self, queue: CallQueue) -> Iterator[Edge]:
        source = self.app(queue.id)
        for way in queue_ways(queue):
            target = self._exit_target(queue, way)
            if target is not None:
                yield Edge(source, target, way.name, way.reference.path if way.reference else way.path)
        people = {agent.id: f"Agents[{agent.id}]" for agent in queue.agents}
        people.update((user, f"Users[{user}]") for user in queue.users)
        for person, path in people.items():
            yield Edge(source, Node("person", person), "member", path)
        for group in dict.fromkeys(queue.groups):
            yield Edge(source, Node("group", group), "member", f"DistributionLists[{group}]")
        if queue.channel:
            yield Edge(source, Node("channel", queue.channel), "member", "ChannelId")
        if queue.shifts_group:
            yield Edge(source, Node("shifts", queue.shifts_group), "member", "ShiftsSchedulingGroupId")

    def _exit_target(self, queue: CallQueue, way: QueueWay) -> Node | None:
        if way.action == "disconnect":
            return Node("nobody", queue.id)
        if way.reference is not None:
            target = self._target(way.reference)
            return Node("voicemail", target.id) if target is not None and way.action == "voicemail" else target
        waits_for_ever = leaves_waiting(queue.no_agent) and leaves_waiting(queue.timeout) and not queue.has_members
        return Node("nobody", queue.id) if waits_for_ever and way.name == "no_agent" else None

    def _target(self, reference: Reference) -> Node | None:
        if not reference.id:
            return None
        if reference.kind == "app":
            return self.app(reference.id)
        if reference.kind == "number":
            return Node("number" if reference.id in self._numbers else "outside", reference.id)
        kind = _NODE_KINDS.get(reference.kind)
        return Node(kind, reference.id) if kind is not None else None

    @staticmethod
    def _add(edges: Iterable[Edge], to: dict[Node, list[Edge]]) -> None:
        for edge in edges:
            to.setdefault(edge.source, []).append(edge)


def _order(edge: Edge) -> tuple[int, str, str, str]:
    return _RANK[edge.kind], edge.key, edge.path, edge.target.id
