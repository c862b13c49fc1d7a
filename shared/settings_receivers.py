"""The TOML file's receivers: how each is reached, and with the routes who is told of what.

Secrets never stand in the file: a key that holds one says which environment variable does. An error names the place in
the file and never shows a value that may be secret.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Annotated, Any

import msgspec

from shared.alerting.routing import DEFAULT_RECEIVER, Route, Routes
from shared.model.addresses import Kind, is_suffix, why_not
from shared.model.receiver import (
    AlertmanagerReceiver,
    AnyReceiver,
    BotReceiver,
    WebhookReceiver,
    WorkflowsReceiver,
)
from shared.model.secret import Secret
from shared.settings_routes import blind_spots, nearest, read_table, routes_of, shown, table_at

DEFAULT_WEBHOOK = "LINEKEEPER_TEAMS_WEBHOOK_URL"
SHORTEST_KEY = 32
"""Characters of the key that signs a generic webhook's messages."""

Rate = Annotated[float, msgspec.Meta(gt=0, le=50)]
Hourly = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Routing(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of what. `notes` are sentences for the operator: nothing is wrong, but probably not meant.

    `notes_of` has those of them that are about one tenant of several, by its id.

    Without a receiver, what there is to tell waits for the default one.
    """

    receivers: tuple[AnyReceiver, ...] = ()
    routes: tuple[Route, ...] = ()
    notes: tuple[str, ...] = ()
    notes_of: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    @property
    def ways(self) -> Routes:
        """What alerting needs to know of it."""
        return Routes(
            receivers=tuple(each.name for each in self.receivers) or (DEFAULT_RECEIVER,),
            routes=self.routes,
            quiet=frozenset(each.name for each in self.receivers if not each.heartbeat),
            without_resolved=frozenset(each.name for each in self.receivers if not each.send_resolved),
            forgetful=frozenset(each.name for each in self.receivers if each.kind == "alertmanager"),
        )


def receivers_of(tables: Mapping[str, Any], environment: Mapping[str, str], *, local: bool = False) -> Routing:
    """Read `[receivers.NAME]` and `[[routes]]`, and check all that can be known before anything is sent.

    Args:
        tables: the TOML file's tables; all but these two are left alone.
        environment: where the secrets are.
        local: whether Graph is a stand-in on this machine: only then may a receiver be on it too.

    Raises:
        ValueError: something is missing or wrong; the text names the place, and the nearest right name.
    """
    named = table_at(tables.get("receivers", {}), "receivers")
    receivers = (
        tuple(_receiver(name, value, environment, local=local) for name, value in named.items())
        if named
        else tuple(_default(environment, local=local))
    )
    _distinct(receivers)
    routes = routes_of(tables, [each.name for each in receivers] or [DEFAULT_RECEIVER])
    return Routing(receivers=receivers, routes=routes, notes=tuple(_notes(receivers, routes, tables, environment)))


class _Common(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: str
    per_second: Rate = 1.0
    per_hour: Hourly = 60
    send_resolved: bool = True
    heartbeat: bool = True


class _Workflows(_Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str
    hosts: list[str] = []


class _Bot(_Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    app_id: str
    app_password: str
    tenant: str
    service_url: str
    team: str
    channel: str
    multi_tenant: bool = False
    hosts: list[str] = []


class _Webhook(_Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str
    secret: str


class _Alertmanager(_Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str


_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_CHANNEL = re.compile(r"19:[^\s/?#;]+@thread\.[a-z0-9]+")


def _receiver(name: str, value: object, environment: Mapping[str, str], *, local: bool) -> AnyReceiver:
    place = f"receivers.{name}"
    if not _NAME.fullmatch(name):
        raise ValueError(f"receivers: {shown(name)} is no name, which is 1 to 40 of a to z, 0 to 9, - and _")
    table = table_at(value, place)
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in _READERS:
        raise ValueError(f"{place}.kind: expected one of {', '.join(_READERS)}{nearest(kind, _READERS)}")
    return _READERS[kind](_Place(place, name, environment, local), table)


class _Place(msgspec.Struct, frozen=True):
    """Where a receiver stands, and what its keys are looked up in."""

    text: str
    name: str
    environment: Mapping[str, str]
    local: bool

    def secret(self, key: str, reference: str) -> Secret:
        """The secret that a key says where to find."""
        match = _VARIABLE.fullmatch(reference)
        if match is None:
            raise ValueError(
                f"{self.text}.{key}: a secret has no place in this file. Put it into an environment variable, "
                f'and write {key} = "env:NAME_OF_THE_VARIABLE" here'
            )
        text = self.environment.get(match[1], "").strip()
        if not text:
            raise ValueError(f"{self.text}.{key}: the environment variable {match[1]} is not set")
        return Secret(text)

    def url(self, kind: Kind, reference: str, hosts: Collection[str] = ()) -> Secret:
        """A URL that is a secret and may be posted to."""
        url = self.secret("url", reference)
        self.check(f"url ({reference})", url.reveal(), kind, hosts)
        return url

    def check(self, key: str, url: str, kind: Kind, hosts: Collection[str]) -> None:
        """Refuse a URL that may not be posted to."""
        for index, host in enumerate(hosts):
            if not is_suffix(host):
                raise ValueError(f"{self.text}.hosts[{index}]: expected a domain such as example.com")
        problem = why_not(url, kind, hosts=hosts, local=self.local)
        if problem:
            raise ValueError(f"{self.text}.{key}: {problem}")

    def guid(self, key: str, text: str) -> str:
        """A GUID as Microsoft spells it."""
        try:
            return str(uuid.UUID(text))
        except ValueError:
            raise ValueError(f"{self.text}.{key}: expected a GUID") from None


def _workflows(place: _Place, table: Mapping[str, Any]) -> AnyReceiver:
    read = read_table(place.text, table, _Workflows)
    return WorkflowsReceiver(url=place.url("workflows", read.url, read.hosts), **_common(place, read))


def _bot(place: _Place, table: Mapping[str, Any]) -> AnyReceiver:
    read = read_table(place.text, table, _Bot)
    place.check("service_url", read.service_url, "bot", read.hosts)
    for key, text in (("team", read.team), ("channel", read.channel)):
        if not _CHANNEL.fullmatch(text):
            raise ValueError(f"{place.text}.{key}: expected an id of the form 19:…@thread.tacv2")
    return BotReceiver(
        app_id=place.guid("app_id", read.app_id),
        app_password=place.secret("app_password", read.app_password),
        tenant=place.guid("tenant", read.tenant),
        service_url=read.service_url.rstrip("/"),
        team=read.team,
        channel=read.channel,
        multi_tenant=read.multi_tenant,
        **_common(place, read),
    )


def _webhook(place: _Place, table: Mapping[str, Any]) -> AnyReceiver:
    read = read_table(place.text, table, _Webhook)
    secret = place.secret("secret", read.secret)
    if len(secret.reveal()) < SHORTEST_KEY:
        raise ValueError(f"{place.text}.secret: expected at least {SHORTEST_KEY} characters in {read.secret[4:]}")
    return WebhookReceiver(url=place.url("webhook", read.url), secret=secret, **_common(place, read))


def _alertmanager(place: _Place, table: Mapping[str, Any]) -> AnyReceiver:
    read = read_table(place.text, table, _Alertmanager)
    return AlertmanagerReceiver(url=place.url("alertmanager", read.url), **_common(place, read))


_READERS = {"workflows": _workflows, "bot": _bot, "webhook": _webhook, "alertmanager": _alertmanager}


def _common(place: _Place, read: _Common) -> dict[str, Any]:
    return {
        "name": place.name,
        "per_second": read.per_second,
        "per_hour": read.per_hour,
        "send_resolved": read.send_resolved,
        "heartbeat": read.heartbeat,
    }


def _default(environment: Mapping[str, str], *, local: bool) -> Iterator[AnyReceiver]:
    """What there is without a table: the channel of the one variable."""
    url = environment.get(DEFAULT_WEBHOOK, "").strip()
    if not url:
        return
    problem = why_not(url, "workflows", local=local)
    if problem:
        raise ValueError(
            f"{DEFAULT_WEBHOOK} must be the https URL of a Teams Workflows webhook (its value is a secret): {problem}"
        )
    yield WorkflowsReceiver(name=DEFAULT_RECEIVER, url=Secret(url))


def _distinct(receivers: Iterable[AnyReceiver]) -> None:
    """Refuse two receivers that are one place: everything would be told there twice."""
    seen: dict[tuple[str, ...], str] = {}
    for each in receivers:
        place = (each.service_url, each.channel) if isinstance(each, BotReceiver) else (each.url.reveal(),)
        if place in seen:
            raise ValueError(f"receivers.{each.name}: the same place as receivers.{seen[place]}")
        seen[place] = each.name


def _notes(
    receivers: Collection[AnyReceiver],
    routes: tuple[Route, ...],
    tables: Mapping[str, Any],
    environment: Mapping[str, str],
) -> Iterator[str]:
    if routes:
        used = {name for route in routes for name in route.receivers}
        yield from (f"receivers.{each.name}: no route leads there" for each in receivers if each.name not in used)
        yield from blind_spots(routes)
    webhook = environment.get(DEFAULT_WEBHOOK, "").strip()
    if tables.get("receivers") and webhook:
        urls = {each.url.reveal() for each in receivers if not isinstance(each, BotReceiver)}
        if webhook not in urls:
            yield f"{DEFAULT_WEBHOOK} is set, and no receiver of the file uses it"
