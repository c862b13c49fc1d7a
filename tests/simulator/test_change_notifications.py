from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from simulator import SimulatorServer, contoso
from simulator.contoso import RESOURCE_ACCOUNT, line_names, user_id

if TYPE_CHECKING:
    from tests.simulator.conftest import Subscriber

LINE = user_id("AA Main Line Seattle")


def wanted(url: str, **others: object) -> dict[str, object]:
    expiration = datetime.now(UTC) + timedelta(days=20)
    return {
        "changeType": "updated,deleted",
        "resource": "users",
        "notificationUrl": url,
        "expirationDateTime": expiration.isoformat().replace("+00:00", "Z"),
        "clientState": "a secret of thirty-two characters",
        **others,
    }


async def test_a_subscription_is_created_after_both_urls_passed_the_handshake(
    graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    lifecycle = f"{subscriber.url}?code=a%2Fb%3D%3D"
    answer = await graph.post("subscriptions", json=wanted(subscriber.url, lifecycleNotificationUrl=lifecycle))
    assert answer.status_code == 201, answer.text
    created = answer.json()
    assert created["clientState"] == "a secret of thirty-two characters"
    assert subscriber.queries[1]["code"] == "a/b=="
    assert len(set(subscriber.tokens)) == 2
    assert all(set("+/% ") <= set(token) for token in subscriber.tokens)
    listed = (await graph.get("subscriptions")).json()["value"]
    assert created["clientState"] is not None
    assert listed == [created | {"clientState": None}]
    assert listed == [(await graph.get(f"subscriptions/{created['id']}")).json()]


@pytest.mark.parametrize(
    "manners", [{"handshake_status": 202}, {"handshake_type": "text/html"}, {"handshake_suffix": "\n"}]
)
async def test_a_failed_handshake_creates_nothing(
    graph: httpx.AsyncClient, subscriber: Subscriber, manners: dict[str, object]
) -> None:
    vars(subscriber).update(manners)
    answer = await graph.post("subscriptions", json=wanted(subscriber.url))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ValidationError")
    assert (await graph.get("subscriptions")).json()["value"] == []


async def test_a_url_where_nobody_listens_creates_nothing(graph: httpx.AsyncClient) -> None:
    answer = await graph.post("subscriptions", json=wanted("http://127.0.0.1:9/api/notifications"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ValidationError")


@pytest.mark.parametrize(
    "mistake",
    [
        {"changeType": "created"},
        {"changeType": "updated,created"},
        {"resource": "groups"},
        {"notificationUrl": "http://example.com/api"},
        {"notificationUrl": "ftp://127.0.0.1/api"},
        {"notificationUrl": "http://[broken"},
        {"lifecycleNotificationUrl": "http://example.com/api"},
        {"clientState": "x" * 129},
        {"latestSupportedTlsVersion": "v9"},
        {"includeResourceData": True},
        {"expirationDateTime": "2020-01-01T00:00:00Z"},
        {"expirationDateTime": (datetime.now(UTC) + timedelta(minutes=41_765)).isoformat()},
        {"expirationDateTime": "soon"},
    ],
)
async def test_a_mistaken_subscription_is_refused_before_the_handshake(
    graph: httpx.AsyncClient, subscriber: Subscriber, mistake: dict[str, object]
) -> None:
    answer = await graph.post("subscriptions", json=wanted(subscriber.url) | mistake)
    assert answer.status_code == 400
    assert not subscriber.tokens


async def test_the_same_subscription_twice_is_a_conflict(graph: httpx.AsyncClient, subscriber: Subscriber) -> None:
    created = (await graph.post("subscriptions", json=wanted(subscriber.url))).json()
    again = await graph.post("subscriptions", json=wanted(subscriber.url, changeType="deleted, updated"))
    assert again.status_code == 409
    assert created["id"] in again.json()["error"]["message"]
    other = await graph.post("subscriptions", json=wanted(subscriber.url, changeType="updated"))
    assert other.status_code == 201


async def test_a_subscription_is_renewed_and_deleted(graph: httpx.AsyncClient, subscriber: Subscriber) -> None:
    path = f"subscriptions/{(await graph.post('subscriptions', json=wanted(subscriber.url))).json()['id']}"
    later = (datetime.now(UTC) + timedelta(days=28)).isoformat()
    renewed = await graph.patch(path, json={"expirationDateTime": later})
    assert datetime.fromisoformat(renewed.json()["expirationDateTime"]) == datetime.fromisoformat(later)
    assert (await graph.patch(path, json={"expirationDateTime": later, "clientState": "x"})).status_code == 400
    assert (await graph.patch("subscriptions/unknown", json={"expirationDateTime": later})).status_code == 404
    assert (await graph.delete(path)).status_code == 204
    assert (await graph.delete(path)).status_code == 404


async def test_a_short_life_is_raised_and_then_ends(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    created = (await graph.post("subscriptions", json=wanted(subscriber.url, expirationDateTime=soon))).json()
    left = datetime.fromisoformat(created["expirationDateTime"]) - datetime.now(UTC)
    assert timedelta(minutes=44) < left <= timedelta(minutes=45)
    server.tenant.clock = lambda: datetime.now(UTC) + timedelta(minutes=46)
    assert (await graph.get("subscriptions")).json()["value"] == []


async def test_a_change_of_a_user_is_told_in_graphs_shape(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    created = (await graph.post("subscriptions", json=wanted(subscriber.url))).json()
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await server.notifier.settled()
    tenant = server.tenant.tenant_id
    assert subscriber.items == [
        {
            "subscriptionId": created["id"],
            "subscriptionExpirationDateTime": created["expirationDateTime"],
            "tenantId": tenant,
            "clientState": created["clientState"],
            "changeType": "updated",
            "resource": f"Users/{LINE}",
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.User",
                "@odata.id": f"Users/{LINE}",
                "id": LINE,
                "organizationId": tenant,
            },
        }
    ]
    [delivery] = server.notifier.deliveries
    assert (delivery.status, delivery.items, delivery.delivered) == (202, 1, True)


async def test_creation_and_soft_deletion_are_updates_and_a_purge_is_a_deletion(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    await graph.post("subscriptions", json=wanted(subscriber.url))
    new = server.tenant.add_user("New", "new@contoso.example").id
    server.tenant.soft_delete(new)
    server.tenant.purge(new)
    await server.notifier.settled()
    assert [item["changeType"] for item in subscriber.items] == ["updated", "updated", "deleted"]


async def test_a_subscription_hears_only_what_it_asked_for(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    await graph.post("subscriptions", json=wanted(subscriber.url, changeType="deleted"))
    server.tenant.purge(LINE)
    await server.notifier.settled()
    assert [item["changeType"] for item in subscriber.items] == ["deleted"]


async def test_changes_of_one_moment_share_a_post_up_to_a_limit(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    server.notifier.most_items = 40
    await graph.post("subscriptions", json=wanted(subscriber.url))
    for name in line_names():
        server.tenant.set_property(user_id(name), "accountEnabled", value=True)
    await server.notifier.settled()
    assert sorted(len(body["value"]) for body in subscriber.bodies) == [10, 40, 40]


async def test_an_undelivered_batch_is_tried_again(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    server.notifier.first_pause = 0.01
    await graph.post("subscriptions", json=wanted(subscriber.url))
    subscriber.statuses = [503, 400]
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await server.notifier.settled()
    assert [(d.status, d.attempt) for d in server.notifier.deliveries] == [(503, 1), (400, 2), (202, 3)]
    assert subscriber.bodies[0] == subscriber.bodies[2]


async def test_a_muted_notifier_loses_notifications(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    await graph.post("subscriptions", json=wanted(subscriber.url))
    server.notifier.muted = True
    server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await server.notifier.settled()
    assert not subscriber.bodies


async def test_lifecycle_events_go_to_their_own_url(
    server: SimulatorServer, graph: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    created = await graph.post("subscriptions", json=wanted(subscriber.url, lifecycleNotificationUrl=subscriber.url))
    server.graph.subscriptions.send_lifecycle("reauthorizationRequired")
    await server.notifier.settled()
    assert [(item["lifecycleEvent"], item["subscriptionId"]) for item in subscriber.items] == [
        ("reauthorizationRequired", created.json()["id"])
    ]
    server.graph.subscriptions.drop(created.json()["id"])
    assert (await graph.get("subscriptions")).json()["value"] == []


async def test_the_server_ends_while_a_delivery_waits_for_its_next_attempt(subscriber: Subscriber) -> None:
    subscriber.statuses = [503]
    async with SimulatorServer(contoso(), notification_delay=0.0) as server:
        headers = {"Authorization": "Bearer development"}
        async with httpx.AsyncClient(headers=headers) as client:
            await client.post(f"{server.graph_url}/subscriptions", json=wanted(subscriber.url))
        server.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
        await asyncio.wait_for(subscriber.arrived.wait(), 5)
    assert len(subscriber.bodies) == 1
