"""Panels of the dashboard as SVG: time series with axes, units and thresholds. Pure.

Colours are classes, `c0` to `c7`, which a page gives a value for light and for dark. Next to its colour every line has
a dash of its own, and its name stands in the legend beside both.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape

import msgspec

from dashboards.questions import Question, Unit

COLOURS = 8
DASHES = ("", "7 3", "2 3", "9 3 2 3")
LEFT, RIGHT, TOP, BOTTOM = 56, 10, 8, 20
MINUTE, HOUR, DAY = 60, 3600, 86_400
LETTER = 6.2
"""The width of a letter of the words beside a threshold."""

_SECONDS = (1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE)
_LONG_SECONDS = (HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY, 50 * DAY, 100 * DAY, 500 * DAY)
_TIME_STEPS = (*_SECONDS, HOUR, 6 * HOUR, DAY)
_KIBI = 1024.0
_KILO = 1000
_CENT = 100

Point = tuple[float, float | None]
"""Seconds since the epoch, and the value; None where there is none."""


class Series(msgspec.Struct, frozen=True):
    """A line: what it is called, and its points in order of time."""

    name: str
    points: tuple[Point, ...]

    @property
    def is_known(self) -> bool:
        """Whether there is anything to draw."""
        return any(value is not None for _, value in self.points)


class Window(msgspec.Struct, frozen=True):
    """The times that are shown, in seconds since the epoch."""

    begin: float
    end: float


class _Frame(msgspec.Struct, frozen=True):
    window: Window
    low: float
    high: float
    width: float
    height: float

    def x(self, moment: float) -> float:
        share = (moment - self.window.begin) / (self.window.end - self.window.begin)
        return LEFT + share * (self.width - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return TOP + (1 - share) * (self.height - TOP - BOTTOM)


def written(value: float | None, unit: Unit) -> str:
    """A value for people, in the unit of its panel."""
    if value is None:
        return "nothing known"
    if unit == "s":
        return _time(value)
    if unit == "percentunit":
        return f"{_short(value * _CENT)} %"
    if unit == "bytes":
        return f"{_short(value / _KIBI)} KiB" if abs(value) >= _KIBI else f"{_short(value)} B"
    return f"{_short(value / _KILO)} k" if abs(value) >= 10 * _KILO else _short(value)


def chart(question: Question, series: Sequence[Series], window: Window, *, width: float, height: float) -> str:
    """A panel's lines as an SVG element; of a stacked one the first series lies lowest."""
    shapes = _stacked(series) if question.drawn == "stacked" else [(each.points, ()) for each in series]
    known = [value for each in series for _, value in each.points if value is not None]
    values = [value for points, _ in shapes for _, value in points if value is not None] or known[:1]
    if not known:
        return '<p class="none">nothing known</p>'
    limits = thresholds(question)
    ticks = _ticks(question, values, [limit for limit, _, _ in limits])
    frame = _Frame(window, ticks[0], ticks[-1], width, height)
    parts = list(_axes(frame, ticks, question.unit))
    for place, (points, floor) in enumerate(shapes):
        parts.extend(_line(frame, points, floor, place))
    drawn = [points for points, _ in shapes]
    for limit, kind, words in limits:
        if frame.low <= limit <= frame.high:
            parts.extend(_limit(frame, limit, kind, f"{words} {written(limit, question.unit)}", drawn))
    label = escape(f"{question.title}: {', '.join(each.name for each in series)}", quote=True)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg {size} role="img" aria-label="{label}">{"".join(parts)}</svg>'


def swatch(place: int, *, filled: bool) -> str:
    """The piece of a line that stands beside its name in the legend."""
    kind, y = f"c{place % COLOURS}", 2 if filled else 6
    band = f'<rect class="band {kind}" x="0" y="{y}" width="22" height="9"/>' if filled else ""
    line = f'<line class="line {kind}" x1="0" x2="22" y1="{y}" y2="{y}"{_dash(place)}/>'
    return f'<svg width="22" height="12" aria-hidden="true">{band}{line}</svg>'


def thresholds(question: Question) -> list[tuple[float, str, str]]:
    """From where an answer is not good: the value, the class of its line and what is said of it."""
    found = [
        (question.warn_from, "warn", "warning from"),
        (question.bad_from, "bad", "bad from"),
        (question.bad_below, "bad", "bad below"),
    ]
    return [(value, kind, said) for value, kind, said in found if value is not None]


def _stacked(series: Sequence[Series]) -> list[tuple[tuple[Point, ...], tuple[Point, ...]]]:
    """Each series on top of those before it: its upper edge and its lower. Where it has no height it has no edge."""
    floor: dict[float, float] = {}
    made = []
    for each in series:
        upper, lower = [], []
        for place, (moment, value) in enumerate(each.points):
            around = each.points[max(0, place - 1) : place + 2]
            is_drawn = value is not None and any(neighbour for _, neighbour in around)
            below = floor.get(moment, 0.0)
            floor[moment] = below + (value or 0.0)
            lower.append((moment, below if is_drawn else None))
            upper.append((moment, floor[moment] if is_drawn else None))
        made.append((tuple(upper), tuple(lower)))
    return made


def _line(frame: _Frame, points: Iterable[Point], floor: Sequence[Point], place: int) -> Iterable[str]:
    """A line with a gap wherever nothing is known; what stands alone is a dot."""
    kind = f"c{place % COLOURS}"
    below = {moment: value for moment, value in floor if value is not None}
    for run in _runs(points):
        if len(run) == 1:
            [(moment, value)] = run
            yield f'<circle class="dot {kind}" cx="{frame.x(moment):.1f}" cy="{frame.y(value):.1f}" r="2"/>'
            continue
        over = " ".join(f"{frame.x(moment):.1f},{frame.y(value):.1f}" for moment, value in run)
        if below:
            back = " ".join(f"{frame.x(moment):.1f},{frame.y(below[moment]):.1f}" for moment, _ in reversed(run))
            yield f'<polygon class="band {kind}" points="{over} {back}"/>'
        yield f'<polyline class="line {kind}" points="{over}"{_dash(place)}/>'


def _runs(points: Iterable[Point]) -> Iterable[list[tuple[float, float]]]:
    run: list[tuple[float, float]] = []
    for moment, value in points:
        if value is not None:
            run.append((moment, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _axes(frame: _Frame, ticks: Sequence[float], unit: Unit) -> Iterable[str]:
    for tick in ticks:
        y = frame.y(tick)
        kind = "grid" if tick else "grid zero"
        yield f'<line class="{kind}" x1="{LEFT}" x2="{frame.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{written(tick, unit)}</text>'
    begin, end = frame.window.begin, frame.window.end
    room = max(2, (frame.width - LEFT - RIGHT) / 66)
    step = next((each for each in _TIME_STEPS if (end - begin) / each <= room), DAY)
    moment = math.ceil(begin / step) * step
    while moment <= end:
        x = frame.x(moment)
        told = datetime.fromtimestamp(moment, UTC).strftime("%H:%M" if step >= MINUTE else "%H:%M:%S")
        anchor = "end" if x > frame.width - RIGHT - 24 else "middle"
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{frame.height - BOTTOM}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{frame.height - 5}" text-anchor="{anchor}">{told}</text>'
        moment += step


def _limit(frame: _Frame, limit: float, kind: str, words: str, drawn: Iterable[Sequence[Point]]) -> Iterable[str]:
    """A threshold as a line, with its words where they cover none of what is drawn, if there is such a place."""
    y, right = frame.y(limit), frame.width - RIGHT
    yield f'<line class="limit {kind}" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
    wide = LETTER * len(words)
    # Above its line what is bad, below it what is not bad yet: two that are near each other keep apart.
    floor, ceiling = frame.height - BOTTOM - 5, TOP + 10.0
    sides = (y - 4, y + 12, ceiling, floor) if kind == "bad" else (y + 12, y - 4, floor, ceiling)
    places = [
        (x, side)
        for side in sides
        if TOP + 8 <= side <= frame.height - BOTTOM
        for x in (LEFT + 4, right - 4 - wide, (LEFT + right - wide) / 2)
    ]
    lines = [points for points in drawn if points]
    free = [place for place in places if not any(_covers(frame, *place, wide, points) for points in lines)]
    x, side = next(iter(free or places), (LEFT + 4.0, y + 12))
    yield f'<text class="said {kind}" x="{x:.1f}" y="{side:.1f}">{words}</text>'


def _covers(frame: _Frame, x: float, y: float, wide: float, points: Sequence[Point]) -> bool:
    """Whether a line runs where words would stand."""
    for run in _runs(points):
        for (begun, one), (ended, other) in itertools.pairwise([*run, run[-1]]):
            beside = frame.x(ended) < x - 2 or frame.x(begun) > x + wide + 2
            top, bottom = sorted((frame.y(one), frame.y(other)))
            if not beside and top <= y + 3 and bottom >= y - 11:
                return True
    return False


def _ticks(question: Question, values: Sequence[float], limits: Sequence[float]) -> list[float]:
    """Round values that hold all others, and each threshold that is not far away."""
    high = max(values)
    low = min(0.0, *values) if question.from_zero else min(values)
    near = [limit for limit in limits if limit <= max(2 * high, 0)]
    high = max([high, *near, low])
    if high == low:
        high = low + 1
    step = _step(question.unit, (high - low) / 4)
    if question.unit == "short" and all(value == round(value) for value in values):
        step = max(1.0, step)
    first, last = math.floor(low / step), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def _step(unit: Unit, wanted: float) -> float:
    if unit == "s" and wanted >= 1:
        return float(next((each for each in (*_SECONDS, *_LONG_SECONDS) if each >= wanted), _LONG_SECONDS[-1]))
    scale = _KIBI if unit == "bytes" and wanted > _KIBI / 4 else 1.0
    magnitude = 10 ** math.floor(math.log10(wanted / scale))
    return float(next(each for each in (1, 2, 5, 10) if each * magnitude * scale >= wanted - 1e-12) * magnitude * scale)


def _dash(place: int) -> str:
    dash = DASHES[place % len(DASHES)]
    return f' stroke-dasharray="{dash}"' if dash else ""


def _time(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0 s"
    if size < 1:
        return f"{_short(value * _KILO)} ms"
    for unit, length in (("days", DAY), ("h", HOUR), ("min", MINUTE)):
        if size >= (2 if unit == "days" else 1) * length:
            return f"{_short(value / length)} {unit}"
    return f"{_short(value)} s"


def _short(value: float) -> str:
    """Three digits that count, without zeros at the end, and a minus that is as wide as a plus."""
    whole = abs(value) >= _CENT or value == round(value)
    return (f"{value:.0f}" if whole else f"{float(f'{value:.3g}'):g}").replace("-", "\N{MINUS SIGN}")
