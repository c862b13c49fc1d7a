"""`linekeeper test-card`: sends one to every receiver, and says what it proved."""

from __future__ import annotations

import asyncio
import json

import pytest

import simulator
from shared.cli.test_card import run_test_card
from shared.model.errors import LinekeeperError


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
    assert "teams: it was accepted. That is no receipt" in capsys.readouterr().out
    assert "est" in card.text


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


async def test_without_a_receiver_the_setting_is_named() -> None:
    with pytest.raises(LinekeeperError, match="LINEKEEPER_TEAMS_WEBHOOK_URL"):
        await sent({"LINEKEEPER_TENANT_ID": "84bd8158-6d4d-4958-8b9f-9d6445542f95"})
