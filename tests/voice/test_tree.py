from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.finding import Finding
from shared.model.voice import (
    AUTOMATIC,
    Agent,
    ApplicationInstance,
    AutoAttendant,
    CallFlow,
    CallHandling,
    CallQueue,
    MenuOption,
    QueueExit,
    Target,
    VoiceExport,
)
from shared.voice.branch import DRAWN_ELSEWHERE, Tree
from shared.voice.graph import Node
from shared.voice.lines import Lines
from shared.voice.tree import draw

Make = Callable[..., Any]


@pytest.fixture
def make_lines(make_export: Callable[..., VoiceExport]) -> Callable[..., Lines]:
    def make(
        *apps: AutoAttendant | CallQueue,
        accounts: Mapping[str, str] | None = None,
        live: Collection[str] | None = None,
        numbers: Mapping[str, tuple[str, ...]] | None = None,
        names: Mapping[str, str] | None = None,
        **changed: object,
    ) -> Lines:
        known = accounts or {}
        export = make_export(*apps, accounts=known, **changed)
        living = known.keys() if live is None else live
        return Lines(export, live=living, numbers=numbers or {}, names=names or {})

    return make


def read(tree: Tree) -> list[str]:
    """A tree in plain words, indented by depth: causes, name, and what is said of it."""
    return [
        "  " * len(branch.rails)
        + " ".join(
            word
            for word in (
                ", ".join(branch.causes) and f"{', '.join(branch.causes)}:",
                branch.name,
                branch.end,
                branch.existence and f"({branch.existence})",
                branch.mark and f"[{branch.mark}]",
            )
            if word
        )
        for branch in tree.branches
    ]


def test_a_line_is_drawn_from_its_number_through_its_account_to_where_each_key_leads(
    make_attendant: Make, make_option: Make, make_queue: Make, make_lines: Make
) -> None:
    main = make_attendant(
        "main", make_option("1", "account:ra-sales"), make_option("2", "user:ann"), operator="user:ann"
    )
    sales = make_queue(
        "sales", agents=(Agent("bob", opted_in=True),), timeout="shared_voicemail=voicemail:g", no_agent="disconnect"
    )
    lines = make_lines(
        main,
        sales,
        accounts={"ra-main": "main", "ra-sales": "sales"},
        numbers={"ra-main": ("+14255550100",)},
        names={"ann": "Ann", "g": "Sales team"},
    )
    tree = draw(lines)
    assert read(tree) == [
        "+1 425 555 0100",
        "  Main line",
        "    key 1: Sales queue",
        "      no agents: nobody ends",
        "      timeout: voicemail of Sales team",
        "    key 2, operator: Ann",
    ]
    assert [[str(each) for each in branch.accounts] for branch in tree.branches[1:3]] == [
        ["Account ra-main"],
        ["Account ra-sales"],
    ]
    assert [branch.rails for branch in tree.branches] == [
        (),
        (False,),
        (False, True),
        (False, True, True),
        (False, True, False),
        (False, False),
    ]


def test_an_app_is_drawn_once_and_referred_to_from_then_on(
    make_attendant: Make, make_option: Make, make_queue: Make, make_lines: Make
) -> None:
    one = make_attendant("one", make_option("1", "app:sales"), make_option("2", "account:ra-sales"))
    two = make_attendant("two", make_option("1", "app:sales"))
    lines = make_lines(
        one,
        two,
        make_queue("sales", no_agent="disconnect"),
        accounts={"ra-one": "one", "ra-two": "two", "ra-sales": "sales"},
        numbers={"ra-one": ("+14255550101",), "ra-two": ("+14255550102",)},
    )
    tree = draw(lines)
    assert read(tree) == [
        "+1 425 555 0101",
        "  One line",
        "    key 1: Sales queue",
        "      no agents: nobody ends",
        "    key 2: Sales queue [above]",
        "+1 425 555 0102",
        "  Two line",
        "    key 1: Sales queue [above]",
    ]
    assert [len(branch.accounts) for branch in tree.branches if branch.node.id == "sales"][:3] == [1, 0, 1]


def test_a_way_back_ends_with_the_name_that_it_comes_back_to(
    make_attendant: Make, make_option: Make, make_lines: Make
) -> None:
    lines = make_lines(
        make_attendant("one", make_option(AUTOMATIC, "app:two")),
        make_attendant("two", make_option("1", "number:+14255550101"), make_option("2", "app:two")),
        accounts={"ra-one": "one"},
        numbers={"ra-one": ("+14255550101",)},
    )
    tree = draw(lines)
    assert read(tree) == [
        "+1 425 555 0101",
        "  One line",
        "    automatically: Two line",
        "      key 1: One line [circle]",
        "      key 2: Two line [circle]",
    ]
    assert tree.branches[3].numbers == ("+1 425 555 0101",)


def test_numbers_come_first_then_accounts_without_one_then_what_nothing_leads_to(
    make_attendant: Make, make_option: Make, make_queue: Make, make_lines: Make
) -> None:
    lines = make_lines(
        make_attendant("called"),
        make_attendant("inside"),
        make_attendant("lost", make_option("1", "app:deep")),
        make_queue("deep", no_agent="disconnect"),
        make_queue("orphan", timeout="app:orphan", no_agent="queue"),
        accounts={"ra-called": "called", "ra-inside": "inside", "ra-dead": "lost"},
        live={"ra-called", "ra-inside"},
        numbers={"ra-called": ("+14255550101", "+14255550100")},
    )
    assert read(draw(lines)) == [
        "+1 425 555 0100",
        "  Called line",
        "+1 425 555 0101",
        "  Called line [above]",
        "Account ra-inside [no_number]",
        "  Inside line",
        "Lost line [unreachable]",
        "  key 1: Deep queue",
        "    no agents: nobody ends",
        "Orphan queue [unreachable]",
        "  timeout: Orphan queue [circle]",
    ]


def test_after_hours_and_holidays_are_told_with_their_names(make_attendant: Make, make_lines: Make) -> None:
    def leads(key: str, to: str) -> tuple[MenuOption, ...]:
        return (MenuOption(key=key, action="target", target=Target("user", to)),)

    line = make_attendant(
        "main",
        flows=(
            CallFlow(id="f1", name="Closed", options=leads(AUTOMATIC, "ann")),
            CallFlow(id="f2", name="New Year", options=leads("1", "bob")),
            CallFlow(id="f3", name="Unused", options=leads("1", "eve")),
        ),
        handlings=(CallHandling(kind="after_hours", flow="f1"), CallHandling(kind="holiday", flow="f2")),
    )
    names = {"ann": "Ann", "bob": "Bob", "eve": "Eve"}
    assert read(draw(make_lines(line, names=names)))[1:] == ["  after hours: Ann", "  holiday New Year, key 1: Bob"]


def test_what_does_not_exist_is_said_to_and_what_is_not_proved_is_not(
    make_attendant: Make, make_option: Make, make_lines: Make
) -> None:
    options = (make_option("1", "app:gone"), make_option("2", "account:ra-gone"), make_option("3", "user:left"))
    line = make_attendant("main", *options)
    assert read(draw(make_lines(line), gone={"left"}))[1:] == [
        "  key 1: voice app gone (missing)",
        "  key 2: resource account ra-gone (missing)",
        "  key 3: person left (missing)",
    ]
    assert read(draw(make_lines(line, complete=False)))[1:] == [
        "  key 1: voice app gone (unverified)",
        "  key 2: resource account ra-gone (unverified)",
        "  key 3: person left",
    ]


def test_a_number_of_an_account_that_leads_nowhere_says_why(make_lines: Make) -> None:
    lines = make_lines(
        instances=(
            ApplicationInstance(id="ra-bare", name="Bare"),
            ApplicationInstance(id="ra-other", name="Other", application="00000000-0000-0000-0000-000000000001"),
        ),
        live={"ra-bare", "ra-other"},
        numbers={"ra-bare": ("+14255550101",), "ra-other": ("+14255550102",), "ra-dead": ("+14255550103",)},
    )
    assert read(draw(lines))[1::2] == [
        "  Bare [unassociated]",
        "  Other [third_party]",
        "  resource account ra-dead (missing)",
    ]


def test_agents_are_summed_up_and_named_only_where_one_part_is_asked_for(make_queue: Make, make_lines: Make) -> None:
    agents = tuple(Agent(f"p{place:02}", opted_in=place % 4 != 0) for place in range(24))
    names = {f"p{place:02}": f"Person {place:02}" for place in range(24)}
    queue = make_queue(
        "sales", agents=agents, users=("p00",), groups=("g1", "g2", "g3", "g4"), channel="c", no_agent="disconnect"
    )
    lines = make_lines(queue, names=names | {"g1": "Alpha", "g2": "Beta", "g3": "Gamma"})
    everything = draw(lines, gone={"p01"}).branches[0].agents
    assert everything is not None
    assert everything.names == ()
    said = (
        "24 agents, 18 opted in, 1 of them not existing, group Alpha, group Beta, group Gamma, 1 more group, a channel"
    )
    assert str(everything) == said
    one = draw(lines, start=Node("queue", "sales"), gone={"p01"}).branches[0].agents
    assert one is not None
    assert one.names[:3] == ("Person 00 (opted out)", "Person 01 (does not exist)", "Person 02")
    assert len(one.names) == 20
    nobody = draw(make_lines(make_queue("sales", no_agent="queue"))).branches
    assert (str(nobody[0].agents), nobody[1].end) == ("nobody", "waits")


def test_a_finding_is_told_where_it_is_and_only_named_where_its_app_is_referred_to(
    make_attendant: Make, make_option: Make, make_queue: Make, make_lines: Make, make_finding: Callable[..., Finding]
) -> None:
    main = make_attendant(
        "main", make_option("1", "app:sales"), make_option("2", "app:sales"), make_option("3", "app:x")
    )
    again = make_attendant("again", make_option("1", "app:sales"))
    lines = make_lines(
        main,
        again,
        make_queue("sales", no_agent="disconnect"),
        accounts={"ra-main": "main", "ra-sales": "sales", "ra-again": "again"},
        numbers={"ra-main": ("+14255550101",), "ra-again": ("+14255550102",)},
    )
    unlicensed = make_finding("resource-account-unlicensed", "ra-sales")
    missing = make_finding("voice-app-target-missing", "main", "warning", aspect="DefaultCallFlow.MenuOptions[3]")
    hint = make_finding("resource-account-licence-unused", "ra-main", "info")
    by_name = {}
    for branch in draw(lines, [hint, missing, unlicensed]).branches:
        by_name[branch.name, branch.mark] = (branch.findings, branch.step_findings, branch.known)
    assert by_name["Sales queue", ""] == ((unlicensed,), (), ())
    assert by_name["Sales queue", "above"] == ((), (), ())
    assert by_name["voice app x", ""] == ((), (missing,), ())
    assert by_name["Main line", ""] == ((), (), ())
    about_app = make_finding("voice-app-loop", "sales")
    above = next(each for each in draw(lines, [about_app]).branches if each.mark == "above")
    assert (above.findings, above.known) == ((), (about_app,))


def test_many_findings_of_one_app_are_counted(make_queue: Make, make_lines: Make, make_finding: Make) -> None:
    found = [make_finding("voice-app-target-missing", "sales", aspect=f"Users[{place}]") for place in range(9)]
    (branch, _) = draw(make_lines(make_queue("sales", no_agent="disconnect")), found).branches
    assert (len(branch.findings), branch.more_findings, branch.lines) == (3, 6, 6)


def test_what_lies_deep_is_drawn_as_a_tree_of_its_own(
    make_attendant: Make, make_option: Make, make_lines: Make
) -> None:
    chain = [make_attendant(f"{place}", make_option("1", f"app:{place + 1}")) for place in range(5)]
    lines = make_lines(*chain, make_attendant("5"), accounts={"ra": "0"}, numbers={"ra": ("+14255550101",)})
    assert read(draw(lines, depth=3)) == [
        "+1 425 555 0101",
        "  0 line",
        "    key 1: 1 line",
        "      key 1: 2 line [below]",
        "2 line [continued]",
        "  key 1: 3 line",
        "    key 1: 4 line",
        "      key 1: 5 line",
    ]


def test_a_long_tree_ends_and_says_how_much_was_left_out(make_attendant: Make, make_lines: Make) -> None:
    lines = make_lines(*(make_attendant(f"{place:03}") for place in range(100)))
    tree = draw(lines, limit=30)
    assert [branch.name for branch in tree.branches] == [f"{place:03} line" for place in range(30)]
    assert tree.left_out == 70


def test_only_the_part_that_is_asked_for_is_drawn(make_attendant: Make, make_option: Make, make_lines: Make) -> None:
    lines = make_lines(
        make_attendant("one", make_option("1", "app:two")),
        make_attendant("two", make_option("1", "app:lost")),
        accounts={"ra": "one"},
        numbers={"ra": ("+14255550101",)},
    )
    assert read(draw(lines, start=Node("attendant", "two"))) == ["Two line", "  key 1: voice app lost (missing)"]
    alone = make_lines(make_attendant("lost"))
    assert read(draw(alone, start=Node("attendant", "lost"))) == ["Lost line [unreachable]"]


def test_apps_nested_by_the_thousand_are_drawn(make_attendant: Make, make_option: Make, make_lines: Make) -> None:
    nested = [make_attendant(f"{place}", make_option("1", f"app:{place + 1}")) for place in range(3_000)]
    tree = draw(make_lines(*nested), limit=10_000)
    assert tree.left_out == 0
    assert max(len(branch.rails) for branch in tree.branches) <= 12
    assert len({branch.node for branch in tree.branches if branch.node.kind == "attendant"}) == 3_000


PLACES = st.integers(0, 5)


@given(
    st.lists(
        st.tuples(PLACES, st.lists(PLACES, max_size=4), st.booleans()), max_size=6, unique_by=lambda each: each[0]
    ),
    st.dictionaries(st.sampled_from("abc"), PLACES, max_size=3),
    st.sets(st.sampled_from("abc")),
    st.integers(1, 4),
    st.integers(0, 40),
)
def test_every_app_is_drawn_once_whatever_refers_to_what(  # noqa: PLR0917 - what Hypothesis draws
    make_export: Callable[..., VoiceExport],
    menus: list[tuple[int, list[int], bool]],
    associated: dict[str, int],
    live: set[str],
    depth: int,
    limit: int,
) -> None:
    apps: list[AutoAttendant | CallQueue] = []
    for place, targets, is_queue in menus:
        if is_queue and targets:
            apps.append(CallQueue(id=str(place), timeout=QueueExit("forward", Target("app", str(targets[0])))))
        else:
            options = tuple(
                MenuOption(key=str(key), action="target", target=Target("app", str(to)))
                for key, to in enumerate(targets)
            )
            apps.append(AutoAttendant(id=str(place), default_flow=CallFlow(options=options)))
    export = make_export(*apps, accounts={account: str(place) for account, place in associated.items()})
    lines = Lines(export, live=live, numbers={"a": ("+14255550101",)}, names={})
    tree = draw(lines, depth=depth, limit=10_000)
    here = [
        each.node.id for each in tree.branches if each.node.kind in {"attendant", "queue"} and not_elsewhere(each.mark)
    ]
    assert sorted(here) == sorted(str(place) for place, _, _ in menus)
    assert all(len(branch.rails) <= depth + 1 for branch in tree.branches)
    unreachable = {each.node.id for each in tree.branches if each.mark == "unreachable"}
    assert unreachable.isdisjoint(lines.reach.reachable)
    cut = draw(lines, depth=depth, limit=limit)
    assert cut.branches == tree.branches[: len(cut.branches)]
    assert sum(each.lines for each in cut.branches) <= limit
    assert sum(each.lines for each in cut.branches) + cut.left_out == sum(each.lines for each in tree.branches)


def not_elsewhere(mark: str) -> bool:
    return mark not in DRAWN_ELSEWHERE
