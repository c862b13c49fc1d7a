from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from aiohttp import web

from shared.graph.credential import DevelopmentCredential
from shared.graph.reader import GraphReader
from shared.graph.transport import GraphTransport
from simulator import SimulatorServer, contoso

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Pauses(list[float]):
    """The pauses that were made between two attempts; none of them takes time."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Asked(msgspec.Struct, frozen=True):
    """A request as it arrived."""

    method: str
    path: str
    body: bytes
    authorization: str | None


class Answer(msgspec.Struct, frozen=True):
    """What is answered to it; one that `hangs_up` never comes."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = {}
    hangs_up: bool = False

    def response(self) -> web.Response:
        content = self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)
        return web.Response(body=content, status=self.status, headers=self.headers, content_type="application/json")


Made = Callable[[Asked], Answer]
"""An answer that depends on what was asked."""


class ScriptedGraph:
    """A server that answers each route with what a test laid ready for it, the last of it again and again."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Answer | Made]] = defaultdict(list)

    @property
    def graph_url(self) -> str:
        return f"{self.url}/v1.0"

    def answer(self, route: str, *answers: Answer | Made) -> None:
        """Lay answers ready for a route such as `GET users/delta`."""
        self._answers[route].extend(answers)

    async def serve(self, request: web.Request) -> web.Response:
        authorization = request.headers.get("Authorization")
        asked = Asked(request.method, request.path_qs, await request.read(), authorization)
        self.asked.append(asked)
        ready = self._answers.get(f"{request.method} {request.path.removeprefix('/v1.0/')}")
        if not ready:
            return Answer({"error": {"code": "NotScripted"}}, 400).response()
        answer = ready.pop(0) if len(ready) > 1 else ready[0]
        answer = answer if isinstance(answer, Answer) else answer(asked)
        if answer.hangs_up and request.transport is not None:
            request.transport.abort()
        return answer.response()


async def _serving(graph: ScriptedGraph) -> AsyncIterator[ScriptedGraph]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", graph.serve)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    graph.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield graph
    await runner.cleanup()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sim(clock: Clock) -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(contoso(clock)) as server:
        yield server


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def transport(sim: SimulatorServer, pauses: Pauses) -> AsyncIterator[GraphTransport]:
    async with GraphTransport(sim.graph_url, DevelopmentCredential(), sleep=pauses) as opened:
        yield opened


@pytest.fixture
def reader(transport: GraphTransport, clock: Clock) -> GraphReader:
    return GraphReader(transport, clock)


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedGraph]:
    async for graph in _serving(ScriptedGraph()):
        yield graph


@pytest.fixture
async def stranger() -> AsyncIterator[ScriptedGraph]:
    """A second server, to which nothing must be sent."""
    async for graph in _serving(ScriptedGraph()):
        yield graph


@pytest.fixture
async def scripted_transport(scripted: ScriptedGraph, pauses: Pauses) -> AsyncIterator[GraphTransport]:
    async with GraphTransport(scripted.graph_url, DevelopmentCredential(), sleep=pauses) as opened:
        yield opened


@pytest.fixture
def scripted_reader(scripted_transport: GraphTransport, clock: Clock) -> GraphReader:
    return GraphReader(scripted_transport, clock)


@pytest.fixture
def answer() -> type[Answer]:
    return Answer
