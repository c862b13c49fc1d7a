"""The dashboard as one HTML page: its parts, rows and widths as Grafana would lay them out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import msgspec

from dashboards.questions import PARTS, Part, Question
from tools.panel_drawing import Series, Window, chart, swatch, thresholds, written

COLUMNS = 24
COLUMN = 50
GAP = 10
PADDING = 12
CHART = 170
VALUE = "Value"
WIDTH = COLUMNS * COLUMN + 2 * GAP

_STYLE = (
    """
:root { color-scheme: light dark; --page: #f4f5f7; --panel: #fff; --edge: #d8dbe0; --ink: #1f2328; --faint: #59636e;
  --grid: #e6e8eb; --good: #1a7f37; --warn: #8a5a00; --bad: #b42318;
  --c0: #1763b6; --c1: #b35300; --c2: #19764a; --c3: #9a3ea0;
  --c4: #8a6a00; --c5: #b3264a; --c6: #00727f; --c7: #5b5b5b; }
@media (prefers-color-scheme: dark) { :root { --page: #111418; --panel: #1a1f25; --edge: #333a43; --ink: #e6e9ed;
  --faint: #a0a9b4; --grid: #2a3038; --good: #57c274; --warn: #e2b04a; --bad: #ff8478;
  --c0: #6aaeff; --c1: #f0a35a; --c2: #58c98f; --c3: #d791de;
  --c4: #dcc04f; --c5: #ff86a0; --c6: #52c7d4; --c7: #b4bac2; } }
* { box-sizing: border-box; margin: 0; }
body { background: var(--page); color: var(--ink); font: 13px/1.35 system-ui, sans-serif; }
section { padding: 10px 10px 4px; width: WIDTHpx; }
h2 { font-size: 16px; font-weight: 600; margin: 2px 4px 8px; }
.row { display: flex; flex-wrap: wrap; }
.panel { padding: 0 4px 8px; }
.box { background: var(--panel); border: 1px solid var(--edge); border-radius: 4px; padding: 8px 12px; height: 100%;
  display: flex; flex-direction: column; }
h3 { font-size: 13px; font-weight: 600; }
.asks { color: var(--faint); font-size: 12px; margin-bottom: 6px; }
svg { display: block; }
.stat { font-size: 30px; font-weight: 600; line-height: 1.2; margin-top: auto; }
.said-small { font-size: 12px; color: var(--faint); min-height: 32px; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.none { color: var(--faint); padding: 60px 0; text-align: center; }
ul { display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; padding: 4px 0 0; font-size: 12px; }
li { display: flex; align-items: center; gap: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 12px; }
th { text-align: left; color: var(--faint); font-weight: 600; }
th, td { border-bottom: 1px solid var(--grid); padding: 3px 8px 3px 0; } .value { text-align: right; padding-right: 0; }
.grid { stroke: var(--grid); } .zero { stroke: var(--faint); } .tick { fill: var(--faint); font-size: 11px; }
.line { fill: none; stroke: currentColor; stroke-width: 1.75; } .band { fill: currentColor; fill-opacity: 0.25; }
.dot { fill: currentColor; }
.limit { stroke: currentColor; stroke-width: 1; stroke-dasharray: 5 4; }
.said { fill: currentColor; font-size: 11px; paint-order: stroke; stroke: var(--panel); stroke-width: 4px; }
""".replace("WIDTH", str(WIDTH))
    + "".join(f".c{place} {{ color: var(--c{place}); }}\n" for place in range(8))
)


class Answer(msgspec.Struct, frozen=True):
    """What Prometheus answered to a panel.

    Attributes:
        series: the lines of one that is drawn over time, in the order of its queries.
        rows: of a table and of a number, the labels and values.
    """

    series: tuple[Series, ...] = ()
    rows: tuple[tuple[Mapping[str, str], float], ...] = ()


def page(answers: Mapping[str, Answer], window: Window) -> str:
    """The whole dashboard.

    Args:
        answers: by the titles of the questions.
        window: the times that lines are drawn over.
    """
    parts = "".join(_part(place, part, answers, window) for place, part in enumerate(PARTS))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Linekeeper</title>'
        f"<style>{_STYLE}</style></head><body>{parts}</body></html>"
    )


def _part(place: int, part: Part, answers: Mapping[str, Answer], window: Window) -> str:
    panels = "".join(_panel(question, answers[question.title], window) for question in part.questions)
    return f'<section id="part-{place}"><h2>{escape(part.title)}</h2><div class="row">{panels}</div></section>'


def _panel(question: Question, answer: Answer, window: Window) -> str:
    width = question.width * COLUMN
    inner = width - 8 - 2 * PADDING - 2
    if question.drawn == "stat":
        body = _stat(question, answer)
    elif question.drawn == "table":
        body = _table(question, answer)
    else:
        body = chart(question, answer.series, window, width=inner, height=CHART) + _legend(question, answer.series)
    return (
        f'<div class="panel" style="width: {width}px"><div class="box"><h3>{escape(question.title)}</h3>'
        f'<p class="asks">{escape(question.asks)}</p>{body}</div></div>'
    )


def _stat(question: Question, answer: Answer) -> str:
    value = answer.rows[0][1] if answer.rows else None
    said = "; ".join(f"{words} {written(limit, question.unit)}" for limit, _, words in thresholds(question))
    number = f'<p class="stat {_judged(question, value)}">{written(value, question.unit)}</p>'
    return f'{number}<p class="said-small">{said}</p>'


def _judged(question: Question, value: float | None) -> str:
    if value is None:
        return ""
    if (question.bad_below is not None and value < question.bad_below) or (
        question.bad_from is not None and value >= question.bad_from
    ):
        return "bad"
    return "warn" if question.warn_from is not None and value >= question.warn_from else "good"


def _table(question: Question, answer: Answer) -> str:
    if not answer.rows:
        return '<p class="none">nothing known</p>'
    labels = [label for label in question.columns if label != VALUE]
    head = "".join(f"<th>{escape(question.columns[label])}</th>" for label in labels)
    head += f'<th class="value">{escape(question.columns[VALUE])}</th>'
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape(each.get(label, ''))}</td>" for label in labels)
        + f'<td class="value">{written(value, question.unit)}</td></tr>'
        for each, value in answer.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _legend(question: Question, series: Sequence[Series]) -> str:
    """The names beside their lines; of a stack the uppermost first."""
    filled = question.drawn == "stacked"
    rows: Iterable[tuple[int, Series]] = list(enumerate(series))
    named = (
        f"<li>{swatch(place, filled=filled)}{escape(each.name)}{'' if each.is_known else ': nothing known'}</li>"
        for place, each in (reversed(list(rows)) if filled else rows)
    )
    return f"<ul>{''.join(named)}</ul>"
