"""How findings say where callers come from, in bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.model.voice import AutoAttendant, CallQueue, MenuOption
from shared.rules.line_words import MAX_WAY, LineWords, bounded, listed, place
from shared.rules.snapshot import Snapshot
from shared.voice.reach import KEPT

Lines = Callable[..., Snapshot]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Options = Callable[..., MenuOption]

NUMBER = "+14255550100"


def words_of(snapshot: Snapshot) -> LineWords:
    assert snapshot.lines is not None
    return LineWords(snapshot.lines)


@pytest.fixture
def office(make_lines: Lines, make_attendant: Attendants, make_queue: Queues, make_option: Options) -> LineWords:
    """A main line on a number, in front of a queue; a hotline without a number; and a queue that is lost."""
    main = make_attendant("main", make_option("2", "app:sales"))
    queues = (make_queue("sales"), make_queue("hotline"), make_queue("lost", timeout="app:sales"))
    return words_of(make_lines(main, *queues, on={1: "main", 2: "hotline"}, numbers={1: NUMBER}))


def test_the_way_of_callers_and_what_lies_behind_are_told(office: LineWords) -> None:
    assert office.callers("sales") == (
        "Callers come by +1 425 555 0100 > Main line > key 2 > Sales queue; 1 number and 2 other apps lead there."
    )
    assert office.evidence("sales") == {
        "way": "+1 425 555 0100 > Main line > key 2 > Sales queue",
        "reachable": True,
        "numbers": [NUMBER],
        "numbers_behind": 1,
        "apps": ["lost", "main"],
        "apps_behind": 2,
    }


def test_a_way_to_nobody_ends_with_nobody(office: LineWords) -> None:
    assert office.way_to_nobody("sales") == "+1 425 555 0100 > Main line > key 2 > Sales queue > nobody"


def test_a_line_without_a_number_and_one_without_callers_are_told_apart(office: LineWords) -> None:
    assert office.callers("hotline") == "No number leads there; calls inside Teams come by Account 2 > Hotline queue."
    assert office.callers("lost") == "No call comes there: Lost queue."
    assert office.callers("lost", "elsewhere") == "No call comes there: elsewhere."


def test_an_app_in_a_circle_is_not_behind_itself(make_lines: Lines, make_queue: Queues) -> None:
    words = words_of(make_lines(make_queue("a", timeout="app:b"), make_queue("b", timeout="app:a"), on={1: "a"}))
    assert words.behind("a").apps == ("b",)


def test_an_account_that_does_not_live_brings_nobody(
    make_lines: Lines, make_queue: Queues, make_guid: Callable[[int], str]
) -> None:
    account = make_guid(9)
    apps = (make_queue("a", timeout=f"account:{account}"), make_queue("b", accounts=(account,)))
    assert words_of(make_lines(*apps, on={1: "a"})).behind("b").apps == ()


@pytest.mark.parametrize(("callers", "said"), [(KEPT, f"{KEPT} other apps"), (KEPT + 1, f"more than {KEPT} other ")])
def test_of_many_apps_the_first_are_kept_and_more_are_said_to_be_more(
    make_lines: Lines, make_queue: Queues, callers: int, said: str
) -> None:
    apps = [make_queue(f"q{number:03}", timeout="app:z") for number in range(callers)]
    words = words_of(make_lines(*apps, make_queue("z"), on={1: "q000"}, numbers={1: NUMBER}))
    assert said in words.callers("z")
    assert words.evidence("z")["apps"] == [f"q{number:03}" for number in range(20)]
    assert words.evidence("z")["apps_behind"] == KEPT
    assert words.evidence("z").get("more_behind", False) is (callers > KEPT)


def test_a_deep_nest_is_counted_no_further_than_what_is_kept(make_lines: Lines, make_queue: Queues) -> None:
    apps = [make_queue(f"q{place:03}", timeout=f"app:q{place + 1:03}") for place in range(400)]
    words = words_of(make_lines(*apps, on={1: "q000"}, numbers={1: NUMBER}))
    behind = words.behind("q399")
    assert (behind.apps, behind.more_apps) == (tuple(f"q{place:03}" for place in range(KEPT)), True)
    assert len(words.way_to("q399")) <= MAX_WAY


def test_a_long_way_keeps_where_it_begins_and_where_it_ends() -> None:
    way = " > ".join(["+1 425 555 0100", *(f"Line {number}" for number in range(100)), "nobody"])
    said = bounded(way)
    assert len(said) <= MAX_WAY
    assert said.startswith("+1 425 555 0100 > Line 0")
    assert " > … > " in said
    assert said.endswith("Line 99 > nobody")
    assert bounded("+1 425 555 0100 > nobody") == "+1 425 555 0100 > nobody"


def test_where_an_app_is_configured_is_said_by_its_name_or_else_by_its_id(
    make_attendant: Attendants, make_queue: Queues
) -> None:
    assert place(make_attendant("main")) == "Teams admin center: Voice > Auto attendants > Main line"
    assert place(make_queue("sales", name="\u202e")) == "Teams admin center: Voice > Call queues > sales"


def test_an_evidence_lists_in_order_and_each_once() -> None:
    assert listed(["b", "a", "b"]) == ["a", "b"]
    assert len(listed(str(number) for number in range(100))) == 20
