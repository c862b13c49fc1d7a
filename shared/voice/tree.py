"""A tenant's call flow as the lines of a tree, in the order in which they are read. Pure, bounded, without recursion.

Every app is drawn once and referred to from then on, so that a tree is as long as the graph has steps, and no longer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal, get_args

import msgspec

from shared.model.finding import Finding
from shared.model.voice import AutoAttendant, CallQueue
from shared.voice.branch import DRAWN_ELSEWHERE, EXISTENCE, Agents, Branch, End, Existence, Mark, Standing, Tree
from shared.voice.graph import Edge, EdgeKind, Node
from shared.voice.lines import Lines
from shared.voice.path import cause_of
from shared.voice.references import Reference, leaves_waiting

LINES = 2_000
"""Lines of a tree at most; what is beneath a branch counts."""

DEPTH = 12
"""Steps from the root of a tree at most: what lies further is drawn as a tree of its own."""

NAMED_AGENTS = 20
NAMED_GROUPS = 3
NAMED_ACCOUNTS = 3
TOLD = 3
"""Findings that are told of one node, and of one step, at most."""

_ORDER: dict[str, int] = {kind: place for place, kind in enumerate(get_args(EdgeKind))}
_APPS = frozenset({"attendant", "queue"})
_ONWARD = frozenset({"number", "account", "attendant", "queue"})
_DIRECTORY = frozenset({"account", "person", "group", "voicemail"})


class _Step(msgspec.Struct, frozen=True):
    """What waits to be drawn: a node, by which steps a call comes to it, and what is passed between."""

    node: Node
    edges: tuple[Edge, ...] = ()
    through: tuple[Node, ...] = ()
    rails: tuple[bool, ...] = ()
    mark: Mark = ""


def draw(
    lines: Lines,
    findings: Iterable[Finding] = (),
    *,
    start: Node | None = None,
    gone: Collection[str] = (),
    limit: int = LINES,
    depth: int = DEPTH,
) -> Tree:
    """Draw all lines of a tenant, or what a call comes to from `start`, in time linear in the graph.

    Numbers come first, in order; then live accounts without number whose app no number leads to; then apps that nothing
    leads to. Agents are named where there is a start.

    Args:
        lines: the tenant's lines.
        findings: what the rules say; those that are mere information mark nothing.
        start: where to begin; everywhere by default.
        gone: ids of people, groups and accounts that the directory does not have.
        limit: lines at most.
        depth: steps from a root at most.
    """
    drawing = _Drawing(lines, findings, gone=frozenset(gone), limit=limit, depth=depth, names_agents=start is not None)
    if start is not None:
        drawing.add(start, "unreachable" if start.kind in _APPS and not lines.is_reachable(start.id) else "")
    else:
        drawing.add_everything()
    return Tree(tuple(drawing.branches), drawing.left_out)


class _Drawing:
    """A tree as it grows."""

    def __init__(
        self,
        lines: Lines,
        findings: Iterable[Finding],
        *,
        gone: frozenset[str],
        limit: int,
        depth: int,
        names_agents: bool,
    ) -> None:
        self.branches: list[Branch] = []
        self.left_out = 0
        self._room = limit
        self._lines = lines
        self._graph = lines.graph
        self._gone = gone
        self._depth = depth
        self._names_agents = names_agents
        self._drawn: set[Node] = set()
        self._continued: list[Node] = []
        self._findings: dict[str, list[Finding]] = {}
        self._step_findings: dict[tuple[str, str], list[Finding]] = {}
        self._about_nodes: dict[Node, tuple[Finding, ...]] = {}
        for finding in findings:
            if finding.severity != "info":
                self._findings.setdefault(finding.subject.id, []).append(finding)
                self._step_findings.setdefault((finding.subject.id, finding.aspect), []).append(finding)

    def add_everything(self) -> None:
        """Draw all lines of the tenant."""
        numbers = {number for every in self._graph.numbers.values() for number in every}
        for number in sorted(numbers):
            self.add(Node("number", number))
        for account in self._by_name(Node("account", each) for each in self._lines.apps_by_account):
            apps = self._lines.apps_by_account[account.id]
            is_live = account.id in self._graph.live
            if is_live and not all(self._graph.app(app.id) in self._drawn for app in apps):
                self.add(account, "no_number")
        for app in (*self._by_name(self._first_apps()), *self._by_name(map(self._graph.app, self._graph.apps))):
            if app not in self._drawn:
                self.add(app, "unreachable")

    def add(self, root: Node, mark: Mark = "") -> None:
        """Draw one tree, and after it those that continue it where it grew too deep."""
        self._grow(_Step(root, mark=mark))
        while self._continued:
            node = self._continued.pop()
            if node not in self._drawn:
                self._grow(_Step(node, mark="continued"))

    def _first_apps(self) -> Iterator[Node]:
        """The apps to which no other app refers."""
        for app_id in self._graph.apps:
            node = self._graph.app(app_id)
            if all(edge.source.kind == "account" for edge in self._graph.edges_to(node)):
                yield node

    def _by_name(self, nodes: Iterable[Node]) -> list[Node]:
        return sorted(nodes, key=lambda node: (self._lines.ways.name(node).casefold(), node.id))

    def _grow(self, root: _Step) -> None:
        trail: list[Node] = []
        waiting = [root]
        while waiting:
            step = waiting.pop()
            del trail[len(step.rails) :]
            mark = step.mark or self._mark(step, trail)
            self._keep(self._branch(step, mark))
            trail.append(step.node)
            if mark in DRAWN_ELSEWHERE or not self._graph.carries(step.node):
                continue
            if step.node.kind in _ONWARD:
                self._drawn.add(step.node)
                waiting.extend(reversed(list(self._steps_from(step))))

    def _mark(self, step: _Step, trail: list[Node]) -> Mark:
        node = step.node
        if node in trail:
            return "circle"
        if node in self._drawn:
            return "above"
        if len(step.rails) >= self._depth and self._graph.edges_from(node):
            self._continued.append(node)
            return "below"
        if node.kind == "account" and self._graph.carries(node) and not self._graph.edges_from(node):
            instance = self._lines.instances.get(node.id)
            return "third_party" if instance is not None and instance.is_third_party else "unassociated"
        return ""

    def _steps_from(self, step: _Step) -> Iterator[_Step]:
        """The steps onward, those to one target together; members of a queue are told of at the queue."""
        by_target: dict[Node, list[Edge]] = {}
        for edge in sorted(self._graph.edges_from(step.node), key=_order):
            if edge.kind != "member":
                by_target.setdefault(edge.target, []).append(edge)
        left = len(by_target)
        for target, edges in by_target.items():
            left -= 1
            through, node = self._settled(target)
            yield _Step(node, tuple(edges), through, (*step.rails, left > 0))

    def _settled(self, node: Node) -> tuple[tuple[Node, ...], Node]:
        """Where a call sent to a node comes to rest, and what merely stands between."""
        through: list[Node] = []
        while node.kind in {"number", "account"} and self._graph.carries(node):
            targets = {edge.target for edge in self._graph.edges_from(node)}
            if len(targets) != 1:
                break
            through.append(node)
            node = targets.pop()
        return tuple(through), node

    def _keep(self, branch: Branch) -> None:
        # Nothing shorter slips in after the first that was left out: what is kept is the beginning.
        if self.left_out or branch.lines > self._room:
            self.left_out += branch.lines
        else:
            self._room -= branch.lines
            self.branches.append(branch)

    def _branch(self, step: _Step, mark: Mark) -> Branch:
        node, elsewhere = step.node, mark in DRAWN_ELSEWHERE
        accounts = [each for each in step.through if each.kind == "account"]
        app = self._graph.apps.get(node.id) if node.kind in _APPS else None
        if app is not None and not elsewhere:
            everyone = (Node("account", each) for each in self._graph.accounts_by_app.get(node.id, ()))
            accounts = list(dict.fromkeys((*accounts, *everyone)))
        here = _once(finding for edge in step.edges for finding in self._about_step(edge))
        about = _once(finding for each in (node, *accounts) for finding in self._about(each))
        told = () if elsewhere else about
        return Branch(
            rails=step.rails,
            causes=tuple(dict.fromkeys(cause for edge in step.edges if (cause := self._cause(edge)))),
            node=node,
            name=self._lines.ways.name(node),
            numbers=tuple(self._lines.ways.name(each) for each in step.through if each.kind == "number"),
            accounts=tuple(
                Standing(self._lines.ways.name(each), self._existence(each)) for each in accounts[:NAMED_ACCOUNTS]
            ),
            more_accounts=max(0, len(accounts) - NAMED_ACCOUNTS),
            existence=self._existence(node),
            mark=mark,
            end=self._end(step),
            agents=self._agents(app) if isinstance(app, CallQueue) and not elsewhere else None,
            findings=told[:TOLD],
            step_findings=here[:TOLD],
            more_findings=len(told[TOLD:]) + len(here[TOLD:]),
            known=about[:TOLD] if elsewhere else (),
        )

    def _about(self, node: Node) -> tuple[Finding, ...]:
        """The findings about a node, but for those that are told at a step from it."""
        if node.kind == "nobody" or node.id not in self._findings:
            return ()
        known = self._about_nodes.get(node)
        if known is None:
            steps = {edge.path for edge in self._graph.edges_from(node) if edge.path and edge.kind != "member"}
            known = _once(finding for finding in self._findings[node.id] if finding.aspect not in steps)
            self._about_nodes[node] = known
        return known

    def _about_step(self, edge: Edge) -> list[Finding]:
        return self._step_findings.get((edge.source.id, edge.path), []) if edge.path else []

    def _cause(self, edge: Edge) -> str:
        cause = cause_of(edge) or ("no agents" if edge.kind == "no_agent" else "")
        if edge.kind != "holiday":
            return cause
        attendant = self._graph.apps.get(edge.source.id)
        flows = attendant.flows if isinstance(attendant, AutoAttendant) else ()
        place = edge.path.partition(".MenuOptions[")[0]
        name = next((flow.name for flow in flows if place == f"CallFlows[{flow.id or flow.name}]"), "")
        return cause.replace("holiday", f"holiday {name}", 1) if name else cause

    def _end(self, step: _Step) -> End:
        if step.node.kind != "nobody":
            return ""
        queue = self._graph.apps.get(step.node.id)
        if isinstance(queue, CallQueue) and any(
            edge.kind == "no_agent" and leaves_waiting(queue.no_agent) for edge in step.edges
        ):
            return "waits"
        return "ends"

    def _existence(self, node: Node) -> Existence:
        if node.kind in _DIRECTORY and node.id in self._gone:
            return "missing"
        if node.kind == "app" or not self._graph.carries(node):
            kind: Literal["app", "account"] = "app" if node.kind == "app" else "account"
            verdict = self._lines.inventory.verdict(Reference("", "", "association", kind, node.id))
            return "missing" if verdict == "missing" else "unverified"
        return ""

    def _agents(self, queue: CallQueue) -> Agents:
        opted = {agent.id: agent.opted_in for agent in queue.agents}
        people = dict.fromkeys((*opted, *queue.users))
        told = [each for each in opted.values() if each is not None]
        named = list(people)[:NAMED_AGENTS] if self._names_agents else []
        groups = tuple(dict.fromkeys(queue.groups))
        return Agents(
            count=len(people),
            opted_in=sum(told) if told else None,
            missing=sum(person in self._gone for person in people),
            names=tuple(self._agent(person, opted_in=opted.get(person)) for person in named),
            groups=tuple(self._lines.ways.name(Node("group", each)) for each in groups[:NAMED_GROUPS]),
            more_groups=max(0, len(groups) - NAMED_GROUPS),
            channel=bool(queue.channel),
            shifts=bool(queue.shifts_group),
        )

    def _agent(self, person: str, *, opted_in: bool | None) -> str:
        name = self._lines.ways.name(Node("person", person))
        if person in self._gone:
            return f"{name} ({EXISTENCE['missing']})"
        return f"{name} (opted out)" if opted_in is False else name


def _order(edge: Edge) -> tuple[int, str, str, str]:
    """The order of steps from one node, whether calls go on from their targets or end there."""
    return _ORDER[edge.kind], edge.key, edge.path, edge.target.id


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings, each once, worst first."""
    return tuple(sorted({finding.key: finding for finding in findings}.values(), key=lambda finding: finding.order))
