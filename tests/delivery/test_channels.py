"""Every kind of message goes through every kind of channel, as its own kind of request."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared.delivery.card import MAX_BYTES
from shared.delivery.channels import sender_of
from shared.delivery.sender import Delivered
from shared.model.receiver import (
    AlertmanagerReceiver,
    AnyReceiver,
    BotReceiver,
    WebhookReceiver,
    WorkflowsReceiver,
)
from shared.model.secret import Secret
from shared.model.timing import Timing
from tools.sample_cards import SAMPLES

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
HUSH = Secret("hush-" * 8)
RECEIVERS: dict[str, AnyReceiver] = {
    "workflows": WorkflowsReceiver(name="ops", url=Secret("https://x.logic.azure.com/workflows/1?sig=hush-")),
    "bot": BotReceiver(
        name="team",
        app_id="0f5c1a52-7a3f-4f6e-9a39-1c5f3d1f8a11",
        app_password=HUSH,
        tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95",
        service_url="https://smba.trafficmanager.net/teams",
        team="19:team@thread.tacv2",
        channel="19:operations@thread.tacv2",
    ),
    "webhook": WebhookReceiver(name="hook", url=Secret("https://hooks.example.com/x?key=hush-"), secret=HUSH),
    "alertmanager": AlertmanagerReceiver(name="pager", url=Secret("https://lines:hush-@alerts.example.com")),
}
NO_ALERT = {"announcement", "notice"}


async def sent(kind: str, sample: str) -> list[httpx.Request]:
    """The requests that a message becomes, but for the sign-in."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        asked.append(request)
        return httpx.Response(202, json={"id": "c", "activityId": "1"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    channel = sender_of(RECEIVERS[kind], timing=Timing(), client=client, clock=lambda: NOW)
    result = await channel.send(SAMPLES[sample])
    await channel.close()
    assert isinstance(result, Delivered)
    return asked


def card_in(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The card of a request to Teams."""
    message = body["activity"] if kind == "bot" else body
    [attachment] = message["attachments"]
    content: dict[str, Any] = attachment["content"]
    return content


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("kind", ["workflows", "bot"])
async def test_a_teams_channel_gets_one_card_that_is_not_too_large(kind: str, sample: str) -> None:
    [request] = await sent(kind, sample)
    assert card_in(kind, json.loads(request.content))["type"] == "AdaptiveCard"
    # A bot's request names the place as well, and what a toast shows.
    assert len(request.content) <= MAX_BYTES + (1024 if kind == "bot" else 0)
    assert b"hush-" not in request.content


@pytest.mark.parametrize("sample", SAMPLES)
async def test_a_webhook_gets_the_findings_by_name(sample: str) -> None:
    [request] = await sent("webhook", sample)
    body = json.loads(request.content)
    named = [item.key for section in SAMPLES[sample].sections for item in section.items]
    assert (body["version"], [each["key"] for each in body["findings"]]) == (1, named)
    assert b"hush-" not in request.content


@pytest.mark.parametrize("sample", SAMPLES)
async def test_an_alertmanager_gets_alerts_and_nothing_of_what_is_none(sample: str) -> None:
    asked = await sent("alertmanager", sample)
    if SAMPLES[sample].kind in NO_ALERT:
        assert asked == []
        return
    [request] = asked
    alerts = json.loads(request.content)
    assert alerts
    assert all(each["labels"]["alertname"] and each["startsAt"] <= each["endsAt"] for each in alerts)
    assert b"hush-" not in request.content
