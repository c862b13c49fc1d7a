# ruff: noqa: ARG001 - a trigger's parameter must be there, used or not
from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import List

import aiohttp
import azure.functions as func
import pytest

from shared.host import MAX_MESSAGE_BYTES, HostError, HostSettings, LocalHost, SqliteQueueStore

StartHost = Callable[..., Awaitable[LocalHost]]
ANONYMOUS = func.AuthLevel.ANONYMOUS
STORAGE = "AzureWebJobsStorage"


def echo_app() -> func.FunctionApp:
    app = func.FunctionApp(http_auth_level=ANONYMOUS)

    @app.route(route="echo/{id}")
    async def echo(req: func.HttpRequest) -> func.HttpResponse:
        seen = {
            "method": req.method,
            "path": req.url.partition("/api/")[2],
            "headers": [name for name in req.headers if name.startswith("x-")],
            "joined": req.headers.get("X-Twice"),
            "params": dict(req.params),
            "route_params": dict(req.route_params),
            "body": req.get_body().decode(),
        }
        return func.HttpResponse(json.dumps(seen), mimetype="application/json", status_code=201)

    return app


async def test_a_function_sees_the_request_as_azures_worker_gives_it(
    start_host: StartHost, client: aiohttp.ClientSession
) -> None:
    host = await start_host(echo_app())
    headers = [("X-Twice", "a"), ("X-Twice", "b")]
    async with client.post(f"{host.url}/api/echo/a%20b?q=x%20y&q=z&empty=", data="hi", headers=headers) as response:
        assert response.status == 201
        assert response.headers["Content-Type"] == "application/json"
        assert await response.json() == {
            "method": "POST",
            "path": "echo/a%20b?q=x%20y&q=z&empty=",
            "headers": ["x-twice"],
            "joined": "a,b",
            "params": {"q": "x y,z"},
            "route_params": {"id": "a b"},
            "body": "hi",
        }


async def test_a_request_without_a_content_length_reaches_the_function_with_an_empty_body(
    start_host: StartHost, client: aiohttp.ClientSession
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"hi"

    host = await start_host(echo_app())
    async with client.post(f"{host.url}/api/echo/1", data=chunks()) as response:
        assert (await response.json())["body"] == ""


async def test_a_path_or_a_method_that_no_function_takes_is_not_found(
    start_host: StartHost, client: aiohttp.ClientSession
) -> None:
    host = await start_host(echo_app())
    for method, path in [("GET", "/"), ("GET", "/echo/1"), ("GET", "/api/none"), ("PUT", "/api/echo/1")]:
        async with client.request(method, host.url + path) as response:
            assert (response.status, await response.read()) == (404, b"")


async def test_the_route_prefix_of_host_json_is_honoured(start_host: StartHost, client: aiohttp.ClientSession) -> None:
    host = await start_host(echo_app(), settings=HostSettings(route_prefix=""))
    async with client.get(f"{host.url}/echo/1") as response:
        assert response.status == 201


async def test_a_request_over_a_hundred_megabytes_is_refused_before_it_is_read(start_host: StartHost) -> None:
    host = await start_host(echo_app())
    address, _, port = host.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    writer.write(f"POST /api/echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: {100 * 1024 * 1024 + 1}\r\n\r\n".encode())
    assert (await reader.readline()).split()[1] == b"413"
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ("héllo", (200, "text/plain; charset=utf-8", "héllo")),
        (None, (204, None, "")),
        (func.HttpResponse("x"), (200, "text/plain; charset=utf-8", "x")),
        (func.HttpResponse("<p>", mimetype="text/html"), (200, "text/html; charset=utf-8", "<p>")),
        (func.HttpResponse(status_code=202), (202, "text/plain; charset=utf-8", "")),
        (func.HttpResponse("{}", headers={"content-type": "application/json"}), (200, "application/json", "{}")),
        (5, (500, None, "")),
    ],
)
async def test_what_a_function_returns_becomes_the_response(
    start_host: StartHost,
    client: aiohttp.ClientSession,
    returned: object,
    expected: tuple[int, str | None, str],
) -> None:
    app = func.FunctionApp(http_auth_level=ANONYMOUS)

    @app.route(route="answer")
    def answer(req: func.HttpRequest) -> func.HttpResponse:
        return returned  # type: ignore[return-value]

    host = await start_host(app)
    async with client.get(f"{host.url}/api/answer") as response:
        assert (response.status, response.headers.get("Content-Type"), await response.text()) == expected


@pytest.mark.parametrize("error", [ValueError("secret detail"), SystemExit(3), asyncio.CancelledError()])
async def test_a_function_that_raises_is_answered_by_an_empty_500_and_the_host_goes_on(
    start_host: StartHost, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    app = func.FunctionApp(http_auth_level=ANONYMOUS)

    @app.route(route="bad")
    async def bad(req: func.HttpRequest) -> str:
        raise error

    @app.route(route="worse")
    def worse(req: func.HttpRequest) -> str:
        raise error

    host = await start_host(app)
    for path in ("bad", "worse", "bad"):
        async with client.get(f"{host.url}/api/{path}?code=hidden") as response:
            assert (response.status, await response.read()) == (500, b"")
    logged = [record.getMessage() for record in caplog.records if record.name == "linekeeper.host"]
    assert sum(message.startswith("function bad failed, invocation ") for message in logged) == 2
    assert not any("hidden" in message for message in logged)


def queueing_app(value: object) -> func.FunctionApp:
    app = func.FunctionApp(http_auth_level=ANONYMOUS)

    @app.route(route="put")
    @app.queue_output(arg_name="out", queue_name="work", connection=STORAGE)
    @app.queue_output(arg_name="other", queue_name="other", connection=STORAGE)
    async def put(req: func.HttpRequest, out: func.Out[List[str]], other: func.Out[List[str]]) -> func.HttpResponse:
        other.set(["fine"])
        out.set(value)  # type: ignore[arg-type]
        if "fail" in req.params:
            raise ValueError
        return func.HttpResponse(status_code=202)

    return app


async def test_the_outputs_of_a_function_that_succeeds_are_on_their_queues_when_it_answers(
    start_host: StartHost, client: aiohttp.ClientSession, store: SqliteQueueStore
) -> None:
    host = await start_host(queueing_app(['{"a":1}', "b"]))
    async with client.post(f"{host.url}/api/put") as response:
        assert response.status == 202
    assert [message.body for message in store.get("work", 5)] == [b'{"a":1}', b"b"]
    assert [message.body for message in store.get("other", 5)] == [b"fine"]


async def test_a_function_that_fails_puts_nothing_out(
    start_host: StartHost, client: aiohttp.ClientSession, store: SqliteQueueStore
) -> None:
    host = await start_host(queueing_app(["x"]))
    async with client.post(f"{host.url}/api/put?fail=1") as response:
        assert response.status == 500
    assert store.depth("work") == 0


@pytest.mark.parametrize(("value", "status"), [(bytes(MAX_MESSAGE_BYTES + 1), 503), ("{no json}", 503), (5, 500)])
async def test_when_an_output_cannot_be_written_nothing_is_and_the_caller_is_told_to_come_again(
    start_host: StartHost, client: aiohttp.ClientSession, store: SqliteQueueStore, value: object, status: int
) -> None:
    host = await start_host(queueing_app(value))
    async with client.post(f"{host.url}/api/put") as response:
        assert (response.status, await response.read()) == (status, b"")
    assert (store.depth("work"), store.depth("other")) == (0, 0)


async def test_a_function_that_asks_for_its_context_learns_of_its_own_invocation(
    start_host: StartHost, client: aiohttp.ClientSession
) -> None:
    app = func.FunctionApp(http_auth_level=ANONYMOUS)

    @app.route(route="who")
    def who(req: func.HttpRequest, context: func.Context) -> str:
        trace: object = context.trace_context
        return "|".join(
            [
                context.function_name,
                context.invocation_id,
                str(getattr(context.thread_local_storage, "invocation_id", None)),
                repr(getattr(trace, "Traceparent", None)) + repr(getattr(trace, "Tracestate", None)),
                str(context.retry_context),
                context.function_directory,
            ]
        )

    host = await start_host(app)
    answers: list[list[str]] = []
    for _ in range(2):
        async with client.get(f"{host.url}/api/who", headers={"traceparent": "00-1-2-01"}) as response:
            answers.append((await response.text()).split("|"))
    for name, invocation, in_thread, trace, retry, directory in answers:
        assert [name, in_thread, trace, retry] == ["who", invocation, "''''", "None"]
        assert directory
    assert answers[0][1] != answers[1][1]


async def test_synchronous_functions_run_beside_each_other_and_never_hold_up_the_loop(
    start_host: StartHost, client: aiohttp.ClientSession
) -> None:
    app = func.FunctionApp(http_auth_level=ANONYMOUS)
    together = threading.Barrier(3)

    @app.route(route="wait")
    def wait(req: func.HttpRequest) -> str:
        together.wait(timeout=5)
        return "met"

    host = await start_host(app, environment={"PYTHON_THREADPOOL_THREAD_COUNT": "3"})

    async def ask() -> str:
        async with client.get(f"{host.url}/api/wait") as response:
            return await response.text()

    assert list(await asyncio.gather(ask(), ask(), ask())) == ["met"] * 3


async def test_a_thread_count_that_is_none_stops_the_start(store: SqliteQueueStore) -> None:
    with pytest.raises(HostError, match="PYTHON_THREADPOOL_THREAD_COUNT must be a number"):
        LocalHost(
            app=echo_app(),
            settings=HostSettings(),
            queue_store=store,
            environment={"PYTHON_THREADPOOL_THREAD_COUNT": "many"},
        )


async def test_a_port_that_is_taken_is_named(start_host: StartHost) -> None:
    first = await start_host(echo_app())
    port = int(first.url.rpartition(":")[2])
    with pytest.raises(HostError) as refused:
        await start_host(echo_app(), port=port)
    assert str(refused.value) == f"127.0.0.1:{port} cannot be listened on: address already in use"


async def test_no_request_shows_in_the_log(
    start_host: StartHost, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host = await start_host(echo_app())
    async with client.post(f"{host.url}/api/echo/1?code=hidden", data="body", headers={"X-Key": "hidden"}):
        pass
    assert "hidden" not in caplog.text
