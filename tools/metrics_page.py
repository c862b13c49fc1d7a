"""docs/metrics.md, made from the table of instruments.

python -m tools.metrics_page > docs/metrics.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from shared.telemetry.instruments import (
    ALLOCATION,
    FINDINGS,
    INSTRUMENTS,
    LINES,
    TELLING,
    TENANT,
    WORK,
    Attribute,
    Instrument,
)

HEAD = """\
# Metrics

Where they go, and when, is said in [telemetry.md](telemetry.md). This page is made from
`shared/telemetry/instruments.py` by `python -m tools.metrics_page > docs/metrics.md`.

*Stated* instruments say how things are: at the end of each evaluation, and those of the last two sections every half
minute. What could not be read completely is left out: no point is not a zero. *Counted* and *recorded* ones are added
to as things happen. Where one service watches several tenants, each point about one of them carries `{tenant}`.

No attribute holds an id of the directory, a name, a number or an address. Prometheus sees the names as
`{example}`.
"""

SECTIONS: tuple[tuple[str, tuple[Instrument, ...]], ...] = (
    ("The licence ledger", ALLOCATION),
    ("Accounts and lines", LINES),
    ("Findings", FINDINGS),
    ("Reading and judging", WORK),
    ("Hearing and telling", TELLING),
)

_SUFFIXES = {"s": "_seconds", "By": "_bytes"}


def prometheus_name(each: Instrument) -> str:
    """An instrument's name as Prometheus has it: units spelled out, braces left out, counters with `_total`."""
    name = each.name.replace(".", "_") + _SUFFIXES.get(each.unit, "")
    return f"{name}_total" if each.kind == "counter" else name


def page() -> str:
    """The whole page."""
    example = INSTRUMENTS["linekeeper.source.reads"]
    lines = [HEAD.format(tenant=TENANT, example=f"{prometheus_name(example)}` for `{example.name}")]
    for title, instruments in SECTIONS:
        lines += [f"## {title}", "", "| name | kind | unit | attributes | meaning |", "|---|---|---|---|---|"]
        lines += [_row(each) for each in instruments]
        lines.append("")
    return "\n".join(lines)


def _row(each: Instrument) -> str:
    kind = f"{each.kind}, {'stated' if each.observed else 'recorded' if each.kind == 'histogram' else 'counted'}"
    attributes = "; ".join(_attributes(each.attributes)) or "none"
    return f"| `{each.name}` | {kind} | `{each.unit}` | {attributes} | {each.description} |"


def _attributes(attributes: Iterable[Attribute]) -> Iterator[str]:
    for each in attributes:
        values = ", ".join(each.values) or f"{each.bounded_by}, at most {each.at_most}"
        yield f"`{each.name}` = {values}"


if __name__ == "__main__":
    sys.stdout.write(page())
