"""Subscriptions to changes of users: their rules, their handshake and what they are told.

Imitates "Create subscription", "Receive change notifications through webhooks" and "Reduce missing subscriptions and
change notifications" for the resource ``users``.
"""

import asyncio
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec
from yarl import URL

from simulator.directory import SimulatedTenant
from simulator.exchange import GraphAnswer, GraphError, GraphRequest
from simulator.notifier import Notifier
from simulator.records import Change

_LONGEST = timedelta(minutes=41_760)
_SHORTEST = timedelta(minutes=45)
_LONGEST_CLIENT_STATE = 128
_HANDSHAKE_SECONDS = 10.0
_CHANGE_TYPES = frozenset({"updated", "deleted"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TLS_VERSIONS = frozenset({"v1_0", "v1_1", "v1_2", "v1_3"})


class _Wanted(msgspec.Struct, rename="camel", kw_only=True):
    """The body of a POST."""

    change_type: str
    resource: str
    notification_url: str
    expiration_date_time: datetime
    lifecycle_notification_url: str | None = None
    client_state: str | None = None
    latest_supported_tls_version: str = "v1_2"
    include_resource_data: bool | None = None


class _Renewal(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The body of a PATCH: the only property that may change here."""

    expiration_date_time: datetime


class Subscription(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A live subscription as Graph prints it."""

    id: str
    change_type: str
    resource: str
    notification_url: str
    expiration_date_time: datetime
    lifecycle_notification_url: str | None
    client_state: str | None
    latest_supported_tls_version: str
    application_id: str
    creator_id: str
    include_resource_data: bool | None = None
    notification_query_options: str | None = None
    notification_url_app_id: str | None = None
    encryption_certificate: str | None = None
    encryption_certificate_id: str | None = None


class Subscriptions:
    """The tenant's subscriptions, all of one application."""

    def __init__(self, tenant: SimulatedTenant, notifier: Notifier) -> None:
        self._tenant = tenant
        self._notifier = notifier
        self._held: dict[str, Subscription] = {}
        self._application_id = str(uuid.uuid5(uuid.UUID(tenant.tenant_id), "application"))
        self._creator_id = str(uuid.uuid5(uuid.UUID(tenant.tenant_id), "service principal"))

    @property
    def live(self) -> list[Subscription]:
        """Subscriptions that have not expired."""
        now = self._tenant.clock()
        return [held for held in self._held.values() if held.expiration_date_time > now]

    def drop(self, subscription_id: str) -> None:
        """Lose a subscription without a word, as happens to users' subscriptions."""
        self._held.pop(subscription_id, None)

    def list_all(self, request: GraphRequest) -> GraphAnswer:
        """``GET subscriptions``."""
        request.allow()
        return GraphAnswer(200, {"value": [_printed(held) for held in self.live]})

    def get_one(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``GET subscriptions/{id}``."""
        request.allow()
        return GraphAnswer(200, _printed(self._find(key)))

    async def create(self, request: GraphRequest) -> GraphAnswer:
        """``POST subscriptions``: nothing is created unless every URL passes the handshake."""
        wanted = request.decoded(_Wanted)
        change_type = _checked_change_type(wanted.change_type)
        _check(wanted)
        expiration = self._checked_expiration(wanted.expiration_date_time)
        self._refuse_duplicate(change_type)
        await self._handshake("notificationUrl", wanted.notification_url)
        if wanted.lifecycle_notification_url is not None:
            await self._handshake("lifecycleNotificationUrl", wanted.lifecycle_notification_url)
        # Another request may have been faster during the handshake.
        self._refuse_duplicate(change_type)
        created = Subscription(
            id=str(uuid.uuid4()),
            change_type=change_type,
            resource=wanted.resource,
            notification_url=wanted.notification_url,
            expiration_date_time=expiration,
            lifecycle_notification_url=wanted.lifecycle_notification_url,
            client_state=wanted.client_state,
            latest_supported_tls_version=wanted.latest_supported_tls_version,
            application_id=self._application_id,
            creator_id=self._creator_id,
        )
        self._held[created.id] = created
        return GraphAnswer(201, _printed(created))

    def renew(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``PATCH subscriptions/{id}``."""
        held = self._find(key)
        expiration = self._checked_expiration(request.decoded(_Renewal).expiration_date_time)
        self._held[held.id] = msgspec.structs.replace(held, expiration_date_time=expiration)
        return GraphAnswer(200, _printed(self._held[held.id]))

    def delete(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``DELETE subscriptions/{id}``."""
        request.allow()
        del self._held[self._find(key).id]
        return GraphAnswer(204)

    def notify(self, change: Change) -> None:
        """Tell every live subscription of a change; creation and soft deletion are told as ``updated``."""
        change_type = "deleted" if change.kind == "purged" else "updated"
        for held in self.live:
            if change_type in held.change_type.split(","):
                self._notifier.enqueue(held.id, held.notification_url, self._item(held, change_type, change.user.id))

    def send_lifecycle(self, event: str) -> None:
        """Send a lifecycle event (such as ``reauthorizationRequired``) to every subscription that has a URL for it."""
        for held in self.live:
            if held.lifecycle_notification_url is not None:
                self._notifier.enqueue(
                    held.id, held.lifecycle_notification_url, self._head(held) | {"lifecycleEvent": event}
                )

    def _find(self, key: str) -> Subscription:
        for held in self.live:
            if held.id == key.lower():
                return held
        raise GraphError(404, "ResourceNotFound", f"The object '{key}' was not found.")

    def _head(self, held: Subscription) -> dict[str, Any]:
        return {
            "subscriptionId": held.id,
            "subscriptionExpirationDateTime": _stamp(held.expiration_date_time),
            "tenantId": self._tenant.tenant_id,
            "clientState": held.client_state,
        }

    def _item(self, held: Subscription, change_type: str, user_id: str) -> dict[str, Any]:
        resource = f"Users/{user_id}"
        return self._head(held) | {
            "changeType": change_type,
            "resource": resource,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.User",
                "@odata.id": resource,
                "id": user_id,
                "organizationId": self._tenant.tenant_id,
            },
        }

    def _checked_expiration(self, asked: datetime) -> datetime:
        now = self._tenant.clock()
        when = asked.replace(tzinfo=UTC) if asked.tzinfo is None else asked.astimezone(UTC)
        if when <= now:
            raise _invalid("Subscription expiration can only be in the future.")
        if when - now > _LONGEST:
            raise _invalid(f"Subscription expiration can only be {int(_LONGEST.total_seconds() // 60)} minutes ahead.")
        return max(when, now + _SHORTEST)

    def _refuse_duplicate(self, change_type: str) -> None:
        for held in self.live:
            if held.change_type == change_type:
                raise GraphError(
                    409, "Conflict", f"Subscription Id {held.id} already exists for the requested combination."
                )

    async def _handshake(self, name: str, url: str) -> None:
        """Send a token that a careless decoder would break, and expect it back unchanged."""
        token = f"Validation: Testing client+application 100% reachability / {secrets.token_urlsafe(12)} =&?"
        separator = "&" if urlsplit(url).query else "?"
        target = URL(f"{url}{separator}validationToken={quote(token, safe='')}", encoded=True)
        try:
            async with (
                asyncio.timeout(_HANDSHAKE_SECONDS),
                self._notifier.client.post(
                    target, headers={"Content-Type": "text/plain; charset=utf-8"}, allow_redirects=False
                ) as answer,
            ):
                body = await answer.text()
                problem = _handshake_problem(answer.status, answer.content_type, echoed=body == token)
        except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
            problem = f"no usable answer came ({type(error).__name__})"
        if problem:
            raise GraphError(400, "ValidationError", f"Subscription validation request failed for {name}: {problem}.")


def _handshake_problem(status: int, content_type: str, *, echoed: bool) -> str:
    if status != 200:  # noqa: PLR2004 - the one status that the handshake accepts
        return f"the answer has the status {status}, not 200"
    if content_type != "text/plain":
        return f"the answer's content type is {content_type}, not text/plain"
    return "" if echoed else "the answer's body is not the decoded validation token"


def _checked_change_type(text: str) -> str:
    names = [name.strip().lower() for name in text.split(",")]
    for name in names:
        if name not in _CHANGE_TYPES:
            raise _invalid(f"The change type '{name}' is not supported for the resource 'users'.")
    return ",".join(sorted(set(names), reverse=True))


def _check(wanted: _Wanted) -> None:
    if wanted.resource.strip("/").lower() != "users":
        raise _invalid(f"The resource '{wanted.resource}' is not supported by this stand-in.")
    if wanted.include_resource_data:
        raise _invalid("Users have no notifications with resource data.")
    if len(wanted.client_state or "") > _LONGEST_CLIENT_STATE:
        raise _invalid(f"clientState is longer than {_LONGEST_CLIENT_STATE} characters.")
    if wanted.latest_supported_tls_version not in _TLS_VERSIONS:
        raise _invalid("latestSupportedTlsVersion is unknown.")
    for name, url in (
        ("notificationUrl", wanted.notification_url),
        ("lifecycleNotificationUrl", wanted.lifecycle_notification_url),
    ):
        if url is not None and not _acceptable(url):
            raise _invalid(f"{name} must be an https URL.")


def _acceptable(url: str) -> bool:
    """The real one takes https alone; plain http to this machine is what makes a local run possible."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _invalid(message: str) -> GraphError:
    return GraphError(400, "InvalidRequest", message)


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _printed(held: Subscription) -> dict[str, Any]:
    printed: dict[str, Any] = msgspec.to_builtins(held)
    return printed
