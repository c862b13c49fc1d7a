from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

import simulator
from shared.cli.check import run_check


@pytest.fixture
async def contoso() -> AsyncIterator[simulator.SimulatorServer]:
    async with simulator.SimulatorServer(simulator.contoso()) as server:
        yield server


@pytest.fixture
def environment(contoso: simulator.SimulatorServer, tmp_path: Path) -> dict[str, str]:
    return {
        "LINEKEEPER_TENANT_ID": contoso.tenant.tenant_id,
        "LINEKEEPER_GRAPH_URL": contoso.graph_url,
        "LINEKEEPER_TEAMS_WEBHOOK_URL": contoso.webhook_url,
        "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
    }


async def checked(environment: dict[str, str]) -> int:
    """The command in a thread of its own, since it runs a loop of its own."""
    return await asyncio.to_thread(run_check, environment, as_json=True)


def has_made_a_store(environment: dict[str, str]) -> bool:
    return Path(environment["LINEKEEPER_STORE"].removeprefix("sqlite:")).exists()


def outcomes(capsysbinary: pytest.CaptureFixture[bytes]) -> dict[str, tuple[str, str]]:
    """Outcome and detail by the name's first word."""
    document = json.loads(capsysbinary.readouterr().out)
    assert document["schema"] == 1
    return {check["name"].split()[0]: (check["outcome"], check["detail"]) for check in document["checks"]}


async def test_everything_in_place_exits_with_0_and_sends_and_changes_nothing(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert await checked(environment) == 0
    found = outcomes(capsysbinary)
    assert {name: outcome for name, (outcome, _) in found.items()} == {
        "store": "ok",
        "licences": "ok",
        "accounts": "ok",
        "numbers": "ok",
        "calling": "ok",
        "voice": "off",
        "notification": "off",
        "channel": "ok",
    }
    assert contoso.channel.cards == []
    assert not has_made_a_store(environment)
    assert not any(route.startswith(("PATCH", "DELETE")) for route in contoso.graph.requests)
    assert not any(route == "POST subscriptions" for route in contoso.graph.requests)


async def test_a_missing_optional_permission_exits_with_1_and_is_named_with_what_is_lost(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    contoso.graph.deny("GET admin/teams/telephoneNumberManagement/numberAssignments")
    assert await checked(environment) == 1
    outcome, detail = outcomes(capsysbinary)["numbers"]
    assert outcome == "failed"
    assert "Grant the application permission TeamsTelephoneNumber.Read.All" in detail
    assert "Without it, severities do not know" in detail


async def test_a_missing_required_permission_exits_with_2(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    contoso.graph.deny("GET users/delta")
    assert await checked(environment) == 2
    assert "User.Read.All" in outcomes(capsysbinary)["accounts"][1]


async def test_a_store_that_cannot_be_written_exits_with_2(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    environment["LINEKEEPER_STORE"] = "sqlite:/nowhere/linekeeper.db"
    assert await checked(environment) == 2
    assert outcomes(capsysbinary)["store"] == (
        "failed",
        (
            "LINEKEEPER_STORE: /nowhere/linekeeper.db cannot be opened: there is no folder /nowhere. Make it, or give "
            "another path."
        ),
    )


async def test_a_cloud_without_the_teams_apis_is_no_failure(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    contoso.graph.without_teams_admin = True
    assert await checked(environment) == 0
    found = outcomes(capsysbinary)
    assert (found["numbers"][0], found["calling"][0]) == ("absent", "absent")


async def test_a_source_switched_off_is_not_asked_for(
    contoso: simulator.SimulatorServer,
    environment: dict[str, str],
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    config = tmp_path / "linekeeper.toml"
    config.write_text("[sources]\nnumbers = false\ncalling = false\n", encoding="utf-8")
    assert await checked(environment | {"LINEKEEPER_CONFIG": str(config)}) == 0
    found = outcomes(capsysbinary)
    assert (found["numbers"][0], found["calling"][0]) == ("off", "off")
    assert not any("admin/teams" in route for route in contoso.graph.requests)


@pytest.mark.parametrize(
    ("echo", "outcome", "detail"),
    [
        (True, "ok", ""),
        (False, "failed", "It did not pass the validation handshake (status 200)."),
        (None, "failed", "It cannot be reached from here (ConnectError)."),
    ],
)
async def test_the_notification_url_is_tried_with_graphs_handshake(
    environment: dict[str, str],
    capsysbinary: pytest.CaptureFixture[bytes],
    echo: bool | None,  # noqa: FBT001 - a case
    outcome: str,
    detail: str,
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.query["validationToken"] if echo else "a parked domain")

    app = web.Application()
    app.router.add_post("/api/notifications", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1] if echo is not None else 1
    environment["LINEKEEPER_NOTIFICATION_URL"] = f"http://127.0.0.1:{port}"
    environment["LINEKEEPER_CLIENT_STATE"] = "a client state of forty characters, fully"
    code = await checked(environment)
    await runner.cleanup()
    found = outcomes(capsysbinary)["notification"]
    assert code == (0 if outcome == "ok" else 1)
    assert found[0] == outcome
    assert found[1].startswith(detail)


async def test_people_get_a_table_and_the_remedies_below_it(
    contoso: simulator.SimulatorServer, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    contoso.graph.deny("GET subscribedSkus")
    assert await asyncio.to_thread(run_check, environment, as_json=False) == 2
    output = capsys.readouterr().out
    assert output.startswith("Settings are complete.")
    assert "licences (Organization.Read.All): Microsoft Graph refused the read (403, Authorization_Req" in output
    assert "sig=" not in output


async def test_routes_that_leave_critical_findings_nowhere_are_a_warning_of_the_channel(
    environment: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "site.toml"
    config.write_text('[[routes]]\nreceivers = ["teams"]\nseverities = ["info"]\n', encoding="utf-8")
    environment["LINEKEEPER_CONFIG"] = str(config)
    assert await asyncio.to_thread(run_check, environment, as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["warning", "channel", "telling", "people"] for line in lines)
    [told] = [line for line in lines if line.startswith("channel: ")]
    assert "routes: critical findings of the family accounts go nowhere." in told
