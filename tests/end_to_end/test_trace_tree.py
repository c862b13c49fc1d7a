"""The tree of one change, as tools/trace_tree.py prints it: of a real service, and of spans written down here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from simulator.contoso import DOMAIN, user_id
from tools.trace_tree import MAIN_LINE, Change, Node, followed, shown, tree

PAGE = Path(__file__).parents[2] / "docs/telemetry.md"
TOLERANCE = 1.0
MILLISECOND = 1_000_000


@pytest.fixture(scope="module")
def change() -> Change:
    return asyncio.run(followed())


def test_the_tree_holds_each_stage_once_and_in_order(change: Change) -> None:
    stages = [node.name for node in change.tree.walk() if not node.name.startswith("rule ")]
    assert stages == [
        *("notifications", "changes"),
        *("read users", "GET /v1.0/users/delta", "POST /v1.0/$batch"),
        *("evaluate", "deliver", "POST"),
    ]
    rules = [node.name for node in change.tree.walk() if node.name.startswith("rule ")]
    assert "rule resource-account-unlicensed" in rules
    assert len(set(rules)) == len(rules)


def test_a_stage_takes_place_within_the_one_that_it_is_part_of(change: Change) -> None:
    def ends(node: Node) -> float:
        return node.begun + node.lasted

    for node in change.tree.walk():
        assert node.lasted >= 0
        for child in node.children:
            assert child.begun >= node.begun - TOLERANCE
            # Nobody waits for what a queue hands on, nor for what another invocation does.
            if node is not change.tree and not child.linked:
                assert ends(child) <= ends(node) + TOLERANCE
        for one, next_one in zip(node.children, node.children[1:], strict=False):
            assert next_one.begun >= ends(one) - TOLERANCE


def test_the_card_and_the_log_bear_the_id_of_the_trace(change: Change) -> None:
    assert f"Trace {change.tree.trace}" in change.card
    [line] = [line for line in change.log.splitlines() if "finding.transition" in line and user_id(MAIN_LINE) in line]
    assert line.endswith(f"trace={change.tree.trace}")


def test_no_span_holds_a_name_an_id_of_the_directory_a_number_or_a_secret(change: Change) -> None:
    assert len(change.spans) > 50
    for span in change.spans:
        for personal in (MAIN_LINE, user_id(MAIN_LINE), f"@{DOMAIN}", "+1425", "sig=", "$deltatoken"):
            assert personal not in span


def test_the_page_knows_every_attribute(change: Change) -> None:
    table = "\n".join(line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|"))
    known = set(re.findall("`([a-z_.]+)`", table))
    assert {name for node in change.tree.walk() for name in node.attributes} <= known


def test_the_page_shows_the_stages_that_there_are(change: Change) -> None:
    def stages(text: str) -> list[str]:
        lines = re.findall(r"(?m)^([│├└─ ]*[A-Za-z].*?)(?:  +[0-9. ]+)$", text)
        return [line for line in lines if " rule " not in line]

    assert stages("\n".join(shown(change.tree))) == stages(PAGE.read_text("utf-8").split("## Metrics")[0])


def span(name: str, place: int, parent: int, times: tuple[int, int], *, trace: int = 1, link: int = 0) -> Span:
    return Span(
        trace_id=trace.to_bytes(16, "big"),
        span_id=place.to_bytes(8, "big"),
        parent_span_id=parent.to_bytes(8, "big") if parent else b"",
        name=name,
        start_time_unix_nano=times[0] * MILLISECOND,
        end_time_unix_nano=times[1] * MILLISECOND,
        links=[Span.Link(trace_id=bytes(16), span_id=link.to_bytes(8, "big"))] if link else [],
    )


def spans() -> Iterator[Span]:
    """A change whose card another invocation posted; among them a notification that led to nothing."""
    yield span("notifications", 9, 0, (0, 1), trace=3)
    yield span("notifications", 1, 0, (1000, 1002))
    yield span("evaluate", 3, 2, (1010, 1030))
    yield span("changes", 2, 1, (1005, 1040))
    for number in range(5):
        yield span(f"rule {number}", 20 + number, 3, (1011 + number, 1012 + 2 * number))
    yield span("deliver", 10, 11, (1500, 1600), trace=2, link=3)
    yield span("POST", 12, 10, (1510, 1590), trace=2)
    yield span("deliver", 11, 0, (1400, 1700), trace=2)


def test_a_link_is_followed_and_said_and_of_many_rules_the_slowest_are_shown() -> None:
    assert list(shown(tree(list(spans())))) == [
        "                                   at      for  ms",
        "notifications                     0.0      2.0",
        "└─ changes                        5.0     35.0",
        "   └─ evaluate                   10.0     20.0",
        "      ├─ rule 2                  13.0      3.0",
        "      ├─ rule 3                  14.0      4.0",
        "      ├─ rule 4                  15.0      5.0",
        "      ├─ 2 more rules",
        "      └─ deliver (by a link)    500.0    100.0",
        "         └─ POST                510.0     80.0",
    ]


def test_all_rules_are_shown_to_who_wants_them() -> None:
    assert [line for line in shown(tree(list(spans())), every_rule=True) if "rule" in line] == [
        f"      ├─ rule {number}               {11.0 + number:7.1f}  {1.0 + number:7.1f}" for number in range(5)
    ]


def test_spans_without_a_notification_that_led_to_something_are_no_story() -> None:
    with pytest.raises(LookupError):
        tree([each for each in spans() if each.trace_id[-1] == 3])
