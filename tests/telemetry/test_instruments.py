"""What is declared keeps to OpenTelemetry's conventions, and the page says what is declared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.rules.catalogue import RULES
from shared.telemetry.instruments import INSTRUMENTS, RULE_ID, Instrument
from tools.metrics_page import page

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_table_says() -> None:
    assert (ROOT / "docs/metrics.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("each", INSTRUMENTS.values(), ids=lambda each: each.name)
def test_a_name_has_no_unit_no_total_and_a_namespace_of_ours_or_of_the_conventions(each: Instrument) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", each.name)
    assert each.name.startswith(("linekeeper.", "http.client."))
    assert not {"total", "seconds", "bytes", "ratio"} & set(re.split(r"[._]", each.name))


@pytest.mark.parametrize("each", INSTRUMENTS.values(), ids=lambda each: each.name)
def test_a_unit_is_seconds_bytes_a_ratio_or_what_is_counted(each: Instrument) -> None:
    assert each.unit in {"s", "By", "1"} or re.fullmatch(r"\{[a-z_]+\}", each.unit)


@pytest.mark.parametrize("each", INSTRUMENTS.values(), ids=lambda each: each.name)
def test_every_attribute_is_bounded(each: Instrument) -> None:
    for attribute in each.attributes:
        assert bool(attribute.values) != bool(attribute.bounded_by and attribute.at_most)


def test_no_attribute_is_named_for_what_a_metric_must_not_carry() -> None:
    names = {attribute.name for each in INSTRUMENTS.values() for attribute in each.attributes}
    for forbidden in ("upn", "user", "account.id", "number", "url", "name", "tenant"):
        assert not [name for name in names if forbidden in re.split(r"[._]", name)]


def test_the_rules_stay_within_their_bound() -> None:
    assert len(RULES) <= RULE_ID.at_most


def test_only_histograms_have_buckets_and_all_of_them_do() -> None:
    for each in INSTRUMENTS.values():
        assert bool(each.buckets) == (each.kind == "histogram")
        assert list(each.buckets) == sorted(set(each.buckets))
