"""What the service costs Microsoft Graph: requests and resource units, by the simulator's own count.

For each size of directory: the first read of everything, one change, a burst of notifications, and a sweep, beside what
it would cost to list all users instead.

    python -m bench.graph_cost [--sizes 1000 10000 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

import simulator
from shared.model.change_message import ChangeMessage
from shared.monitor.assembly import assemble
from shared.monitor.baseline import read_everything
from shared.monitor.ingest import sweep, take_message
from shared.monitor.monitor import Monitor
from shared.settings import load
from shared.state.memory import MemoryStore
from shared.telemetry.telemetry import Telemetry
from simulator.large import large_tenant

RESOURCE_ACCOUNTS_OF = {1_000: 100, 10_000: 500, 100_000: 2_000}
PAGE_SIZE = 999
BURST_MESSAGES = 50
BURST_USERS = 40


async def measure(size: int) -> list[tuple[str, int, int]]:
    """What each occasion costs a directory of so many users: (occasion, requests, units)."""
    accounts = RESOURCE_ACCOUNTS_OF.get(size, max(1, size // 50))
    tenant = large_tenant(users=size, resource_accounts=accounts)
    rows: list[tuple[str, int, int]] = []
    async with simulator.SimulatorServer(tenant) as server:
        settings = load({"LINEKEEPER_TENANT_ID": tenant.tenant_id, "LINEKEEPER_GRAPH_URL": server.graph_url})
        telemetry = Telemetry(TracerProvider(), MeterProvider())
        monitor = assemble(settings, telemetry, lambda: datetime.now(UTC), MemoryStore())

        async def occasion(name: str, work: Callable[[], Awaitable[object]]) -> None:
            server.graph.requests.clear()
            server.graph.units.clear()
            await work()
            # The requests inside a batch are metered alone and sent together.
            sent = sum(count for route, count in server.graph.requests.items() if not _is_inner(route, server))
            rows.append((name, sent, sum(server.graph.units.values())))

        lines = [user.id for user in tenant.users.values() if user.department and "Application" in user.department]
        await occasion(f"first read ({accounts} resource accounts)", lambda: read_everything(monitor))
        await occasion("one change", lambda: _changed(monitor, server, lines[:1], messages=1))
        await occasion(
            f"{BURST_MESSAGES * 10} notifications for {BURST_USERS} users",
            lambda: _changed(monitor, server, lines[:BURST_USERS], messages=BURST_MESSAGES),
        )
        await occasion("sweep", lambda: sweep(monitor))
        await monitor.close()
        telemetry.shutdown()
    pages = math.ceil(size / PAGE_SIZE)
    rows.append(("for comparison: listing all users", pages, pages))
    return rows


def _is_inner(route: str, server: simulator.SimulatorServer) -> bool:
    """Whether a route was only reached inside batches, which are one request each."""
    return "{id}" in route and server.graph.requests["POST $batch"] > 0


async def _changed(monitor: Monitor, server: simulator.SimulatorServer, users: list[str], *, messages: int) -> None:
    """Change users, and let messages of ten notifications each arrive at once."""
    for user in users:
        server.tenant.set_property(user, "usageLocation", "CA")
    message = ChangeMessage(tenant=monitor.tenant, users=tuple(users[:10]), received=datetime.now(UTC))
    waiting = [message for _ in range(messages)]
    if len(users) > 10:  # noqa: PLR2004 - a message of ten
        parts = [tuple(users[start : start + 10]) for start in range(0, len(users), 10)]
        waiting = [
            ChangeMessage(tenant=monitor.tenant, users=parts[number % len(parts)], received=message.received)
            for number in range(messages)
        ]
    await asyncio.gather(*(take_message(monitor, each) for each in waiting))


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=sorted(RESOURCE_ACCOUNTS_OF))
    options = parser.parse_args()
    print(f"{'users':>8}  {'occasion':42} {'requests':>8} {'units':>8}")
    for size in options.sizes:
        for name, requests, units in asyncio.run(measure(size)):
            print(f"{size:>8}  {name:42} {requests:>8} {units:>8}")


if __name__ == "__main__":
    main()
