"""The Azure Workbook: what the questions say, on instruments and attributes that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from dashboards.workbook import ASKED, RESULT, TARGET, Asked, text
from shared.telemetry.azure_monitor import metric_exporter
from shared.telemetry.instruments import INSTRUMENTS, TENANT

ROOT = Path(__file__).parents[2]
RENAMED = {"http.client.request.duration": {TARGET, RESULT}}
PAIRS = {")": "(", "]": "[", "}": "{"}


def test_the_file_that_is_deployed_is_what_the_questions_say() -> None:
    assert (ROOT / "infra/workbook.json").read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("each", ASKED, ids=lambda each: each.title)
def test_a_question_asks_instruments_that_are_declared_for_attributes_that_they_have(each: Asked) -> None:
    names = re.findall(r'Name == "([^"]+)"', each.kql)
    assert names
    assert set(names) <= INSTRUMENTS.keys()
    attributes = {attribute.name: attribute for name in names for attribute in INSTRUMENTS[name].attributes}
    assert set(re.findall(r'Properties\["([^"]+)"\]', each.kql)) <= {*attributes, *RENAMED.get(names[0], ()), TENANT}
    for attribute, values in re.findall(r'Properties\["([^"]+)"\]\) in \(([^)]+)\)', each.kql):
        assert set(re.findall(r'"([^"]+)"', values)) <= set(attributes[attribute].values)


@pytest.mark.parametrize("each", ASKED, ids=lambda each: each.title)
def test_the_brackets_and_quotes_of_a_query_are_in_pairs(each: Asked) -> None:
    bare = re.sub(r"""("[^"]*"|'[^']*')""", "", each.kql)
    assert not {'"', "'"} & set(bare)
    waiting: list[str] = []
    for sign in bare:
        if sign in PAIRS.values():
            waiting.append(sign)
        elif sign in PAIRS:
            assert waiting
            assert waiting.pop() == PAIRS[sign]
    assert not waiting


def test_what_is_counted_is_added_up_and_what_is_stated_is_never_added_up_over_processes() -> None:
    for each in ASKED:
        for name in re.findall(r'Name == "linekeeper\.([^"]+)"', each.kql):
            kind = INSTRUMENTS[f"linekeeper.{name}"]
            assert kind.observed == ("max(Sum)" in each.kql or "arg_max(TimeGenerated, Sum)" in each.kql), each.title


def test_every_part_is_told_apart_by_its_name_and_obeys_the_time_that_is_chosen() -> None:
    items = json.loads(text())["items"]
    names = [item["name"] for item in items]
    assert len(names) == len(set(names))
    assert all(item["content"]["timeContextFromParameter"] == "TimeRange" for item in items if item["type"] == 3)


def test_the_deployment_takes_the_file_from_where_it_lies() -> None:
    module = ROOT / "infra/modules/workbook.bicep"
    [path] = re.findall(r"loadTextContent\('([^']+)'\)", module.read_text(encoding="utf-8"))
    assert (module.parent / path).resolve() == ROOT / "infra/workbook.json"


def test_requests_are_told_apart_by_what_the_exporter_sends_of_them() -> None:
    reader = InMemoryMetricReader()
    meters = MeterProvider(metric_readers=[reader])
    told: dict[str, str | int] = {
        "server.address": "graph.microsoft.com",
        "server.port": 443,
        "http.response.status_code": 429,
    }
    meters.get_meter("linekeeper").create_histogram("http.client.request.duration").record(0.2, told)
    data = reader.get_metrics_data()
    assert data is not None
    (of_all,) = data.resource_metrics
    (point,) = of_all.scope_metrics[0].metrics[0].data.data_points
    exporter = metric_exporter("InstrumentationKey=11111111-1111-4111-8111-111111111111", None)
    sent = exporter._point_to_envelope(point, "http.client.request.duration", of_all.resource)  # type: ignore[attr-defined]
    properties = sent.data.base_data.properties
    assert (properties[TARGET], properties[RESULT]) == ("graph.microsoft.com:443", "429")
    assert "server.address" not in properties


def test_what_holds_now_is_looked_for_in_the_newest_statement_and_not_in_the_newest_that_has_it() -> None:
    holding = [each.kql for each in ASKED if "disposition" in each.kql and "ago(" in each.kql]
    assert holding
    for kql in holding:
        newest, _, chosen = kql.partition(" on Tenant, TimeGenerated | where ")
        assert "disposition" not in newest
        assert chosen.startswith('tostring(Properties["disposition"])')


def test_the_head_names_every_page_on_what_to_do() -> None:
    head = json.loads(text())["items"][0]["content"]["json"]
    assert {page.stem for page in (ROOT / "docs/runbooks").glob("*.md")} == set(re.findall("`([a-z-]+)`", head))
