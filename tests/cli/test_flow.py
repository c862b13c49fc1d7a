from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import simulator
from shared.cli.flow import Form, run_flow, to_json
from shared.cli.flow_view import show
from shared.cli.main import main
from shared.model.errors import LinekeeperError
from shared.model.finding import Finding
from shared.model.voice import AutoAttendant, CallFlow, MenuOption, Target, TargetKind, VoiceExport
from shared.monitor.flow import Flow
from shared.rules.engine import Evaluation, Skipped
from shared.voice.lines import Lines
from shared.voice.tree import draw
from simulator.contoso import RESOURCE_ACCOUNT, unlicensed_line_names, user_id
from simulator.export import export_document

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MAIN, SALES = "AA Main Line Seattle", "CQ Sales Seattle"


@pytest.fixture
async def contoso() -> AsyncIterator[simulator.SimulatorServer]:
    async with simulator.SimulatorServer(simulator.contoso()) as server:
        server.tenant.set_enabled_units(RESOURCE_ACCOUNT, 90)
        for name in unlicensed_line_names():
            server.tenant.assign_license(user_id(name), RESOURCE_ACCOUNT)
        yield server


@pytest.fixture
def environment(contoso: simulator.SimulatorServer, tmp_path: Path) -> dict[str, str]:
    return {
        "LINEKEEPER_TENANT_ID": contoso.tenant.tenant_id,
        "LINEKEEPER_GRAPH_URL": contoso.graph_url,
        "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
        "LINEKEEPER_VOICE_EXPORT": f"file:{tmp_path / 'voice.json'}",
    }


@pytest.fixture
def export(contoso: simulator.SimulatorServer, tmp_path: Path) -> Callable[..., None]:
    def write(**changed: object) -> None:
        (tmp_path / "voice.json").write_bytes(json.dumps(export_document(contoso.tenant) | changed).encode())

    return write


async def drawn(environment: dict[str, str], line: str | None = None, form: Form = "tree") -> int:
    """The command in a thread of its own, since it runs a loop of its own."""
    return await asyncio.to_thread(run_flow, environment, line=line, form=form)


async def test_a_line_is_drawn_as_a_tree_beneath_the_way_to_it(
    environment: dict[str, str], export: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    export()
    assert await drawn(environment, SALES) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert captured.err == ""
    assert lines[1] == f"Callers come by: +1 425 555 0100 > {MAIN} > key 1 > {SALES}"
    assert lines[3] == f"{SALES}  call queue"
    assert lines[4].startswith("│     rings 4 agents, 4 opted in: ")
    assert lines[5] == "├─ no agents > CQ Reception Seattle  call queue"
    assert lines[7] == "│  └─ no agents, timeout, overflow > voicemail of Voicemail Seattle"
    assert lines[9] == "└─ overflow > CQ Reception Seattle  see above"
    assert not (tmp_path / "linekeeper.db").exists()


async def test_every_line_of_the_tenant_is_drawn_by_number(
    environment: dict[str, str], export: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    export()
    assert await drawn(environment) == 0
    lines = capsys.readouterr().out.splitlines()
    roots = [line for line in lines[1:] if line.startswith("+")]
    assert len(roots) == 15
    assert "36 auto attendants, 54 call queues, 0 of them not reachable" in lines[0]
    assert sum(line.endswith(("  auto attendant", "  call queue")) for line in lines) == 90
    assert not any("CRITICAL" in line or "does not exist" in line for line in lines)


async def test_what_is_broken_is_said_in_words_where_it_is(
    contoso: simulator.SimulatorServer,
    environment: dict[str, str],
    export: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    contoso.tenant.remove_license(user_id(SALES), RESOURCE_ACCOUNT)
    contoso.tenant.voice.delete_queue("CQ Reception Chicago")
    contoso.tenant.voice.circle("AA Main Line Paris", "AA Main Line Berlin")
    contoso.tenant.soft_delete(user_id("AA Main Line Madrid"))
    export()
    assert await drawn(environment) == 0
    lines = capsys.readouterr().out.splitlines()
    sales = next(place for place, line in enumerate(lines) if f"key 1 > {SALES}  call queue" in line)
    assert "CRITICAL  resource-account-unlicensed  No licence" in lines[sales + 2]
    missing = next(place for place, line in enumerate(lines) if "> voice app" in line)
    assert lines[missing].endswith("does not exist")
    assert "WARNING  voice-app-target-missing  " in lines[missing + 1]
    circle = next(line for line in lines if "back to" in line)
    assert circle.endswith("─ automatically > back to AA Main Line Paris  (circle)  CRITICAL voice-app-loop")
    madrid = next(place for place, line in enumerate(lines) if line.startswith("+34"))
    assert lines[madrid + 1] == "└─ AA Main Line Madrid  resource account  does not exist"
    assert "CRITICAL  resource-account-deleted-with-number" in lines[madrid + 2]
    lost = next(line for line in lines if line.startswith("AA Main Line Madrid"))
    assert lost.endswith("(does not exist)  not reachable")
    assert not any("\x1b" in line for line in lines)


async def test_the_whole_graph_is_one_json_document(
    contoso: simulator.SimulatorServer,
    environment: dict[str, str],
    export: Callable[..., None],
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    contoso.tenant.remove_license(user_id(SALES), RESOURCE_ACCOUNT)
    contoso.tenant.voice.circle("AA Main Line Paris", "AA Main Line Berlin")
    contoso.tenant.soft_delete(user_id("AA Main Line Madrid"))
    export()
    assert await drawn(environment, form="json") == 0
    captured = capsysbinary.readouterr()
    assert captured.err == b""
    document: dict[str, Any] = json.loads(captured.out)
    assert list(document) == ["schema", "tenant", "as_of", "nodes", "edges", "unreachable", "circles", "skipped"]
    assert document["schema"] == 1
    assert document["as_of"].endswith("Z")
    nodes = {node["id"]: node for node in document["nodes"]}
    assert len(nodes) == len(document["nodes"])
    assert all({edge["source"], edge["target"]} <= nodes.keys() for edge in document["edges"])
    voice = contoso.tenant.voice
    main_line, sales = voice.attendant(MAIN).identity, voice.queue(SALES).identity
    assert nodes["+14255550100"] == {"id": "+14255550100", "kind": "number", "name": "+14255550100"}
    broken = nodes[user_id(SALES)]
    assert (broken["kind"], broken["name"]) == ("account", SALES)
    assert "resource-account-unlicensed" in broken["broken"]
    assert nodes[f"nobody:{main_line}"]["kind"] == "nobody"
    entrance = {"source": "+14255550100", "target": user_id(MAIN), "kind": "number", "path": ""}
    assert entrance in document["edges"]
    key = next(edge for edge in document["edges"] if edge["source"] == main_line and edge.get("key") == "1")
    assert key["target"] in {sales, user_id(SALES)}
    assert (key["kind"], key["path"]) == ("key", "DefaultCallFlow.MenuOptions[1]")
    assert document["unreachable"] == [voice.attendant("AA Main Line Madrid").identity]
    circle = {voice.attendant(f"AA Main Line {city}").identity for city in ("Paris", "Berlin")}
    assert [set(each) for each in document["circles"]] == [circle]
    assert all(set(each) == {"rule", "why"} for each in document["skipped"])


async def test_a_part_of_the_graph_holds_what_a_call_comes_to_and_no_more(
    environment: dict[str, str], export: Callable[..., None], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    export()
    assert await drawn(environment, SALES, "json") == 0
    document = json.loads(capsysbinary.readouterr().out)
    apps = {node["name"] for node in document["nodes"] if node["kind"] in {"attendant", "queue"}}
    assert apps == {SALES, "CQ Reception Seattle"}
    assert len([node for node in document["nodes"] if node["kind"] == "person"]) == 8
    assert document["unreachable"] == document["circles"] == []


async def test_a_flowchart_is_all_that_is_printed(
    environment: dict[str, str], export: Callable[..., None], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    export()
    assert await drawn(environment, "+1 425 555 0100", "mermaid") == 0
    captured = capsysbinary.readouterr()
    lines = captured.out.decode().splitlines()
    assert captured.err == b""
    assert lines[:2] == ["flowchart LR", '  n0(["#43;1 425 555 0100"])']
    assert sum(line.startswith("  n1 -->") for line in lines) == 6


@pytest.mark.parametrize("form", ["tree", "mermaid", "json"])
async def test_an_export_that_is_not_complete_is_drawn_said_to_be_and_exits_with_2(
    environment: dict[str, str], export: Callable[..., None], capsys: pytest.CaptureFixture[str], form: Form
) -> None:
    export(complete=False, errors=[{"stage": "callQueues", "message": "Timeout"}])
    assert await drawn(environment, form=form) == 2
    captured = capsys.readouterr()
    assert MAIN in captured.out
    said = captured.out.splitlines()[0] if form == "tree" else captured.err
    assert "may be old or missing: the voice export could not be read completely" in said
    assert said.count("\n") <= 1


async def test_names_are_plain_text_on_one_line(
    contoso: simulator.SimulatorServer,
    environment: dict[str, str],
    export: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile = "[red]x[/] [link=https://x]y[/link]\x1b[2J\u202e\nz"
    document = export_document(contoso.tenant)
    rows = [row | {"Name": hostile} if row["Name"] == MAIN else row for row in document["autoAttendants"]]
    for row in rows:
        row["CallFlows"] = [flow | {"Name": hostile} for flow in row["CallFlows"] or ()]
    export(autoAttendants=rows)
    assert await drawn(environment, "+14255550100") == 0
    output = capsys.readouterr().out
    assert "└─ [red]x[/] [link=https://x]y[/link] [2J z  auto attendant" in output
    assert "holiday [red]x[/] [link=https://x]y[/link] [2J z > the call ends" in output
    assert "\x1b" not in output
    assert "\u202e" not in output


async def test_without_an_export_the_error_names_the_setting(environment: dict[str, str]) -> None:
    del environment["LINEKEEPER_VOICE_EXPORT"]
    with pytest.raises(LinekeeperError, match="LINEKEEPER_VOICE_EXPORT"):
        await drawn(environment)


async def test_settings_are_checked_first(environment: dict[str, str]) -> None:
    with pytest.raises(LinekeeperError, match="LINEKEEPER_STORE must be"):
        await drawn(environment | {"LINEKEEPER_STORE": "cupboard"})


async def test_the_command_takes_a_line_and_one_form(
    environment: dict[str, str],
    export: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert await asyncio.to_thread(main, ["flow", SALES]) == 0
    assert f"> {SALES}" in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["flow", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == 1
    assert await asyncio.to_thread(main, ["flow", SALES, "--mermaid"]) == 0
    assert capsys.readouterr().out.startswith("flowchart LR\n")
    with pytest.raises(SystemExit, match="2"):
        main(["flow", "--json", "--mermaid"])
    assert "not allowed with argument" in capsys.readouterr().err


def a_flow(*attendants: AutoAttendant, findings: tuple[Finding, ...] = (), skipped: tuple[Skipped, ...] = ()) -> Flow:
    export = VoiceExport(exported_at=NOW, complete=True, attendants=attendants, queues=())
    return Flow(
        tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95",
        as_of=NOW,
        lines=Lines(export, live=(), numbers={}, names={}),
        evaluation=Evaluation(findings=findings, skipped=skipped),
        start=None,
        names={},
        gone=frozenset(),
        gaps=(),
    )


def on_a_terminal(flow: Flow, *, limit: int = 2_000, colour: bool = True) -> str:
    screen = io.StringIO()
    tree = draw(flow.lines, flow.evaluation.findings, limit=limit)
    show(flow, tree, Console(file=screen, force_terminal=colour, color_system="standard" if colour else None, width=80))
    return screen.getvalue()


def test_colour_is_on_a_terminal_only_and_the_word_is_always_there(make_finding: Callable[..., Finding]) -> None:
    broken = make_finding("voice-app-loop", "a", summary="Callers circle\n[red]for ever[/].")
    flow = a_flow(AutoAttendant(id="a", name="Main"), findings=(broken,))
    assert "\x1b[1;31mCRITICAL\x1b[0m" in on_a_terminal(flow)
    plain = on_a_terminal(flow, colour=False)
    assert "      CRITICAL  voice-app-loop  Callers circle [red]for ever[/]." in plain.splitlines()
    assert "\x1b" not in plain


def test_what_was_left_out_and_what_was_not_judged_is_said_last() -> None:
    many = tuple(AutoAttendant(id=str(place), name=f"Line {place}") for place in range(5))
    flow = a_flow(*many, skipped=(Skipped("voice-app-loop", "voice is not read"),))
    lines = on_a_terminal(flow, limit=3, colour=False).splitlines()
    assert lines[-2] == "2 more lines are left out: ask for one line by its name or number, or take --json."
    assert lines[-1].startswith("1 rule was not judged")


def test_a_tenant_without_lines_is_said_to_have_none() -> None:
    assert "There are no auto attendants, call queues or numbers." in on_a_terminal(a_flow(), colour=False)


def test_no_two_nodes_share_an_id() -> None:
    def leads(key: str, kind: TargetKind) -> MenuOption:
        return MenuOption(key=key, action="target", target=Target(kind, "same"))

    options = (leads("1", "user"), leads("2", "account"), leads("3", "voicemail"))
    document = json.loads(to_json(a_flow(AutoAttendant(id="a", name="Main", default_flow=CallFlow(options=options)))))
    assert [(node["id"], node["kind"]) for node in document["nodes"]] == [
        ("same", "account"),
        ("a", "attendant"),
        ("person:same", "person"),
        ("voicemail:same", "voicemail"),
    ]
    assert [edge["target"] for edge in document["edges"]] == ["same", "person:same", "voicemail:same"]
