"""The alerts on Linekeeper itself: read and tried by Prometheus' own tool, on instruments that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.telemetry.instruments import INSTRUMENTS
from tools.metrics_page import prometheus_name

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "dashboards/alerts.yaml"


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"] for rule in group["rules"]]


ALERT_RULES = [rule for rule in rules() if "alert" in rule]


def asked(promtool: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - Prometheus' own tool
        [promtool, *arguments], cwd=ROOT / "dashboards", capture_output=True, text=True, check=False, timeout=60
    )


def test_prometheus_reads_every_rule(promtool: Path) -> None:
    answer = asked(promtool, "check", "rules", "alerts.yaml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"{len(rules())} rules found" in answer.stdout


def test_the_alerts_come_when_they_should_and_only_then(promtool: Path) -> None:
    answer = asked(promtool, "test", "rules", "alerts_test.yaml")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_alert_is_tried_both_ways() -> None:
    tried: dict[str, set[bool]] = {}
    for test in yaml.safe_load((ROOT / "dashboards/alerts_test.yaml").read_text("utf-8"))["tests"]:
        for each in test["alert_rule_test"]:
            tried.setdefault(each["alertname"], set()).add(bool(each.get("exp_alerts")))
    assert tried == {rule["alert"]: {True, False} for rule in ALERT_RULES}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_instruments_that_are_declared_or_what_a_rule_records(rule: dict[str, Any]) -> None:
    names = {prometheus_name(each) for each in INSTRUMENTS.values()}
    histograms = {prometheus_name(each) for each in INSTRUMENTS.values() if each.kind == "histogram"}
    names |= {f"{name}_{part}" for name in histograms for part in ("bucket", "count", "sum")}
    recorded = {each["record"] for each in rules() if "record" in each}
    found = re.findall(r"\b(?:linekeeper|http_client)[a-z0-9_:]+", rule["expr"])
    labels = {"linekeeper_tenant_id"}
    assert found
    assert set(found) <= names | recorded | labels


@pytest.mark.parametrize("rule", ALERT_RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_names_a_page_that_exists(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    page = ROOT / rule["annotations"]["runbook"]
    assert page.parent == ROOT / "docs/runbooks"
    assert page.is_file()
    assert rule["alert"] in page.read_text(encoding="utf-8")


def test_a_bucket_that_a_rule_counts_is_one_that_its_histogram_has() -> None:
    bounds = {prometheus_name(each): each.buckets for each in INSTRUMENTS.values() if each.kind == "histogram"}
    for rule in rules():
        for name, either in re.findall(r'(\w+)_bucket\{le=~"([^"]+)"\}', rule["expr"]):
            written, exact = either.split("|")
            assert float(written) in bounds[name]
            assert exact == f"{written}.0"
        assert 'le="' not in rule["expr"]
