"""The pictures of the dashboard: lines with gaps, stacks, units and thresholds, and every panel on the page."""

from __future__ import annotations

import itertools
import re
from html import unescape

import pytest

from dashboards.questions import PARTS, Query, Question, Unit
from tools.dashboard_page import Answer, page
from tools.dashboard_picture import DARK, NAMES
from tools.observed_service import ROOT
from tools.panel_drawing import Point, Series, Window, chart, swatch, thresholds, written

WINDOW = Window(1000, 1060)
QUESTIONS = [question for part in PARTS for question in part.questions]


def asked(**more: object) -> Question:
    values = {"title": "Title", "asks": "What?", "queries": (Query("up"),), **more}
    return Question(**values)  # type: ignore[arg-type]


def line(*values: float | None, name: str = "teams") -> Series:
    points: list[Point] = [(1000.0 + 10 * place, value) for place, value in enumerate(values)]
    return Series(name, tuple(points))


def drawn(question: Question, *series: Series) -> str:
    return chart(question, series, WINDOW, width=300, height=170)


def heights(svg: str) -> list[list[float]]:
    return [
        [float(y) for y in re.findall(r",([\d.]+)", each)]
        for each in re.findall(r'<polyline[^>]* points="([^"]+)', svg)
    ]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "short", "nothing known"),
        (0, "s", "0 s"),
        (0.0049, "s", "4.9 ms"),
        (1.5, "s", "1.5 s"),
        (90, "s", "1.5 min"),
        (86_400, "s", "24 h"),
        (2_160_000, "s", "25 days"),
        (1.123, "percentunit", "112 %"),
        (0.9, "percentunit", "90 %"),
        (512, "bytes", "512 B"),
        (18_432, "bytes", "18 KiB"),
        (-15, "short", "\N{MINUS SIGN}15"),
        (12_000, "short", "12 k"),
    ],
)
def test_a_value_is_written_in_its_unit(value: float | None, unit: Unit, text: str) -> None:
    assert written(value, unit) == text


def test_what_nobody_knows_is_no_line_at_zero() -> None:
    assert "nothing known" in drawn(asked(), line(None, None))
    assert "nothing known" in drawn(asked())
    assert "<svg" not in drawn(asked())


def test_a_line_has_a_gap_where_nothing_is_known_and_what_stands_alone_is_a_dot() -> None:
    svg = drawn(asked(), line(1, 2, None, 3, None, 4, 5))
    assert [len(each) for each in heights(svg)] == [2, 2]
    assert svg.count("<circle") == 1


def test_a_higher_value_stands_higher_and_equal_ones_stand_level() -> None:
    [ys] = heights(drawn(asked(), line(1, 3, 3, 2)))
    assert ys[0] > ys[3] > ys[1] == ys[2]


def test_stacked_lines_stand_on_one_another_and_what_has_no_height_hides_nothing() -> None:
    below, above, none = line(2, 2), line(1, 3, name="other"), line(0, 0, name="none")
    svg = drawn(asked(drawn="stacked"), below, above, none)
    [lower], [upper] = heights(drawn(asked(drawn="stacked"), line(3, 5))), [heights(svg)[1]]
    assert len(heights(svg)) == 2
    assert upper == lower


def test_a_threshold_that_is_near_is_a_line_with_its_words_and_one_that_is_far_away_presses_nothing_flat() -> None:
    assert "bad from 10" in drawn(asked(bad_from=10), line(6, 7))
    assert "limit" not in drawn(asked(bad_from=1000), line(6, 7))
    assert "bad below 0" in drawn(asked(bad_below=0), line(-6, 7))
    assert [said for _, _, said in thresholds(asked(warn_from=1, bad_from=2))] == ["warning from", "bad from"]


def test_the_words_of_a_threshold_stand_where_no_line_runs() -> None:
    def place(*values: float) -> tuple[float, float]:
        """From where on, and how far below the threshold's line."""
        svg = drawn(asked(bad_from=10), line(*values))
        [(x, y)] = re.findall(r'class="said bad" x="([\d.]+)" y="([\d.]+)"', svg)
        [level] = re.findall(r'class="limit bad"[^>]* y1="([\d.]+)"', svg)
        return float(x), float(y) - float(level)

    left, above = place(1, 1, 1, 20, 20, 20, 20)
    right, _ = place(10.5, 10.5, 10.5, 1, 1, 1, 1)
    _, below = place(11, 11, 11, 11, 11, 11, 11)
    assert left < right
    assert above < 0 < below


def test_large_numbers_that_differ_little_may_be_drawn_without_zero() -> None:
    over, near = asked(), asked(from_zero=False)
    assert max(heights(drawn(near, line(85, 90)))[0]) - min(heights(drawn(near, line(85, 90)))[0]) > 50
    assert max(heights(drawn(over, line(85, 90)))[0]) - min(heights(drawn(over, line(85, 90)))[0]) < 20


def test_a_line_has_another_dash_than_the_one_before_it_for_whoever_sees_no_colours() -> None:
    dashes = [re.findall('stroke-dasharray="[^"]*"', swatch(place, filled=False)) for place in range(8)]
    assert all(one != other for one, other in itertools.pairwise(dashes))


def test_every_panel_is_on_the_page_with_its_question_and_its_names() -> None:
    answers = {
        question.title: Answer(rows=(({"rule_id": "<b>rule</b>"}, 2.0),))
        if question.drawn in {"stat", "table"}
        else Answer(series=(line(1, 2, name="<i>one</i>"),))
        for question in QUESTIONS
    }
    html = page(answers, WINDOW)
    for question in QUESTIONS:
        assert f"<h3>{question.title}</h3>" in unescape(html)
        assert question.asks in unescape(html)
    assert "<i>" not in html
    assert "<b>rule" not in html
    assert html.count("&lt;i&gt;one&lt;/i&gt;</li>") == sum(len(each.series) for each in answers.values())


def test_a_number_beyond_its_threshold_is_said_to_be_bad_in_words_too() -> None:
    none = {question.title: Answer() for question in QUESTIONS}
    html = page({**none, "Headroom": Answer(rows=(({}, -5.0),))}, WINDOW)
    assert '<p class="stat bad">\N{MINUS SIGN}5</p><p class="said-small">bad below 0</p>' in html
    assert html.count("nothing known") == len(QUESTIONS) - 1


def test_there_is_a_picture_of_each_part_and_the_page_shows_it_with_words() -> None:
    assert len(NAMES) == len(PARTS)
    text = (ROOT / "docs/telemetry.md").read_text("utf-8")
    for name in (*NAMES, DARK):
        assert (ROOT / f"docs/dashboards/{name}.png").is_file()
        [words] = re.findall(rf"!\[([^\]]*)\]\(dashboards/{name}\.png\)", text)
        assert len(words) > 40
