"""Names that command a terminal, as anybody in a tenant may choose them: every command prints them as plain text."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

import simulator
from shared.cli.audit import run_audit
from shared.cli.explain import run_explain
from shared.cli.flow import run_flow
from shared.cli.main import main
from shared.cli.output import console
from shared.cli.terminal import harmless
from shared.cli.what_if import run_what_if
from simulator.contoso import E5, RESOURCE_ACCOUNT, user_id
from simulator.export import export_document

MAIN = "AA Main Line Seattle"
TITLE = "\x1b]0;owned\x07"
"""Sets a terminal's title; others of its kind write to the clipboard, or into the input."""

RED, CLEAR, EIGHT_BIT = "\x1b[31m", "\x1b[2J\x1b[H", "\x9b2J"
BACKWARDS = "\N{RIGHT-TO-LEFT OVERRIDE}"
HOSTILE = f"AA {TITLE}{RED}Main{CLEAR}{EIGHT_BIT}{BACKWARDS}\rLine\n0 findings: nothing is wrong [bold]x[/]"


def commands_in(text: str) -> set[str]:
    """Whatever in a text would command a terminal; line ends are ours."""
    return {each for each in text if each != "\n" and (unicodedata.category(each) == "Cc" or each == BACKWARDS)}


@pytest.fixture
async def contoso() -> AsyncIterator[simulator.SimulatorServer]:
    async with simulator.SimulatorServer(simulator.contoso()) as server:
        server.tenant.set_property(user_id(MAIN), "displayName", HOSTILE)
        server.tenant.remove_license(user_id(MAIN), RESOURCE_ACCOUNT)
        server.tenant.misprint(E5, skuPartNumber=f"SPE_E5 owned{TITLE}{RED}\n0 findings")
        yield server


@pytest.fixture
def environment(contoso: simulator.SimulatorServer, tmp_path: Path) -> dict[str, str]:
    document = json.dumps(export_document(contoso.tenant)).replace(json.dumps(MAIN), json.dumps(HOSTILE))
    (tmp_path / "voice.json").write_text(document, encoding="utf-8")
    return {
        "LINEKEEPER_TENANT_ID": contoso.tenant.tenant_id,
        "LINEKEEPER_GRAPH_URL": contoso.graph_url,
        "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
        "LINEKEEPER_VOICE_EXPORT": f"file:{tmp_path / 'voice.json'}",
    }


Run = Callable[[dict[str, str]], int]
RUNS: dict[str, Run] = {
    "audit": lambda given: run_audit(given, as_json=False, fail_on="critical"),
    "explain": lambda given: run_explain(given, account=user_id(MAIN), as_json=False),
    "what-if": lambda given: run_what_if(given, seats=["-500"], add_accounts=1, on=None, as_json=False),
    "flow": lambda given: run_flow(given, line=user_id(MAIN), form="tree"),
    "flow as mermaid": lambda given: run_flow(given, line=user_id(MAIN), form="mermaid"),
}


@pytest.mark.parametrize("name", RUNS)
async def test_no_name_commands_the_terminal(
    name: str, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(RUNS[name], environment)
    captured = capsys.readouterr()
    assert "owned" in captured.out
    assert commands_in(captured.out + captured.err) == set()
    assert not re.search(r"^0 findings", captured.out, re.MULTILINE)


async def test_json_spells_out_what_would_command_a_terminal(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    await asyncio.to_thread(run_audit, environment, as_json=True, fail_on="critical")
    out = capsysbinary.readouterr().out
    assert b"owned" in out
    assert not set(out) & {*range(0x0A), *range(0x0B, 0x20)}


def test_a_part_number_is_one_line_of_the_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(box=None)
    table.add_column("Licence")
    table.add_row(Text(f"ENTERPRISE{TITLE}{RED}"))
    console().print(table)
    console().print(Text(EIGHT_BIT), soft_wrap=True)
    assert commands_in(capsys.readouterr().out) == set()


async def test_an_error_that_names_somebody_commands_nothing(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert await asyncio.to_thread(main, ["explain", HOSTILE.replace("owned", "owne")]) == 2
    captured = capsys.readouterr()
    assert "owned" in captured.err
    assert commands_in(captured.err) == set()


@given(st.text())
def test_what_is_harmless_has_its_length_and_its_lines_and_is_harmless(text: str) -> None:
    shown = harmless(text)
    assert len(shown) == len(text)
    assert shown.count("\n") == text.count("\n")
    assert commands_in(shown) == set()
    assert harmless(shown) == shown
