"""The dashboard as Grafana gets it: what the questions say, on instruments that exist."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dashboards.grafana import text
from dashboards.questions import PARTS, Question
from shared.telemetry.instruments import INSTRUMENTS
from tools.metrics_page import prometheus_name

ROOT = Path(__file__).parents[2]
QUESTIONS = [question for part in PARTS for question in part.questions]
SUFFIXES = re.compile("_(bucket|sum|count)$")
TENANT = "linekeeper_tenant_id"
OF_PROMETHEUS = frozenset({"instance", "job", "le", "service_instance_id", TENANT})


def declared() -> dict[str, set[str]]:
    """The labels of each declared instrument, by the names that Prometheus has for both."""
    return {
        prometheus_name(each): {attribute.name.replace(".", "_") for attribute in each.attributes}
        for each in INSTRUMENTS.values()
    }


def series(expr: str) -> set[str]:
    found = set(re.findall(r"\b((?:linekeeper|http_client)_[a-z_]+)\b", expr)) - {TENANT}
    histograms = {prometheus_name(each) for each in INSTRUMENTS.values() if each.kind == "histogram"}
    return {base if (base := SUFFIXES.sub("", name)) in histograms else name for name in found}


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text())["panels"]
    return found


def test_the_file_is_what_the_questions_say() -> None:
    assert (ROOT / "dashboards/linekeeper.json").read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.title)
def test_a_question_asks_instruments_that_are_declared_for_labels_that_they_have(question: Question) -> None:
    known = declared()
    for query in question.queries:
        names = series(query.expr) & known.keys()
        assert names
        assert series(query.expr) <= known.keys() | set().union(*(known[name] for name in names))
        grouped = re.findall(r"\b(?:by|without) \(([^)]*)\)", query.expr)
        labels = {label.strip() for each in grouped for label in each.split(",")}
        labels |= set(re.findall(r'(\w+)(?:=~?|!=|!~)"', query.expr))
        labels |= set(re.findall(r"\{\{(\w+)\}\}", query.legend))
        assert labels <= OF_PROMETHEUS.union(*(known[name] for name in names))


def test_what_is_asked_for_by_value_is_a_value_that_there_may_be() -> None:
    values = {
        attribute.name.replace(".", "_"): set(attribute.values)
        for each in INSTRUMENTS.values()
        for attribute in each.attributes
        if attribute.values
    }
    for question in QUESTIONS:
        for query in question.queries:
            for label, asked in re.findall(r'(\w+)=~?"([^"$]+)"', query.expr):
                if label in values and "." not in asked:
                    assert set(asked.split("|")) <= values[label], (question.title, label)


def test_every_panel_has_a_title_of_its_own_and_says_what_it_answers() -> None:
    drawn = [panel for panel in panels() if panel["type"] != "row"]
    titles = [panel["title"] for panel in drawn]
    assert len(titles) == len(set(titles)) == len(QUESTIONS)
    assert all(panel["description"].endswith("?") for panel in drawn)


def test_no_panel_lies_over_another() -> None:
    places = [panel["gridPos"] for panel in panels()]
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or apart
    assert all(place["x"] + place["w"] <= 24 for place in places)


def test_a_table_has_the_columns_that_its_query_gives_and_not_the_time_of_asking() -> None:
    tables = {panel["title"]: panel for panel in panels() if panel["type"] == "table"}
    assert tables
    for question in QUESTIONS:
        assert bool(question.columns) == (question.title in tables)
        if question.columns:
            [change] = tables[question.title]["transformations"]
            [grouped] = re.findall(r"^\w+ by \(([^)]*)\)", question.queries[0].expr)
            assert {*question.columns} == {*grouped.split(", "), "Value"}
            assert change["options"]["renameByName"] == dict(question.columns)
            assert change["options"]["excludeByName"] == {"Time": True}


def test_a_number_and_a_table_say_what_is_now_and_not_what_was_last_known_in_a_day() -> None:
    for panel in panels():
        for target in panel.get("targets", []):
            assert target["instant"] == (panel["type"] in {"stat", "table"})
            assert target["range"] != target["instant"]


def test_a_threshold_of_lines_is_drawn_among_them() -> None:
    for panel in panels():
        if panel["type"] == "timeseries":
            style = panel["fieldConfig"]["defaults"].get("custom", {}).get("thresholdsStyle", {}).get("mode")
            steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
            assert (style == "dashed") == (len(steps) > 1)


def test_what_the_operator_must_see_is_on_it() -> None:
    asked = " ".join(query.expr for question in QUESTIONS for query in question.queries)
    for name in (
        "linekeeper_voice_app_count",
        "linekeeper_finding_active",
        "linekeeper_finding_age_max_seconds",
        "linekeeper_license_allocation_limit",
        "linekeeper_license_owned_count",
        "linekeeper_license_needed_count",
        "linekeeper_license_allocation_headroom",
        "linekeeper_detection_lag_seconds",
        "linekeeper_source_age_seconds",
        "linekeeper_delivery_attempts_total",
        "http_client_request_duration_seconds",
    ):
        assert name in asked


def test_every_page_on_what_to_do_is_one_step_from_a_panel_and_each_step_leads_to_a_page() -> None:
    links = [link["url"] for panel in panels() for link in panel.get("links", [])]
    pages = {page.stem for page in (ROOT / "docs/runbooks").glob("*.md")}
    assert {link.removeprefix("${runbooks}/") for link in links} == pages
    variables = {each["name"]: each for each in json.loads(text())["templating"]["list"]}
    assert variables["runbooks"]["query"].endswith("/api/runbooks")
