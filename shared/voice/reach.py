"""How far calls come: which voice apps are reachable, from which numbers, through which accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from shared.voice.graph import CallFlowGraph, Edge, Node

KEPT = 50
"""How many origins of calls are kept of one app or account: enough to name, and the work stays linear."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How calls come to voice apps, by id.

    `reachable`: a live account is associated with it, or a reachable app sends calls to it. `dormant`: not reachable,
    and call flows that no enabled handling uses would send calls to it. `called` and `called_accounts`: callers of some
    number come to it; an account among them may not live, and then they come no further.
    """

    reachable: frozenset[str]
    dormant: frozenset[str]
    called: frozenset[str]
    called_accounts: frozenset[str]


class Origins(msgspec.Struct, frozen=True, gc=False):
    """Where calls to one object come from: the first `KEPT` ids in order, and whether there are more."""

    ids: tuple[str, ...] = ()
    more: bool = False


class BlastRadius(msgspec.Struct, frozen=True, kw_only=True):
    """What depends on one account, exactly; all ids in order.

    Behind it are the numbers whose callers can come to it and the apps from which calls can; ahead are the apps to
    which calls can come through it.
    """

    numbers: tuple[str, ...] = ()
    apps_behind: tuple[str, ...] = ()
    apps_ahead: tuple[str, ...] = ()


def reach(graph: CallFlowGraph) -> Reach:
    """How calls come to every voice app, in time linear in the graph."""
    roots = {
        graph.app(app_id) for app_id, accounts in graph.accounts_by_app.items() if not graph.live.isdisjoint(accounts)
    }
    reached = _ahead(graph, roots)
    could_be = _ahead(graph, roots, unused=True)
    called = _ahead(graph, _numbers(graph))
    reachable = _apps(reached)
    return Reach(
        reachable=reachable,
        dormant=_apps(could_be) - reachable,
        called=_apps(called),
        called_accounts=frozenset(node.id for node in called if node.kind == "account"),
    )


def numbers_behind(graph: CallFlowGraph, kept: int = KEPT) -> dict[Node, Origins]:
    """The numbers whose callers can come to each app and account; one that no caller comes to is absent."""
    return _origins(graph, _numbers(graph), kept)


def apps_behind(graph: CallFlowGraph, kept: int = KEPT) -> dict[Node, Origins]:
    """The apps from which calls can come to each app and account; an app itself is not among those behind it."""
    # One more is kept than is told, because every app is found among its own origins.
    found = _origins(graph, (graph.app(app_id) for app_id in graph.apps), kept + 1)
    return {node: _others(node, origins, kept) for node, origins in found.items()}


def entries(graph: CallFlowGraph, kept: int = KEPT) -> dict[Node, Origins]:
    """The accounts through which callers of a number enter each app and account that they come to.

    The account of the first app that took a call pays for where it goes from there (Microsoft Learn: "Plan for Teams
    Auto attendants and Call queues").
    """
    return _origins(graph, _entrances(graph), kept)


def entered_through(graph: CallFlowGraph, capable: Mapping[str, bool]) -> frozenset[str]:
    """The apps to which callers of a number come through an account that is `capable`, by the account's id."""
    doors = (node for node in _entrances(graph) if capable.get(node.id, False))
    return _apps(_ahead(graph, doors))


def blast_radius(graph: CallFlowGraph, account: str) -> BlastRadius:
    """What depends on one account, by one walk against the calls and one with them.

    It is told of an account that does not live, too: then it is what depended on it.
    """
    here = Node("account", account)
    behind = _behind(graph, here)
    ahead = _ahead(graph, (edge.target for edge in graph.onward(here)))
    return BlastRadius(
        numbers=tuple(sorted(node.id for node in behind if node.kind == "number")),
        apps_behind=tuple(sorted(_apps(behind))),
        apps_ahead=tuple(sorted(_apps(ahead))),
    )


def _numbers(graph: CallFlowGraph) -> list[Node]:
    return [Node("number", number) for numbers in graph.numbers.values() for number in numbers]


def _entrances(graph: CallFlowGraph) -> list[Node]:
    return [Node("account", account) for account, numbers in graph.numbers.items() if numbers and account in graph.live]


def _apps(nodes: Iterable[Node]) -> frozenset[str]:
    return frozenset(node.id for node in nodes if node.kind in {"attendant", "queue"})


def _ahead(graph: CallFlowGraph, starts: Iterable[Node], *, unused: bool = False) -> set[Node]:
    """Where calls from these nodes can come to on their way, these included."""
    seen = set(starts)
    waiting = list(seen)
    while waiting:
        node = waiting.pop()
        if not graph.carries(node):
            continue
        steps = graph.onward(node) + graph.unused_from(node) if unused else graph.onward(node)
        waiting.extend(_targets(steps, seen))
    return seen


def _behind(graph: CallFlowGraph, start: Node) -> set[Node]:
    """From where calls come to a node, itself included only where they come round to it."""
    seen: set[Node] = set()
    waiting = [start]
    while waiting:
        for edge in graph.edges_to(waiting.pop()):
            if edge.source not in seen and graph.carries(edge.source):
                seen.add(edge.source)
                waiting.append(edge.source)
    return seen


def _others(node: Node, origins: Origins, kept: int) -> Origins:
    """A node's origins without itself, of which one more than `kept` was looked for."""
    others = tuple(each for each in origins.ids if each != node.id)
    return Origins(others[:kept], origins.more or len(others) > kept)


def _targets(steps: Iterable[Edge], seen: set[Node]) -> list[Node]:
    """The targets that were not seen before, each once; now they are."""
    fresh = list(dict.fromkeys(edge.target for edge in steps if edge.target not in seen))
    seen.update(fresh)
    return fresh


def _origins(graph: CallFlowGraph, starts: Iterable[Node], kept: int) -> dict[Node, Origins]:
    """The first starts from which calls come to each node.

    One walk for each start, in order. A node that holds as many as are kept is not walked through again: all that it
    holds went on from it, so that what lies ahead holds them too, or is full itself. No step is taken more often than
    origins are kept.
    """
    found: dict[Node, list[str]] = {}
    full: set[Node] = set()
    for start in sorted(set(starts)):
        seen = {start}
        waiting = [start]
        while waiting:
            node = waiting.pop()
            held = found.setdefault(node, [])
            if len(held) >= kept:
                full.add(node)
                continue
            held.append(start.id)
            if graph.carries(node):
                waiting.extend(_targets(graph.onward(node), seen))
    more = _ahead(graph, full)
    return {node: Origins(tuple(held), node in more) for node, held in found.items() if node.kind != "number"}
