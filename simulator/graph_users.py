"""Users and deleted users as Graph's v1.0 lists and changes them.

Imitates the reference pages "List users", "Get a user", "List deletedItems" and "user: assignLicense".
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from simulator.directory import RefusedError, SimulatedTenant
from simulator.exchange import GraphAnswer, GraphError, GraphRequest, bad_request, not_found
from simulator.odata import FilterError, compile_filter
from simulator.records import AssignedLicense, User, user_properties

# What Graph returns without $select has no licences in it, which is the mistake worth showing.
_DEFAULT_SELECT = ("id", "displayName", "userPrincipalName")
_LARGEST_PAGE = 999


class _LicenceChange(msgspec.Struct, rename="camel"):
    add_licenses: list[AssignedLicense]
    remove_licenses: list[str]


class UserRoutes:
    """The routes below ``users`` and ``directory/deletedItems``.

    Attributes:
        page_size: Users on a page when the request names no ``$top``.
    """

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.page_size = 100
        self._tenant = tenant

    def list_users(self, request: GraphRequest) -> GraphAnswer:
        """``GET users``."""
        return self._listing(request, self._tenant.users.values())

    def list_deleted(self, request: GraphRequest) -> GraphAnswer:
        """``GET directory/deletedItems/microsoft.graph.user``."""
        return self._listing(request, self._tenant.deleted.values())

    def get_user(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``GET users/{id or user principal name}``."""
        return _one(request, self._addressed(key))

    def get_deleted(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``GET directory/deletedItems/{id}``."""
        user = self._tenant.deleted.get(key.lower())
        if user is None:
            raise not_found(key)
        return _one(request, user)

    def assign_license(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``POST users/{id}/assignLicense``: both lists in one save."""
        change = request.decoded(_LicenceChange)
        user_id = self._addressed(key).id
        try:
            user = self._tenant.change_licenses(user_id, add=change.add_licenses, remove=change.remove_licenses)
        except RefusedError as refusal:
            raise GraphError(400, "Request_BadRequest", f"{refusal} ({refusal.reason})") from refusal
        return GraphAnswer(200, user.as_graph())

    def _addressed(self, key: str) -> User:
        """The user with this id or user principal name; a display name addresses nobody."""
        user = self._tenant.find(key)
        if user is None or key.casefold() not in (user.id, user.user_principal_name.casefold()):
            raise not_found(key)
        return user

    def _listing(self, request: GraphRequest, users: Iterable[User]) -> GraphAnswer:
        request.allow("$select", "$filter", "$top", "$count", "$skiptoken")
        select = request.selected(tuple(user_properties())) or _DEFAULT_SELECT
        size = _page_size(request, self.page_size)
        matching = sorted(_matching(request, users), key=lambda user: user.id)
        # A token names the last id that was given, so that a deletion between two pages hides nobody.
        last = _last_id(request.query.get("$skiptoken"))
        rest = [user for user in matching if user.id > last]
        body: dict[str, Any] = {"@odata.context": f"{request.root}/$metadata#users({','.join(select)})"}
        if request.query.get("$count") == "true" and request.headers.get("consistencylevel") == "eventual":
            body["@odata.count"] = len(matching)
        if len(rest) > size:
            body["@odata.nextLink"] = request.next_link(_token(rest[size - 1].id))
        body["value"] = [_only(user.as_graph(), select) for user in rest[:size]]
        return GraphAnswer(200, body)


def _one(request: GraphRequest, user: User) -> GraphAnswer:
    request.allow("$select")
    select = request.selected(tuple(user_properties())) or _DEFAULT_SELECT
    context = f"{request.root}/$metadata#users({','.join(select)})/$entity"
    return GraphAnswer(200, {"@odata.context": context} | _only(user.as_graph(), select))


def _matching(request: GraphRequest, users: Iterable[User]) -> Iterable[User]:
    text = request.query.get("$filter")
    if text is None:
        return users
    try:
        matches = compile_filter(text)
    except FilterError as error:
        raise bad_request(f"Invalid filter clause: {error}") from error
    return (user for user in users if matches(user.as_graph()))


def _page_size(request: GraphRequest, default: int) -> int:
    text = request.query.get("$top")
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise bad_request(f"Invalid page size specified: '{text}'. Must be between 1 and {_LARGEST_PAGE} inclusive.")
    return int(text)


def _only(printed: Mapping[str, Any], select: Sequence[str]) -> dict[str, Any]:
    return {name: printed[name] for name in select}


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
