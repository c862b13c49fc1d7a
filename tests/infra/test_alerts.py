"""The alert rules ask for metrics that the app emits, under the names and attributes that it emits them with."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.model.change_message import QUEUE
from shared.telemetry.instruments import INSTRUMENTS, TENANT
from tests.infra.bicep import ROOT, template

ALERTS = template("modules/alerts.bicep")
RULES = {
    each["name"]: each["properties"] for each in ALERTS.resources("Microsoft.Insights/scheduledQueryRules").values()
}
PAGE = (ROOT / "docs" / "azure.md").read_text(encoding="utf-8")


def query(rule: str) -> str:
    (condition,) = RULES[rule]["criteria"]["allOf"]
    text: str = condition["query"]
    return text


def minutes(duration: str) -> int:
    """An ISO 8601 duration of hours or minutes."""
    number, unit = duration[2:-1], duration[-1]
    return int(number) * {"M": 1, "H": 60}[unit]


def test_there_is_one_for_the_dead_man_and_one_for_poison() -> None:
    assert RULES.keys() == {"linekeeper-evaluation-stale", "linekeeper-messages-poisoned"}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_asks_for_metrics_and_attributes_that_are_declared(rule: str) -> None:
    text = query(rule)
    names = re.findall(r'Name == "([^"]+)"', text)
    assert len(names) == 1
    instrument = INSTRUMENTS[names[0]]
    # What is stated goes on being so between two changes; a counter would say nothing of now.
    assert instrument.observed
    attributes = {attribute.name for attribute in instrument.attributes} | {TENANT}
    assert set(re.findall(r'Properties\["([^"]+)"\]', text)) <= attributes


def test_the_dead_man_is_told_by_the_age_of_the_last_evaluation_of_each_tenant() -> None:
    text = query("linekeeper-evaluation-stale")
    assert 'Name == "linekeeper.evaluation.age"' in text
    assert INSTRUMENTS["linekeeper.evaluation.age"].unit == "s"
    assert f'by Tenant = tostring(Properties["{TENANT}"])' in text
    assert "> ${evaluationAgeLimitMinutes * 60}" in text


def test_silence_alerts_as_age_does() -> None:
    text = query("linekeeper-evaluation-stale")
    # A point that came long ago has gone on ageing; where there is none at all, there is no tenant.
    assert 'Sum + datetime_diff("second", now(), TimeGenerated)' in text
    assert "| where Tenants == 0 or" in text


def test_the_dead_man_looks_further_back_than_any_limit_that_may_be_set() -> None:
    limit = template("main.bicep").part("parameters")["evaluationAgeLimitMinutes"]
    allowed = {decorator["type"]: decorator["argument"] for decorator in limit["decorators"]}
    assert allowed["max_value"] < minutes(RULES["linekeeper-evaluation-stale"]["windowSize"])
    # Evaluations are due every five minutes, and logs may come five late.
    assert limit["default"] >= 15
    assert allowed["min_value"] >= 10


def test_poison_is_told_by_the_messages_in_a_poison_queue_that_the_app_states() -> None:
    text = query("linekeeper-messages-poisoned")
    assert 'Name == "linekeeper.queue.depth"' in text
    (attribute,) = INSTRUMENTS["linekeeper.queue.depth"].attributes
    assert (attribute.name, attribute.values) == ("queue", (f"{QUEUE}-poison",))
    assert 'Properties["queue"]) endswith "-poison"' in text
    assert text.endswith("| where Sum > 0")


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_tells_the_action_group_and_ends_by_itself(rule: str) -> None:
    properties: dict[str, Any] = RULES[rule]
    assert properties["enabled"] is True
    assert properties["autoMitigate"] is True
    assert minutes(properties["evaluationFrequency"]) <= minutes(properties["windowSize"])
    (group,) = properties["actions"]["actionGroups"]
    assert group["operator"]["operands"] == {"operand_1": "people", "operand_2": "id"}
    assert "people" in ALERTS.resources("Microsoft.Insights/actionGroups")


@pytest.mark.parametrize("rule", RULES)
def test_the_page_says_what_to_do(rule: str) -> None:
    section = PAGE.split("## When an alert fires\n")[1].split("\n## ")[0]
    assert f"**{RULES[rule]['displayName']}**" in section
    assert f"(severity {RULES[rule]['severity']})" in section
    assert re.search(r'Name == "([^"]+)"', query(rule))[1] in section  # type: ignore[index]
    assert "docs/azure.md" in RULES[rule]["description"]
