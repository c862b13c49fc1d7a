from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

import simulator

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago: the notification URL names it before the service listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


@pytest.fixture
async def contoso() -> AsyncIterator[simulator.SimulatorServer]:
    async with simulator.SimulatorServer(simulator.contoso(), notification_delay=0.01) as server:
        yield server


@pytest.fixture
def environment(contoso: simulator.SimulatorServer, tmp_path: Path) -> dict[str, str]:
    """The settings of a service that watches the simulated Contoso, without waits between alert and card."""
    config = tmp_path / "linekeeper.toml"
    config.write_text('[alerting]\ngroup_wait = "0s"\ngroup_interval = "0s"\n', encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LINEKEEPER_", "OTEL_"))}
    return inherited | {
        "LINEKEEPER_TENANT_ID": contoso.tenant.tenant_id,
        "LINEKEEPER_GRAPH_URL": contoso.graph_url,
        "LINEKEEPER_TEAMS_WEBHOOK_URL": contoso.webhook_url,
        "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
        "LINEKEEPER_CONFIG": str(config),
        "LINEKEEPER_CLIENT_STATE": "a client state of forty characters, fully",
    }


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts `linekeeper …` as a process in a folder of its own; whatever still runs at the end is killed."""
    started: list[asyncio.subprocess.Process] = []

    async def run(environment: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "shared.cli", *arguments),
            env=environment,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()
