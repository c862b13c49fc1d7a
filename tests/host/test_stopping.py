# ruff: noqa: ARG001 - a trigger's parameter must be there, used or not
from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import azure.functions as func
import pytest

from shared.host import HostError, HostSettings, LocalHost, SqliteQueueStore

StartHost = Callable[..., Awaitable[LocalHost]]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
ROOT = Path(__file__).parents[2]

TINY_HOST = """
import asyncio, os, sys
import azure.functions as func
from shared.host import HostSettings, LocalHost, SqliteQueueStore, serve_until_signal

app = func.FunctionApp()

@app.route(route="hello")
async def hello(req: func.HttpRequest) -> str:
    return "hello"

@app.queue_trigger(arg_name="message", queue_name="work", connection="AzureWebJobsStorage")
async def work(message: func.QueueMessage) -> None:
    print("begun", flush=True)
    await asyncio.sleep(0.3)
    print("ended", flush=True)

async def main() -> None:
    with SqliteQueueStore(sys.argv[1]) as store:
        host = LocalHost(app=app, settings=HostSettings(), queue_store=store, environment=os.environ)
        await serve_until_signal(host, ready=lambda url: print(url, flush=True))

asyncio.run(main())
print("closed", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_host_told_to_end_finishes_the_invocation_in_flight_and_exits_with_success(tmp_path: Path) -> None:
    with SqliteQueueStore(tmp_path / "q.db") as store:
        store.put("work", b"x")
        with subprocess.Popen(  # noqa: S603 - this very interpreter
            [sys.executable, "-W", "error", "-c", TINY_HOST, str(tmp_path / "q.db")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            assert process.stdout.readline() == "begun\n"
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=10)
        assert (output, errors, process.returncode) == ("ended\nclosed\n", "", 0)
        assert store.depth("work") == 0


def waiting_app(begun: list[str], proceed: asyncio.Event) -> func.FunctionApp:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route(route="slow")
    async def slow(req: func.HttpRequest) -> str:
        begun.append("slow")
        await proceed.wait()
        return "done"

    @app.queue_trigger(arg_name="message", queue_name="work", connection="AzureWebJobsStorage")
    async def work(message: func.QueueMessage) -> None:
        begun.append(message.get_body().decode())
        await proceed.wait()

    return app


async def test_a_request_in_flight_is_answered_and_a_new_one_is_not_taken(
    start_host: StartHost, client: aiohttp.ClientSession, eventually: Eventually
) -> None:
    begun: list[str] = []
    proceed = asyncio.Event()
    host = await start_host(waiting_app(begun, proceed))
    url = f"{host.url}/api/slow"

    async def ask() -> str:
        async with client.get(url) as response:
            return await response.text()

    answer = asyncio.create_task(ask())
    await eventually(lambda: begun == ["slow"])
    stopping = asyncio.create_task(host.stop())
    await asyncio.sleep(0.02)
    with pytest.raises(aiohttp.ClientConnectionError):
        async with client.get(url):
            pass
    proceed.set()
    assert await answer == "done"
    await stopping


async def test_what_outlasts_the_grace_is_cancelled_and_its_message_comes_back(
    start_host: StartHost, client: aiohttp.ClientSession, store: SqliteQueueStore, eventually: Eventually
) -> None:
    begun: list[str] = []
    host = await start_host(waiting_app(begun, asyncio.Event()))

    async def ask() -> int:
        async with client.get(f"{host.url}/api/slow") as response:
            return response.status

    answer = asyncio.create_task(ask())
    store.put("work", b"message")
    await eventually(lambda: sorted(begun) == ["message", "slow"])
    await host.stop(grace=0.01)
    assert await answer == 503
    assert [message.dequeue_count for message in store.get("work")] == [2]


async def test_the_message_of_a_synchronous_function_that_outlasts_the_grace_stays_hidden(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually
) -> None:
    app = func.FunctionApp()
    begun = threading.Event()
    proceed = threading.Event()

    @app.queue_trigger(arg_name="message", queue_name="work", connection="AzureWebJobsStorage")
    def work(message: func.QueueMessage) -> None:
        begun.set()
        proceed.wait(5)

    store.put("work", b"x")
    host = await start_host(app)
    await eventually(begun.is_set)
    await host.stop(grace=0.01)
    try:
        assert (store.depth("work"), store.get("work")) == (1, [])
    finally:
        proceed.set()


async def test_messages_that_wait_are_left_to_the_next_host(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually
) -> None:
    begun: list[str] = []
    proceed = asyncio.Event()
    proceed.set()
    host = await start_host(waiting_app(begun, proceed))
    await host.stop()
    store.put("work", b"x")
    await asyncio.sleep(0.02)
    assert begun == []
    await start_host(waiting_app(begun, proceed))
    await eventually(lambda: begun == ["x"] and store.depth("work") == 0)


async def test_stopping_twice_is_fine_and_starting_again_is_not(start_host: StartHost) -> None:
    host = await start_host(waiting_app([], asyncio.Event()))
    await host.start()
    await host.stop()
    await host.stop()
    with pytest.raises(HostError, match="does not start again"):
        await host.start()
    with pytest.raises(HostError, match="is not running"):
        host.run_now("work")


async def test_a_host_runs_until_its_event_is_set(store: SqliteQueueStore) -> None:
    app = waiting_app([], asyncio.Event())
    host = LocalHost(app=app, settings=HostSettings(), queue_store=store, environment={})
    with pytest.raises(HostError, match="no URL before it has started"):
        _ = host.url
    stop = asyncio.Event()
    running = asyncio.create_task(host.run(stop))
    await asyncio.sleep(0.02)
    assert host.url.startswith("http://127.0.0.1:")
    stop.set()
    await running
