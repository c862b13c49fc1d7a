"""The simulator's own routes, by which a person or a test plays fate over HTTP.

They exist on the simulator alone and imitate nothing. They answer only who speaks to this machine by a loopback name
and comes from no other site: a page in a browser can reach a loopback port, and must not change anything here.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from simulator.directory import SimulatedTenant
from simulator.faults import FaultsDocument
from simulator.graph_api import SimulatedGraph
from simulator.records import RefusedError
from simulator.tenant_actions import Action, carry_out

CONTROL_PATH = "/simulator"

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PLACE = re.compile(r"(?P<what>.*) - at `(?P<path>\$.*)`", re.DOTALL)

Shape = TypeVar("Shape")
Handler = Callable[[web.Request], Awaitable[web.Response]]


class DocumentError(ValueError):
    """A document that is not what was asked for, with one sentence that names the place in it."""


class ControlRoutes:
    """Faults, counts and the tenant under ``/simulator``."""

    def __init__(self, graph: SimulatedGraph, tenant: SimulatedTenant) -> None:
        self._graph = graph
        self._tenant = tenant

    def install(self, application: web.Application) -> None:
        """Add the routes to a web application."""
        router = application.router
        router.add_get(f"{CONTROL_PATH}/faults", _guarded(self._list_faults))
        router.add_put(f"{CONTROL_PATH}/faults", _guarded(self._replace_faults))
        router.add_delete(f"{CONTROL_PATH}/faults", _guarded(self._clear_faults))
        router.add_get(f"{CONTROL_PATH}/requests", _guarded(self._list_requests))
        router.add_delete(f"{CONTROL_PATH}/requests", _guarded(self._reset_requests))
        router.add_post(f"{CONTROL_PATH}/tenant", _guarded(self._change_tenant))

    async def _list_faults(self, _: web.Request) -> web.Response:
        return _json(FaultsDocument(self._graph.faults.listed))

    async def _replace_faults(self, request: web.Request) -> web.Response:
        document = decoded(await request.read(), FaultsDocument)
        self._graph.faults.replace(document.faults)
        return _json(FaultsDocument(self._graph.faults.listed))

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._graph.faults.clear()
        return web.Response(status=204)

    async def _list_requests(self, _: web.Request) -> web.Response:
        return _json({"requests": dict(self._graph.requests), "units": dict(self._graph.units)})

    async def _reset_requests(self, _: web.Request) -> web.Response:
        self._graph.requests.clear()
        self._graph.units.clear()
        return web.Response(status=204)

    async def _change_tenant(self, request: web.Request) -> web.Response:
        action: Action = decoded(await request.read(), Action)  # type: ignore[arg-type] # a union is no type to mypy
        return _json({"done": carry_out(action, self._tenant)})


def decoded(body: bytes, shape: type[Shape]) -> Shape:
    """A JSON document in the one shape that is taken.

    Raises:
        DocumentError: It is none.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        found = _PLACE.fullmatch(str(error))
        what, path = (found["what"], found["path"]) if found is not None else (str(error), "$")
        raise DocumentError(f"At {path}: {what}.") from error


def _guarded(handler: Handler) -> Handler:
    """The handler, for requests from this machine alone, with its refusals as answers."""

    async def answer(request: web.Request) -> web.Response:
        if not _is_local(request):
            return _json({"error": "Only a client on this machine may ask this, by a loopback name."}, status=403)
        try:
            return await handler(request)
        except ValueError as error:
            return _json({"error": str(error)}, status=400)
        except RefusedError as error:
            return _json({"error": str(error), "reason": error.reason}, status=409)

    return answer


def _is_local(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    own = origin is None or urlsplit(origin).netloc == request.host
    return own and request.url.host in _LOOPBACK and request.remote in _LOOPBACK


def _json(value: Any, *, status: int = 200) -> web.Response:  # noqa: ANN401 - any JSON value
    return web.Response(
        status=status,
        body=msgspec.json.encode(value),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
