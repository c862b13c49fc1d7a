"""`linekeeper test-card`: sends one to every receiver, and says what it proved."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import simulator
from shared.cli.test_card import run_test_card
from shared.model.errors import LinekeeperError
from simulator.bot_connector import SimulatedBotConnector


async def sent(environment: dict[str, str], *, as_json: bool = False) -> int:
    return await asyncio.to_thread(run_test_card, environment, as_json=as_json)


async def test_a_card_that_was_taken_says_that_this_is_no_receipt(capsys: pytest.CaptureFixture[str]) -> None:
    async with simulator.SimulatorServer(simulator.contoso()) as contoso:
        environment = {
            "LINEKEEPER_TENANT_ID": contoso.tenant.tenant_id,
            "LINEKEEPER_GRAPH_URL": contoso.graph_url,
            "LINEKEEPER_TEAMS_WEBHOOK_URL": contoso.webhook_url,
        }
        assert await sent(environment) == 0
        (card,) = contoso.channel.cards
    out = capsys.readouterr().out
    assert "teams (Workflows webhook): taken." in out
    assert "Proven: Power Automate accepted the card." in out
    assert "Not proven: that the card stands in the channel: look there." in out
    assert "A test message of Linekeeper" in card.text


async def test_a_channel_that_does_not_answer_is_named_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    environment = {
        "LINEKEEPER_TENANT_ID": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        "LINEKEEPER_GRAPH_URL": "http://127.0.0.1:9/v1.0",
        "LINEKEEPER_TEAMS_WEBHOOK_URL": "http://127.0.0.1:9/workflows/secret",
    }
    assert await sent(environment, as_json=True) == 1
    out = capsys.readouterr().out
    assert json.loads(out)["receivers"][0]["sent"] is False
    assert "secret" not in out


FILE = """
[receivers.ops]
kind = "workflows"
url = "env:OPS"

[receivers.dead]
kind = "webhook"
url = "env:DEAD"
secret = "env:KEY"

[receivers.hook]
kind = "webhook"
url = "env:HOOK"
secret = "env:KEY"

[receivers.pager]
kind = "alertmanager"
url = "env:PAGER"

[receivers.team]
kind = "bot"
app_id = "{app}"
app_password = "env:PASSWORD"
tenant = "{tenant}"
service_url = "{service}"
team = "19:team@thread.tacv2"
channel = "19:operations@thread.tacv2"
"""


async def test_each_kind_of_channel_says_what_it_proved_and_what_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app_id, tenant = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
    connector = SimulatedBotConnector(app_id=app_id, tenant=tenant)
    application = web.Application()
    connector.install(application)
    got: list[str] = []

    async def take(request: web.Request) -> web.Response:
        got.append(request.path)
        return web.Response()

    application.router.add_post("/hook", take)
    application.router.add_post("/api/v2/alerts", take)
    async with simulator.SimulatorServer(simulator.contoso()) as contoso, TestServer(application) as server:
        root = str(server.make_url("")).rstrip("/")
        config = tmp_path / "site.toml"
        config.write_text(FILE.format(app=app_id, tenant=tenant, service=root))
        environment = {
            "LINEKEEPER_TENANT_ID": contoso.tenant.tenant_id,
            "LINEKEEPER_GRAPH_URL": contoso.graph_url,
            "LINEKEEPER_CONFIG": str(config),
            "OPS": contoso.webhook_url,
            "DEAD": "http://127.0.0.1:9/hook?sig=hush",
            "HOOK": f"{root}/hook",
            "KEY": "k" * 32,
            "PAGER": root,
            "PASSWORD": connector.password,
        }
        assert await sent(environment, as_json=True) == 1
        found = {each["receiver"]: each for each in json.loads(capsys.readouterr().out)["receivers"]}
        assert await sent(environment) == 1
        shown = capsys.readouterr().out
    assert list(found) == ["ops", "dead", "hook", "pager", "team"]
    assert [name for name, each in found.items() if not each["sent"]] == ["dead"]
    assert found["dead"]["problem"] == "the webhook cannot be reached (ConnectError)"
    assert "its id came back" in found["team"]["proves"]
    assert "LinekeeperTest" in found["pager"]["proves"]
    assert "signature" in found["hook"]["leaves_open"]
    assert sorted({*got}) == ["/api/v2/alerts", "/hook"]
    assert len(connector.cards) == 2
    assert "dead (webhook): not taken: the webhook cannot be reached (ConnectError)." in shown
    assert shown.count("Not proven: ") == 4
    assert "hush" not in shown


async def test_without_a_receiver_the_setting_is_named() -> None:
    with pytest.raises(LinekeeperError, match="LINEKEEPER_TEAMS_WEBHOOK_URL"):
        await sent({"LINEKEEPER_TENANT_ID": "84bd8158-6d4d-4958-8b9f-9d6445542f95"})
