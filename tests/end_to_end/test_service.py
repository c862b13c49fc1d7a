"""The service as a process: what it says, what it survives, how it ends."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest

from shared.model.tenant import SCHEMA
from shared.state.sqlite import SqliteStore
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]
MAIN_LINE = "AA Main Line Seattle"


async def told(process: asyncio.subprocess.Process, pattern: str) -> re.Match[str]:
    """The first line of the process's log that matches."""
    assert process.stderr is not None
    seen: list[str] = []
    async with asyncio.timeout(20):
        while line := (await process.stderr.readline()).decode():
            seen.append(line)
            if match := re.search(pattern, line):
                return match
    raise AssertionError(f"no line matched {pattern!r} in:\n{''.join(seen)}")


async def ended(process: asyncio.subprocess.Process) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        _, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, errors.decode()


async def test_a_licence_taken_becomes_a_card_and_its_return_another(
    contoso: SimulatorServer, environment: dict[str, str], start: Start, port: int
) -> None:
    environment["LINEKEEPER_NOTIFICATION_URL"] = f"http://127.0.0.1:{port}"
    process = await start(environment, "serve", "--port", str(port))
    await contoso.channel.wait_for(lambda card: "5 must be bought" in card.text, 20)
    await contoso.channel.wait_for(lambda card: "New (5)" in card.text, 20)
    contoso.tenant.remove_license(user_id(MAIN_LINE), RESOURCE_ACCOUNT)
    lost = await contoso.channel.wait_for(lambda card: "New (1)" in card.text and MAIN_LINE in card.text, 20)
    contoso.tenant.assign_license(user_id(MAIN_LINE), RESOURCE_ACCOUNT)
    # The read after the notification sees the end once; the timer, rung here before its 30 seconds, proves it.
    async with asyncio.timeout(20), httpx.AsyncClient() as client:
        while not any("Mended (1)" in card.text and MAIN_LINE in card.text for card in contoso.channel.cards):
            await client.post(f"http://127.0.0.1:{port}/admin/functions/deliver")
            await asyncio.sleep(0.5)
    assert "Still open (5)" in lost.text
    assert len(contoso.channel.cards) == 4
    assert all(delivery.status == 202 for delivery in contoso.notifier.deliveries)
    assert (await ended(process))[0] == 0


async def test_without_a_notification_url_the_timers_alone_find_the_change(
    contoso: SimulatorServer, environment: dict[str, str], start: Start
) -> None:
    process = await start(environment, "serve", "--port", "0")
    url = (await told(process, r"http on (http://\S+?);"))[1]
    await told(process, "changes are found by the timers alone")
    await contoso.channel.wait_for(lambda card: "New (5)" in card.text, 20)
    contoso.tenant.remove_license(user_id(MAIN_LINE), RESOURCE_ACCOUNT)
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{url}/admin/functions/delta")).status_code == 202
    await contoso.channel.wait_for(lambda card: MAIN_LINE in card.text, 20)
    assert not contoso.graph.subscriptions.live
    assert (await ended(process))[0] == 0


async def test_a_card_that_could_not_be_sent_is_sent_after_a_restart_and_only_once(
    contoso: SimulatorServer, environment: dict[str, str], start: Start
) -> None:
    contoso.channel.refuse_with, contoso.channel.retry_after = 429, 1
    process = await start(environment, "serve", "--port", "0")
    await told(process, r"a message was not delivered to \w+: the webhook answered 429")
    assert (await ended(process))[0] == 0
    assert contoso.channel.cards == []
    contoso.channel.refuse_with = None
    await asyncio.sleep(1)  # what the channel asked for in Retry-After
    process = await start(environment, "serve", "--port", "0")
    await contoso.channel.wait_for(lambda card: "New (5)" in card.text, 20)
    assert (await ended(process))[0] == 0
    assert len(contoso.channel.cards) == 2


async def test_graph_that_is_down_is_a_finding_and_not_a_traceback(
    contoso: SimulatorServer, environment: dict[str, str], start: Start
) -> None:
    contoso.graph.outage = 500
    process = await start(environment, "serve", "--port", "0")
    card = await contoso.channel.wait_for(lambda card: "A source is not being read" in card.text, 20)
    code, errors = await ended(process)
    assert "Microsoft Graph answered 500" in card.text
    assert "licences could not be read: Microsoft Graph answered 500" in errors
    assert "accounts could not be read: the licences could not be read first" in errors
    assert "Traceback" not in errors
    assert code == 0


async def test_health_is_ready_once_the_tenant_is_read_and_shows_no_name_or_secret(
    contoso: SimulatorServer, environment: dict[str, str], start: Start
) -> None:
    process = await start(environment, "serve", "--port", "0")
    url = (await told(process, r"http on (http://\S+?);"))[1]
    await contoso.channel.wait_for(lambda card: "New (5)" in card.text, 20)
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/api/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert answer.json()["channel"] == "set"
    assert not any(secret in answer.text for secret in ("sig=", MAIN_LINE, environment["LINEKEEPER_CLIENT_STATE"]))
    assert (await ended(process))[0] == 0


async def test_secrets_stay_out_of_the_log(contoso: SimulatorServer, environment: dict[str, str], start: Start) -> None:
    process = await start(environment, "serve", "--port", "0")
    await contoso.channel.wait_for(lambda card: "New (5)" in card.text, 20)
    _, errors = await ended(process)
    assert "watching tenant" in errors
    assert "sig=" not in errors
    assert environment["LINEKEEPER_CLIENT_STATE"] not in errors


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("LINEKEEPER_TENANT_ID", "contoso", "LINEKEEPER_TENANT_ID must be the tenant's id"),
        ("LINEKEEPER_TEAMS_WEBHOOK_URL", "ftp://secret", "LINEKEEPER_TEAMS_WEBHOOK_URL must be"),
        ("LINEKEEPER_STORE", "redis:x", "LINEKEEPER_STORE must be"),
        ("LINEKEEPER_CONFIG", "/nowhere/x.toml", "LINEKEEPER_CONFIG: /nowhere/x.toml cannot be read"),
    ],
)
async def test_a_wrong_setting_stops_the_start_with_one_line(
    environment: dict[str, str], start: Start, setting: str, value: str, complaint: str
) -> None:
    process = await start(environment | {setting: value}, "serve", "--port", "0")
    output, errors = await process.communicate()
    assert (process.returncode, output) == (2, b"")
    assert errors.decode().startswith(f"linekeeper: {complaint}")
    assert errors.count(b"\n") == 1
    assert b"secret" not in errors.replace(b"is a secret", b"")


async def test_a_document_that_cannot_be_read_stops_the_start_and_is_left_as_it_is(
    contoso: SimulatorServer, environment: dict[str, str], start: Start
) -> None:
    path = environment["LINEKEEPER_STORE"].removeprefix("sqlite:")
    tenant = contoso.tenant.tenant_id
    newer = msgspec.json.encode({"schema": SCHEMA + 1, "tenant": tenant})
    await SqliteStore(Path(path)).load(tenant)  # makes the table
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO documents VALUES (?, ?, 1)", (tenant, newer))
    process = await start(environment, "serve", "--port", "0")
    _, errors = await process.communicate()
    with closing(sqlite3.connect(path)) as database:
        kept = database.execute("SELECT content FROM documents").fetchall()
    assert process.returncode == 2
    last = errors.decode().splitlines()[-1]
    assert last.startswith(f"linekeeper: the stored document has schema {SCHEMA + 1}")
    assert last.endswith(f"It lies in LINEKEEPER_STORE ({path}).")
    assert b"Traceback" not in errors
    assert kept == [(newer,)]


async def test_a_port_in_use_stops_the_start_with_one_line_behind_the_log(
    environment: dict[str, str], start: Start
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await start(environment, "serve", "--port", str(port))
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert errors.decode().splitlines()[-1] == (
        f"linekeeper: 127.0.0.1:{port} cannot be listened on: address already in use; give another port by --port, or "
        "0 for a free one."
    )
    assert b"Traceback" not in errors
