"""The ways that calls take: the shortest one to each node, in words, and those that lead callers round for ever."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from shared.model.voice import AUTOMATIC, AutoAttendant, CallQueue
from shared.voice.graph import CallFlowGraph, Edge, EdgeKind, Node, NodeKind
from shared.voice.references import leaves_waiting

NAME_LENGTH = 40
"""How long a name may be in a way; a longer one is cut."""

SHORT_ID = 8
"""How much of an id stands for an object that has no name: a GUID's first group."""

NO_NAMES: Mapping[str, str] = MappingProxyType({})

_CAUSES: dict[EdgeKind, str] = {
    "automatic": "automatically",
    "operator": "operator",
    "no_agent": "no agents",
    "timeout": "timeout",
    "overflow": "overflow",
    "after_hours": "after hours",
    "holiday": "holiday",
    "other_hours": "at other hours",
}
_UNNAMED: dict[NodeKind, str] = {
    "account": "resource account",
    "attendant": "auto attendant",
    "queue": "call queue",
    "app": "voice app",
    "shifts": "shifts group",
}
_NORTH_AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")


SPOKEN_STEPS = 40
"""How many steps a text says: of a longer way, its start and its last ones, or to say all ways takes for ever."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """A node on a way, under the name that people know, and the edge by which the call came; None at the start."""

    node: Node
    name: str
    edge: Edge | None = None

    @property
    def cause(self) -> str:
        """What made the call come here, in words (`key 2`, `timeout`); empty where it goes without saying."""
        return cause_of(self.edge) if self.edge is not None else ""


class Circle(msgspec.Struct, frozen=True):
    """Apps that send every caller on to the next, and the last to the first; it begins with the smallest id.

    `edges` are the forced steps, that of `apps[0]` first.
    """

    apps: tuple[str, ...]
    edges: tuple[Edge, ...]


class Ways:
    """The shortest way of callers to every node, worked out for all at once.

    A way begins at a number; where none leads to the node, at a live account; else at the app itself, or at one that
    leads to the node directly where it is none.

    Args:
        graph: the call-flow graph.
        names: names by id that the export does not tell: of people, groups and accounts. They win over its own.
    """

    def __init__(self, graph: CallFlowGraph, names: Mapping[str, str] = NO_NAMES) -> None:
        self._graph = graph
        self._names = {each.id: each.name or each.upn for each in graph.export.instances or ()}
        self._names.update((app_id, app.name) for app_id, app in graph.apps.items())
        self._names.update((each, name) for each, name in names.items() if name)
        self._came_by: dict[Node, Edge | None] = {}
        self._starts: dict[Node, Node] = {}
        numbers = (Node("number", number) for every in graph.numbers.values() for number in every)
        self._spread(numbers)
        self._spread(Node("account", account) for account in graph.live)
        for app_id in sorted(graph.apps):
            node = graph.app(app_id)
            if node not in self._came_by:
                self._begin(node)
                for edge in graph.edges_from(node):
                    if edge.target.kind not in {"attendant", "queue"} and edge.target not in self._came_by:
                        self._go_on(edge)

    def to(self, node: Node, most: int | None = None) -> tuple[Step, ...]:
        """The steps of the way to a node, itself the last; only itself where nothing leads to it.

        Of a way of more than `most` steps, its start and its last steps.
        """
        steps: list[Step] = []
        here = node
        while True:
            edge = self._came_by.get(here)
            steps.append(Step(here, self.name(here), edge))
            if edge is None:
                return tuple(reversed(steps))
            if most is not None and len(steps) >= most:
                start = self._starts[node]
                return (Step(start, self.name(start)), *reversed(steps))
            here = edge.source

    def text(self, node: Node) -> str:
        """The way as people say it: `+1 425 555 0100 > Main line > key 2 > Sales queue > nobody`.

        An account is left out where it merely stands between a caller and an app.
        """
        steps = self.to(node, SPOKEN_STEPS)
        words: list[str] = []
        for place, step in enumerate(steps):
            words.append(step.cause)
            if place == 1 and step.edge is not None and step.edge.source != steps[0].node:
                words[-1:] = ["\N{HORIZONTAL ELLIPSIS}", step.cause]
            if step.node.kind != "account" or place in {0, len(steps) - 1}:
                words.append(step.name)
        return " > ".join(word for word in words if word)

    def round(self, circle: Circle) -> str:
        """A circle in words, from its first app back to it."""
        words = [self.name(circle.edges[0].source)]
        for edge, app_id in zip(circle.edges, (*circle.apps[1:], circle.apps[0]), strict=True):
            words += [cause_of(edge), self.name(self._graph.app(app_id))]
        return " > ".join(words)

    def name(self, node: Node) -> str:
        """What people call a node: its name, cut to `NAME_LENGTH`, else what it is and the beginning of its id."""
        if node.kind == "nobody":
            return "nobody"
        if node.kind in {"number", "outside"}:
            return _bounded(grouped(node.id))
        name = _bounded(self._names.get(node.id, ""))
        if not name:
            return f"{_UNNAMED.get(node.kind, node.kind)} {_bounded(node.id[:SHORT_ID])}"
        return f"voicemail of {name}" if node.kind == "voicemail" else name

    def _spread(self, starts: Iterable[Node]) -> None:
        """Go on from all starts at once, breadth first, to whatever no earlier start led to."""
        waiting: deque[Node] = deque()
        for start in sorted(set(starts)):
            if start not in self._came_by:
                self._begin(start)
                waiting.append(start)
        while waiting:
            node = waiting.popleft()
            if not self._graph.carries(node):
                continue
            for edge in self._graph.edges_from(node):
                if edge.target not in self._came_by:
                    self._go_on(edge)
                    waiting.append(edge.target)

    def _begin(self, start: Node) -> None:
        self._came_by[start] = None
        self._starts[start] = start

    def _go_on(self, edge: Edge) -> None:
        self._came_by[edge.target] = edge
        self._starts[edge.target] = self._starts[edge.source]


def circles(graph: CallFlowGraph) -> tuple[Circle, ...]:
    """The circles of steps that every caller is made to take, by their first app.

    Each app has one such step at the most, so that every app is looked at once.
    """
    steps = {app_id: step for app_id in graph.apps if (step := forced_step(graph, app_id)) is not None}
    found: list[Circle] = []
    walked: dict[str, int] = {}
    for turn, start in enumerate(steps):
        way: list[str] = []
        app_id = start
        while app_id in steps and app_id not in walked:
            walked[app_id] = turn
            way.append(app_id)
            app_id = steps[app_id][1]
        if walked.get(app_id) == turn:
            found.append(_circle(way[way.index(app_id) :], steps))
    return tuple(sorted(found, key=lambda circle: circle.apps))


def forced_step(graph: CallFlowGraph, app_id: str) -> tuple[Edge, str] | None:
    """The step to another app that every caller takes, and that app; None where callers have a choice or an end.

    Of an attendant it is the automatic transfer of its default menu. Of a queue that nobody answers it is its action
    for that case; where callers wait all the same, that on timeout. An overflow forces nobody: the first caller waits.
    """
    app = graph.apps[app_id]
    kind = _forced_exit(app) if isinstance(app, CallQueue) else _forced_option(app)
    edges = [edge for edge in graph.edges_from(graph.app(app_id)) if edge.kind == kind]
    apps = {_app_behind(graph, edge.target) for edge in edges}
    only = apps.pop() if len(apps) == 1 else None
    return (edges[0], only) if only is not None else None


def grouped(number: str) -> str:
    """A North American number as it is read out; any other as it is, since how it is grouped is not known here."""
    digits = _NORTH_AMERICAN.fullmatch(number)
    return f"+1 {digits[1]} {digits[2]} {digits[3]}" if digits else number


def cause_of(edge: Edge) -> str:
    """What makes a call take a step, in words; empty where it goes without saying."""
    if edge.kind == "no_agent" and edge.target.kind == "nobody":
        return ""
    pressed = f"key {edge.key}" if edge.key and edge.key.isprintable() and len(edge.key) == 1 else ""
    if edge.kind == "key":
        return pressed or "by voice"
    cause = _CAUSES.get(edge.kind, "")
    return f"{cause}, {pressed}" if pressed and cause else cause


def _forced_option(attendant: AutoAttendant) -> EdgeKind | None:
    actions = {option.action for option in attendant.default_flow.options if option.key == AUTOMATIC}
    return "automatic" if actions and actions <= {"target", "operator"} else None


def _forced_exit(queue: CallQueue) -> EdgeKind | None:
    if queue.has_members:
        return None
    if queue.no_agent.action == "forward":
        return "no_agent"
    return "timeout" if leaves_waiting(queue.no_agent) and queue.timeout.action == "forward" else None


def _app_behind(graph: CallFlowGraph, node: Node) -> str | None:
    """The one app to which a call sent here comes; None where it comes to several, or to none."""
    while node.kind in {"number", "account"}:
        targets = {edge.target for edge in graph.edges_from(node)} if graph.carries(node) else set()
        if len(targets) != 1:
            return None
        node = targets.pop()
    return node.id if node.kind in {"attendant", "queue"} else None


def _circle(apps: list[str], steps: Mapping[str, tuple[Edge, str]]) -> Circle:
    first = apps.index(min(apps))
    ordered = (*apps[first:], *apps[:first])
    return Circle(ordered, tuple(steps[app_id][0] for app_id in ordered))


def _bounded(name: str) -> str:
    readable = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return readable if len(readable) <= NAME_LENGTH else readable[: NAME_LENGTH - 1].rstrip() + "…"
