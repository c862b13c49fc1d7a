"""`linekeeper serve` for two tenants, each with its Graph and its channel: what is one's never comes to the other."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from aiohttp import ClientSession, web

import simulator
from shared.graph.credential import DEVELOPMENT_TOKEN
from shared.model.secret import Secret
from shared.settings_tenants import derived_state
from simulator import PostedCard, SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id
from simulator.products import RESOURCE_ACCOUNT_FACULTY

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]

CLIENT_STATE = "a client state of forty characters, fully"
CONTOSO_LINE = "AA Main Line Seattle"
NORTHFIELD_LINE = "AA University Switchboard"
PATIENCE = 20


class Front:
    """One Graph for both tenants, as there is but one: it tells by the token whose directory is asked."""

    def __init__(self, *servers: SimulatorServer) -> None:
        self._servers = {server.tenant.tenant_id: server for server in servers}

    async def answer(self, request: web.Request) -> web.Response:
        _, _, tenant = request.headers["Authorization"].partition(f"Bearer {DEVELOPMENT_TOKEN}.")
        # With the host that was asked, so that links lead back here.
        kept = {name: value for name, value in request.headers.items() if name != "Content-Length"}
        async with (
            ClientSession(auto_decompress=False) as client,
            client.request(
                request.method,
                f"{self._servers[tenant].url}{request.raw_path}",
                headers=kept,
                data=await request.read(),
                allow_redirects=False,
            ) as answered,
        ):
            headers = {
                name: value for name, value in answered.headers.items() if name not in {"Content-Length", "Date"}
            }
            return web.Response(status=answered.status, headers=headers, body=await answered.read())


@pytest.fixture
async def northfield() -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(simulator.tenant("education"), notification_delay=0.01) as server:
        yield server


@pytest.fixture
async def graph_url(contoso: SimulatorServer, northfield: SimulatorServer) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", Front(contoso, northfield).answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1.0"
    await runner.cleanup()


@pytest.fixture
def two_tenants(
    contoso: SimulatorServer, northfield: SimulatorServer, graph_url: str, port: int, tmp_path: Path
) -> dict[str, str]:
    """The settings of a service that watches both, each told in its own channel."""
    config = tmp_path / "linekeeper.toml"
    listed = {"Contoso": contoso.tenant.tenant_id, "Northfield": northfield.tenant.tenant_id}
    config.write_text(
        '[alerting]\ngroup_wait = "0s"\ngroup_interval = "0s"\nhold = 1\n'
        + "".join(
            f'[[tenants]]\nid = "{tenant}"\nname = "{name}"\n'
            f'[receivers.{name.lower()}]\nkind = "workflows"\nurl = "env:{name.upper()}_CHANNEL"\n'
            f'[[routes]]\nreceivers = ["{name.lower()}"]\ntenants = ["{tenant}"]\n'
            for name, tenant in listed.items()
        ),
        encoding="utf-8",
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LINEKEEPER_", "OTEL_"))}
    return inherited | {
        "CONTOSO_CHANNEL": contoso.webhook_url,
        "NORTHFIELD_CHANNEL": northfield.webhook_url,
        "LINEKEEPER_GRAPH_URL": graph_url,
        "LINEKEEPER_NOTIFICATION_URL": f"http://127.0.0.1:{port}",
        "LINEKEEPER_CLIENT_STATE": CLIENT_STATE,
        "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
        "LINEKEEPER_CONFIG": str(config),
    }


def says(*words: str) -> Callable[[PostedCard], bool]:
    return lambda card: all(word in card.text for word in words)


async def subscribed(server: SimulatorServer) -> str | None:
    """The client state that a tenant's subscription was made with, once there is one."""
    async with asyncio.timeout(PATIENCE):
        while not server.graph.subscriptions.live:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)
    (only,) = server.graph.subscriptions.live
    return only.client_state


async def test_two_tenants_are_watched_at_once_and_one_that_hangs_delays_the_other_by_nothing(
    contoso: SimulatorServer, northfield: SimulatorServer, two_tenants: dict[str, str], start: Start, port: int
) -> None:
    process = await start(two_tenants, "serve", "--port", str(port))
    channels = {server.tenant.tenant_id: server.channel for server in (contoso, northfield)}
    for server in (contoso, northfield):
        assert await subscribed(server) == derived_state(Secret(CLIENT_STATE), server.tenant.tenant_id).reveal()
        await server.channel.wait_for(says("New ("), PATIENCE)

    contoso.tenant.remove_license(user_id(CONTOSO_LINE), RESOURCE_ACCOUNT)
    await contoso.channel.wait_for(says("New (1)", CONTOSO_LINE), PATIENCE)

    # From here Contoso's Graph takes a minute for every answer; Northfield's is as quick as ever.
    contoso.graph.latency = 60.0
    contoso.tenant.assign_license(user_id(CONTOSO_LINE), RESOURCE_ACCOUNT)
    line = str(uuid.uuid5(uuid.UUID(northfield.tenant.tenant_id), NORTHFIELD_LINE))
    for word in ("New (1)", "Mended (1)"):
        change = northfield.tenant.remove_license if word.startswith("New") else northfield.tenant.assign_license
        change(line, RESOURCE_ACCOUNT_FACULTY.sku_id)
        await northfield.channel.wait_for(says(word, NORTHFIELD_LINE), 15)

    async with httpx.AsyncClient() as client:
        health = await client.get(f"http://127.0.0.1:{port}/api/health")
    assert (health.status_code, health.json()) == (
        200,
        {
            "status": "ready",
            "tenants": {"ready": 2, "starting": 0, "degraded": 0},
            "channels": {"set": 2, "failing": 0, "off": 0},
        },
    )
    for tenant, channel in channels.items():
        others = [other for other in channels if other != tenant]
        assert channel.cards
        assert not [card for card in channel.cards for other in others if other[:8] in card.text]
        assert all(f"tenant {tenant[:8]}" in card.text for card in channel.cards)

    # Not asked to stop: it would wait for Contoso's answers.
    process.kill()
    _, errors = await process.communicate()
    assert b"watching 2 tenants: Contoso (" in errors
    assert b"Traceback" not in errors


async def test_the_commands_ask_which_tenant_is_meant_and_read_that_one(
    contoso: SimulatorServer, northfield: SimulatorServer, two_tenants: dict[str, str], start: Start
) -> None:
    asking = await start(two_tenants, "audit", "--json")
    output, errors = await asking.communicate()
    assert (asking.returncode, output) == (2, b"")
    assert errors.decode() == (
        "linekeeper: there are 2 tenants: name one by --tenant. They are "
        f"Contoso ({contoso.tenant.tenant_id}), Northfield ({northfield.tenant.tenant_id}).\n"
    )
    named = await start(two_tenants, "audit", "--json", "--tenant", "northfield")
    output, _ = await named.communicate()
    assert named.returncode == 1
    assert f'"tenant":"{northfield.tenant.tenant_id}"' in output.decode()
    assert not contoso.graph.requests
