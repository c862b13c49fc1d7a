"""Commands that keep nothing start from what the service remembers, and go on without it where it cannot be read."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

import simulator
from shared.cli.audit import run_audit
from shared.cli.explain import run_explain
from shared.cli.flow import run_flow
from shared.state.sqlite import SqliteStore
from simulator.contoso import user_id
from simulator.export import export_document

UNREAD = 2
"""The exit code of each where the tenant could not be read."""

COMMANDS: dict[str, Callable[[Mapping[str, str]], int]] = {
    "audit": lambda environment: run_audit(environment, as_json=True, fail_on="critical"),
    "explain": lambda environment: run_explain(environment, account=user_id("AA Main Line Seattle"), as_json=True),
    "flow": lambda environment: run_flow(environment, line=None, form="json"),
}


@pytest.fixture
async def environment(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    async with simulator.SimulatorServer(simulator.contoso()) as server:
        (tmp_path / "voice.json").write_bytes(json.dumps(export_document(server.tenant)).encode())
        yield {
            "LINEKEEPER_TENANT_ID": server.tenant.tenant_id,
            "LINEKEEPER_GRAPH_URL": server.graph_url,
            "LINEKEEPER_VOICE_EXPORT": f"file:{tmp_path / 'voice.json'}",
        }


@pytest.fixture(params=COMMANDS)
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each command in turn, where the default store would lie in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    command: str = request.param
    return command


@pytest.mark.parametrize("is_set", [True, False], ids=["set", "by default"])
async def test_a_file_that_is_no_database_is_named_once_and_gone_on_without(
    name: str,
    is_set: bool,  # noqa: FBT001 - a case
    environment: dict[str, str],
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    junk = tmp_path / "linekeeper.db"
    junk.write_bytes(b"minutes of a meeting, and no database\n")
    if is_set:
        environment["LINEKEEPER_STORE"] = f"sqlite:{junk}"
    assert await asyncio.to_thread(COMMANDS[name], environment) != UNREAD
    printed = capsysbinary.readouterr()
    assert json.loads(printed.out)["schema"] == 1
    [line] = printed.err.decode().splitlines()
    assert line.startswith("linekeeper: what the service remembers is left out")
    assert f"{junk} is no SQLite database" in line
    assert ("LINEKEEPER_STORE is not set" in line) is not is_set
    assert junk.read_bytes() == b"minutes of a meeting, and no database\n"


async def test_a_document_of_a_newer_version_is_named_with_its_store_and_gone_on_without(
    environment: dict[str, str], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path, tenant = tmp_path / "linekeeper.db", environment["LINEKEEPER_TENANT_ID"]
    await SqliteStore(path).load(tenant)  # makes the table
    newer = json.dumps({"schema": 99, "tenant": tenant}).encode()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO documents VALUES (?, ?, 1)", (tenant, newer))
    environment["LINEKEEPER_STORE"] = f"sqlite:{path}"
    assert await asyncio.to_thread(COMMANDS["audit"], environment) != UNREAD
    [line] = capsysbinary.readouterr().err.decode().splitlines()
    assert "the stored document has schema 99" in line
    assert f"It lies in LINEKEEPER_STORE ({path})." in line
