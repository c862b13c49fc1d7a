"""docs/status.md has a row for every field of the JSON and no other, and pictures that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from shared.licensing.ledger import Allocation
from shared.model.finding import Finding
from shared.monitor.report import Report
from shared.monitor.silences import SilenceView
from shared.monitor.status import (
    Change,
    Disposition,
    SourceStatus,
    StatusFinding,
    StatusReport,
    SubscriptionStatus,
)
from shared.monitor.status_delivery import ReceiverStatus, Told
from shared.monitor.status_overview import Glance
from shared.monitor.status_page import MOST_OF_A_RULE, MOST_OF_A_SEVERITY
from shared.monitor.status_tables import MOST_ROWS
from shared.monitor.status_verdict import Level, Verdict

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
TEXT = (DOCS / "status.md").read_text(encoding="utf-8")


def fields(*types: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for each in types for field in msgspec.structs.fields(each)}


EXPECTED: dict[str, set[str]] = {
    "The JSON": {"schema", *fields(Report), *fields(StatusReport)} - {"audit"},
    "`verdict`": fields(Verdict),
    "`sources.NAME`": fields(SourceStatus),
    "`allocation`": fields(Allocation),
    "`findings[]`": (fields(Finding) | fields(StatusFinding) | {"title"}) - {"finding", "topic"},
    "`subscription`": fields(SubscriptionStatus),
    "`delivery[]`": fields(ReceiverStatus),
    "`told[]`": fields(Told),
    "`silences[]`": fields(SilenceView),
    "`recent[]`": fields(Change),
    "`tenants[]`": fields(Glance),
}


def section(heading: str) -> str:
    """The text below a heading, up to the next one."""
    (found,) = re.findall(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("heading", EXPECTED)
def test_each_object_of_the_json_is_documented_field_by_field(heading: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section(heading), re.MULTILINE)
    assert sorted(rows) == sorted(EXPECTED[heading])


@pytest.mark.parametrize(
    ("heading", "field", "values"),
    [("`verdict`", "level", Level), ("`findings[]`", "state", Disposition)],
)
def test_the_values_of_an_enumeration_are_all_there(heading: str, field: str, values: Any) -> None:  # noqa: ANN401
    (cell,) = re.findall(rf"^\| `{field}` \| ([^|]*) \|", section(heading), re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", cell)) == get_args(values)


def test_the_figures_that_the_page_keeps_to_are_those_of_the_text() -> None:
    page = " ".join(section("The page").split())
    assert f"At most {MOST_OF_A_RULE} findings of a rule and {MOST_OF_A_SEVERITY} of a severity" in page
    assert f"and {MOST_ROWS} rows of a table" in page


def test_every_picture_and_page_that_is_linked_exists() -> None:
    linked: list[str] = re.findall(r'(?:\]\(|src="|srcset=")([^)"#]+)', TEXT)
    assert [each for each in linked if not (DOCS / each).is_file()] == []
    pictures = {path.name for path in (DOCS / "status").glob("*.png")}
    assert {Path(each).name for each in linked if each.endswith(".png")} <= pictures
