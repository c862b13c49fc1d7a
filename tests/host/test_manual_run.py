# ruff: noqa: ARG001 - a trigger's parameter must be there, used or not
from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp
import azure.functions as func
import pytest

from shared.host import LocalHost, SqliteQueueStore, UnknownFunctionError

StartHost = Callable[..., Awaitable[LocalHost]]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


def app_of(seen: list[object]) -> func.FunctionApp:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.timer_trigger(arg_name="timer", schedule="0 0 3 1 1 *")
    async def yearly(timer: func.TimerRequest) -> None:
        seen.append(timer.past_due)

    @app.queue_trigger(arg_name="message", queue_name="work", connection="AzureWebJobsStorage")
    def work(message: func.QueueMessage) -> None:
        seen.append(message.get_body())
        if message.get_body() == b"bad":
            raise ValueError

    @app.route(route="hello")
    async def hello(req: func.HttpRequest) -> str:
        return "hello"

    return app


async def test_a_timer_and_a_queue_function_run_at_once_when_asked_to(
    start_host: StartHost, client: aiohttp.ClientSession, store: SqliteQueueStore, eventually: Eventually
) -> None:
    seen: list[object] = []
    host = await start_host(app_of(seen))
    async with client.post(f"{host.url}/admin/functions/yearly") as response:
        assert response.status == 202
    await eventually(lambda: seen == [False])
    async with client.post(f"{host.url}/admin/functions/work", json={"input": "by hand"}) as response:
        assert response.status == 202
    await eventually(lambda: seen == [False, b"by hand"])
    assert store.depth("work") == 0


@pytest.mark.parametrize(
    ("request_line", "body", "status"),
    [
        ("POST none", "", 404),
        ("POST hello", "", 404),
        ("GET yearly", "", 404),
        ("POST work", "no json", 400),
        ("POST work", '{"input": 5}', 400),
    ],
)
async def test_a_manual_run_that_cannot_be_is_refused(
    start_host: StartHost, client: aiohttp.ClientSession, request_line: str, body: str, status: int
) -> None:
    seen: list[object] = []
    method, name = request_line.split()
    host = await start_host(app_of(seen))
    async with client.request(method, f"{host.url}/admin/functions/{name}", data=body) as response:
        assert response.status == status
    assert seen == []


@pytest.mark.parametrize(
    "headers",
    [{"Host": "lines.example.com"}, {"X-Forwarded-For": "192.0.2.1"}, {"Origin": "https://example.com"}],
)
async def test_a_manual_run_is_refused_to_what_comes_through_a_tunnel_or_from_a_web_page(
    start_host: StartHost, client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    seen: list[object] = []
    host = await start_host(app_of(seen))
    async with client.post(f"{host.url}/admin/functions/yearly", headers=headers) as response:
        assert response.status == 401
    async with client.get(f"{host.url}/api/hello", headers=headers) as response:
        assert response.status == 200
    assert seen == []


async def test_a_run_from_code_says_whether_the_function_succeeded(start_host: StartHost) -> None:
    seen: list[object] = []
    host = await start_host(app_of(seen))
    assert host.function_names == ("yearly", "work", "hello")
    assert await host.run_now("yearly")
    assert await host.run_now("work", b"good")
    assert not await host.run_now("work", b"bad")
    with pytest.raises(UnknownFunctionError, match="no timer or queue function is called hello"):
        host.run_now("hello")
