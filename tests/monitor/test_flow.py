from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.exports.file import ExportFile
from shared.model.errors import LinekeeperError
from shared.model.referenced import Referenced
from shared.monitor.flow import Flow, call_flow
from shared.monitor.monitor import Monitor
from shared.voice.graph import Node
from simulator import SimulatorServer
from simulator.contoso import user_id
from simulator.export import export_document

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, WatchedStore

MAIN, SALES = "AA Main Line Seattle", "CQ Sales Seattle"
LARGEST = 10_000_000


@pytest.fixture
def write_export(sim: SimulatorServer, tmp_path: Path) -> Callable[..., Path]:
    """Writes the simulated tenant's export as it is now."""

    def write(**changed: object) -> Path:
        path = tmp_path / "voice.json"
        path.write_bytes(json.dumps(export_document(sim.tenant) | changed).encode())
        return path

    return write


@pytest.fixture
def reader(sim: SimulatorServer, make_monitor: Callable[..., Monitor], tmp_path: Path) -> Monitor:
    """A monitor that has read nothing yet, and is told where the export lies."""
    made = make_monitor(graph_url=sim.graph_url)
    return msgspec.structs.replace(made, export=ExportFile(tmp_path / "voice.json", LARGEST))


def app_id(sim: SimulatorServer, name: str) -> str:
    voice = sim.tenant.voice
    return voice.attendant(name).identity if name.startswith("AA ") else voice.queue(name).identity


def start_of(flow: Flow) -> tuple[str, str]:
    assert flow.start is not None
    return flow.start.kind, flow.start.id


async def test_the_whole_tenant_is_read_and_judged(
    sim: SimulatorServer, reader: Monitor, write_export: Callable[..., Path]
) -> None:
    write_export()
    flow = await call_flow(reader)
    assert (flow.start, flow.gaps) == (None, ())
    assert len(flow.lines.apps) == 90
    assert flow.names[app_id(sim, MAIN)] == MAIN
    assert any(finding.rule == "resource-account-unlicensed" for finding in flow.evaluation.findings)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        (MAIN, "attendant", MAIN),
        ("  cq SALES seattle ", "queue", SALES),
        ("aa-main-line-seattle@contoso.example", "account", MAIN),
    ],
)
async def test_a_part_is_found_by_name_and_upn_in_any_case(
    sim: SimulatorServer, reader: Monitor, write_export: Callable[..., Path], *, text: str, kind: str, name: str
) -> None:
    write_export()
    expected = user_id(name) if kind == "account" else app_id(sim, name)
    assert start_of(await call_flow(reader, text)) == (kind, expected)


async def test_a_part_is_found_by_the_id_of_the_app_and_of_the_account(
    sim: SimulatorServer, reader: Monitor, write_export: Callable[..., Path]
) -> None:
    write_export()
    queue = app_id(sim, SALES)
    assert start_of(await call_flow(reader, queue.upper())) == ("queue", queue)
    assert start_of(await call_flow(reader, user_id(SALES))) == ("account", user_id(SALES))


@pytest.mark.parametrize("text", ["+14255550100", "tel:+1-425-555-0100", "+1 (425) 555-0100", "(425) 555-0100"])
async def test_a_number_is_found_in_any_spelling(reader: Monitor, write_export: Callable[..., Path], text: str) -> None:
    write_export()
    assert start_of(await call_flow(reader, text)) == ("number", "+14255550100")


async def test_a_number_that_only_the_export_tells_of_is_found(
    sim: SimulatorServer, make_monitor: Callable[..., Monitor], write_export: Callable[..., Path]
) -> None:
    made = make_monitor(graph_url=sim.graph_url, numbers=False)
    flow = await call_flow(
        msgspec.structs.replace(made, export=ExportFile(write_export(), LARGEST)), "001 425 555 0100"
    )
    assert start_of(flow) == ("number", "+14255550100")
    assert flow.lines.ways.text(Node("queue", app_id(sim, SALES))).startswith("+1 425 555 0100 > ")


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("CQ Salse Seattle", "The nearest known is 'CQ Sales Seattle'."),
        ("+14255550101", "The nearest known is '+14255550100'."),
        ("00000000-0000-0000-0000-000000000001", "no line is known by '00000000-"),
        ("", "no line is known by ''."),
        ("zzzzzz\x1b[31m", r"no line is known by 'zzzzzz\x1b[31m'. Give the name"),
    ],
)
async def test_what_is_not_known_is_one_error_that_names_the_nearest(
    reader: Monitor, write_export: Callable[..., Path], text: str, near: str
) -> None:
    write_export()
    with pytest.raises(LinekeeperError) as problem:
        await call_flow(reader, text)
    assert near in str(problem.value)
    assert "\n" not in str(problem.value)


async def test_a_person_is_no_line(sim: SimulatorServer, reader: Monitor, write_export: Callable[..., Path]) -> None:
    write_export()
    person = next(user for user in sim.tenant.users.values() if user.account_enabled)
    with pytest.raises(LinekeeperError, match="no line is known by"):
        await call_flow(reader, person.user_principal_name)


async def test_a_name_of_two_is_answered_by_both_ids_and_kinds(
    sim: SimulatorServer, reader: Monitor, write_export: Callable[..., Path]
) -> None:
    document = export_document(sim.tenant)
    rows = [row | {"Name": MAIN} if row["Name"] == SALES else row for row in document["callQueues"]]
    write_export(callQueues=rows)
    with pytest.raises(LinekeeperError) as problem:
        await call_flow(reader, MAIN)
    assert f"{app_id(sim, MAIN)} (attendant)" in str(problem.value)
    assert f"{app_id(sim, SALES)} (queue)" in str(problem.value)
    assert "may be any of 2: give one id of" in str(problem.value)


async def test_without_an_export_the_setting_and_its_page_are_named(
    sim: SimulatorServer, make_monitor: Callable[..., Monitor]
) -> None:
    with pytest.raises(LinekeeperError, match=r"LINEKEEPER_VOICE_EXPORT, .* docs/exporter\.md"):
        await call_flow(make_monitor(graph_url=sim.graph_url))


async def test_where_the_only_export_cannot_be_read_the_error_says_why(reader: Monitor) -> None:
    with pytest.raises(LinekeeperError, match=r"there is no voice export where .* docs/exporter\.md"):
        await call_flow(reader)


async def test_an_export_that_can_no_longer_be_read_is_shown_as_last_known_and_said_to_be(
    reader: Monitor, write_export: Callable[..., Path]
) -> None:
    path = write_export()
    await call_flow(reader)
    path.unlink()
    flow = await call_flow(reader)
    assert len(flow.lines.apps) == 90
    assert len(flow.gaps) == 1
    assert flow.gaps[0].startswith("the voice export could not be read completely: there is no voice export")


async def test_an_incomplete_export_is_shown_as_far_as_it_goes(
    reader: Monitor, write_export: Callable[..., Path]
) -> None:
    write_export(complete=False, errors=[{"stage": "callQueues", "message": "Timeout"}])
    flow = await call_flow(reader)
    assert len(flow.lines.attendants) == 36
    assert [gap.partition(":")[0] for gap in flow.gaps] == ["the voice export could not be read completely"]


async def test_accounts_that_cannot_be_read_are_a_gap(
    sim: SimulatorServer, reader: Monitor, write_export: Callable[..., Path]
) -> None:
    write_export()
    sim.graph.deny("GET subscribedSkus")
    flow = await call_flow(reader)
    assert [gap.partition(" could")[0] for gap in flow.gaps] == ["licences", "accounts"]
    assert len(flow.lines.apps) == 90
    assert {skipped.rule for skipped in flow.evaluation.skipped} >= {"resource-account-unlicensed"}


async def test_whom_the_directory_does_not_have_is_gone(
    sim: SimulatorServer, reader: Monitor, write_export: Callable[..., Path], store: WatchedStore, clock: Clock
) -> None:
    write_export()
    await call_flow(reader)
    state = await reader.load()
    person = next(user.id for user in sim.tenant.users.values() if user.account_enabled)
    nobody = Referenced(kind="nobody", read_at=reader.clock())
    await store.put(msgspec.structs.replace(state, referenced=state.referenced | {"gone": nobody}))
    clock.advance(minutes=1)
    sim.tenant.soft_delete(user_id(MAIN))
    gone = (await call_flow(reader)).gone
    assert user_id(MAIN) in gone
    assert person not in gone
