"""The simulated Graph behind HTTP: routes, authorisation, outages, ``$batch`` and the headers that every answer has.

Imitates "Microsoft Graph error responses and resource types", "Microsoft Graph throttling guidance" and "Combine
multiple HTTP requests using JSON batching".
"""

import asyncio
import inspect
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec
from aiohttp import web

from simulator.delta import DeltaQueries
from simulator.directory import SimulatedTenant
from simulator.exchange import (
    GraphAnswer,
    GraphError,
    GraphRequest,
    bad_request,
    error_answer,
    new_request_id,
    query_options,
)
from simulator.graph_users import UserRoutes
from simulator.notifier import Notifier
from simulator.purchases import list_purchases, list_skus
from simulator.subscriptions import Subscriptions

VERSION_PATH = "/v1.0"

_MOST_IN_BATCH = 20
_SMALL_PAGE = 20
_FAILURE_CODES = {
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}

Handler = Callable[..., GraphAnswer | Awaitable[GraphAnswer]]


class _Route(NamedTuple):
    name: str
    method: str
    pattern: re.Pattern[str]
    handler: Handler


class _Step(msgspec.Struct, rename="camel", kw_only=True):
    id: str
    method: str
    url: str
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw()
    depends_on: list[str] = []


class _Batch(msgspec.Struct):
    requests: list[_Step]


class SimulatedGraph:
    """Answers Graph requests about one tenant.

    Attributes:
        users: The listing of users; its ``page_size`` can be set.
        delta: Delta queries; page size, replication delay and token expiry can be set.
        subscriptions: The change notification subscriptions.
        requests: How often each route was called, by names such as ``GET users/delta``; those inside a batch count too.
        outage: A status that every request is answered with, or None.
        refusals: Statuses that single routes are answered with, by the names that ``requests`` has.
        retry_after: Seconds that an outage or a refusal names in ``Retry-After``, or None for no such header.
        latency: Seconds that every request takes at least.
    """

    def __init__(self, tenant: SimulatedTenant, notifier: Notifier) -> None:
        self.users = UserRoutes(tenant)
        self.delta = DeltaQueries(tenant)
        self.subscriptions = Subscriptions(tenant, notifier)
        self.requests: Counter[str] = Counter()
        self.outage: int | None = None
        self.refusals: dict[str, int] = {}
        self.retry_after: int | None = None
        self.latency = 0.0
        self._routes = self._table(tenant)

    def install(self, application: web.Application) -> None:
        """Add the routes to a web application."""
        application.router.add_route("*", f"{VERSION_PATH}/{{path:.*}}", self._serve)

    def _table(self, tenant: SimulatedTenant) -> tuple[_Route, ...]:
        users, subscriptions = self.users, self.subscriptions
        deleted = r"directory/deletedItems/(?:microsoft\.)?graph\.user"
        return (
            _route("POST $batch", r"\$batch", self._batch),
            _route("GET users", "users", users.list_users),
            _route("GET users/delta", r"users/(?:microsoft\.graph\.)?delta(?:\(\))?", self.delta.answer),
            _route("GET users/{id}", "users/([^/]+)", users.get_user),
            _route(
                "POST users/{id}/assignLicense",
                "users/([^/]+)/(?:microsoft.graph.)?assignLicense",
                users.assign_license,
            ),
            _route("GET subscribedSkus", "subscribedSkus", lambda request: list_skus(request, tenant)),
            _route(
                "GET directory/subscriptions",
                "directory/subscriptions",
                lambda request: list_purchases(request, tenant),
            ),
            _route("GET directory/deletedItems", deleted, users.list_deleted),
            _route(
                "GET directory/deletedItems/{id}", f"(?:{deleted}|directory/deletedItems)/([^/]+)", users.get_deleted
            ),
            _route("GET subscriptions", "subscriptions", subscriptions.list_all),
            _route("GET subscriptions/{id}", "subscriptions/([^/]+)", subscriptions.get_one),
            _route("POST subscriptions", "subscriptions", subscriptions.create),
            _route("PATCH subscriptions/{id}", "subscriptions/([^/]+)", subscriptions.renew),
            _route("DELETE subscriptions/{id}", "subscriptions/([^/]+)", subscriptions.delete),
        )

    async def _serve(self, request: web.Request) -> web.Response:
        asked = GraphRequest(
            method=request.method,
            path=request.match_info["path"].strip("/"),
            query=query_options(request.rel_url.raw_query_string),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
            root=f"{request.url.origin()}{VERSION_PATH}",
        )
        if self.latency:
            await asyncio.sleep(self.latency)
        answer = await self._answer(asked)
        content_type = None if answer.body is None else "application/json"
        body = None if answer.body is None else msgspec.json.encode(answer.body)
        return web.Response(status=answer.status, body=body, content_type=content_type, headers=answer.headers)

    async def _answer(self, request: GraphRequest) -> GraphAnswer:
        """The answer to a request that came alone or inside a batch."""
        request_id = new_request_id()
        try:
            answer = await self._dispatch(request)
        except GraphError as error:
            answer = error_answer(error, request_id)
        headers = {"request-id": request_id, "x-ms-resource-unit": str(_resource_units(request))}
        return GraphAnswer(answer.status, answer.body, {**headers, **answer.headers})

    async def _dispatch(self, request: GraphRequest) -> GraphAnswer:
        if self.outage is not None:
            raise self._failure(self.outage)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
        route, arguments = self._match(request)
        self.requests[route.name] += 1
        if route.name in self.refusals:
            raise self._failure(self.refusals[route.name])
        answer = route.handler(request, *arguments)
        return await answer if inspect.isawaitable(answer) else answer

    def _match(self, request: GraphRequest) -> tuple[_Route, tuple[str, ...]]:
        other_method = False
        for route in self._routes:
            found = route.pattern.fullmatch(request.path)
            if found is not None and route.method == request.method:
                return route, found.groups()
            other_method = other_method or found is not None
        if other_method:
            raise GraphError(405, "Request_BadRequest", f"The method {request.method} is not supported here.")
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{request.path.split('/')[0]}'.")

    def _failure(self, status: int) -> GraphError:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        code = _FAILURE_CODES.get(status, "UnknownError")
        return GraphError(status, code, f"The simulated service answers {status} for now.", headers)

    async def _batch(self, request: GraphRequest) -> GraphAnswer:
        """``POST $batch``: inner requests run at the same time and are answered in another order than asked."""
        steps = request.decoded(_Batch).requests
        _check_batch(steps)
        answers = await asyncio.gather(*(self._answer(_inner(request, step)) for step in steps))
        responses: list[Mapping[str, Any]] = [
            _printed(step, answer) for step, answer in zip(steps, answers, strict=True)
        ]
        return GraphAnswer(200, {"responses": responses[::-1]})


def _route(name: str, pattern: str, handler: Handler) -> _Route:
    # Graph's paths are not case-sensitive.
    return _Route(name, name.split(" ", maxsplit=1)[0], re.compile(pattern, re.IGNORECASE), handler)


def _check_batch(steps: list[_Step]) -> None:
    if not 1 <= len(steps) <= _MOST_IN_BATCH:
        raise bad_request(f"A batch has between 1 and {_MOST_IN_BATCH} requests, not {len(steps)}.")
    if len({step.id.casefold() for step in steps}) < len(steps):
        raise bad_request("Request Id values in a batch must be unique.")
    for step in steps:
        if "://" in step.url.partition("?")[0]:
            raise bad_request(f"The URL of the request '{step.id}' is not relative.")
        if step.depends_on:
            raise bad_request(
                "This stand-in runs the requests of a batch at the same time: dependsOn is not supported."
            )
        if bytes(step.body) and "content-type" not in {name.lower() for name in step.headers}:
            raise bad_request(f"The request '{step.id}' has a body but no Content-Type header.")


def _inner(outer: GraphRequest, step: _Step) -> GraphRequest:
    path, _, query = step.url.partition("?")
    headers = {name.lower(): value for name, value in step.headers.items()}
    return GraphRequest(
        method=step.method.upper(),
        # A batch inside a batch is no path that leads anywhere.
        path=unquote(path).strip("/").replace("$batch", "batch"),
        query=query_options(query),
        headers={"authorization": outer.headers["authorization"]} | headers,
        body=bytes(step.body),
        root=outer.root,
    )


def _printed(step: _Step, answer: GraphAnswer) -> dict[str, Any]:
    headers = dict(answer.headers)
    printed: dict[str, Any] = {"id": step.id, "status": answer.status, "headers": headers}
    if answer.body is not None:
        headers["Content-Type"] = "application/json"
        printed["body"] = answer.body
    return printed


def _resource_units(request: GraphRequest) -> int:
    """What a request costs by the table "Identity and access service limits"."""
    cost = {"users": 2, "subscribedskus": 3}.get(request.path.lower(), 1)
    cost -= "$select" in request.query
    top = request.query.get("$top", "")
    cost -= top.isdecimal() and int(top) < _SMALL_PAGE
    return max(1, cost)
