"""Users and groups by their ids, as Graph's v1.0 answers for many at once.

Imitates the reference page "directoryObject: getByIds": up to 1,000 ids, kinds in any letter case, and nothing for an
id that is not there. The order of the answer is not documented; here it is never that of the question. That a kind
which the directory does not have, and an id that is no GUID, are refused is an assumption.
"""

import uuid
from typing import Any

import msgspec

from simulator.directory import SimulatedTenant
from simulator.exchange import GraphAnswer, GraphRequest, bad_request
from simulator.listings import only
from simulator.records import Group, User, fields_by_graph_name, user_properties

_MOST_IDS = 1_000
_EVERY_KIND = "directoryobject"
_KINDS = frozenset(
    {_EVERY_KIND, "user", "group", "device", "application", "serviceprincipal", "orgcontact", "administrativeunit"}
)
# Graph returns only a part of a user's properties unless it is asked for more.
_DEFAULT_OF_USERS = ("id", "displayName", "userPrincipalName")


class _Question(msgspec.Struct):
    ids: list[str]
    types: list[str] = []


class ObjectRoutes:
    """The routes below ``directoryObjects``.

    Attributes:
        read_lag: Seconds until a change shows, by the tenant's clock.
    """

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.read_lag = 0.0
        self._tenant = tenant

    def get_by_ids(self, request: GraphRequest) -> GraphAnswer:
        """``POST directoryObjects/getByIds``: those that are there; deleted ones are not."""
        request.allow("$select")
        select = request.selected((*user_properties(), *fields_by_graph_name(Group)))
        question = request.decoded(_Question)
        wanted, kinds = _ids(question), _kinds(question)
        users = self._tenant.seen_after(self._tenant.users, self.read_lag)
        groups = self._tenant.seen_after(self._tenant.groups, self.read_lag)
        found: list[dict[str, Any]] = []
        if "user" in kinds:
            found += [_user(users[each], select) for each in sorted(wanted & users.keys())]
        if "group" in kinds:
            found += [_group(groups[each], select) for each in sorted(wanted & groups.keys())]
        return GraphAnswer(200, {"@odata.context": f"{request.root}/$metadata#directoryObjects", "value": found})


def _ids(question: _Question) -> set[str]:
    if len(question.ids) > _MOST_IDS:
        raise bad_request(f"The collection 'ids' has {len(question.ids)} elements; {_MOST_IDS} are allowed.")
    for each in question.ids:
        try:
            uuid.UUID(each)
        except ValueError as error:
            raise bad_request(f"Invalid GUID: {each}") from error
    return {each.lower() for each in question.ids}


def _kinds(question: _Question) -> frozenset[str]:
    kinds = frozenset(kind.lower() for kind in question.types) or frozenset({_EVERY_KIND})
    for kind in sorted(kinds - _KINDS):
        raise bad_request(f"Unsupported or invalid resource type '{kind}'.")
    return _KINDS if _EVERY_KIND in kinds else kinds


def _user(user: User, select: tuple[str, ...]) -> dict[str, Any]:
    return {"@odata.type": "#microsoft.graph.user", "id": user.id} | user.as_graph(select or _DEFAULT_OF_USERS)


def _group(group: Group, select: tuple[str, ...]) -> dict[str, Any]:
    printed: dict[str, Any] = msgspec.to_builtins(group)
    # What is selected and no property of a group is left out of it.
    named = [name for name in select if name in printed] if select else list(printed)
    return {"@odata.type": "#microsoft.graph.group", "id": group.id} | only(printed, named)
