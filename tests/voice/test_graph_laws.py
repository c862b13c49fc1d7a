"""What holds of calls whatever attendants and queues refer to: each law against a model too naive to be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.model.voice import (
    AUTOMATIC,
    Agent,
    Association,
    AutoAttendant,
    CallFlow,
    CallHandling,
    CallQueue,
    ExitAction,
    MenuOption,
    OptionAction,
    QueueExit,
    Target,
    TargetKind,
    VoiceExport,
)
from shared.voice.graph import CallFlowGraph, Node
from shared.voice.path import Ways, circles
from shared.voice.reach import Origins, apps_behind, blast_radius, entered_through, entries, numbers_behind, reach
from shared.voice.references import App, references

ATTENDANTS = ("a1", "a2", "a3")
QUEUES = ("q1", "q2", "q3")
ACCOUNTS = ("r1", "r2", "r3")
NUMBERS = ("+1", "+2", "+3", "+4")
FLOWS = ("f1", "f2")
GONE = "gone"

# Few ids, so that targets meet: several steps between the same two, circles, ids that name nothing.
ids = st.sampled_from((*ATTENDANTS, *QUEUES, *ACCOUNTS, *NUMBERS, GONE))
targets = st.builds(Target, st.sampled_from(get_args(TargetKind)), ids) | st.builds(
    Target, st.just("app"), st.sampled_from((ATTENDANTS[0], QUEUES[0], *QUEUES))
)
options = st.builds(
    MenuOption,
    key=st.sampled_from(("", "1", "2", AUTOMATIC, AUTOMATIC)),
    action=st.sampled_from(get_args(OptionAction)) | st.just("target"),
    target=st.none() | targets,
)
menus = st.lists(options, max_size=3).map(tuple)
handlings = st.builds(
    CallHandling,
    kind=st.sampled_from(("after_hours", "holiday", "unknown")),
    schedule=st.sampled_from(("", "s1", "s2")),
    flow=st.sampled_from(("", *FLOWS)),
    enabled=st.booleans(),
)
exits = st.builds(QueueExit, st.sampled_from(get_args(ExitAction)) | st.just("forward"), st.none() | targets)
some_accounts = st.lists(st.sampled_from((*ACCOUNTS, GONE)), max_size=2).map(tuple)


def attendants(attendant_id: str) -> st.SearchStrategy[AutoAttendant]:
    return st.builds(
        AutoAttendant,
        id=st.just(attendant_id),
        default_flow=st.builds(CallFlow, options=menus),
        flows=st.lists(st.builds(CallFlow, id=st.sampled_from(FLOWS), options=menus), max_size=2).map(tuple),
        handlings=st.lists(handlings, max_size=2).map(tuple),
        operator=st.none() | targets,
        accounts=some_accounts,
    )


def queues(queue_id: str) -> st.SearchStrategy[CallQueue]:
    return st.builds(
        CallQueue,
        id=st.just(queue_id),
        agents=st.just(()) | st.just((Agent("ann"),)),
        overflow=exits,
        timeout=exits,
        no_agent=exits,
        accounts=some_accounts,
    )


associations = st.builds(
    Association, account=st.sampled_from((*ACCOUNTS, GONE)), app=st.sampled_from((*ATTENDANTS, *QUEUES, GONE))
)
onward = st.builds(Target, st.just("app"), st.sampled_from((*ATTENDANTS, *QUEUES))) | st.builds(
    Target, st.just("account"), st.sampled_from(ACCOUNTS)
)


def sends_on(app_id: str) -> st.SearchStrategy[AutoAttendant] | st.SearchStrategy[CallQueue]:
    """An app that sends every caller to another: what circles are made of."""
    if app_id in QUEUES:
        return st.builds(CallQueue, id=st.just(app_id), no_agent=st.builds(QueueExit, st.just("forward"), onward))
    option = st.builds(MenuOption, key=st.just(AUTOMATIC), action=st.just("target"), target=onward)
    flow = st.builds(CallFlow, options=st.tuples(option))
    return st.builds(AutoAttendant, id=st.just(app_id), default_flow=flow, accounts=some_accounts)


def exports_of(
    attendant_of: Callable[[str], st.SearchStrategy[Any]], queue_of: Callable[[str], st.SearchStrategy[Any]]
) -> st.SearchStrategy[VoiceExport]:
    return st.builds(
        VoiceExport,
        exported_at=st.just(datetime(2026, 11, 20, tzinfo=UTC)),
        attendants=st.tuples(*(attendant_of(each) for each in ATTENDANTS)),
        queues=st.tuples(*(queue_of(each) for each in QUEUES)),
        associations=st.lists(associations, min_size=1, max_size=4).map(tuple),
    )


exports = st.one_of(
    exports_of(attendants, queues),
    exports_of(sends_on, sends_on),
    exports_of(attendants, sends_on),
)
graphs = st.builds(
    CallFlowGraph,
    exports,
    live=st.frozensets(st.sampled_from(ACCOUNTS), min_size=1),
    numbers=st.dictionaries(
        st.sampled_from(ACCOUNTS), st.lists(st.sampled_from(NUMBERS), max_size=3).map(tuple), min_size=1
    ),
)


def entered(graph: CallFlowGraph, target: Target | None) -> set[str]:
    """The apps that take a call sent to a target, by looking everything through."""
    if target is None:
        return set()
    if target.kind == "app":
        return {target.id} & graph.apps.keys()
    accounts = {target.id} if target.kind == "account" else set()
    if target.kind == "number":
        accounts = {account for account, numbers in graph.numbers.items() if target.id in numbers}
    told = {(each.account, each.app) for each in graph.export.associations or ()}
    told |= {(account, app.id) for app in graph.apps.values() for account in app.accounts}
    return {app for account, app in told if account in accounts & graph.live and app in graph.apps}


def sent_to(app: App) -> Iterator[Target | None]:
    """Where an app sends callers, in any case whatever."""
    if isinstance(app, CallQueue):
        forwards = {"forward", "unknown", ""}
        yield from (way.target for way in (app.overflow, app.timeout, app.no_agent) if way.action in forwards)
        return
    yield app.operator
    used = {handling.flow for handling in app.handlings if handling.enabled}
    for flow in (app.default_flow, *(flow for flow in app.flows if flow.id in used)):
        yield from (option.target for option in flow.options if option.action in {"target", "unknown"})


def next_apps(graph: CallFlowGraph, app_id: str) -> set[str]:
    return {found for target in sent_to(graph.apps[app_id]) for found in entered(graph, target)}


def come_to(graph: CallFlowGraph, start: set[str], seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """The apps from which these apps are come to, themselves included, by recursion."""
    for app_id in sorted(start):
        if app_id not in seen:
            seen = come_to(graph, next_apps(graph, app_id), seen | {app_id})
    return seen


def called_by(graph: CallFlowGraph, number: str) -> frozenset[str]:
    return come_to(graph, entered(graph, Target("number", number)))


@given(graphs)
def test_reachable_is_what_live_accounts_lead_to(graph: CallFlowGraph) -> None:
    roots = {app for account in graph.live for app in entered(graph, Target("account", account))}
    assert reach(graph).reachable == come_to(graph, roots)


@given(graphs)
def test_called_is_what_numbers_lead_to(graph: CallFlowGraph) -> None:
    found = reach(graph)
    assert found.called == frozenset().union(*(called_by(graph, number) for number in NUMBERS))
    assert found.called <= found.reachable
    assert not found.dormant & found.reachable


@given(graphs, options, st.sampled_from(ATTENDANTS))
def test_one_more_option_never_makes_less_reachable(
    graph: CallFlowGraph, option: MenuOption, attendant_id: str
) -> None:
    def with_option(attendant: AutoAttendant) -> AutoAttendant:
        if attendant.id != attendant_id:
            return attendant
        menu = CallFlow(options=(*attendant.default_flow.options, option))
        return msgspec.structs.replace(attendant, default_flow=menu)

    grown = msgspec.structs.replace(
        graph.export, attendants=tuple(with_option(each) for each in graph.export.attendants or ())
    )
    before, after = reach(graph), reach(CallFlowGraph(grown, live=graph.live, numbers=graph.numbers))
    assert before.reachable <= after.reachable
    assert before.called <= after.called


@given(graphs)
def test_one_more_live_account_never_makes_less_reachable(graph: CallFlowGraph) -> None:
    grown = CallFlowGraph(graph.export, live=ACCOUNTS, numbers=graph.numbers)
    assert reach(graph).reachable <= reach(grown).reachable


@given(graphs, st.integers(1, 4))
def test_the_numbers_behind_an_app_are_the_first_whose_callers_come_to_it(graph: CallFlowGraph, kept: int) -> None:
    all_numbers = sorted({number for numbers in graph.numbers.values() for number in numbers})
    behind = numbers_behind(graph, kept)
    for app_id in graph.apps:
        callers = tuple(number for number in all_numbers if app_id in called_by(graph, number))
        assert behind.get(graph.app(app_id), Origins()) == Origins(callers[:kept], len(callers) > kept)


@given(graphs, st.integers(1, 4))
def test_the_apps_behind_an_app_are_the_first_others_from_which_calls_come_to_it(
    graph: CallFlowGraph, kept: int
) -> None:
    ahead = {app_id: come_to(graph, {app_id}) for app_id in graph.apps}
    behind = apps_behind(graph, kept)
    for app_id in graph.apps:
        others = tuple(each for each in sorted(graph.apps) if each != app_id and app_id in ahead[each])
        assert behind[graph.app(app_id)] == Origins(others[:kept], len(others) > kept)


@given(graphs)
def test_an_app_is_entered_through_the_numbered_accounts_that_lead_to_it(graph: CallFlowGraph) -> None:
    through = entries(graph)
    for app_id in graph.apps:
        doors = {
            account
            for account in graph.live
            if graph.numbers.get(account) and app_id in come_to(graph, entered(graph, Target("account", account)))
        }
        assert set(through.get(graph.app(app_id), Origins()).ids) == doors
        for account in ACCOUNTS:
            assert (app_id in entered_through(graph, {account: True})) == (account in doors)


@given(graphs)
def test_the_blast_radius_of_an_account_agrees_with_the_walks_of_all_numbers(graph: CallFlowGraph) -> None:
    behind = numbers_behind(graph)
    for account in ACCOUNTS:
        radius = blast_radius(graph, account)
        assert radius.numbers == behind.get(Node("account", account), Origins()).ids
        if account in graph.live:
            assert set(radius.apps_ahead) == come_to(graph, entered(graph, Target("account", account)))


def only_next(graph: CallFlowGraph, app: App) -> str | None:
    """The one app to which an app sends every caller."""
    chosen: list[Target | None] = []
    if isinstance(app, AutoAttendant):
        automatic = [option for option in app.default_flow.options if option.key == AUTOMATIC]
        if {option.action for option in automatic} <= {"target", "operator"}:
            chosen = [app.operator if option.action == "operator" else option.target for option in automatic]
    elif not app.has_members and app.no_agent.action == "forward":
        chosen = [app.no_agent.target]
    elif not app.has_members and app.timeout.action == "forward":
        waits = app.no_agent.action == "queue" or app.no_agent == QueueExit()
        chosen = [app.timeout.target] if waits else []
    led = [target for target in chosen if target is not None and target.id and target.kind != "unknown"]
    ends = [entered(graph, target) for target in led]
    ambiguous = len({frozenset(each) for each in ends}) != 1 or len(ends[0]) != 1
    return None if ambiguous or any(_branches(graph, target) for target in led) else next(iter(ends[0]))


def _branches(graph: CallFlowGraph, target: Target) -> bool:
    """Whether a target leads to more than one thing on the way, one of which may take no call."""
    accounts = {target.id} if target.kind == "account" else set()
    if target.kind == "number":
        accounts = {account for account, numbers in graph.numbers.items() if target.id in numbers}
    told = {(each.account, each.app) for each in graph.export.associations or ()}
    told |= {(account, app.id) for app in graph.apps.values() for account in app.accounts}
    return len(accounts) > 1 or any(sum(one == account for one, _ in told) > 1 for account in accounts)


@given(graphs)
def test_circles_are_the_apps_that_forced_steps_lead_back_to(graph: CallFlowGraph) -> None:
    found = circles(graph)
    round_trips = set()
    for start in graph.apps:
        here: str | None = start
        for _ in graph.apps:
            here = only_next(graph, graph.apps[here]) if here is not None else None
            if here == start:
                round_trips.add(start)
    assert {app for circle in found for app in circle.apps} == round_trips
    for circle in found:
        assert circle.apps[0] == min(circle.apps)
        assert len(set(circle.apps)) == len(circle.apps) == len(circle.edges)
        for app_id, following in pairwise((*circle.apps, circle.apps[0])):
            assert only_next(graph, graph.apps[app_id]) == following
        assert all(edge in graph.edges_from(edge.source) for edge in circle.edges)


@given(graphs)
def test_a_way_really_exists_and_none_is_shorter(graph: CallFlowGraph) -> None:
    ways = Ways(graph)
    far = distances(graph, {node for node in graph.nodes if node.kind == "number" and graph.edges_from(node)})
    for node in graph.nodes:
        steps = ways.to(node)
        assert steps[0].edge is None
        assert steps[-1].node == node
        for before, after in pairwise(steps):
            assert after.edge in graph.edges_from(before.node)
            assert after.edge.source == before.node
            assert after.edge.target == after.node
        if node in far:
            assert steps[0].node.kind == "number"
            assert len(steps) - 1 == far[node]
        assert ways.text(node)


def distances(graph: CallFlowGraph, starts: set[Node]) -> dict[Node, int]:
    """How many steps each node is from the nearest start, by looking at all nodes over and over."""
    far = dict.fromkeys(starts, 0)
    for _ in graph.nodes:
        for node in [each for each in far if graph.carries(each)]:
            for edge in graph.edges_from(node):
                far[edge.target] = min(far.get(edge.target, len(graph.nodes)), far[node] + 1)
    return far


@given(graphs)
def test_the_steps_to_a_node_are_the_steps_from_all_nodes(graph: CallFlowGraph) -> None:
    forth = {edge for node in graph.nodes for edge in graph.edges_from(node)}
    assert {edge for node in graph.nodes for edge in graph.edges_to(node)} == forth


@given(exports)
def test_one_path_of_one_holder_never_leads_to_two_ids(export: VoiceExport) -> None:
    seen: dict[tuple[str, str], str] = {}
    for reference in references(export):
        assert seen.setdefault((reference.holder, reference.path), reference.id) == reference.id


@given(exports)
def test_references_stay_the_same_when_lists_are_ordered_anew(export: VoiceExport) -> None:
    assert set(references(reversed_within(export))) == set(references(export))


def reversed_within(value: Any) -> Any:  # noqa: ANN401 - any part of an export
    """The same value with every list in it the other way round."""
    if isinstance(value, tuple):
        return tuple(reversed_within(each) for each in reversed(value))
    if isinstance(value, msgspec.Struct):
        fields = {name: reversed_within(getattr(value, name)) for name in value.__struct_fields__}
        return type(value)(**fields)
    return value
