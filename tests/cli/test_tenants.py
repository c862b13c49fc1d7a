"""Commands of a service that watches several tenants: each says which it is about, and touches no other."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any

import msgspec
import pytest

import simulator
from shared.cli.audit import run_audit
from shared.cli.check import run_check
from shared.cli.confirm import run_confirm
from shared.cli.explain import run_explain
from shared.cli.flow import run_flow
from shared.cli.main import COMMANDS as MAIN_COMMANDS
from shared.cli.main import parser
from shared.cli.serve import check_documents, run_serve, watched
from shared.cli.silence import NewSilence, run_add, run_end, run_list
from shared.cli.test_card import run_test_card
from shared.cli.what_if import run_what_if
from shared.model.errors import LinekeeperError, StoreError
from shared.model.tenant import TenantState
from shared.settings import load
from shared.state.sqlite import SqliteStore

CONTOSO = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
FABRIKAM = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
BOTH = f"Contoso ({CONTOSO}), Fabrikam Dental ({FABRIKAM})"


@pytest.fixture
async def graph() -> AsyncIterator[simulator.SimulatorServer]:
    """A Graph that answers alike for every tenant."""
    async with simulator.SimulatorServer(simulator.contoso()) as server:
        yield server


@pytest.fixture
def environment(graph: simulator.SimulatorServer, tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "site.toml"
    config.write_text(
        f'[[tenants]]\nid = "{CONTOSO}"\nname = "Contoso"\n[[tenants]]\nid = "{FABRIKAM}"\nname = "Fabrikam Dental"\n'
        '[receivers.noc]\nkind = "workflows"\nurl = "env:NOC"\n'
        f'[receivers.fabrikam]\nkind = "workflows"\nurl = "env:FABRIKAM"\n'
        f'[[routes]]\nreceivers = ["noc"]\n[[routes]]\nreceivers = ["fabrikam"]\ntenants = ["{FABRIKAM}"]\n',
        encoding="utf-8",
    )
    return {
        "NOC": graph.webhook_url,
        "FABRIKAM": graph.webhook_url + "&copy=1",
        "LINEKEEPER_GRAPH_URL": graph.graph_url,
        "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
        "LINEKEEPER_CONFIG": str(config),
    }


COMMANDS: dict[str, Callable[[Mapping[str, str], str], int]] = {
    "audit": lambda environment, tenant: run_audit(environment, as_json=True, fail_on="critical", tenant=tenant),
    "what-if": lambda environment, tenant: run_what_if(
        environment, seats=["-10"], add_accounts=0, on=None, as_json=True, tenant=tenant
    ),
    "explain": lambda environment, tenant: run_explain(environment, account="x", as_json=True, tenant=tenant),
    "flow": lambda environment, tenant: run_flow(environment, line=None, form="json", tenant=tenant),
    "confirm": lambda environment, tenant: run_confirm(environment, account="x", as_json=True, tenant=tenant),
    "test-card": lambda environment, tenant: run_test_card(environment, as_json=True, tenant=tenant),
    "silence add": lambda environment, tenant: run_add(
        environment, NewSilence(rules=("*",), lasts="1h", reason="Move", author="Ada"), as_json=True, tenant=tenant
    ),
    "silence list": lambda environment, tenant: run_list(environment, as_json=True, tenant=tenant),
    "silence end": lambda environment, tenant: run_end(environment, silence_id="x", as_json=True, tenant=tenant),
}


async def run(name: str, environment: Mapping[str, str], tenant: str) -> int:
    """The command in a thread of its own, since it runs a loop of its own."""
    return await asyncio.to_thread(COMMANDS[name], environment, tenant)


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_that_is_not_told_which_tenant_lists_them_and_does_nothing(
    name: str, environment: dict[str, str], graph: simulator.SimulatorServer
) -> None:
    with pytest.raises(LinekeeperError) as caught:
        await run(name, environment, "")
    assert str(caught.value) == f"there are 2 tenants: name one by --tenant. They are {BOTH}."
    with pytest.raises(LinekeeperError) as caught:
        await run(name, environment, "Fabrikan Dental")
    assert str(caught.value) == (
        f"no tenant is called `Fabrikan Dental` (did you mean `Fabrikam Dental`?). There are {BOTH}."
    )
    assert not graph.graph.requests
    assert graph.channel.cards == []
    assert not has_made_a_store(environment)


@pytest.mark.parametrize(
    "typed",
    [
        ["audit"],
        ["what-if"],
        ["explain", "AA"],
        ["flow"],
        ["check"],
        ["confirm", "AA"],
        ["test-card"],
        ["silence", "list"],
        ["silence", "end", "x"],
        ["silence", "add", "--for", "1h", "--reason", "Move"],
    ],
    ids=" ".join,
)
def test_every_command_about_a_tenant_takes_its_id_or_name(typed: list[str]) -> None:
    assert parser().parse_args([*typed, "--tenant", "Fabrikam Dental"]).tenant == "Fabrikam Dental"
    assert parser().parse_args(typed).tenant == ""


def has_made_a_store(environment: Mapping[str, str]) -> bool:
    return Path(environment["LINEKEEPER_STORE"].removeprefix("sqlite:")).exists()


def printed(capsysbinary: pytest.CaptureFixture[bytes]) -> Any:  # noqa: ANN401 - JSON
    return json.loads(capsysbinary.readouterr().out)


@pytest.mark.parametrize(("named", "tenant"), [("contoso", CONTOSO), (FABRIKAM.upper(), FABRIKAM)])
async def test_an_audit_is_of_the_tenant_that_is_named(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes], named: str, tenant: str
) -> None:
    await run("audit", environment, named)
    assert printed(capsysbinary)["tenant"] == tenant


async def test_the_usual_tenant_need_not_be_named(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    await run("audit", environment | {"LINEKEEPER_TENANT_ID": FABRIKAM}, "")
    assert printed(capsysbinary)["tenant"] == FABRIKAM


async def test_a_test_card_goes_to_the_tenants_own_channels_alone(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert await run("test-card", environment, "Contoso") == 0
    assert [each["receiver"] for each in printed(capsysbinary)["receivers"]] == ["noc"]
    assert await run("test-card", environment, "Fabrikam Dental") == 0
    assert [each["receiver"] for each in printed(capsysbinary)["receivers"]] == ["noc", "fabrikam"]


async def test_a_silence_is_of_the_tenant_that_is_named(
    environment: dict[str, str],
    capsysbinary: pytest.CaptureFixture[bytes],
    make_state: Callable[..., TenantState],
    make_account: Callable[..., Any],
) -> None:
    store = SqliteStore(Path(environment["LINEKEEPER_STORE"].removeprefix("sqlite:")))
    for tenant in (CONTOSO, FABRIKAM):
        assert await store.save(msgspec.structs.replace(make_state(make_account(1)), tenant=tenant), "")
    assert await run("silence add", environment, "Contoso") == 0
    assert printed(capsysbinary)["silence"]["state"] == "active"
    counts = {}
    for name in ("Contoso", "Fabrikam Dental"):
        assert await run("silence list", environment, name) == 0
        counts[name] = len(printed(capsysbinary)["silences"])
    assert counts == {"Contoso": 1, "Fabrikam Dental": 0}


async def test_a_check_looks_at_all_tenants_or_at_the_one_that_is_named(
    environment: dict[str, str], graph: simulator.SimulatorServer, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert await asyncio.to_thread(run_check, environment, as_json=True) == 0
    every = printed(capsysbinary)
    assert [(each["tenant"], each["name"]) for each in every["tenants"]] == [
        (CONTOSO, "Contoso"),
        (FABRIKAM, "Fabrikam Dental"),
    ]
    assert await asyncio.to_thread(run_check, environment, as_json=True, tenant="contoso") == 0
    one = printed(capsysbinary)
    assert one.keys() == {"schema", "checks"}
    assert [each["name"] for each in one["checks"]] == [each["name"] for each in every["tenants"][0]["checks"]]
    graph.graph.outage = 500
    assert await asyncio.to_thread(run_check, environment, as_json=True) == 2


async def test_a_check_for_people_names_each_tenant(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(run_check, environment, as_json=False)
    said = capsys.readouterr().out
    assert f"Tenant Contoso ({CONTOSO})" in said
    assert f"Tenant Fabrikam Dental ({FABRIKAM})" in said


def test_serve_names_the_tenants_that_it_watches(environment: dict[str, str]) -> None:
    settings = load(environment)
    assert watched(settings) == f"2 tenants: {BOTH}"
    assert watched(settings.of(CONTOSO)) == f"tenant Contoso ({CONTOSO})"


async def test_one_document_that_cannot_be_read_stops_no_other_tenant_and_all_of_them_stop_the_start(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    path = environment["LINEKEEPER_STORE"].removeprefix("sqlite:")
    caplog.set_level(logging.ERROR, logger="linekeeper")
    settings = load(environment)
    await check_documents(settings)
    for tenant in settings.tenant_ids:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("INSERT INTO documents VALUES (?, ?, 1)", (tenant, b"no document"))
        if tenant == CONTOSO:
            await check_documents(settings)
            assert f"tenant {CONTOSO}: " in caplog.text
            assert FABRIKAM not in caplog.text
    with pytest.raises(StoreError):
        await check_documents(settings)


def test_an_event_hub_is_read_on_azure_alone_and_serve_says_so(environment: dict[str, str]) -> None:
    with pytest.raises(LinekeeperError, match=r"^LINEKEEPER_EVENT_HUB: an event hub is read on Azure alone\."):
        run_serve(environment | {"LINEKEEPER_EVENT_HUB": "graph"}, port=0)


def routes(environment: Mapping[str, str], one: str) -> None:
    """Let one route stand in place of those that there are."""
    config = Path(environment["LINEKEEPER_CONFIG"])
    before, _, _ = config.read_text(encoding="utf-8").partition("[[routes]]")
    config.write_text(f"{before}[[routes]]\n{one}\n", encoding="utf-8")


async def test_a_tenant_without_a_route_is_told_as_such_and_the_others_hear_nothing_of_it(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    routes(environment, f'receivers = ["noc"]\ntenants = ["{CONTOSO}"]\nseverities = ["warning"]')
    assert await asyncio.to_thread(run_check, environment, as_json=True) == 0
    contoso, fabrikam = (
        next(check for check in each["checks"] if check["name"] == "channel")
        for each in printed(capsysbinary)["tenants"]
    )
    assert contoso["outcome"] == "warning"
    assert "routes: critical findings of the family accounts go nowhere" in contoso["detail"]
    assert "Fabrikam" not in contoso["detail"]
    assert fabrikam["outcome"] == "off"
    assert fabrikam["detail"].startswith("No route is of this tenant: nothing of it is told.")
    with pytest.raises(LinekeeperError, match=r"^there is no receiver\. No route is of this tenant: "):
        await run("test-card", environment, "Fabrikam Dental")


def test_each_command_says_what_it_does_without_a_tenant() -> None:
    helped = {command.name: help_of(command.name) for command in MAIN_COMMANDS}
    said = {name for name, text in helped.items() if "all that the settings list are looked at" in text}
    assert said == {"check"}
    assert "which tenant, where the settings list several" in helped["audit"]


def help_of(name: str) -> str:
    """A command's help, on one line."""
    text = io.StringIO()
    with redirect_stdout(text), pytest.raises(SystemExit):
        parser().parse_args([name, "--help"])
    return " ".join(text.getvalue().split())
