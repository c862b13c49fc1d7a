"""Users and deleted users as Graph's v1.0 lists and changes them.

Imitates the reference pages "List users", "Get a user", "List deletedItems" and "user: assignLicense".
"""

import base64
import heapq
from collections.abc import Iterable
from typing import Any

import msgspec

from simulator.directory import SimulatedTenant
from simulator.exchange import GraphAnswer, GraphError, GraphRequest, bad_request, not_found
from simulator.listings import Printed, matching, page_size
from simulator.odata import Filterable
from simulator.records import AssignedLicense, RefusedError, User, user_properties

# What Graph returns without $select has no licences in it, which is the mistake worth showing.
_DEFAULT_SELECT = ("id", "displayName", "userPrincipalName")
_LARGEST_PAGE = 999
_FILTERABLE = Filterable(
    texts=frozenset({"id", "department", "displayName", "userPrincipalName", "usageLocation", "userType"}),
    flags=frozenset({"accountEnabled"}),
    collections={"assignedLicenses": "skuId"},
)


class _LicenceChange(msgspec.Struct, rename="camel"):
    add_licenses: list[AssignedLicense]
    remove_licenses: list[str]


class UserRoutes:
    """The routes below ``users`` and ``directory/deletedItems``.

    Attributes:
        page_size: Users on a page when the request names no ``$top``.
        listing_lag: Seconds until a change shows in listings, by the tenant's clock.
        read_lag: Seconds until a change shows where one user is read, by the tenant's clock.
    """

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.page_size = 100
        self.listing_lag = 0.0
        self.read_lag = 0.0
        self._tenant = tenant

    def list_users(self, request: GraphRequest) -> GraphAnswer:
        """``GET users``."""
        return self._listing(request, self._tenant.seen_after(self._tenant.users, self.listing_lag).values())

    def list_deleted(self, request: GraphRequest) -> GraphAnswer:
        """``GET directory/deletedItems/microsoft.graph.user``."""
        return self._listing(request, self._tenant.seen_after(self._tenant.deleted, self.listing_lag).values())

    def get_user(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``GET users/{id or user principal name}``."""
        seen = self._tenant.seen_after(self._tenant.users, self.read_lag)
        return _one(request, seen.get(key.lower()) or _by_principal_name(seen.values(), key))

    def get_deleted(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``GET directory/deletedItems/{id}``."""
        user = self._tenant.seen_after(self._tenant.deleted, self.read_lag).get(key.lower())
        if user is None:
            raise not_found(key)
        return _one(request, user)

    def assign_license(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``POST users/{id}/assignLicense``: both lists in one save."""
        change = request.decoded(_LicenceChange)
        users = self._tenant.users
        user_id = (users.get(key.lower()) or _by_principal_name(users.values(), key)).id
        try:
            user = self._tenant.change_licenses(user_id, add=change.add_licenses, remove=change.remove_licenses)
        except RefusedError as refusal:
            raise GraphError(400, "Request_BadRequest", f"{refusal} ({refusal.reason})") from refusal
        return GraphAnswer(200, user.as_graph())

    def _listing(self, request: GraphRequest, users: Iterable[User]) -> GraphAnswer:
        request.allow("$select", "$filter", "$top", "$count", "$skiptoken")
        select = request.selected(tuple(user_properties())) or _DEFAULT_SELECT
        size = page_size(request, self.page_size, _LARGEST_PAGE)
        # A token names the last id that was given, so that a deletion between two pages hides nobody.
        last = _last_id(request.query.get("$skiptoken"))
        properties = user_properties()
        found = matching(request, users, _FILTERABLE, lambda user: Printed(user, properties))
        body: dict[str, Any] = {"@odata.context": f"{request.root}/$metadata#users({','.join(select)})"}
        if request.query.get("$count") == "true" and request.headers.get("consistencylevel") == "eventual":
            found = list(found)
            body["@odata.count"] = len(found)
        page = heapq.nsmallest(size + 1, (user for user in found if user.id > last), key=lambda user: user.id)
        if len(page) > size:
            body["@odata.nextLink"] = request.next_link(_token(page[size - 1].id))
        body["value"] = [user.as_graph(select) for user in page[:size]]
        return GraphAnswer(200, body)


def _by_principal_name(users: Iterable[User], name: str) -> User:
    folded = name.casefold()
    for user in users:
        if user.user_principal_name.casefold() == folded:
            return user
    raise not_found(name)


def _one(request: GraphRequest, user: User) -> GraphAnswer:
    request.allow("$select")
    select = request.selected(tuple(user_properties())) or _DEFAULT_SELECT
    context = f"{request.root}/$metadata#users({','.join(select)})/$entity"
    return GraphAnswer(200, {"@odata.context": context} | user.as_graph(select))


def _token(last_id: str) -> str:
    return base64.urlsafe_b64encode(f"after {last_id}".encode()).decode().rstrip("=")


def _last_id(token: str | None) -> str:
    if token is None:
        return ""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except ValueError as error:
        raise bad_request("The skip token is malformed.") from error
    return text.removeprefix("after ")
