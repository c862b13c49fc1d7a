"""The ways of callers in words, and the circles that never end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.model.voice import ApplicationInstance, AutoAttendant, CallFlow, CallHandling, CallQueue, MenuOption, Target
from shared.voice.graph import CallFlowGraph, Node
from shared.voice.path import NAME_LENGTH, Ways, circles, grouped

Graphs = Callable[..., CallFlowGraph]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Options = Callable[..., MenuOption]
App = AutoAttendant | CallQueue

NUMBER = "+14255550100"
MAIN = Node("attendant", "main")
SALES = Node("queue", "sales")


@pytest.fixture
def office(make_graph: Graphs, make_attendant: Attendants, make_queue: Queues, make_option: Options) -> CallFlowGraph:
    """A main line whose key 2 leads to a queue that nobody answers; key 3 leads there by its account."""
    main = make_attendant(
        "main",
        make_option("2", "app:sales"),
        make_option("3", "account:ra-hotline"),
        make_option("4", "voicemail:office"),
        make_option("5", "number:+4930901820"),
    )
    return make_graph(
        main,
        make_queue("sales", no_agent="queue", timeout="disconnect"),
        make_queue("hotline", users=("ann",)),
        make_queue("lost", users=("bob",), overflow="app:lost"),
        accounts={"ra-main": "main", "ra-hotline": "hotline"},
        numbers={"ra-main": (NUMBER,)},
    )


def test_a_way_begins_at_a_number_and_says_what_made_the_call_take_it(office: CallFlowGraph) -> None:
    assert Ways(office).text(Node("nobody", "sales")) == (
        "+1 425 555 0100 > Main line > key 2 > Sales queue > timeout > nobody"
    )


def test_a_queue_that_leaves_callers_to_nobody_is_said_as_people_say_it(make_graph: Graphs, make_queue: Queues) -> None:
    graph = make_graph(make_queue("sales"), accounts={"ra": "sales"}, numbers={"ra": (NUMBER,)})
    assert Ways(graph).text(Node("nobody", "sales")) == "+1 425 555 0100 > Sales queue > nobody"


def test_an_account_between_a_caller_and_an_app_is_left_out(office: CallFlowGraph) -> None:
    assert Ways(office, {"ann": "Ann Lee"}).text(Node("person", "ann")) == (
        "+1 425 555 0100 > Main line > key 3 > Hotline queue > Ann Lee"
    )


def test_an_account_at_the_end_of_a_way_is_named(office: CallFlowGraph) -> None:
    assert Ways(office).text(Node("account", "ra-hotline")) == (
        "+1 425 555 0100 > Main line > key 3 > Account ra-hotline"
    )


def test_voicemail_and_outside_numbers_are_said(office: CallFlowGraph) -> None:
    ways = Ways(office, {"office": "Office"})
    assert ways.text(Node("voicemail", "office")).endswith("> key 4 > voicemail of Office")
    assert ways.text(Node("outside", "+4930901820")).endswith("> key 5 > +4930901820")


def test_a_way_begins_at_an_account_where_no_number_leads(make_graph: Graphs, make_queue: Queues) -> None:
    graph = make_graph(make_queue("sales", users=("ann",)), accounts={"ra": "sales"})
    assert Ways(graph).text(SALES) == "Account ra > Sales queue"


def test_a_way_to_what_nothing_leads_to_is_the_app_itself(office: CallFlowGraph) -> None:
    assert Ways(office).text(Node("queue", "lost")) == "Lost queue"
    assert Ways(office, {"bob": "Bob"}).text(Node("person", "bob")) == "Lost queue > Bob"


def test_an_app_that_only_an_unreachable_one_refers_to_is_its_own_way(make_graph: Graphs, make_queue: Queues) -> None:
    graph = make_graph(make_queue("a", timeout="app:b"), make_queue("b"))
    assert Ways(graph).text(Node("queue", "b")) == "B queue"


def test_the_shortest_of_several_ways_is_told(
    make_graph: Graphs, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    graph = make_graph(
        make_attendant("main", make_option("1", "app:other")),
        make_queue("other", timeout="app:sales"),
        make_queue("sales"),
        accounts={"ra-main": "main", "ra-sales": "sales"},
        numbers={"ra-main": (NUMBER,), "ra-sales": ("+4930901820",)},
    )
    assert [step.node.id for step in Ways(graph).to(SALES)] == ["+4930901820", "ra-sales", "sales"]


def test_a_number_whose_account_does_not_live_leads_no_further(make_graph: Graphs, make_queue: Queues) -> None:
    graph = make_graph(make_queue("sales"), accounts={"ra": "sales"}, numbers={"ra": (NUMBER,)}, live=())
    assert Ways(graph).text(SALES) == "Sales queue"
    assert Ways(graph).text(Node("account", "ra")) == "+1 425 555 0100 > Account ra"


def test_a_node_that_the_export_does_not_know_is_its_own_way(office: CallFlowGraph) -> None:
    assert Ways(office).text(Node("account", "5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11")) == "resource account 5b6a1a40"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (MenuOption(key="2", action="target", target=Target("user", "ann")), "key 2"),
        (MenuOption(key="*", action="target", target=Target("user", "ann")), "key *"),
        (MenuOption(key="#", action="target", target=Target("user", "ann")), "key #"),
        (MenuOption(action="target", target=Target("user", "ann")), "by voice"),
        (MenuOption(key="automatic", action="target", target=Target("user", "ann")), "automatically"),
        (MenuOption(key="0", action="operator"), "key 0"),
    ],
)
def test_what_makes_a_call_take_an_option_is_said(
    make_graph: Graphs, make_attendant: Attendants, option: MenuOption, said: str
) -> None:
    main = make_attendant("main", option, operator="user:ann" if option.action == "operator" else "")
    assert Ways(make_graph(main), {"ann": "Ann"}).text(Node("person", "ann")) == f"Main line > {said} > Ann"


def test_an_operator_whom_no_option_names_is_said(make_graph: Graphs, make_attendant: Attendants) -> None:
    graph = make_graph(make_attendant("main", operator="user:ann"))
    assert Ways(graph, {"ann": "Ann"}).text(Node("person", "ann")) == "Main line > operator > Ann"


def test_the_hours_are_said_before_the_key(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    night = CallFlow(id="night", options=(make_option("1", "user:ann"), make_option("automatic", "user:bob")))
    handling = CallHandling(kind="after_hours", schedule="s", flow="night")
    graph = make_graph(make_attendant("main", flows=(night,), handlings=(handling,)))
    ways = Ways(graph, {"ann": "Ann", "bob": "Bob"})
    assert ways.text(Node("person", "ann")) == "Main line > after hours, key 1 > Ann"
    assert ways.text(Node("person", "bob")) == "Main line > after hours > Bob"


def test_a_long_name_is_cut_and_a_strange_one_is_made_readable(make_graph: Graphs, make_queue: Queues) -> None:
    long = make_queue("long", name="x" * 100)
    strange = make_queue("strange", name=" Sales\n\u202equeue\t ")
    ways = Ways(make_graph(long, strange))
    assert ways.text(Node("queue", "long")) == "x" * (NAME_LENGTH - 1) + "…"
    assert ways.text(Node("queue", "strange")) == "Sales queue"


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Node("attendant", "b1a0c5de-0c44-4b0f-8a83-0b0a6b1f2c01"), "auto attendant b1a0c5de"),
        (Node("queue", "d0000000-0000-4000-8000-0000000000c1"), "call queue d0000000"),
        (Node("app", "e0000000-0000-4000-8000-0000000000c1"), "voice app e0000000"),
        (Node("person", "ee000000-0000-4000-8000-0000000000e1"), "person ee000000"),
        (Node("voicemail", "bb000000-0000-4000-8000-0000000000b1"), "voicemail bb000000"),
    ],
)
def test_what_has_no_name_is_called_by_what_it_is_and_a_short_id(make_graph: Graphs, node: Node, said: str) -> None:
    assert Ways(make_graph()).name(node) == said


def test_names_that_are_given_win_and_an_empty_one_does_not(make_graph: Graphs) -> None:
    instance = ApplicationInstance(id="ra", upn="aa-main@contoso.example")
    graph = make_graph(instances=(instance,))
    assert Ways(graph, {"ra": "AA Main"}).name(Node("account", "ra")) == "AA Main"
    assert Ways(graph, {"ra": ""}).name(Node("account", "ra")) == "aa-main@contoso.example"


@pytest.mark.parametrize(
    ("number", "said"),
    [(NUMBER, "+1 425 555 0100"), ("+4930901820", "+4930901820"), ("+1911", "+1911"), (f"{NUMBER};ext=5",) * 2],
)
def test_only_a_number_whose_grouping_is_known_is_grouped(number: str, said: str) -> None:
    assert grouped(number) == said


def around(graph: CallFlowGraph) -> list[tuple[str, ...]]:
    return [circle.apps for circle in circles(graph)]


def test_an_automatic_transfer_and_a_queue_without_agents_make_a_circle(
    make_graph: Graphs, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    graph = make_graph(
        make_attendant("main", make_option("automatic", "account:ra-sales")),
        make_queue("sales", no_agent="app:basement"),
        make_queue("basement", timeout="app:main"),
        accounts={"ra-sales": "sales"},
    )
    (circle,) = circles(graph)
    assert circle.apps == ("basement", "main", "sales")
    assert [edge.kind for edge in circle.edges] == ["timeout", "automatic", "no_agent"]
    assert Ways(graph).round(circle) == (
        "Basement queue > timeout > Main line > automatically > Sales queue > no agents > Basement queue"
    )


def test_an_app_that_sends_callers_to_itself_is_a_circle(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    graph = make_graph(make_attendant("main", make_option("automatic", action="operator"), operator="app:main"))
    assert around(graph) == [("main",)]
    assert Ways(graph).round(circles(graph)[0]) == "Main line > automatically > Main line"


def test_an_app_that_transfers_to_its_own_number_is_a_circle(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("automatic", f"number:{NUMBER}"))
    assert around(make_graph(main, accounts={"ra": "main"}, numbers={"ra": (NUMBER,)})) == [("main",)]


@pytest.mark.parametrize(
    "changed",
    [
        {"users": ("ann",), "no_agent": "app:sales"},
        {"timeout": "app:sales", "no_agent": "disconnect"},
        {"timeout": "app:sales", "no_agent": "shared_voicemail=user:office"},
        {"overflow": "app:sales"},
        {"no_agent": "unknown=app:sales"},
        {"no_agent": "forward", "timeout": "app:sales"},
        {"no_agent": "app:gone"},
    ],
)
def test_a_queue_that_does_not_make_all_callers_go_round_is_no_circle(
    make_graph: Graphs, make_queue: Queues, changed: dict[str, object]
) -> None:
    assert around(make_graph(make_queue("sales", **changed))) == []


@pytest.mark.parametrize("no_agent", ["queue", "", "queue=user:ann"])
def test_a_queue_where_callers_wait_and_are_sent_on_by_timeout_can_be_in_a_circle(
    make_graph: Graphs, make_queue: Queues, no_agent: str
) -> None:
    assert around(make_graph(make_queue("sales", no_agent=no_agent, timeout="app:sales"))) == [("sales",)]


@pytest.mark.parametrize("keys", [("1",), ("automatic", "automatic")])
def test_an_attendant_that_leaves_callers_a_choice_is_no_circle(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options, keys: tuple[str, ...]
) -> None:
    options = [make_option(key, to) for key, to in zip(keys, ("app:main", "user:ann"), strict=False)]
    assert around(make_graph(make_attendant("main", *options))) == []


def test_an_automatic_option_of_unknown_action_makes_nobody_go_round(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("automatic", "app:main", action="unknown"))
    assert around(make_graph(main)) == []


def test_a_transfer_after_hours_alone_makes_no_circle(
    make_graph: Graphs, make_attendant: Attendants, make_option: Options
) -> None:
    night = CallFlow(id="night", options=(make_option("automatic", "app:main"),))
    handling = CallHandling(kind="after_hours", schedule="s", flow="night")
    assert around(make_graph(make_attendant("main", flows=(night,), handlings=(handling,)))) == []


@pytest.mark.parametrize("changed", [{"live": ()}, {"accounts": {"ra": ""}}])
def test_an_account_that_takes_no_call_ends_a_circle(
    make_graph: Graphs, make_queue: Queues, changed: dict[str, object]
) -> None:
    queue = make_queue("sales", no_agent="account:ra")
    assert around(make_graph(queue, accounts={"ra": "sales"})) == [("sales",)]
    assert around(make_graph(queue, **{"accounts": {"ra": "sales"}, **changed})) == []


def test_an_account_that_stands_for_two_apps_makes_nobody_go_round(make_graph: Graphs, make_queue: Queues) -> None:
    queues = [make_queue("sales", no_agent="account:ra"), make_queue("other", no_agent="account:ra", accounts=("ra",))]
    assert around(make_graph(*queues, accounts={"ra": "sales"})) == []


def test_an_account_whose_app_is_told_in_two_ways_makes_nobody_go_round(make_graph: Graphs, make_queue: Queues) -> None:
    queue = make_queue("sales", no_agent="account:ra", accounts=("ra",))
    assert around(make_graph(queue, accounts={"ra": "gone"})) == []


def test_a_way_that_leads_into_a_circle_is_no_part_of_it(make_graph: Graphs, make_queue: Queues) -> None:
    queues = [make_queue(one, no_agent=f"app:{other}") for one, other in ("ab", "cb", "bd", "db", "ef", "fe")]
    assert around(make_graph(*queues)) == [("b", "d"), ("e", "f")]


def test_a_circle_of_thousands_is_found(make_graph: Graphs, make_queue: Queues) -> None:
    count = 5_000
    queues = [make_queue(f"{place:05}", no_agent=f"app:{(place + 1) % count:05}") for place in range(count)]
    (circle,) = circles(make_graph(*queues))
    assert (circle.apps[0], len(circle.apps), len(circle.edges)) == ("00000", count, count)
