from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from aiohttp import web

from shared.graph.subscription import LIFETIME, RENEW_BEFORE, ChangeSubscription, Kept
from shared.graph.transport import GraphTransport
from shared.model.errors import Denied, SourceError
from simulator import SimulatorServer

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Clock, ScriptedGraph

CLIENT_STATE = "a-client-state-of-at-least-32-characters"


class Subscriber:
    """The receiving end: it passes the handshake unless it is told not to."""

    def __init__(self) -> None:
        self.url = ""
        self.handshakes: list[str] = []
        self.suffix = ""

    async def receive(self, request: web.Request) -> web.Response:
        self.handshakes.append(request.path)
        return web.Response(text=request.query["validationToken"] + self.suffix)


@pytest.fixture
async def subscriber() -> AsyncIterator[Subscriber]:
    made = Subscriber()
    application = web.Application()
    application.router.add_post("/{path:.*}", made.receive)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/notifications"
    yield made
    await runner.cleanup()


@pytest.fixture
def subscription(transport: GraphTransport, subscriber: Subscriber, clock: Clock) -> ChangeSubscription:
    return ChangeSubscription(transport, notification_url=subscriber.url, client_state=CLIENT_STATE, clock=clock)


@pytest.fixture
def scripted_subscription(scripted_transport: GraphTransport, clock: Clock) -> ChangeSubscription:
    return ChangeSubscription(
        scripted_transport, notification_url="https://lk.test/api", client_state=CLIENT_STATE, clock=clock
    )


async def subscribe(sim: SimulatorServer, url: str, change_types: str, *, days: float = 20) -> str:
    """A subscription that was there before ours was looked for; gives its id."""
    body = {
        "changeType": change_types,
        "resource": "users",
        "notificationUrl": url,
        "expirationDateTime": (sim.tenant.clock() + timedelta(days=days)).isoformat(),
    }
    async with httpx.AsyncClient(headers={"Authorization": "Bearer somebody"}) as client:
        made = await client.post(f"{sim.graph_url}/subscriptions", json=body)
    made.raise_for_status()
    return str(made.json()["id"])


def live(sim: SimulatorServer) -> list[str]:
    return [held.id for held in sim.graph.subscriptions.live]


async def test_a_subscription_is_made_where_there_is_none(
    sim: SimulatorServer, subscription: ChangeSubscription, subscriber: Subscriber, clock: Clock
) -> None:
    kept = await subscription.keep()
    (made,) = sim.graph.subscriptions.live
    assert kept == Kept(id=made.id, expires=clock.now + LIFETIME, created=True)
    assert (made.resource, set(made.change_type.split(","))) == ("users", {"updated", "deleted"})
    assert (made.notification_url, made.lifecycle_notification_url) == (subscriber.url, subscriber.url)
    assert (made.client_state, made.expiration_date_time) == (CLIENT_STATE, kept.expires)
    assert subscriber.handshakes == ["/api/notifications"] * 2


def test_a_subscription_lives_for_less_than_the_29_days_that_graph_allows() -> None:
    assert RENEW_BEFORE < LIFETIME < timedelta(minutes=41_760)


async def test_a_subscription_is_found_again_and_left_alone_while_it_has_time(
    sim: SimulatorServer, subscription: ChangeSubscription, clock: Clock
) -> None:
    made = await subscription.keep()
    clock.now += LIFETIME - RENEW_BEFORE - timedelta(seconds=1)
    assert await subscription.keep() == Kept(id=made.id, expires=made.expires)
    assert sim.graph.requests["PATCH subscriptions/{id}"] == 0


async def test_a_subscription_is_renewed_near_its_end(
    sim: SimulatorServer, subscription: ChangeSubscription, clock: Clock
) -> None:
    made = await subscription.keep()
    clock.now += LIFETIME - RENEW_BEFORE
    assert await subscription.keep() == Kept(id=made.id, expires=clock.now + LIFETIME)
    assert live(sim) == [made.id]


async def test_a_subscription_is_renewed_on_request(
    sim: SimulatorServer, subscription: ChangeSubscription, clock: Clock
) -> None:
    made = await subscription.keep()
    clock.advance(minutes=1)
    assert await subscription.keep(renew=True) == Kept(id=made.id, expires=clock.now + LIFETIME)
    assert sim.graph.subscriptions.live[0].expiration_date_time == clock.now + LIFETIME


async def test_a_subscription_that_was_lost_is_made_anew(
    sim: SimulatorServer, subscription: ChangeSubscription
) -> None:
    made = await subscription.keep()
    sim.graph.subscriptions.drop(made.id)
    anew = await subscription.keep()
    assert anew.created
    assert anew.id != made.id


async def test_of_several_of_ours_the_one_that_lives_longest_is_kept(
    sim: SimulatorServer, subscription: ChangeSubscription, subscriber: Subscriber, clock: Clock
) -> None:
    await subscribe(sim, subscriber.url, "updated", days=10)
    longest = await subscribe(sim, subscriber.url, "deleted", days=20)
    await subscribe(sim, subscriber.url, "updated,deleted", days=15)
    assert await subscription.keep() == Kept(id=longest, expires=clock.now + timedelta(days=20))
    assert live(sim) == [longest]


async def test_other_peoples_subscriptions_are_left_alone(
    sim: SimulatorServer, subscription: ChangeSubscription, subscriber: Subscriber, clock: Clock
) -> None:
    theirs = await subscribe(sim, f"{subscriber.url}/of/somebody/else", "updated", days=1)
    mine = await subscription.keep()
    clock.advance(hours=1)
    await subscription.keep(renew=True)
    assert mine.created
    assert live(sim) == [theirs, mine.id]
    assert sim.graph.subscriptions.live[0].expiration_date_time == clock.now + timedelta(hours=23)


async def test_the_one_that_was_ours_is_replaced_where_the_url_is_another_now_and_nobody_elses_is(
    sim: SimulatorServer, subscription: ChangeSubscription, subscriber: Subscriber
) -> None:
    former = await subscribe(sim, f"{subscriber.url}/former", "updated,deleted")
    stranger = await subscribe(sim, f"{subscriber.url}/other", "updated")
    with pytest.raises(SourceError, match="another one on users, with another notification URL"):
        await subscription.keep()
    kept = await subscription.keep(known=former)
    assert kept.created
    assert live(sim) == [stranger, kept.id]
    assert await subscription.keep(known=kept.id) == msgspec.structs.replace(kept, created=False)


async def test_a_failed_handshake_says_that_no_subscription_could_be_made(
    sim: SimulatorServer, subscription: ChangeSubscription, subscriber: Subscriber
) -> None:
    subscriber.suffix = "!"
    with pytest.raises(SourceError) as raised:
        await subscription.keep()
    assert str(raised.value) == "no subscription could be made: Microsoft Graph answered 400, ValidationError."
    assert live(sim) == []


async def test_a_subscription_that_is_gone_when_it_is_renewed_is_made_anew(
    scripted: ScriptedGraph, scripted_subscription: ChangeSubscription, answer: type[Answer]
) -> None:
    listed = {"id": "old", "resource": "/Users", "notificationUrl": "https://lk.test/api"}
    scripted.answer("GET subscriptions", answer({"value": [listed]}))
    scripted.answer("PATCH subscriptions/old", answer({"error": {"code": "ResourceNotFound"}}, 404))
    scripted.answer("POST subscriptions", answer({"id": "new"}, 201))
    assert await scripted_subscription.keep() == Kept(id="new", expires=None, created=True)


async def test_a_subscription_is_asked_for_with_the_documented_body(
    scripted: ScriptedGraph, scripted_subscription: ChangeSubscription, answer: type[Answer]
) -> None:
    scripted.answer("GET subscriptions", answer({"value": []}))
    scripted.answer("POST subscriptions", answer({"id": "new", "expirationDateTime": "2026-12-15T10:00:00Z"}, 201))
    await scripted_subscription.keep()
    assert msgspec.json.decode(scripted.asked[-1].body) == {
        "changeType": "updated,deleted",
        "resource": "users",
        "notificationUrl": "https://lk.test/api",
        "lifecycleNotificationUrl": "https://lk.test/api",
        "expirationDateTime": "2026-12-15T10:00:00Z",
        "clientState": CLIENT_STATE,
    }


async def test_ours_is_found_on_a_later_page_and_whatever_its_letter_case(
    scripted: ScriptedGraph, scripted_subscription: ChangeSubscription, answer: type[Answer]
) -> None:
    theirs: list[dict[str, Any]] = [
        {"id": "groups", "resource": "groups", "notificationUrl": "https://lk.test/api"},
        {"id": "elsewhere", "resource": "users", "notificationUrl": "https://other.test/api"},
        {"id": "hub", "resource": "users", "notificationUrl": None},
    ]
    ours = {
        "id": "ours",
        "resource": "/Users",
        "notificationUrl": "https://lk.test/api",
        "expirationDateTime": "2026-12-15T10:00:00Z",
    }
    more = f"{scripted.graph_url}/subscriptions?$skiptoken=1"
    scripted.answer("GET subscriptions", answer({"value": theirs, "@odata.nextLink": more}), answer({"value": [ours]}))
    assert (await scripted_subscription.keep()).id == "ours"
    assert [asked.method for asked in scripted.asked] == ["GET", "GET"]


@pytest.mark.parametrize("route", ["GET subscriptions", "PATCH subscriptions/{id}", "DELETE subscriptions/{id}"])
async def test_what_graph_refuses_is_an_error_without_url_and_secret(
    sim: SimulatorServer, subscription: ChangeSubscription, subscriber: Subscriber, route: str
) -> None:
    for change_types in ("updated", "deleted"):
        await subscribe(sim, subscriber.url, change_types)
    sim.graph.refusals[route] = 403
    with pytest.raises(Denied) as raised:
        await subscription.keep(renew=True)
    assert subscriber.url not in str(raised.value)
    assert CLIENT_STATE not in str(raised.value)
