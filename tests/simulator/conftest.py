import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio
from aiohttp import web

from simulator import SimulatorServer, contoso


class Clock:
    """A tenant's clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class Subscriber:
    """A receiver whose manners can be spoiled."""

    def __init__(self) -> None:
        self.url = ""
        self.tokens: list[str] = []
        self.queries: list[dict[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.handshake_status = 200
        self.handshake_type = "text/plain"
        self.handshake_suffix = ""
        self.arrived = asyncio.Event()

    async def receive(self, request: web.Request) -> web.Response:
        token = request.query.get("validationToken")
        if token is not None:
            self.tokens.append(token)
            self.queries.append(dict(request.query))
            assert request.headers["Content-Type"] == "text/plain; charset=utf-8"
            return web.Response(
                text=token + self.handshake_suffix, content_type=self.handshake_type, status=self.handshake_status
            )
        self.bodies.append(await request.json())
        self.arrived.set()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 202)

    @property
    def items(self) -> list[dict[str, Any]]:
        return [item for body in self.bodies for item in body["value"]]


@pytest_asyncio.fixture
async def subscriber() -> AsyncIterator[Subscriber]:
    made = Subscriber()
    application = web.Application()
    application.router.add_post("/{path:.*}", made.receive)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/notifications"
    yield made
    await runner.cleanup()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(contoso(), notification_delay=0.01) as running:
        yield running


@pytest_asyncio.fixture
async def clock(server: SimulatorServer) -> Clock:
    server.tenant.clock = Clock()
    return server.tenant.clock


@pytest_asyncio.fixture
async def graph(server: SimulatorServer) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": "Bearer development"}
    async with httpx.AsyncClient(base_url=f"{server.graph_url}/", headers=headers) as client:
        yield client
