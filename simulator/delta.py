"""Delta queries over users: tokens, rounds and pages.

Imitates "Use delta query to track changes in Microsoft Graph data" and "user: delta". A token stands for a place in the
tenant's change log together with the properties selected when the query began. How an expired token is told is
documented in two ways: 410 with a Location, and "a 40X-series error with error codes such as syncStateNotFound"; that
the second is a 400 is an assumption.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simulator.directory import SimulatedTenant
from simulator.exchange import GraphAnswer, GraphError, GraphRequest, bad_request
from simulator.faults import DeltaExpiry
from simulator.records import Change, User, user_properties

_PATH = "users/delta"
_LATEST = "latest"
_DEFAULT_SELECT = ("displayName", "userPrincipalName")
# A change to it alone is never reported: the property has no change tracking.
_UNTRACKED = frozenset({"licenseAssignmentStates"})
_REASONS = {"deleted": "changed", "purged": "deleted"}
_MOST_TOKENS = 10_000

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a token stands: in the log, and for a page link also in the items of its round."""

    select: tuple[str, ...]
    position: int
    items: Sequence[User | Item] = ()
    offset: int = 0


class DeltaQueries:
    """Answers ``users/delta``.

    Attributes:
        page_size: Items on a page; the real one is decided by the server and not documented.
        lag: How old a change must be before a delta query shows it, in seconds: the replication delay.
        repeats: Whether an object that changed more than once in a round appears once for each change.
    """

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.page_size = 200
        self.lag = 0.0
        self.repeats = False
        self._expiry: DeltaExpiry = "gone"
        self._tenant = tenant
        self._places: dict[str, _Place] = {}

    def expire_tokens(self, form: DeltaExpiry = "gone") -> None:
        """Forget every token, as after the seven days that the directory keeps them.

        Args:
            form: How a forgotten token is answered from now on.
        """
        self._expiry = form
        self._places.clear()

    def answer(self, request: GraphRequest) -> GraphAnswer:
        """One page of a round."""
        token = request.query.get("$skiptoken") or request.query.get("$deltatoken")
        if not token or token.lower() == _LATEST:
            request.allow("$select", "$deltatoken")
            select = request.selected(tuple(user_properties())) or _DEFAULT_SELECT
            items: Sequence[User | Item] = () if token else self._everyone()
            return self._page(request, _Place(select, self._horizon(), items))
        request.allow("$skiptoken", "$deltatoken")
        place = self._place(request, token)
        if "$skiptoken" not in request.query:
            horizon = max(place.position, self._horizon())
            changes = self._tenant.changes[place.position : horizon]
            place = _Place(place.select, horizon, self._changed(changes, place.select))
        return self._page(request, place)

    def _page(self, request: GraphRequest, place: _Place) -> GraphAnswer:
        end = place.offset + self.page_size
        body: dict[str, Any] = {"@odata.context": f"{request.root}/$metadata#users"}
        if end < len(place.items):
            rest = _Place(place.select, place.position, place.items, end)
            body["@odata.nextLink"] = request.link(_PATH, skiptoken=self._token(rest))
        else:
            body["@odata.deltaLink"] = request.link(_PATH, deltatoken=self._token(_Place(place.select, place.position)))
        body["value"] = [
            _whole(item, place.select) if isinstance(item, User) else item for item in place.items[place.offset : end]
        ]
        return GraphAnswer(200, body)

    def _everyone(self) -> list[User | Item]:
        """The first round: every user, and those in the deleted items as removed; users are printed page by page."""
        present = self._tenant.seen_after(self._tenant.users, self.lag).values()
        deleted = self._tenant.seen_after(self._tenant.deleted, self.lag)
        return [*present, *(_removed(user_id, "changed") for user_id in deleted)]

    def _changed(self, changes: Sequence[Change], select: Sequence[str]) -> list[Item]:
        """A later round: an object's id and what changed of the selected properties since the token."""
        items: list[Item] = []
        last: dict[str, Item] = {}
        for change in changes:
            item = _item(change, select, last.get(change.user.id, {}))
            if item is None:
                continue
            last[change.user.id] = item
            items.append(item)
        return items if self.repeats else [item for item in items if item is last[item["id"]]]

    def _horizon(self) -> int:
        position = len(self._tenant.changes)
        newest = self._tenant.clock() - timedelta(seconds=self.lag)
        while self.lag and position and self._tenant.changes[position - 1].at > newest:
            position -= 1
        return position

    def _token(self, place: _Place) -> str:
        token = secrets.token_urlsafe(24)
        self._places[token] = place
        if len(self._places) > _MOST_TOKENS:
            self._places.pop(next(iter(self._places)))
        return token

    def _place(self, request: GraphRequest, token: str) -> _Place:
        place = self._places.get(token)
        if place is None:
            raise self._expired(request)
        if bool(place.items) != ("$skiptoken" in request.query):
            raise bad_request("The token does not belong to this kind of link.")
        return place

    def _expired(self, request: GraphRequest) -> GraphError:
        message = "The sync state is not found: start a full round again."
        if self._expiry != "gone":
            return GraphError(400, self._expiry, message)
        return GraphError(410, "syncStateNotFound", message, {"Location": request.link(_PATH, deltatoken="")})


def _item(change: Change, select: Sequence[str], earlier: Mapping[str, Any]) -> Item | None:
    """What a change adds to a round, given the object's earlier item in it; None for what is not reported."""
    user = change.user
    if change.kind in _REASONS:
        return _removed(user.id, _REASONS[change.kind])
    if change.kind != "updated":
        return _whole(user, select)
    tracked = change.properties.intersection(select) - _UNTRACKED
    if not tracked:
        return None
    # An object's newest item says everything that its earlier ones said, so that the last one may be taken alone.
    return {"id": user.id} | user.as_graph(name for name in select if name in tracked or name in earlier)


def _whole(user: User, select: Sequence[str]) -> Item:
    # A property that was never set is left out.
    return {"id": user.id} | {name: value for name, value in user.as_graph(select).items() if value is not None}


def _removed(user_id: str, reason: str) -> Item:
    return {"id": user_id, "@removed": {"reason": reason}}
