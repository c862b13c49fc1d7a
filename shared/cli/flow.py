"""`linekeeper flow`: what a caller comes to, as a tree, as a Mermaid flowchart, or as a graph for programs."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from shared.cli.flow_view import show
from shared.cli.output import console, reader_may_leave
from shared.cli.past import remembered_if_readable
from shared.cli.progress import progress
from shared.cli.terminal import harmless
from shared.monitor.assembly import assemble
from shared.monitor.flow import Flow, call_flow
from shared.monitor.runtime import Runtime
from shared.rules.naming import one_line
from shared.voice.graph import CallFlowGraph, Edge, Node, NodeKind
from shared.voice.mermaid import mermaid
from shared.voice.tree import draw

SCHEMA = 1
SHOWN = 0
INCOMPLETE = 2
NAME_LENGTH = 256
"""Characters of a name in JSON at most."""

Form = Literal["tree", "mermaid", "json"]

_WITHOUT_AN_ID_OF_THEIR_OWN: frozenset[NodeKind] = frozenset({"nobody", "voicemail"})
_KINDS: tuple[NodeKind, ...] = (
    *("number", "account", "attendant", "queue", "app", "person"),
    *("group", "channel", "shifts", "outside", "voicemail", "nobody"),
)


def run_flow(environment: Mapping[str, str], *, line: str | None, form: Form, tenant: str = "") -> int:
    """Read, draw and print; 2 where the export, licences or accounts could not be read completely, else 0.

    Raises:
        LinekeeperError: a setting is wrong, no export was ever read, or nothing or several are known by what was given.
    """
    # What could not be read is said with what is drawn; it need not be said twice.
    logging.getLogger("linekeeper").setLevel(logging.ERROR)
    runtime = Runtime(environment, tenant=tenant)
    flow = asyncio.run(_read(runtime, line))
    with reader_may_leave():
        if form == "json":
            sys.stdout.buffer.write(to_json(flow) + b"\n")
        else:
            tree = draw(flow.lines, flow.evaluation.findings, start=flow.start, gone=flow.gone)
            if form == "mermaid":
                sys.stdout.buffer.write(mermaid(tree).encode())
            else:
                show(flow, tree, console())
    if form != "tree":
        for gap in flow.gaps:
            sys.stderr.write(harmless(f"linekeeper: parts of this may be old or missing: {gap}.\n"))
    return INCOMPLETE if flow.gaps else SHOWN


def to_json(flow: Flow) -> bytes:
    """The call flow as JSON, schema 1: all of it, or all that a call comes to from where it was asked to begin.

    A node's id is the object's own, or the number; of `voicemail` and `nobody`, which have none, the kind stands before
    the id of whose they are, as it does where two kinds of node would share an id.
    """
    graph = flow.lines.graph
    nodes = _ahead(graph, flow.start) if flow.start is not None else graph.nodes
    ids = _ids(nodes)
    broken: dict[str, dict[str, None]] = {}
    for finding in flow.evaluation.findings:
        if finding.severity != "info":
            broken.setdefault(finding.subject.id, {})[finding.rule] = None
    edges = [edge for node in ids for edge in graph.edges_from(node) if edge.target in ids]
    apps = [app.id for app in flow.lines.apps if graph.app(app.id) in ids]
    return msgspec.json.encode(
        {
            "schema": SCHEMA,
            "tenant": flow.tenant,
            "as_of": flow.as_of.replace(microsecond=0),
            "nodes": [_node(node, ids, flow, broken) for node in ids],
            "edges": [_edge(edge, ids) for edge in edges],
            "unreachable": [app_id for app_id in apps if not flow.lines.is_reachable(app_id)],
            "circles": [circle.apps for circle in flow.lines.circles if set(circle.apps) <= set(apps)],
            "skipped": flow.evaluation.skipped,
        }
    )


def _node(node: Node, ids: Mapping[Node, str], flow: Flow, broken: Mapping[str, Mapping[str, None]]) -> dict[str, Any]:
    name = node.id if node.kind in {"number", "outside"} else flow.names.get(node.id, "")
    said = {"id": ids[node], "kind": node.kind, "name": "" if node.kind == "nobody" else one_line(name, NAME_LENGTH)}
    rules = broken.get(node.id) if node.kind not in _WITHOUT_AN_ID_OF_THEIR_OWN else None
    return said | ({"broken": list(rules)} if rules else {})


def _edge(edge: Edge, ids: Mapping[Node, str]) -> dict[str, str]:
    key = {"key": edge.key} if edge.key else {}
    return {"source": ids[edge.source], "target": ids[edge.target], "kind": edge.kind, **key, "path": edge.path}


def _ids(nodes: Iterable[Node]) -> dict[Node, str]:
    """The ids of nodes in JSON, no two the same, ordered by kind and id."""
    taken: set[str] = set()
    ids: dict[Node, str] = {}
    for node in sorted(nodes, key=lambda node: (_KINDS.index(node.kind), node.id)):
        is_own = node.kind not in _WITHOUT_AN_ID_OF_THEIR_OWN and node.id not in taken
        ids[node] = node.id if is_own else f"{node.kind}:{node.id}"
        taken.add(ids[node])
    return ids


def _ahead(graph: CallFlowGraph, start: Node) -> set[Node]:
    """All that a call comes to from a node, itself included."""
    seen = {start}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        fresh = _targets(graph, [node] if graph.carries(node) else []) - seen
        seen |= fresh
        waiting.extend(fresh)
    return seen


def _targets(graph: CallFlowGraph, nodes: Iterable[Node]) -> set[Node]:
    return {edge.target for node in nodes for edge in graph.edges_from(node)}


async def _read(runtime: Runtime, line: str | None) -> Flow:
    store = await remembered_if_readable(runtime.settings)
    monitor = assemble(runtime.settings, runtime.telemetry, runtime.clock, store)
    try:
        async with progress("Reading the tenant"):
            with runtime.telemetry.span("flow"):
                return await call_flow(monitor, line)
    finally:
        await monitor.close()
        await runtime.close()
