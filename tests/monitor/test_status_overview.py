"""Several tenants at a glance: the one that needs somebody first, none better than it is known."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from shared.licensing.policy import CURRENT
from shared.model.directory import Account
from shared.model.numbers import PhoneNumber
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.evaluate import evaluate
from shared.monitor.occasion import Occasion
from shared.monitor.status import status
from shared.monitor.status_overview import Glance, glance, overview_json, overview_page, unreadable, worst_first
from shared.monitor.status_verdict import Level
from shared.settings_tenants import Tenant

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
CONTOSO = Tenant(id="84bd8158-6d4d-4958-8b9f-9d6445542f95", name="Contoso")
LEVELS: tuple[Level, ...] = get_args(Level)


def test_a_glance_counts_what_the_tenants_own_page_shows(
    make_state: Callable[..., TenantState],
    make_account: Callable[..., Account],
    make_number: Callable[..., PhoneNumber],
) -> None:
    occasion = Occasion(now=NOW + timedelta(minutes=5), policy=CURRENT, timing=Timing())
    numbers = (make_number("+14255550101", 1), make_number("+14255550102", 1))
    document = evaluate(make_state(make_account(1), make_account(2), numbers=numbers), occasion)
    shown = status(document, occasion)
    found = glance(CONTOSO, shown)
    assert (found.level, found.says) == ("critical", shown.verdict.says)
    assert (found.lines, found.numbers, found.oldest_read) == (1, 2, NOW)
    assert sum(found.findings.values()) == len(shown.findings)
    page = overview_page([found], occasion.now, query={})
    assert "1 line, 2 telephone numbers affected; findings: 1 critical" in page
    assert "; oldest read 5\N{NO-BREAK SPACE}min ago" in page


def test_a_tenant_whose_document_cannot_be_read_is_not_known_and_comes_before_warnings() -> None:
    warned = Glance(tenant="b", name="", level="warning", says="No line is known to be down")
    down = Glance(tenant="c", name="", level="critical", says="Callers cannot be answered", lines=1)
    listed = worst_first([warned, unreadable(CONTOSO, "It is of a newer version."), down])
    assert [each.level for each in listed] == ["critical", "unknown", "warning"]
    page = overview_page(listed, NOW, query={})
    assert "It is of a newer version." in page
    assert "3 tenants: 1 critical, 1 not known, 1 warning" in page


@given(st.lists(st.sampled_from(LEVELS), max_size=8))
def test_however_tenants_are_listed_the_worst_come_first(levels: list[Level]) -> None:
    listed = worst_first(
        Glance(tenant=str(place), name="", level=level, says="x") for place, level in enumerate(levels)
    )
    assert [each.level for each in listed] == sorted(levels, key=LEVELS.index)


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_name_and_no_problem_makes_an_element(name: str, problem: str) -> None:
    def drawn(name: str, problem: str) -> str:
        return overview_page([unreadable(Tenant(id="a", name=name), problem)], NOW, query={"code": "k&y"})

    source = drawn(f"a{name}", f"a{problem}")
    assert re.findall(r"<[a-z/!][^>]*>", source) == re.findall(r"<[a-z/!][^>]*>", drawn("a", "a"))
    assert html.escape("status?tenant=a&code=k%26y") in source


def test_the_json_has_every_field_for_every_tenant() -> None:
    odd = NOW + timedelta(microseconds=1)
    rows = [Glance(tenant="a", name="", level="clear", says="x", oldest_read=odd), unreadable(CONTOSO, "why")]
    document = json.loads(overview_json(rows, odd))
    assert document["as_of"] == document["tenants"][0]["oldest_read"] == "2026-11-20T10:00:00Z"
    names = ["tenant", "name", "level", "says", "lines", "numbers", "findings", "oldest_read", "problem"]
    assert [list(each) for each in document["tenants"]] == [names, names]
    assert document["tenants"][1]["oldest_read"] is None
