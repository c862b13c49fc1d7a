"""What list comparisons got wrong in the field, by the names that the facts about alerting give the cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.model.alert import Message
from shared.model.finding import Finding

MINUTE = 60
HOUR = 3600

MakeFinding = Callable[..., Finding]
NewDesk = Callable[..., Any]
Named = Callable[[Message], dict[str, list[str]]]


def test_r1_a_finding_that_fires_clears_and_fires_on_one_day_is_three_messages(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk = new_desk()
    found = make_finding("unlicensed")
    messages = [
        message
        for minute in range(60)
        for message in desk.look(minute * MINUTE, *([] if 10 <= minute < 30 else [found]))
    ]
    assert [list(named(message)) for message in messages] == [["new"], ["resolved"], ["new"]]


def test_r2_midnight_passes_and_nothing_is_told(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    found = make_finding("unlicensed", 1, "warning")
    messages = [message for minute in range(20 * 60) for message in desk.look(minute * MINUTE, found)]
    assert len(messages) == 1


def test_r3_one_more_beside_thirty_is_one_new_and_thirty_still_open(
    new_desk: NewDesk, make_finding: MakeFinding
) -> None:
    desk = new_desk()
    found = [make_finding("unlicensed", number) for number in range(31)]
    desk.look(0, *found[:30])
    desk.look(30, *found[:30])
    desk.look(400, *found)
    (message,) = desk.look(430, *found)
    assert [(section.kind, section.total) for section in message.sections] == [("new", 1), ("open", 30)]
    assert message.headline.endswith("Sales")


def test_r4_other_words_names_evidence_and_order_tell_nothing(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    one, two = make_finding("unlicensed", 1), make_finding("unlicensed", 2)
    renamed = make_finding(
        "unlicensed",
        1,
        name="Support",
        summary="Since 10:05.",
        remedy="Another remedy.",
        evidence={"read": "10:05"},
    )
    desk.look(0, one, two)
    desk.look(30, one, two)
    assert desk.look(10 * MINUTE, two, renamed) == desk.look(HOUR, renamed, two) == ()


def test_r5_rows_that_stop_because_the_read_failed_are_not_mended(new_desk: NewDesk, make_finding: MakeFinding) -> None:
    desk = new_desk()
    found = make_finding("unlicensed")
    desk.look(0, found)
    desk.look(30, found)
    assert [message for minute in range(10, 200) for message in desk.look(minute * MINUTE, silent=["unlicensed"])] == []
    assert desk.alerts[found.key].frozen
    assert desk.look(201 * MINUTE, found) == ()


def test_r6_rows_that_stop_because_all_is_mended_are_one_message(
    new_desk: NewDesk, make_finding: MakeFinding, named: Named
) -> None:
    desk = new_desk()
    found = [make_finding("unlicensed", number) for number in range(3)]
    desk.look(0, *found)
    desk.look(30, *found)
    messages = [message for minute in range(10, 60) for message in desk.look(minute * MINUTE)]
    assert [named(message) for message in messages] == [{"resolved": ["Sales"] * 3}]


pairs = st.sets(st.tuples(st.sampled_from(["unlicensed", "misused", "short"]), st.integers(0, 3)))
stories = st.lists(st.tuples(st.integers(1, 400), pairs), min_size=1, max_size=8)


def told_over(
    desk: Any,  # noqa: ANN401 - the fixture's class
    story: list[tuple[int, list[Finding]]],
) -> list[Message]:
    """All messages of a story, told to its end and half an hour beyond."""
    seconds = 0
    messages: list[Message] = []
    for wait, findings in story:
        seconds += wait
        messages.extend(desk.look(seconds, *findings))
    for minute in range(1, 31):
        messages.extend(desk.look(seconds + minute * MINUTE, *story[-1][1]))
    return messages


@given(stories)
def test_replaying_the_same_findings_tells_nothing_before_the_repeat(
    new_desk: NewDesk, make_finding: MakeFinding, story: list[tuple[int, set[tuple[str, int]]]]
) -> None:
    desk = new_desk()
    told_over(desk, [(wait, [make_finding(*pair) for pair in found]) for wait, found in story])
    last = [make_finding(*pair) for pair in story[-1][1]]
    assert [message for minute in range(90, 240, 7) for message in desk.look(minute * MINUTE, *last)] == []


@given(stories, st.randoms(use_true_random=False))
def test_the_order_of_findings_never_matters(
    new_desk: NewDesk,
    make_finding: MakeFinding,
    story: list[tuple[int, set[tuple[str, int]]]],
    chance: Any,  # noqa: ANN401
) -> None:
    sorted_story = [(wait, [make_finding(*pair) for pair in sorted(found)]) for wait, found in story]
    shuffled = [(wait, chance.sample(findings, len(findings))) for wait, findings in sorted_story]
    assert told_over(new_desk(), sorted_story) == told_over(new_desk(), shuffled)


@given(stories)
def test_the_receiver_ends_up_knowing_what_fires_and_hears_of_no_end_of_what_it_did_not_know(
    new_desk: NewDesk, make_finding: MakeFinding, story: list[tuple[int, set[tuple[str, int]]]]
) -> None:
    def findings(pairs: set[tuple[str, int]]) -> list[Finding]:
        return [make_finding(rule, number, name=f"{rule} {number}") for rule, number in pairs]

    known: dict[str, set[str]] = {}
    for message in told_over(new_desk(), [(wait, findings(found)) for wait, found in story]):
        before = known.get(message.group, set())
        parts = {section.kind: {item.name for item in section.items} for section in message.sections}
        assert parts.get("new", set()).isdisjoint(before)
        assert parts.get("open", set()) | parts.get("resolved", set()) <= before
        known[message.group] = parts.get("new", set()) | parts.get("open", set())
    assert set().union(*known.values()) == {f"{rule} {number}" for rule, number in story[-1][1]}
