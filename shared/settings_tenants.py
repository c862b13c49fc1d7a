"""The TOML file's tenants, for those who watch more than one: who they are, and what differs between them.

Everything else is the same for all: the routes say which tenant is told of where.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from shared.alerting.routing import Route
from shared.model.errors import LinekeeperError
from shared.model.secret import Secret
from shared.settings_receivers import Routing
from shared.settings_routes import blind_spots, nearest, read_table, shown, table_at

TABLE = "tenants"
LONGEST_NAME = 80


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant of the list. `name` is for people; `voice_export` and `policy` are as the variables so called have them.

    What is empty was left out; `place` is where it stands in the file.
    """

    id: str
    name: str = ""
    voice_export: str = ""
    policy: str = ""
    place: str = ""

    @property
    def label(self) -> str:
        """How it is called, for people who may have to type it."""
        return f"{self.name} ({self.id})" if self.name else self.id


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    name: str = ""
    voice_export: str = ""
    policy: str = ""


def tenants_of(tables: Mapping[str, Any]) -> tuple[Tenant, ...]:
    """Read `[[tenants]]`; none where the file has no such list.

    Raises:
        ValueError: it is empty, or one of them is wrong or there twice; the text names the place.
    """
    if TABLE not in tables:
        return ()
    listed = tables[TABLE]
    if not isinstance(listed, list | tuple):
        raise ValueError(f"{TABLE}: expected tables, each as [[{TABLE}]]")  # noqa: TRY004 - of the file, not of the program
    if not listed:
        raise ValueError(f"{TABLE}: an empty list watches nobody; leave it out to watch LINEKEEPER_TENANT_ID alone")
    tenants: list[Tenant] = []
    for index, value in enumerate(listed):
        place = f"{TABLE}[{index}]"
        tenant = _tenant(place, table_at(value, place))
        _check_distinct(tenant, tenants)
        tenants.append(tenant)
    return tuple(tenants)


def check_routes(routes: Iterable[Route], tenants: Collection[Tenant]) -> None:
    """Refuse a route of a tenant that is not watched.

    Raises:
        ValueError: there is one; the text names the place, and the nearest right id.
    """
    known = [each.id for each in tenants]
    for index, route in enumerate(routes):
        for position, tenant in enumerate(route.tenants):
            if tenant not in known:
                place = f"routes[{index}].tenants[{position}]"
                raise ValueError(f"{place}: {tenant} is none of [[{TABLE}]]{nearest(tenant, known)}")


def routing_of(routing: Routing, tenant: str) -> Routing:
    """What of the routing is about one tenant: the routes that take something of it, and the receivers they lead to.

    Not all that is told goes by routes: heartbeats, digests and notices go to every receiver that a tenant has. Those
    of one customer must not come to another's channel.
    """
    if not routing.routes:
        return routing
    # Where none is of this tenant, those of others stay: no routes at all would mean that everything goes everywhere.
    routes = _ways(routing.routes, tenant) or routing.routes
    reached = {name for route in _ways(routes, tenant) for name in route.receivers}
    receivers = tuple(each for each in routing.receivers if each.name in reached)
    others = {note for each, notes in routing.notes_of.items() if each != tenant for note in notes}
    notes = tuple(note for note in routing.notes if note not in others)
    return msgspec.structs.replace(routing, routes=routes, receivers=receivers, notes=notes)


def has_no_route(routing: Routing, tenant: str) -> bool:
    """Whether there are routes, and none of them is of a tenant: nothing of it is told."""
    return bool(routing.routes) and not _ways(routing.routes, tenant)


def with_untold(routing: Routing, tenants: Iterable[Tenant]) -> Routing:
    """The routing with its notes on critical findings of single tenants that no route takes."""
    notes_of: dict[str, tuple[str, ...]] = {}
    for tenant, note in _untold(routing.routes, tenants):
        notes_of[tenant] = (*notes_of.get(tenant, ()), note)
    notes = (*routing.notes, *(note for each in notes_of.values() for note in each))
    return msgspec.structs.replace(routing, notes=notes, notes_of=notes_of)


def _untold(routes: Collection[Route], tenants: Iterable[Tenant]) -> Iterator[tuple[str, str]]:
    """Ids of tenants, each with a sentence on critical findings that are told nobody."""
    everybodys = set(blind_spots(routes)) if routes else set()
    for tenant in tenants if routes else ():
        own = _ways(routes, tenant.id)
        if not own:
            yield tenant.id, f"routes: none is of the tenant {tenant.label}: nothing of it is told"
            continue
        for spot in blind_spots(own):
            if spot not in everybodys:
                yield tenant.id, f"{spot}, of the tenant {tenant.label}"


def chosen(tenants: Collection[Tenant], named: str) -> Tenant:
    """The tenant that somebody means by its id or name; where there is only one, it need not be named.

    Raises:
        LinekeeperError: none is meant, or none is called so; the text lists them.
    """
    asked = named.strip().casefold()
    if not asked and len(tenants) == 1:
        return next(iter(tenants))
    for tenant in tenants:
        if asked and (asked == tenant.name.casefold() or guid(asked) == tenant.id):
            return tenant
    there = ", ".join(each.label for each in tenants)
    if not asked:
        raise LinekeeperError(f"there are {len(tenants)} tenants: name one by --tenant. They are {there}.")
    words = [word for each in tenants for word in (each.name, each.id) if word]
    listed = f"There are {there}." if len(tenants) > 1 else f"There is only {there}."
    raise LinekeeperError(f"no tenant is called {shown(named)}{nearest(named, words)}. {listed}")


def derived_state(secret: Secret, tenant: str) -> Secret:
    """A tenant's own client state, of 64 characters: whoever knows it can tell nothing of another tenant's.

    It is the HMAC-SHA256 (RFC 2104) of the tenant's id under the secret of the site, in hexadecimal digits.
    """
    return Secret(hmac.digest(secret.reveal().encode(), tenant.encode(), "sha256").hex())


def guid(text: str) -> str:
    """A GUID as Microsoft spells it; "" where the text is none."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""


def _ways(routes: Collection[Route], tenant: str) -> tuple[Route, ...]:
    return tuple(route for route in routes if not route.tenants or tenant in route.tenants)


def _tenant(place: str, table: Mapping[str, Any]) -> Tenant:
    read = read_table(place, table, _Table)
    tenant = guid(read.id)
    if not tenant:
        raise ValueError(f"{place}.id: expected a tenant's id, a GUID")
    name = read.name.strip()
    if guid(name):
        raise ValueError(f"{place}.name: expected a name for people, not a GUID")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"{place}.name: expected at most {LONGEST_NAME} characters on one line")
    return Tenant(id=tenant, name=name, voice_export=read.voice_export.strip(), policy=read.policy.strip(), place=place)


def _check_distinct(tenant: Tenant, others: Iterable[Tenant]) -> None:
    for other in others:
        if tenant.id == other.id:
            raise ValueError(f"{tenant.place}.id: {tenant.id} is that of {other.place} too")
        if tenant.name and tenant.name.casefold() == other.name.casefold():
            raise ValueError(f"{tenant.place}.name: {shown(tenant.name)} is that of {other.place} too")
        if tenant.voice_export and tenant.voice_export == other.voice_export:
            raise ValueError(
                f"{tenant.place}.voice_export: the same as that of {other.place}; an export is of one tenant"
            )
