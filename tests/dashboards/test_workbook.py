"""The Azure Workbook: what the questions say, on instruments and attributes that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dashboards.workbook import ASKED, Asked, text
from shared.telemetry.instruments import INSTRUMENTS, TENANT

ROOT = Path(__file__).parents[2]
PAIRS = {")": "(", "]": "[", "}": "{"}


def test_the_file_that_is_deployed_is_what_the_questions_say() -> None:
    assert (ROOT / "infra/workbook.json").read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("each", ASKED, ids=lambda each: each.title)
def test_a_question_asks_instruments_that_are_declared_for_attributes_that_they_have(each: Asked) -> None:
    names = re.findall(r'Name == "([^"]+)"', each.kql)
    assert names
    assert set(names) <= INSTRUMENTS.keys()
    attributes = {attribute.name: attribute for name in names for attribute in INSTRUMENTS[name].attributes}
    assert set(re.findall(r'Properties\["([^"]+)"\]', each.kql)) <= {*attributes, TENANT}
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
