from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.finding import Finding
from shared.model.voice import Agent, VoiceExport
from shared.voice.branch import Branch, Tree
from shared.voice.graph import Node
from shared.voice.lines import Lines
from shared.voice.mermaid import escaped, mermaid
from shared.voice.tree import draw

Make = Callable[..., Any]

LABEL = r'"(?:[^\W_]|[ ,]|#[0-9]+;|<br/>|(?<=[^\W\d_])-(?=[^\W\d_])|: )*"'
"""What stands in a label: letters, digits and entity codes, line breaks, and the colon of a sentence of ours."""

LINE = re.compile(
    "|".join(
        (
            "flowchart LR",
            rf"  n\d+(?:\(\[|\[\[|\[/|\(\(|\[){LABEL}(?:\]\)|\]\]|/\]|\)\)|\])",
            rf"  n\d+ -->(?:\|{LABEL}\|)? n\d+",
            rf"  rest\[{LABEL}\]",
            "  classDef (?:critical|warning|missing) [-a-z0-9:#,]+",
            r"  class n\d+(?:,n\d+)* (?:critical|warning|missing)",
        )
    )
)
HOSTILE = [
    "end",
    'a"b',
    "[x](javascript:alert(1))",
    "`code`",
    '%%{init: {"theme":"dark"}}%%',
    "click n1 call()",
    "<script>alert(1)</script>",
    "**bold** _em_",
    "1. list",
    "- list",
    "# heading",
    "www.example.com",
    "fa:fa-phone",
    "$$x$$",
    "x;y",
    "#quot;",
    "line\nbreak",
    "A-->B",
    "@{shape: x}",
    "subgraph x",
    "style n1 fill:#f00",
    "\\n",
]


def shown(label: str) -> str:
    """What a reader sees of an escaped text."""
    return html.unescape(re.sub(r"#([0-9]+);", r"&#\1;", label))


def named(name: str, **changed: Any) -> Branch:  # noqa: ANN401 - any part of a branch
    return Branch(node=Node("attendant", "a"), name=name, **changed)


def test_a_line_is_a_flowchart_with_every_app_once(
    make_attendant: Make, make_option: Make, make_queue: Make, make_export: Callable[..., VoiceExport]
) -> None:
    main = make_attendant("main", make_option("1", "account:ra-sales"), make_option("2", "app:main"))
    sales = make_queue("sales", agents=(Agent("p", opted_in=True),), no_agent="app:main", timeout="disconnect")
    export = make_export(main, sales, accounts={"ra-main": "main", "ra-sales": "sales"})
    lines = Lines(export, live={"ra-main", "ra-sales"}, numbers={"ra-main": ("+14255550100",)}, names={})
    assert mermaid(draw(lines)).splitlines() == [
        "flowchart LR",
        '  n0(["#43;1 425 555 0100"])',
        '  n1["Main line<br/>account Account ra-main"]',
        "  n0 --> n1",
        '  n2[["Sales queue<br/>account Account ra-sales<br/>1 agent, 1 opted in"]]',
        '  n1 -->|"key 1"| n2',
        '  n2 -->|"no agents"| n1',
        '  n3(("the call ends"))',
        '  n2 -->|"timeout"| n3',
        '  n1 -->|"key 2"| n1',
        "  classDef critical stroke:#c00,stroke-width:4px",
        "  classDef warning stroke:#b60,stroke-width:3px",
        "  classDef missing stroke:#c00,stroke-dasharray:5",
    ]


def test_what_is_broken_has_a_class_and_a_word(
    make_attendant: Make,
    make_option: Make,
    make_export: Callable[..., VoiceExport],
    make_finding: Callable[..., Finding],
) -> None:
    main = make_attendant("main", make_option("1", "app:gone"), make_option("2", "app:next"))
    lines = Lines(make_export(main, make_attendant("next")), live=(), numbers={}, names={})
    found = [
        make_finding("voice-app-unreachable", "main", "warning"),
        make_finding("voice-app-loop", "next", "critical"),
        make_finding("voice-app-target-missing", "main", "critical", aspect="DefaultCallFlow.MenuOptions[1]"),
    ]
    chart = mermaid(draw(lines, found)).splitlines()
    assert '  n0["Main line<br/>not reachable<br/>WARNING voice-app-unreachable"]' in chart
    assert '  n2["Next line<br/>CRITICAL voice-app-loop"]' in chart
    assert '  n1["voice app gone<br/>does not exist"]' in chart
    assert '  n0 -->|"key 1<br/>CRITICAL voice-app-target-missing"| n1' in chart
    assert chart[-3:] == ["  class n0 warning", "  class n1 missing", "  class n2 critical"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(name: str) -> None:
    chart = mermaid(Tree((named(name, causes=(name,)), named("other", rails=(False,), causes=(name,)))))
    assert all(LINE.fullmatch(line) for line in chart.splitlines())
    assert shown(escaped(name)) == " ".join(name.split())


@given(st.text(max_size=200))
def test_no_name_is_syntax(name: str) -> None:
    first = named(name, numbers=(name,), causes=(name,))
    second = Branch(node=Node("queue", "b"), name=name, rails=(False,), causes=(name, name + "x"), numbers=(name,))
    chart = mermaid(Tree((first, second)))
    # Not splitlines: a document's line ends at a line feed, whatever else a name holds.
    assert all(LINE.fullmatch(line) for line in chart.removesuffix("\n").split("\n"))
    assert len(chart.split("\n")) == 8


@given(st.text(max_size=80))
def test_a_name_is_shown_as_it_is_but_for_what_cannot_be_seen(name: str) -> None:
    flat = " ".join("".join(each if each.isprintable() else " " for each in name).split())
    assert shown(escaped(name)) == flat.replace("\ufb02", "fl")


def test_a_long_name_is_cut() -> None:
    assert shown(escaped("x" * 500)) == "x" * 79 + "…"


def test_what_mermaid_itself_writes_for_an_entity_is_not_read_a_second_time() -> None:
    assert "\ufb02" not in escaped("\ufb02\u00b0\u00b060\u00b6\u00df")


@pytest.mark.parametrize("name", ["Line", "\U0001f600" * 80, "*" * 80])
def test_a_large_chart_is_one_that_mermaid_still_draws(name: str) -> None:
    root = named("root")
    leaves = [
        Branch(node=Node("person", str(place)), name=f"{name}{place}", rails=(True,), causes=("key 1",))
        for place in range(2_000)
    ]
    chart = mermaid(Tree((root, *leaves), left_out=5))
    assert len(chart.encode("utf-16-le")) // 2 < 50_000
    assert chart.count("-->") <= 500
    drawn = chart.count("-->")
    assert drawn > 20
    rest = re.search(r'rest\["(\d+) more lines are left out here', chart)
    assert rest is not None
    assert int(rest[1]) == 2_000 - drawn + 5
    assert all(LINE.fullmatch(line) for line in chart.splitlines())


def test_what_the_tree_left_out_is_said() -> None:
    assert '  rest["7 more lines' in mermaid(Tree((named("Main"),), left_out=7))
    assert "rest" not in mermaid(Tree((named("Main"),)))
