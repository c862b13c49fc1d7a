"""What makes a call go where: the steps of the graph."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.model.voice import Agent, AutoAttendant, CallFlow, CallHandling, CallQueue, MenuOption, VoiceExport
from shared.voice.graph import CallFlowGraph, Edge, Node
from shared.voice.references import Reference, references_of

Graphs = Callable[..., CallFlowGraph]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Options = Callable[..., MenuOption]

MAIN = Node("attendant", "main")
SALES = Node("queue", "sales")


def steps(graph: CallFlowGraph, node: Node) -> list[tuple[str, str, str, str]]:
    """The steps from a node: why, to what kind of thing, which, and by which path."""
    return [(edge.kind, edge.target.kind, edge.target.id, edge.path) for edge in graph.edges_from(node)]


def test_a_number_leads_to_its_account_and_that_to_its_app(make_graph: Graphs, make_attendant: Attendants) -> None:
    graph = make_graph(make_attendant("main"), accounts={"ra": "main"}, numbers={"ra": ("+14255550100",)})
    assert steps(graph, Node("number", "+14255550100")) == [("number", "account", "ra", "")]
    assert steps(graph, Node("account", "ra")) == [("association", "attendant", "main", "ApplicationInstances[ra]")]


def test_an_association_that_both_sides_tell_is_one(make_graph: Graphs, make_queue: Queues) -> None:
    graph = make_graph(make_queue("sales", accounts=("ra", "other")), accounts={"ra": "sales"})
    assert graph.accounts_by_app == {"sales": ("other", "ra")}
    assert len(steps(graph, Node("account", "ra"))) == 1


def test_an_app_tells_its_accounts_where_associations_were_not_read(make_graph: Graphs, make_queue: Queues) -> None:
    graph = make_graph(make_queue("sales", accounts=("ra",)), associations=None)
    assert graph.accounts_by_app == {"sales": ("ra",)}


def test_a_menu_leads_where_its_options_say(
    make_graph: Graphs, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    main = make_attendant(
        "main",
        make_option("automatic", "app:sales"),
        make_option("1", "user:ann"),
        make_option("2", "account:ra"),
        make_option("3", "number:+4930901820"),
        make_option("4", "voicemail:office"),
        make_option("5", action="disconnect"),
        make_option("6", action="announcement"),
        make_option("", "app:gone"),
    )
    place = "DefaultCallFlow.MenuOptions"
    assert sorted(steps(make_graph(main, make_queue("sales")), MAIN)) == [
        ("automatic", "queue", "sales", f"{place}[automatic]"),
        ("key", "account", "ra", f"{place}[2]"),
        ("key", "app", "gone", f"{place}[spoken:gone]"),
        ("key", "nobody", "main", f"{place}[5]"),
        ("key", "outside", "+4930901820", f"{place}[3]"),
        ("key", "person", "ann", f"{place}[1]"),
        ("key", "voicemail", "office", f"{place}[4]"),
    ]


def test_a_number_of_the_tenant_is_not_outside(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("1", "number:+14255550100"))
    graph = make_graph(main, accounts={"ra": "main"}, numbers={"ra": ("+14255550100",)})
    assert [target for _, target, *_ in steps(graph, MAIN)] == ["number"]


def test_an_option_that_means_the_operator_leads_to_it_by_its_path(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    graph = make_graph(make_attendant("main", make_option("automatic", action="operator"), operator="user:ann"))
    assert steps(graph, MAIN) == [
        ("automatic", "person", "ann", "Operator"),
        ("operator", "person", "ann", "Operator"),
    ]


def test_an_operator_needs_no_option_to_be_come_to(make_graph: Graphs, make_attendant: Attendants) -> None:
    assert steps(make_graph(make_attendant("main", operator="user:ann")), MAIN) == [
        ("operator", "person", "ann", "Operator")
    ]


def test_an_option_for_an_operator_who_is_not_there_leads_nowhere(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    assert steps(make_graph(make_attendant("main", make_option("0", action="operator"))), MAIN) == []


@pytest.mark.parametrize(
    ("kind", "why"), [("after_hours", "after_hours"), ("holiday", "holiday"), ("unknown", "other_hours")]
)
def test_another_flow_is_taken_through_an_enabled_handling(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options, kind: str, why: str
) -> None:
    handlings = (
        CallHandling(kind=kind, schedule="s", flow="night"),  # type: ignore[arg-type]
        CallHandling(kind=kind, schedule="t", flow="night"),  # type: ignore[arg-type]
    )
    main = make_attendant(
        "main", flows=(CallFlow(id="night", options=(make_option("1", "user:ann"),)),), handlings=handlings
    )
    assert steps(make_graph(main), MAIN) == [(why, "person", "ann", "CallFlows[night].MenuOptions[1]")]


@pytest.mark.parametrize("handlings", [(), (CallHandling(kind="holiday", flow="night", enabled=False),)])
def test_a_flow_that_no_enabled_handling_uses_is_taken_by_no_call(
    make_graph: Graphs,
    make_attendant: Attendants,
    make_option: Options,
    handlings: tuple[CallHandling, ...],
) -> None:
    main = make_attendant(
        "main", flows=(CallFlow(id="night", options=(make_option("1", "user:ann"),)),), handlings=handlings
    )
    graph = make_graph(main)
    assert steps(graph, MAIN) == []
    assert [edge.target for edge in graph.unused_from(MAIN)] == [Node("person", "ann")]


def test_a_queue_leads_out_and_to_those_who_answer(make_graph: Graphs, make_queue: Queues) -> None:
    queue = make_queue(
        "sales",
        users=("ann",),
        agents=(Agent("ann"), Agent("bob")),
        groups=("list",),
        channel="channel",
        shifts_group="shift",
        overflow="disconnect",
        timeout="shared_voicemail=unknown:office",
        no_agent="voicemail=user:carol",
    )
    assert steps(make_graph(queue), SALES) == [
        ("no_agent", "voicemail", "carol", "NoAgentActionTarget"),
        ("timeout", "voicemail", "office", "TimeoutActionTarget"),
        ("overflow", "nobody", "sales", "OverflowAction"),
        ("member", "person", "bob", "Agents[bob]"),
        ("member", "channel", "channel", "ChannelId"),
        ("member", "group", "list", "DistributionLists[list]"),
        ("member", "shifts", "shift", "ShiftsSchedulingGroupId"),
        ("member", "person", "ann", "Users[ann]"),
    ]


def test_callers_wait_for_nobody_where_no_one_answers_and_nothing_ends_it(
    make_graph: Graphs, make_queue: Queues
) -> None:
    assert steps(make_graph(make_queue("sales", no_agent="queue")), SALES) == [
        ("no_agent", "nobody", "sales", "NoAgentAction")
    ]


@pytest.mark.parametrize("changed", [{"users": ("ann",)}, {"timeout": "app:other"}, {"no_agent": "app:other"}])
def test_callers_do_not_wait_for_nobody_where_something_takes_them(
    make_graph: Graphs, make_queue: Queues, changed: dict[str, object]
) -> None:
    graph = make_graph(make_queue("sales", **changed))
    assert all(target != "nobody" for _, target, *_ in steps(graph, SALES))


def test_a_target_of_unknown_type_leads_nowhere(
    make_graph: Graphs, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    graph = make_graph(
        make_attendant("main", make_option("1", "unknown:x"), operator="unknown:y"),
        make_queue("sales", users=("ann",), timeout="unknown:z"),
    )
    assert steps(graph, MAIN) == []
    assert [kind for kind, *_ in steps(graph, SALES)] == ["member"]


def test_an_action_of_unknown_type_may_lead_to_its_target(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    graph = make_graph(make_attendant("main", make_option("1", "app:gone", action="unknown")))
    assert [target for _, _, target, _ in steps(graph, MAIN)] == ["gone"]


def test_the_steps_that_rest_on_a_reference_are_found_by_it(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("automatic", action="operator"), operator="account:gone")
    reference = Reference("main", "Operator", "operator", "account", "gone")
    assert {edge.kind for edge in make_graph(main).steps_by(reference)} == {"automatic", "operator"}


def test_the_steps_of_an_app_are_looked_through_once_however_many_references_it_holds(
    make_export: Callable[..., VoiceExport], make_attendant: Attendants, make_option: Options
) -> None:
    looked: list[Node] = []

    class Watched(CallFlowGraph):
        def edges_from(self, node: Node) -> tuple[Edge, ...]:
            looked.append(node)
            return super().edges_from(node)

    main = make_attendant("main", *(make_option(f"{key}", f"app:{key}") for key in range(10)))
    graph = Watched(make_export(main), live=(), numbers={})
    found = [graph.steps_by(reference) for reference in references_of(main)]
    assert [edge.target.id for (edge,) in found] == [f"{key}" for key in range(10)]
    assert len(looked) == 1


def test_the_steps_to_a_node_are_those_from_the_others(
    make_graph: Graphs, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    graph = make_graph(
        make_attendant("main", make_option("1", "app:sales")), make_queue("sales"), accounts={"ra": "sales"}
    )
    assert {edge.source for edge in graph.edges_to(SALES)} == {MAIN, Node("account", "ra")}


def test_the_order_of_the_export_changes_nothing(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    options = [make_option(str(key), f"user:{key}") for key in range(10)]
    one = make_graph(make_attendant("main", *options))
    other = make_graph(make_attendant("main", *reversed(options)))
    assert one.edges_from(MAIN) == other.edges_from(MAIN)


def test_an_id_that_an_attendant_and_a_queue_share_is_the_attendants(
    make_graph: Graphs, make_attendant: Attendants, make_queue: Queues
) -> None:
    graph = make_graph(make_queue("main", users=("ann",)), make_attendant("main"))
    assert graph.app("main") == MAIN
    assert graph.nodes == {MAIN}


def test_an_empty_export_has_no_calls(make_graph: Graphs) -> None:
    graph = make_graph(attendants=None, queues=None, instances=None, associations=None)
    assert graph.nodes == frozenset()
    assert graph.edges_from(MAIN) == graph.edges_to(MAIN) == ()
