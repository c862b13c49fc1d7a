"""What reading users costs: our path, plain httpx with msgspec, and the SDK's own models, in one run.

A server in a process of its own gives the same pages to each. The figure is CPU seconds of the reading process, since
the wall clock also measures the server; the ratios are what to quote.

    python -m bench.read_path [--users 10000] [--sdk-users 999] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import time
import warnings
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection

import httpx
import msgspec
from aiohttp import web

from shared.graph.credential import DevelopmentCredential
from shared.graph.reader import GraphReader
from shared.graph.transport import GraphTransport
from shared.graph.wire import USER_FIELDS, Page, WireUser

PAGE_SIZE = 999
FILTER = "department eq 'Microsoft Communication Application Instance'"


def page(url: str, start: int, users: int) -> bytes:
    """One page of users, as Graph writes them."""
    rows = [
        {
            "id": f"00000000-0000-4000-8000-{number:012x}",
            "displayName": f"AA Line {number}",
            "userPrincipalName": f"line-{number}@contoso.example",
            "accountEnabled": False,
            "department": "Microsoft Communication Application Instance",
            "usageLocation": "US",
            "createdDateTime": "2024-03-05T09:12:00Z",
            "assignedLicenses": [{"skuId": "440eaaa8-b3e0-484b-a8be-62870b9ba70a", "disabledPlans": []}],
            "assignedPlans": [
                {
                    "assignedDateTime": "2024-03-05T09:20:11Z",
                    "capabilityStatus": "Enabled",
                    "service": "MicrosoftCommunicationsOnline",
                    "servicePlanId": "f47330e9-c134-43b3-9993-e7f004506889",
                }
            ],
            "licenseAssignmentStates": [
                {
                    "skuId": "440eaaa8-b3e0-484b-a8be-62870b9ba70a",
                    "assignedByGroup": None,
                    "disabledPlans": [],
                    "state": "Active",
                    "error": "None",
                    "lastUpdatedDateTime": "2024-03-05T09:20:11Z",
                }
            ],
        }
        for number in range(start, min(users, start + PAGE_SIZE))
    ]
    body: dict[str, object] = {"value": rows}
    if start + PAGE_SIZE < users:
        body["@odata.nextLink"] = f"{url}/users?users={users}&start={start + PAGE_SIZE}"
    return msgspec.json.encode(body)


def serve(pipe: Connection, users: int) -> None:
    """The server's process: pages made beforehand, so that it is never what is waited for."""

    async def run() -> None:
        pages: dict[int, bytes] = {}

        async def answer(request: web.Request) -> web.Response:
            start = int(request.query.get("start", "0"))
            return web.Response(body=pages[start], content_type="application/json")

        app = web.Application()
        app.router.add_get("/v1.0/users", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1.0"
        pages.update({start: page(url, start, users) for start in range(0, users, PAGE_SIZE)})
        pipe.send(url)
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        await runner.cleanup()

    asyncio.run(run())


async def ours(url: str) -> int:
    """Through the reader of the service."""
    async with GraphTransport(url, DevelopmentCredential()) as transport:
        return len(await GraphReader(transport, lambda: datetime.now(UTC)).resource_accounts([]))


async def plain(url: str) -> int:
    """What nobody can undercut: the HTTP library and the decoder alone."""
    found = 0
    query = {"$filter": FILTER, "$select": ",".join(USER_FIELDS), "$top": str(PAGE_SIZE)}
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/users", params=query)
        while True:
            decoded = msgspec.json.decode(answer.content, type=Page[WireUser])
            found += len(decoded.value)
            if decoded.next_link is None:
                return found
            answer = await client.get(decoded.next_link)


async def sdk_models(url: str) -> int:
    """Through the SDK as its documentation shows it."""
    found = 0
    async with GraphTransport(url, DevelopmentCredential()) as transport:
        answer = await transport.client.users.get()
        while answer is not None:
            found += len(answer.value or [])
            link = answer.odata_next_link
            answer = await transport.client.users.with_url(link).get() if link else None
    return found


def cpu_seconds(read: Callable[[str], Awaitable[int]], url: str, users: int) -> float:
    """CPU seconds of this process for one read of all users."""

    async def measured() -> int:
        return await read(url)

    begun = time.process_time()
    found = asyncio.run(measured())
    if found != users:
        raise SystemExit(f"{read.__name__} found {found} of {users} users")
    return time.process_time() - begun


def with_server(users: int, measure: Callable[[str], None]) -> None:
    """Run a measurement against a server of so many users."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(there, users), daemon=True)
    process.start()
    try:
        measure(here.recv())
    finally:
        here.send("stop")
        process.join()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--sdk-users", type=int, default=999, help="the models are slow: so many are enough")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    figures: dict[str, list[float]] = {"ours": [], "plain": [], "sdk": []}

    def in_turn(url: str) -> None:
        cpu_seconds(ours, url, options.users)  # imports and first-call costs are not what is compared
        cpu_seconds(plain, url, options.users)
        for _ in range(options.rounds):
            figures["ours"].append(cpu_seconds(ours, url, options.users))
            figures["plain"].append(cpu_seconds(plain, url, options.users))

    def models(url: str) -> None:
        cpu_seconds(sdk_models, url, options.sdk_users)
        figures["sdk"].append(cpu_seconds(sdk_models, url, options.sdk_users))

    with_server(options.users, in_turn)
    with_server(options.sdk_users, models)
    medians = {name: statistics.median(values) for name, values in figures.items()}
    a_user = {
        "ours": medians["ours"] / options.users,
        "plain": medians["plain"] / options.users,
        "sdk": medians["sdk"] / options.sdk_users,
    }
    print(f"{options.users} users, {options.rounds} rounds; SDK models: {options.sdk_users} users")
    for name, label in (("ours", "our path"), ("plain", "plain httpx + msgspec"), ("sdk", "the SDK's models")):
        print(f"{label:24} {a_user[name] * 1e6:9.1f} µs CPU a user")
    print(f"our path / plain         {a_user['ours'] / a_user['plain']:9.2f}")
    print(f"SDK's models / our path  {a_user['sdk'] / a_user['ours']:9.0f}")


if __name__ == "__main__":
    main()
