from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from simulator import LostAnswerFault, SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, line_names, user_id
from simulator.subscriptions import LifecycleEvent

if TYPE_CHECKING:
    from tests.simulator.conftest import Clock, Subscriber

LINES = [user_id(name) for name in line_names()[:2]]


def wanted(subscriber: Subscriber, **others: object) -> dict[str, object]:
    return {
        "changeType": "updated,deleted",
        "resource": "users",
        "notificationUrl": subscriber.url,
        "lifecycleNotificationUrl": subscriber.url,
        "expirationDateTime": (datetime.now(UTC) + timedelta(days=20)).isoformat(),
        "clientState": "a secret of thirty-two characters",
        **others,
    }


async def subscribed(graph: httpx.AsyncClient, subscriber: Subscriber) -> str:
    created = await graph.post("subscriptions", json=wanted(subscriber))
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


async def listed(graph: httpx.AsyncClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await graph.get("subscriptions")).json()["value"]
    return rows


async def test_beyond_the_quota_no_subscription_is_made(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    server.graph.subscriptions.quota = 1
    await subscribed(graph, subscriber)
    refused = await graph.post("subscriptions", json=wanted(subscriber, changeType="updated"))
    assert refused.status_code == 403
    assert len(await listed(graph)) == 1
    again = await graph.post("subscriptions", json=wanted(subscriber))
    assert again.status_code == 409


async def test_a_subscription_that_seems_not_to_be_made_meets_itself_again(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    server.graph.faults.add(LostAnswerFault(times=1))
    assert (await graph.post("subscriptions", json=wanted(subscriber))).status_code == 503
    again = await graph.post("subscriptions", json=wanted(subscriber))
    assert again.status_code == 409
    [made] = await listed(graph)
    assert made["id"] in again.json()["error"]["message"]


async def test_an_expired_subscription_is_neither_listed_nor_renewed_nor_told(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    made = await subscribed(graph, subscriber)
    server.graph.subscriptions.expire(made)
    assert await listed(graph) == []
    later = {"expirationDateTime": (datetime.now(UTC) + timedelta(days=2)).isoformat()}
    assert (await graph.patch(f"subscriptions/{made}", json=later)).status_code == 404
    server.tenant.remove_license(LINES[0], RESOURCE_ACCOUNT)
    await server.notifier.settled()
    assert subscriber.bodies == []
    assert (await graph.post("subscriptions", json=wanted(subscriber))).status_code == 201


@pytest.mark.parametrize(("event", "left"), [("reauthorizationRequired", 1), ("missed", 1), ("subscriptionRemoved", 0)])
async def test_every_lifecycle_event_can_be_sent(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber, event: LifecycleEvent, left: int
) -> None:
    made = await subscribed(graph, subscriber)
    server.graph.subscriptions.send_lifecycle(event)
    await server.notifier.settled()
    assert [(item["lifecycleEvent"], item["subscriptionId"]) for item in subscriber.items] == [(event, made)]
    assert len(await listed(graph)) == left


def test_there_is_no_other_lifecycle_event(server: SimulatorServer) -> None:
    with pytest.raises(ValueError, match="reauthorizationRequired, subscriptionRemoved, missed"):
        server.graph.subscriptions.send_lifecycle("reauthorise")  # type: ignore[arg-type]


@pytest.mark.parametrize("by", ["PATCH", "POST"])
async def test_a_lapsed_token_holds_notifications_until_it_is_renewed(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber, by: str
) -> None:
    made = await subscribed(graph, subscriber)
    [before] = await listed(graph)
    server.graph.subscriptions.lapse(made)
    for line in LINES:
        server.tenant.remove_license(line, RESOURCE_ACCOUNT)
    await server.notifier.settled()
    assert subscriber.bodies == []
    if by == "PATCH":
        later = {"expirationDateTime": (datetime.now(UTC) + timedelta(days=21)).isoformat()}
        assert (await graph.patch(f"subscriptions/{made}", json=later)).status_code == 200
    else:
        assert (await graph.post(f"subscriptions/{made}/reauthorize")).status_code == 204
        assert await listed(graph) == [before]
    await server.notifier.settled()
    assert [item["resourceData"]["id"] for item in subscriber.items] == LINES
    server.tenant.assign_license(LINES[0], RESOURCE_ACCOUNT)
    await server.notifier.settled()
    assert len(subscriber.items) == 3


async def test_what_was_held_for_more_than_four_hours_is_lost(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber, clock: Clock
) -> None:
    made = await subscribed(graph, subscriber)
    server.graph.subscriptions.lapse(made)
    server.tenant.remove_license(LINES[0], RESOURCE_ACCOUNT)
    clock.advance(hours=3)
    server.tenant.remove_license(LINES[1], RESOURCE_ACCOUNT)
    clock.advance(hours=2)
    assert (await graph.post(f"subscriptions/{made}/reauthorize")).status_code == 204
    await server.notifier.settled()
    assert [item["resourceData"]["id"] for item in subscriber.items] == LINES[1:]


async def test_the_notification_url_moves_after_a_handshake(graph: httpx.AsyncClient, subscriber: Subscriber) -> None:
    made = await subscribed(graph, subscriber)
    elsewhere = f"{subscriber.url}/v2"
    moved = await graph.patch(f"subscriptions/{made}", json={"notificationUrl": elsewhere})
    assert (moved.status_code, moved.json()["notificationUrl"]) == (200, elsewhere)
    assert len(subscriber.tokens) == 3
    subscriber.handshake_status = 500
    refused = await graph.patch(f"subscriptions/{made}", json={"notificationUrl": subscriber.url})
    assert refused.json()["error"]["code"] == "ValidationError"
    assert (await listed(graph))[0]["notificationUrl"] == elsewhere


@pytest.mark.parametrize(
    "change",
    [
        {"clientState": "another"},
        {"changeType": "updated"},
        {"resource": "groups"},
        {"lifecycleNotificationUrl": "https://lk.example/api"},
        {"notificationUrl": "http://lk.example/api"},
        {"expirationDateTime": "2020-01-01T00:00:00Z"},
    ],
)
async def test_a_renewal_changes_nothing_else(
    graph: httpx.AsyncClient, subscriber: Subscriber, change: dict[str, object]
) -> None:
    made = await subscribed(graph, subscriber)
    before = await listed(graph)
    assert (await graph.patch(f"subscriptions/{made}", json=change)).status_code == 400
    assert await listed(graph) == before
