"""A Graph that takes a request and never answers: it is given up in time, and no creation is made twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from kiota_abstractions.method import Method

from shared.graph.credential import DevelopmentCredential
from shared.graph.reader import GraphReader
from shared.graph.subscription import ChangeSubscription
from shared.graph.transport import GraphTransport
from shared.graph.wire import Page, WireUser
from shared.model.errors import SourceError

if TYPE_CHECKING:
    from tests.graph.conftest import Clock, Pauses

SHORT = 0.1
URL = "https://lk.test/api"
SECRET = "a-client-state-of-at-least-32-characters"


class HangingGraph:
    """A server that takes every request and answers none of them before its end, but for the routes in `answers`."""

    def __init__(self) -> None:
        self.graph_url = ""
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, object] = {}
        self.ended = asyncio.Event()

    async def serve(self, request: web.Request) -> web.Response:
        route = f"{request.method} {request.path.removeprefix('/v1.0/')}"
        self.asked[route] += 1
        if route not in self.answers:
            await self.ended.wait()
        return web.json_response(self.answers.get(route))


@pytest.fixture
async def hanging() -> AsyncIterator[HangingGraph]:
    graph = HangingGraph()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", graph.serve)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    graph.graph_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1.0"
    yield graph
    graph.ended.set()
    await runner.cleanup()


@pytest.fixture
async def hurried(hanging: HangingGraph, pauses: Pauses) -> AsyncIterator[GraphTransport]:
    async with GraphTransport(hanging.graph_url, DevelopmentCredential(), sleep=pauses, timeout=SHORT) as opened:
        yield opened


def names_no_place(problem: SourceError, hanging: HangingGraph) -> bool:
    """Whether its text has neither a URL nor a piece of one."""
    text = str(problem)
    return not any(piece in text for piece in ("://", "/", "127.0.0.1", hanging.graph_url, "users", "token", "select"))


async def test_a_read_that_hangs_is_tried_three_times_and_fails_without_naming_a_url(
    hanging: HangingGraph, hurried: GraphTransport, pauses: Pauses
) -> None:
    request = hurried.request(Method.GET, f"{hurried.url}/users?$select=id&token=secret")
    with pytest.raises(SourceError, match="cannot be reached") as raised:
        await hurried.fetch(request, Page[WireUser])
    assert names_no_place(raised.value, hanging)
    assert (dict(hanging.asked), len(pauses)) == ({"GET users": 3}, 2)


async def test_a_delta_read_and_a_batch_that_hang_are_reads_too(
    hanging: HangingGraph, hurried: GraphTransport, clock: Clock
) -> None:
    reader = GraphReader(hurried, clock)
    with pytest.raises(SourceError, match="cannot be reached") as of_delta:
        await reader.delta(f"{hanging.graph_url}/users/delta?$deltatoken=token")
    with pytest.raises(SourceError, match="cannot be reached") as of_batch:
        await reader.accounts(["ab9a1c00-8d2e-4f5e-9c61-0e6f7b2f1a11"])
    assert all(names_no_place(raised.value, hanging) for raised in (of_delta, of_batch))
    assert dict(hanging.asked) == {"GET users/delta": 3, "POST $batch": 3}


async def test_a_creation_that_hangs_is_tried_once(
    hanging: HangingGraph, hurried: GraphTransport, pauses: Pauses
) -> None:
    request = hurried.request(Method.POST, f"{hurried.url}/things", {"name": "one"})
    with pytest.raises(SourceError, match="cannot be reached") as raised:
        await hurried.send(request, repeatable=False)
    assert names_no_place(raised.value, hanging)
    assert (dict(hanging.asked), pauses) == ({"POST things": 1}, [])


async def test_a_subscription_whose_creation_hangs_is_asked_for_once_and_found_in_the_next_round(
    hanging: HangingGraph, hurried: GraphTransport, clock: Clock, pauses: Pauses
) -> None:
    hanging.answers["GET subscriptions"] = {"value": []}
    subscription = ChangeSubscription(hurried, notification_url=URL, client_state=SECRET, clock=clock)
    with pytest.raises(SourceError, match="cannot be reached"):
        await subscription.keep()
    assert (hanging.asked["POST subscriptions"], pauses) == (1, [])
    made = {"id": "made", "resource": "users", "notificationUrl": URL, "expirationDateTime": "2026-12-15T10:00:00Z"}
    hanging.answers["GET subscriptions"] = {"value": [made]}
    assert (await subscription.keep()).id == "made"
    assert hanging.asked["POST subscriptions"] == 1
