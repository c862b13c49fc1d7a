"""A message that fails too often: put aside by the service, told in one card, put back by hand, told as mended."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import msgspec

from shared.host import SqliteQueueStore
from shared.model.tenant import SCHEMA
from simulator import SimulatorServer
from simulator.contoso import user_id

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]
TITLE = "Messages could not be worked off"
MAIN_LINE = "AA Main Line Seattle"


@asynccontextmanager
async def unreadable(documents: Path) -> AsyncIterator[None]:
    """A document that the service cannot read, and then the one that it was: whatever needs it fails meanwhile."""
    with closing(sqlite3.connect(documents, isolation_level=None)) as database:
        was, version = database.execute("SELECT content, version FROM documents").fetchone()
        newer = msgspec.json.encode({"schema": SCHEMA + 1, "tenant": "made by a later release"})
        replace = "UPDATE documents SET content = ?, version = version + 1 WHERE version = ?"
        assert database.execute(replace, (newer, version)).rowcount == 1
        try:
            yield
        finally:
            assert database.execute(replace, (was, version + 1)).rowcount == 1


async def quiet(documents: Path) -> None:
    """Wait until the service has written nothing for a second."""
    async with asyncio.timeout(20):
        with closing(sqlite3.connect(documents)) as database:
            before = None
            while before != (now := database.execute("SELECT version FROM documents").fetchone()):
                before = now
                await asyncio.sleep(1)


async def test_a_message_that_fails_five_times_is_one_card_and_once_it_is_put_back_and_done_another(
    contoso: SimulatorServer, environment: dict[str, str], start: Start, port: int
) -> None:
    environment["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:00"
    documents = Path(environment["LINEKEEPER_STORE"].removeprefix("sqlite:"))
    service = await start(environment, "serve", "--port", str(port))
    await contoso.channel.wait_for(lambda card: "New (5)" in card.text, 20)
    await quiet(documents)
    with SqliteQueueStore(documents.with_name("linekeeper.queue.db")) as queues:
        async with unreadable(documents):
            assert await notify(port, contoso, environment["LINEKEEPER_CLIENT_STATE"]) == 202
            await eventually(lambda: queues.depth("changes-poison") == 1)
        assert queues.depth("changes") == 0
        await run_now(port, "upkeep")
        card = await contoso.channel.wait_for(lambda card: TITLE in card.text, 20)
        assert "1 message could not be worked off and lies in queue changes-poison" in card.text

        code, listed = await poison(start, environment, "list")
        (message,) = listed["messages"]
        assert (code, listed["depth"], message["users"]) == (1, 1, [user_id(MAIN_LINE)])
        assert await poison(start, environment, "requeue") == (0, listed_as_put_back(listed["queue"]))
        await eventually(lambda: queues.depth("changes-poison") == queues.depth("changes") == 0)

    await run_now(port, "upkeep")
    await run_now(port, "upkeep")
    await contoso.channel.wait_for(lambda card: "Mended (1)" in card.text and TITLE in card.text, 20)
    assert len([card for card in contoso.channel.cards if TITLE in card.text]) == 2
    service.send_signal(signal.SIGTERM)
    _, errors = await service.communicate()
    assert b"function changes failed 5 times over a message, which is now in queue changes-poison" in errors
    assert service.returncode == 0


def listed_as_put_back(queue: str) -> dict[str, object]:
    return {"schema": 1, "queue": queue, "done": "put back", "messages": 1}


async def notify(port: int, contoso: SimulatorServer, client_state: str) -> int:
    """What Graph would tell of an account that did not really change."""
    item = {
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "clientState": client_state,
        "changeType": "updated",
        "resource": f"Users/{user_id(MAIN_LINE)}",
        "tenantId": contoso.tenant.tenant_id,
    }
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/api/notifications", json={"value": [item]})
    return answer.status_code


async def run_now(port: int, function: str) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"http://127.0.0.1:{port}/admin/functions/{function}")).status_code == 202


async def poison(start: Start, environment: dict[str, str], action: str) -> tuple[int | None, dict[str, Any]]:
    process = await start(environment, "poison", action, "--json")
    output, errors = await process.communicate()
    assert errors == b""
    return process.returncode, json.loads(output)


async def eventually(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not reached():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.02)
