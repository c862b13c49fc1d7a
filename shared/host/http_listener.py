"""Answers HTTP: the app's routes, and the manual run of its other functions."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Iterable
from typing import Any

import azure.functions as func
import msgspec
from aiohttp import web
from azure.functions.http import HttpRequest
from multidict import CIMultiDict

from shared.host.bindings import BoundFunction
from shared.host.errors import InvocationError, OutputError, UnknownFunctionError
from shared.host.invoke import Invoker
from shared.host.routing import Router
from shared.host.work import Work

MAX_REQUEST_BYTES = 100 * 1024 * 1024
"""Larger requests are refused with 413, as on Azure."""

ADMIN_PREFIX = "/admin/functions/"

_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
_FROM_ELSEWHERE = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Origin")
_CLOSE_TIMEOUT = 2.0

_logger = logging.getLogger("linekeeper.host")

StartFunction = Callable[[str, bytes], object]
"""Starts a timer or queue function by its name; raises UnknownFunctionError."""


class HttpListener:
    """The HTTP side of the host.

    Args:
        routes: template with prefix, methods, and the function that answers.
        invoker: runs the functions.
        work: keeps the invocations, and says when the host stops.
        start_function: what a manual run calls.
    """

    def __init__(
        self,
        routes: Iterable[tuple[str, frozenset[str], BoundFunction]],
        *,
        invoker: Invoker,
        work: Work,
        start_function: StartFunction,
    ) -> None:
        self._router: Router[BoundFunction] = Router(routes)
        self._invoker = invoker
        self._work = work
        self._start_function = start_function
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    async def listen(self, address: str, port: int) -> int:
        """Begins to answer, and gives the port, which the system chooses when 0 is asked for."""
        application = web.Application(client_max_size=MAX_REQUEST_BYTES)
        application.router.add_route("*", "/{path:.*}", self._answer)
        # No access log, which would hold query strings; and a compressed body is the function's business.
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=_CLOSE_TIMEOUT, auto_decompress=False
        )
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, address, port)
        await self._site.start()
        return int(self._runner.addresses[0][1])

    async def refuse(self) -> None:
        """Takes no further connection; requests under way go on."""
        if self._site is not None:
            await self._site.stop()
            self._site = None

    async def close(self) -> None:
        """Closes all connections."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._work.stopping.is_set():
            return _closing(503)
        if request.rel_url.raw_path.startswith(ADMIN_PREFIX):
            return await self._run_manually(request)
        found = self._router.find(request.method, request.rel_url.raw_path)
        if found is None:
            return web.Response(status=404)
        function, route_parameters = found
        if (request.content_length or 0) > MAX_REQUEST_BYTES:
            return _closing(413)
        # Without a length Azure hands the function an empty body.
        body = await request.read() if request.content_length else b""
        return await self._invoke(function, to_function_request(request, route_parameters, body))

    async def _invoke(self, function: BoundFunction, request: func.HttpRequest) -> web.Response:
        if self._work.stopping.is_set():
            return _closing(503)
        # A task of its own: what the function leaves in its context must not reach the connection's next request.
        task = self._work.begin(self._invoker.invoke(function, request))
        try:
            return to_response(await task)
        except OutputError:
            return web.Response(status=503)
        except InvocationError:
            return web.Response(status=500)
        except TypeError:
            _logger.exception("function %s has no response", function.name)
            return web.Response(status=500)
        except asyncio.CancelledError:
            if not task.cancelled() or not self._work.stopping.is_set():
                raise
            return _closing(503)

    async def _run_manually(self, request: web.Request) -> web.Response:
        if request.method != "POST":
            return web.Response(status=404)
        if not _is_local(request):
            return web.Response(status=401)
        body = await request.read()
        try:
            wanted = msgspec.json.decode(body, type=_ManualRun) if body else _ManualRun()
        except msgspec.DecodeError:
            return web.Response(status=400)
        try:
            self._start_function(request.path.removeprefix(ADMIN_PREFIX), wanted.input.encode())
        except UnknownFunctionError:
            return web.Response(status=404)
        return web.Response(status=202)


class _ManualRun(msgspec.Struct, frozen=True):
    input: str = ""


def to_function_request(request: web.Request, route_parameters: dict[str, str], body: bytes) -> func.HttpRequest:
    """The request as the worker gives it to a function: lower-case names, repeats joined, no empty parameters."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    parameters: dict[str, str] = {}
    for name, value in request.query.items():
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return HttpRequest(
        method=request.method,
        url=str(request.url),
        headers=headers,
        params={name: value for name, value in parameters.items() if value},
        route_params=route_parameters,
        body_type="bytes",
        body=body,
    )


def to_response(result: object) -> web.Response:
    """The response to what an HTTP function returned: an HttpResponse, a text, or nothing (204).

    Raises:
        TypeError: the function returned anything else.
    """
    match result:
        case None:
            return web.Response(status=204)
        case str():
            return web.Response(text=result)
        case func.HttpResponse():
            answered: Any = result
            headers = CIMultiDict(
                (name, value) for name, value in answered.headers.items() if name.lower() not in _FRAMING
            )
            if "content-type" not in headers:
                charset = f"; charset={answered.charset}" if answered.mimetype.startswith("text/") else ""
                headers["content-type"] = f"{answered.mimetype}{charset}"
            return web.Response(status=answered.status_code, headers=headers, body=answered.get_body())
        case _:
            raise TypeError(f"an HTTP function returns an HttpResponse or a str, not {type(result).__name__}")


def _closing(status: int) -> web.Response:
    response = web.Response(status=status)
    response.force_close()
    return response


def _is_local(request: web.Request) -> bool:
    """Whether it was made on this machine for this machine: not through a tunnel, not by a web page's script."""
    if any(name in request.headers for name in _FROM_ELSEWHERE):
        return False
    return _is_loopback(request.remote or "") and _is_loopback(request.url.host or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
