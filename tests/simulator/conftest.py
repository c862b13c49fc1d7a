from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from simulator import SimulatorServer, contoso


@pytest_asyncio.fixture
async def server() -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(contoso(), notification_delay=0.01) as running:
        yield running


@pytest_asyncio.fixture
async def graph(server: SimulatorServer) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": "Bearer development"}
    async with httpx.AsyncClient(base_url=f"{server.graph_url}/", headers=headers) as client:
        yield client
