"""The simulated Graph behind HTTP: routes, authorisation, faults, metering and the headers that every answer has.

Imitates "Microsoft Graph error responses and resource types", "Microsoft Graph throttling guidance" and "National cloud
deployments". How a request travels: outages, then the token, then its route; faults and permissions; its cost; the
route's own answer; what faults make of the answer.
"""

import asyncio
import inspect
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from aiohttp import web

from simulator.batch import inner_answer, inner_request, steps_of
from simulator.delta import DeltaQueries
from simulator.directory import SimulatedTenant
from simulator.exchange import (
    GraphAnswer,
    GraphError,
    GraphRequest,
    denied,
    error_answer,
    new_request_id,
    query_options,
)
from simulator.fault_effects import failure, http_date, refuse, skewed, spoilt
from simulator.fault_plan import FaultPlan, Met
from simulator.faults import Damage, DeltaExpiredFault
from simulator.graph_objects import ObjectRoutes
from simulator.graph_telephony import TelephonyRoutes
from simulator.graph_users import UserRoutes
from simulator.http_answers import http_answer
from simulator.metering import Meter, resource_units
from simulator.notifier import Notifier
from simulator.permissions import PERMISSIONS
from simulator.purchases import PurchaseRoutes
from simulator.subscriptions import Subscriptions

VERSION_PATH = "/v1.0"

_TEAMS_ADMIN = "admin/teams"
_NOTHING_MET = Met()

Handler = Callable[..., GraphAnswer | Awaitable[GraphAnswer]]


class _Route(NamedTuple):
    name: str
    method: str
    pattern: re.Pattern[str]
    handler: Handler


class SimulatedGraph:
    """Answers Graph requests about one tenant.

    Attributes:
        users: The listing of users; page size and replication delays can be set.
        objects: Users and groups by their ids; the replication delay can be set.
        delta: Delta queries; page size, replication delay and token expiry can be set.
        telephony: Numbers and user configurations; page sizes and replication delays can be set.
        purchases: SKUs and commerce subscriptions; their replication delay can be set.
        subscriptions: The change notification subscriptions.
        requests: How often each route was called, by names such as ``GET users/delta``; those inside a batch count too.
        faults: What goes wrong, by route and count.
        denied: Routes that answer 403, as ``deny`` and ``allow`` leave them.
        without_teams_admin: Whether the routes below ``admin/teams`` are missing, as in the national clouds; which code
            their 404 has is not documented, so that ``ResourceNotFound`` is an assumption.
        outage: A status that every request is answered with, or None.
        refusals: Statuses that single routes are answered with, by the names that ``requests`` has.
        retry_after: Seconds that an outage or a refusal names in ``Retry-After``, or None for no such header.
        latency: Seconds that every request takes at least.
    """

    def __init__(self, tenant: SimulatedTenant, notifier: Notifier) -> None:
        self.users = UserRoutes(tenant)
        self.objects = ObjectRoutes(tenant)
        self.delta = DeltaQueries(tenant)
        self.telephony = TelephonyRoutes(tenant)
        self.purchases = PurchaseRoutes(tenant)
        self.subscriptions = Subscriptions(tenant, notifier)
        self.requests: Counter[str] = Counter()
        self.faults = FaultPlan(lambda: self.route_names)
        self.denied: set[str] = set()
        self.without_teams_admin = tenant.national_cloud
        self.outage: int | None = None
        self.refusals: dict[str, int] = {}
        self.retry_after: int | None = None
        self.latency = 0.0
        self._tenant = tenant
        self._meter = Meter(lambda: tenant.clock(), tenant.tenant_id)  # noqa: PLW0108 - the clock may be exchanged
        self._routes = self._table()

    @property
    def route_names(self) -> tuple[str, ...]:
        """The routes that there are."""
        return tuple(route.name for route in self._routes)

    @property
    def units(self) -> Counter[str]:
        """The resource units that requests cost so far, by route."""
        return self._meter.units

    @property
    def limit_units_per_10s(self) -> int | None:
        """The resource units that may be used in ten seconds before requests are answered 429, or None."""
        return self._meter.limit

    @limit_units_per_10s.setter
    def limit_units_per_10s(self, limit: int | None) -> None:
        self._meter.limit = limit

    def deny(self, name: str) -> None:
        """Answer 403 as for a missing permission.

        Args:
            name: A route, or a permission for all routes that need it.
        """
        self.denied |= self._routes_of(name)

    def allow(self, name: str) -> None:
        """Take back what ``deny`` did for a route or a permission."""
        self.denied -= self._routes_of(name)

    def install(self, application: web.Application) -> None:
        """Add the routes to a web application."""
        application.router.add_route("*", f"{VERSION_PATH}/{{path:.*}}", self._serve)

    def _table(self) -> tuple[_Route, ...]:
        users, subscriptions, telephony = self.users, self.subscriptions, self.telephony
        deleted = r"directory/deletedItems/(?:microsoft\.)?graph\.user"
        numbers = f"{_TEAMS_ADMIN}/telephoneNumberManagement/numberAssignments"
        configurations = f"{_TEAMS_ADMIN}/userConfigurations"
        any_deleted = f"(?:{deleted}|directory/deletedItems)/([^/]+)"
        return (
            _route("POST $batch", r"\$batch", self._batch),
            _route("GET users", "users", users.list_users),
            _route("GET users/delta", r"users/(?:microsoft\.graph\.)?delta(?:\(\))?", self.delta.answer),
            _route("GET users/{id}", "users/([^/]+)", users.get_user),
            _route(
                "POST users/{id}/assignLicense",
                r"users/([^/]+)/(?:microsoft\.graph\.)?assignLicense",
                users.assign_license,
            ),
            _route(
                "POST directoryObjects/getByIds",
                r"directoryObjects/(?:microsoft\.graph\.)?getByIds",
                self.objects.get_by_ids,
            ),
            _route("GET subscribedSkus", "subscribedSkus", self.purchases.list_skus),
            _route("GET directory/subscriptions", "directory/subscriptions", self.purchases.list_purchases),
            _route("GET directory/deletedItems", deleted, users.list_deleted),
            _route("GET directory/deletedItems/{id}", any_deleted, users.get_deleted),
            _route(f"GET {numbers}", numbers, telephony.list_numbers),
            _route(f"GET {configurations}", configurations, telephony.list_configurations),
            _route(f"GET {configurations}/{{id}}", f"{configurations}/([^/]+)", telephony.get_configuration),
            _route("GET subscriptions", "subscriptions", subscriptions.list_all),
            _route("GET subscriptions/{id}", "subscriptions/([^/]+)", subscriptions.get_one),
            _route("POST subscriptions", "subscriptions", subscriptions.create),
            _route("PATCH subscriptions/{id}", "subscriptions/([^/]+)", subscriptions.renew),
            _route(
                "POST subscriptions/{id}/reauthorize", "subscriptions/([^/]+)/reauthorize", subscriptions.reauthorize
            ),
            _route("DELETE subscriptions/{id}", "subscriptions/([^/]+)", subscriptions.delete),
        )

    def _routes_of(self, name: str) -> frozenset[str]:
        if name in PERMISSIONS:
            return PERMISSIONS[name]
        if name not in self.route_names:
            raise ValueError(f"{name!r} is neither a route nor a permission that is known here.")
        return frozenset({name})

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
        return http_answer(request, await self._answer(asked))

    async def _answer(self, request: GraphRequest, *, inner: bool = False) -> GraphAnswer:
        """The answer to a request that came alone or inside a batch."""
        headers = {"request-id": new_request_id()}
        met = _NOTHING_MET
        try:
            route, arguments = self._admitted(request)
            met = self.faults.meet(route.name, inner=inner, resumed=request.resumed)
            await asyncio.sleep(met.delay)
            refuse(met.fault, self._tenant.clock() + timedelta(seconds=met.skew))
            if isinstance(met.fault, DeltaExpiredFault):
                self.delta.expire_tokens(met.fault.form)
            headers |= self._meter.charge(route.name, resource_units(route.name, request.query))
            answer = route.handler(request, *arguments)
            answer = spoilt(met.fault, request, await answer if inspect.isawaitable(answer) else answer)
        except GraphError as error:
            answer = error_answer(error, headers["request-id"], self._tenant.clock())
        if not inner:
            headers["Date"] = http_date(self._tenant.clock() + timedelta(seconds=met.skew))
        body = skewed(answer.body, met.skew) if met.skew and answer.body is not None else answer.body
        damage = met.fault if isinstance(met.fault, Damage) else None
        return replace(answer, body=body, headers={**headers, **answer.headers}, damage=damage)

    def _admitted(self, request: GraphRequest) -> tuple[_Route, tuple[str, ...]]:
        """The route of a request that may come in; it is counted."""
        retry_after = None if self.retry_after is None else str(self.retry_after)
        if self.outage is not None:
            raise failure(self.outage, retry_after)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
        if self.without_teams_admin and f"{request.path}/".lower().startswith(f"{_TEAMS_ADMIN}/"):
            raise GraphError(404, "ResourceNotFound", "Resource not found for the segment 'teams'.")
        route, arguments = self._match(request)
        self.requests[route.name] += 1
        if route.name in self.refusals:
            raise failure(self.refusals[route.name], retry_after)
        if route.name in self.denied:
            raise denied()
        return route, arguments

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

    async def _batch(self, request: GraphRequest) -> GraphAnswer:
        """``POST $batch``: inner requests run at the same time and are answered in another order than asked."""
        steps = steps_of(request)
        answers = await asyncio.gather(*(self._answer(inner_request(request, step), inner=True) for step in steps))
        responses = [inner_answer(step, answer) for step, answer in zip(steps, answers, strict=True)]
        return GraphAnswer(200, {"responses": responses[::-1]})


def _route(name: str, pattern: str, handler: Handler) -> _Route:
    # Graph's paths are not case-sensitive.
    return _Route(name, name.split(" ", maxsplit=1)[0], re.compile(pattern, re.IGNORECASE), handler)
