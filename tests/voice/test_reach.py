"""How far calls come, and from where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.model.voice import AutoAttendant, CallFlow, CallHandling, CallQueue, MenuOption
from shared.voice.graph import CallFlowGraph, Node
from shared.voice.reach import BlastRadius, Origins, blast_radius, entered_through, entries, numbers_behind, reach

Graphs = Callable[..., CallFlowGraph]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Options = Callable[..., MenuOption]

MAIN_NUMBER = "+14255550100"
OTHER_NUMBER = "+4930901820"
SALES = Node("queue", "sales")
SUPPORT = Node("queue", "support")


@pytest.fixture
def office(
    make_graph: Graphs, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> Callable[..., CallFlowGraph]:
    """Main sends to sales, which forwards to support; both it and support have an account, and main has a number."""

    def make(**changed: object) -> CallFlowGraph:
        return make_graph(
            make_attendant("main", make_option("2", "app:sales")),
            make_queue("sales", timeout="account:ra-support"),
            make_queue("support", users=("ann",)),
            **{
                "accounts": {"ra-main": "main", "ra-support": "support"},
                "numbers": {"ra-main": (MAIN_NUMBER,)},
                **changed,
            },
        )

    return make


def test_an_app_with_a_live_account_is_reachable(make_graph: Graphs, make_queue: Queues) -> None:
    assert reach(make_graph(make_queue("sales"), accounts={"ra": "sales"})).reachable == {"sales"}


def test_an_app_without_an_account_is_reachable_where_a_reachable_app_refers_to_it(
    office: Callable[..., CallFlowGraph],
) -> None:
    assert reach(office()).reachable == {"main", "sales", "support"}


def test_an_app_whose_account_does_not_live_is_not_reachable(make_graph: Graphs, make_queue: Queues) -> None:
    assert reach(make_graph(make_queue("sales"), accounts={"ra": "sales"}, live=())).reachable == frozenset()


def test_a_call_does_not_go_on_from_an_account_that_does_not_live(office: Callable[..., CallFlowGraph]) -> None:
    assert reach(office(live=("ra-main",))).reachable == {"main", "sales"}


def test_apps_that_only_refer_to_each_other_are_not_reachable(make_graph: Graphs, make_queue: Queues) -> None:
    graph = make_graph(make_queue("a", timeout="app:b"), make_queue("b", timeout="app:a"))
    assert reach(graph).reachable == frozenset()


def test_an_app_that_an_account_stands_for_and_that_does_not_exist_is_not_reachable(make_graph: Graphs) -> None:
    assert reach(make_graph(accounts={"ra": "gone"})).reachable == frozenset()


def test_an_app_behind_a_flow_that_is_switched_off_is_dormant(
    make_graph: Graphs, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    christmas = CallFlow(id="christmas", options=(make_option("automatic", "app:duty"),))
    handling = CallHandling(kind="holiday", schedule="s", flow="christmas", enabled=False)
    main = make_attendant("main", flows=(christmas,), handlings=(handling,))
    found = reach(make_graph(main, make_queue("duty"), make_queue("lost"), accounts={"ra": "main"}))
    assert found.reachable == {"main"}
    assert found.dormant == {"duty"}


def test_callers_come_only_from_numbers(office: Callable[..., CallFlowGraph]) -> None:
    assert reach(office()).called == {"main", "sales", "support"}
    assert reach(office()).called_accounts == {"ra-main", "ra-support"}
    without = reach(office(numbers={}))
    assert without.reachable == {"main", "sales", "support"}
    assert without.called == without.called_accounts == frozenset()


def test_callers_come_to_an_account_that_does_not_live_and_no_further(office: Callable[..., CallFlowGraph]) -> None:
    found = reach(office(live=("ra-support",)))
    assert found.called == frozenset()
    assert found.called_accounts == {"ra-main"}


def test_the_numbers_behind_are_those_whose_callers_come(office: Callable[..., CallFlowGraph]) -> None:
    numbers = {"ra-main": (MAIN_NUMBER,), "ra-support": (OTHER_NUMBER,)}
    behind = numbers_behind(office(numbers=numbers))
    assert behind[SALES] == Origins((MAIN_NUMBER,))
    assert behind[SUPPORT] == behind[Node("account", "ra-support")] == Origins((MAIN_NUMBER, OTHER_NUMBER))
    assert numbers_behind(office(numbers={})) == {}


def test_a_number_is_told_of_once_though_several_options_lead_the_same_way(
    make_graph: Graphs, make_attendant: Attendants, make_queue: Queues, make_option: Options
) -> None:
    main = make_attendant("main", make_option("1", "app:sales"), make_option("2", "app:sales"), operator="app:sales")
    graph = make_graph(main, make_queue("sales"), accounts={"ra": "main"}, numbers={"ra": (MAIN_NUMBER, OTHER_NUMBER)})
    assert numbers_behind(graph, kept=2)[SALES] == Origins((MAIN_NUMBER, OTHER_NUMBER))


def test_more_numbers_than_are_kept_are_told_of(office: Callable[..., CallFlowGraph]) -> None:
    numbers = {"ra-main": tuple(f"+1425555010{digit}" for digit in range(3)), "ra-support": (OTHER_NUMBER,)}
    behind = numbers_behind(office(numbers=numbers), kept=3)
    assert behind[SALES] == Origins(("+14255550100", "+14255550101", "+14255550102"))
    assert behind[SUPPORT] == Origins(behind[SALES].ids, more=True)


def test_what_lies_ahead_of_too_many_numbers_has_more_too(office: Callable[..., CallFlowGraph]) -> None:
    behind = numbers_behind(office(numbers={"ra-main": (MAIN_NUMBER, OTHER_NUMBER)}), kept=1)
    assert {each.more for each in behind.values()} == {True}


def test_callers_enter_through_the_account_of_the_app_that_took_them_first(
    office: Callable[..., CallFlowGraph],
) -> None:
    assert entries(office())[SUPPORT] == Origins(("ra-main",))
    both = entries(office(numbers={"ra-main": (MAIN_NUMBER,), "ra-support": (OTHER_NUMBER,)}))
    assert both[SUPPORT] == Origins(("ra-main", "ra-support"))


def test_nobody_enters_through_an_account_that_does_not_live(office: Callable[..., CallFlowGraph]) -> None:
    assert entries(office(live=("ra-support",))) == {}


def test_an_app_is_entered_through_a_capable_account_only_where_callers_of_a_number_do(
    office: Callable[..., CallFlowGraph],
) -> None:
    assert entered_through(office(), {"ra-main": True}) == {"main", "sales", "support"}
    assert entered_through(office(), {"ra-main": False, "ra-support": True}) == frozenset()
    assert entered_through(office(), {}) == frozenset()


def test_what_depends_on_an_account_lies_behind_and_ahead_of_it(office: Callable[..., CallFlowGraph]) -> None:
    assert blast_radius(office(), "ra-support") == BlastRadius(
        numbers=(MAIN_NUMBER,), apps_behind=("main", "sales"), apps_ahead=("support",)
    )
    assert blast_radius(office(), "ra-main") == BlastRadius(
        numbers=(MAIN_NUMBER,), apps_ahead=("main", "sales", "support")
    )


def test_what_depended_on_an_account_is_told_when_it_is_gone(office: Callable[..., CallFlowGraph]) -> None:
    assert blast_radius(office(live=("ra-main",)), "ra-support").apps_ahead == ("support",)


def test_what_lies_before_an_account_that_does_not_live_is_not_behind_those_after_it(
    office: Callable[..., CallFlowGraph],
) -> None:
    radius = blast_radius(office(live=("ra-support",)), "ra-support")
    assert radius == BlastRadius(apps_behind=("main", "sales"), apps_ahead=("support",))


def test_nothing_depends_on_an_account_that_nothing_names(office: Callable[..., CallFlowGraph]) -> None:
    assert blast_radius(office(), "unknown") == BlastRadius()


def test_thousands_of_nested_apps_are_walked_through(make_graph: Graphs, make_queue: Queues) -> None:
    count = 5_000
    queues = [make_queue(f"{place:05}", timeout=f"app:{place + 1:05}") for place in range(count)]
    graph = make_graph(*queues, accounts={"ra": "00000"}, numbers={"ra": (MAIN_NUMBER,)})
    assert len(reach(graph).called) == count
    assert numbers_behind(graph)[Node("queue", f"{count - 1:05}")] == Origins((MAIN_NUMBER,))
    assert len(blast_radius(graph, "ra").apps_ahead) == count
