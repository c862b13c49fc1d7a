"""`linekeeper rules`: what is judged, as a table for people, as JSON for programs, or as the documentation's page."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shared.cli.output import console, reader_may_leave
from shared.cli.rules_page import page
from shared.model.finding import Severity
from shared.model.sources import SOURCES, Source
from shared.rules.catalogue import RULES
from shared.rules.rule import Rule

Form = Literal["table", "json", "markdown"]
SCHEMA = 1
TABLE_WIDTH = 120
"""Columns that the table needs; ids alone take a third of them."""

_STYLE: dict[Severity, str] = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


def run_rules(*, form: Form) -> int:
    """Print all rules; no setting is read."""
    with reader_may_leave():
        if form == "json":
            sys.stdout.buffer.write(to_json(RULES) + b"\n")
        elif form == "markdown":
            sys.stdout.buffer.write(page(RULES).encode())
        else:
            show(RULES, console())
    return 0


def to_json(rules: Iterable[Rule]) -> bytes:
    """The rules as JSON, schema 1."""
    return msgspec.json.encode({"schema": SCHEMA, "rules": [_row(rule) for rule in rules]})


def _row(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "family": rule.family,
        "severity": rule.severity,
        "severity_varies": rule.severity_varies,
        "title": rule.title,
        "holds_when": rule.holds_when,
        "reads": _in_order(rule.reads),
        "sharpened_by": _in_order(rule.sharpened_by),
        "why": rule.why,
        "remedy": rule.remedy,
        "link": rule.link,
    }


def _in_order(sources: frozenset[Source]) -> list[Source]:
    return [source for source in SOURCES if source in sources]


def show(rules: Sequence[Rule], out: Console) -> None:
    """Print the rules as a table, or below each other where a table would have no room."""
    if out.width >= TABLE_WIDTH:
        out.print(_table(rules))
    else:
        for rule in rules:
            out.print(Text.assemble((rule.id, "bold"), "  ", (_severity(rule), _STYLE[rule.severity])))
            out.print(Padding(Text.assemble(rule.holds_when, (f" ({_reads(rule)})", "dim")), (0, 0, 0, 4)))
    out.print(Text("* worse or milder by circumstance: --markdown and --json say by which", style="dim"))
    out.print(Text("[source]: sharpens the rule where it is known, and is not required", style="dim"))


def _table(rules: Sequence[Rule]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Rule", "Severity", "Holds when", "Reads"):
        table.add_column(heading, no_wrap=heading == "Rule", overflow="fold")
    for rule in rules:
        severity = Text(_severity(rule), style=_STYLE[rule.severity])
        table.add_row(Text(rule.id), severity, Text(rule.holds_when), Text(_reads(rule)))
    return table


def _severity(rule: Rule) -> str:
    return f"{rule.severity} *" if rule.severity_varies else rule.severity


def _reads(rule: Rule) -> str:
    return ", ".join([*_in_order(rule.reads), *(f"[{each}]" for each in _in_order(rule.sharpened_by))]) or "itself"
