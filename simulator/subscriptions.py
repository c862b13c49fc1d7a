"""Subscriptions to changes of users: what lives, what it is told and what it is not.

Imitates "Create subscription", "Update subscription", "subscription: reauthorize", "List subscriptions" and "Reduce
missing subscriptions and change notifications" for the resource ``users``.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

import msgspec

from simulator.directory import SimulatedTenant
from simulator.exchange import GraphAnswer, GraphError, GraphRequest
from simulator.handshake import shake_hands
from simulator.notifier import Notifier
from simulator.records import Change
from simulator.subscription_rules import Renewal, Wanted, check_url, check_wanted, checked_expiration, quota_reached

LifecycleEvent = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]

_MOST: Final = 100
_HELD_FOR = timedelta(hours=4)


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
    """The tenant's subscriptions, all of one application.

    Attributes:
        quota: How many there may be at once: 100 for one application in one tenant.
    """

    def __init__(self, tenant: SimulatedTenant, notifier: Notifier) -> None:
        self.quota = _MOST
        self._tenant = tenant
        self._notifier = notifier
        self._held: dict[str, Subscription] = {}
        # What waits for a subscription whose token lapsed: when it happened, and the item.
        self._lapsed: dict[str, list[tuple[datetime, dict[str, Any]]]] = {}
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
        self._lapsed.pop(subscription_id, None)

    def expire(self, subscription_id: str) -> None:
        """Let a subscription reach its expirationDateTime now: it is told nothing more and no longer listed."""
        held = self._held[subscription_id]
        self._held[held.id] = msgspec.structs.replace(held, expiration_date_time=self._tenant.clock())

    def lapse(self, subscription_id: str) -> None:
        """Let the access token behind a subscription expire.

        Its notifications are held until it is renewed or reauthorised; what is older than four hours by then is lost.
        The lifecycle event that announces it is sent by ``send_lifecycle``.
        """
        self._lapsed.setdefault(self._held[subscription_id].id, [])

    def list_all(self, request: GraphRequest) -> GraphAnswer:
        """``GET subscriptions``: never with clientState, which is null in a listing by design."""
        request.allow()
        return GraphAnswer(200, {"value": [_undisclosed(held) for held in self.live]})

    def get_one(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``GET subscriptions/{id}``: without clientState too, on which a reader could not rely (an assumption)."""
        request.allow()
        return GraphAnswer(200, _undisclosed(self._find(key)))

    async def create(self, request: GraphRequest) -> GraphAnswer:
        """``POST subscriptions``: nothing is created unless every URL passes the handshake."""
        wanted = request.decoded(Wanted)
        change_type = check_wanted(wanted)
        expiration = checked_expiration(wanted.expiration_date_time, self._tenant.clock())
        self._refuse_another(change_type)
        await shake_hands(self._notifier.client, "notificationUrl", wanted.notification_url)
        if wanted.lifecycle_notification_url is not None:
            await shake_hands(self._notifier.client, "lifecycleNotificationUrl", wanted.lifecycle_notification_url)
        # Another request may have been faster during the handshake.
        self._refuse_another(change_type)
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

    async def renew(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``PATCH subscriptions/{id}``: renews and reauthorises."""
        held, renewal = self._find(key), request.decoded(Renewal)
        if renewal.expiration_date_time is not None:
            expiration = checked_expiration(renewal.expiration_date_time, self._tenant.clock())
            held = msgspec.structs.replace(held, expiration_date_time=expiration)
        if renewal.notification_url is not None:
            check_url("notificationUrl", renewal.notification_url)
            await shake_hands(self._notifier.client, "notificationUrl", renewal.notification_url)
            held = msgspec.structs.replace(held, notification_url=renewal.notification_url)
        self._held[held.id] = held
        self._deliver_held(held)
        return GraphAnswer(200, _printed(held))

    def reauthorize(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``POST subscriptions/{id}/reauthorize``: the life does not get longer."""
        request.allow()
        self._deliver_held(self._find(key))
        return GraphAnswer(204)

    def delete(self, request: GraphRequest, key: str) -> GraphAnswer:
        """``DELETE subscriptions/{id}``."""
        request.allow()
        self.drop(self._find(key).id)
        return GraphAnswer(204)

    def notify(self, change: Change) -> None:
        """Tell every live subscription of a change; creation and soft deletion are told as ``updated``."""
        change_type = "deleted" if change.kind == "purged" else "updated"
        for held in self.live:
            if change_type not in held.change_type.split(","):
                continue
            item = self._item(held, change_type, change.user.id)
            if held.id in self._lapsed:
                self._lapsed[held.id].append((self._tenant.clock(), item))
            else:
                self._notifier.enqueue(held.id, held.notification_url, item)

    def send_lifecycle(self, event: LifecycleEvent) -> None:
        """Send a lifecycle event to every subscription that has a URL for it.

        For users only ``reauthorizationRequired`` is documented to come; the others are what a receiver must bear.
        ``subscriptionRemoved`` is true when it arrives: the subscriptions are gone.

        Raises:
            ValueError: There is no such event.
        """
        if event not in get_args(LifecycleEvent):
            raise ValueError(f"{event!r} is none of {', '.join(get_args(LifecycleEvent))}.")
        for held in self.live:
            if held.lifecycle_notification_url is not None:
                item = self._head(held) | {"lifecycleEvent": event}
                self._notifier.enqueue(held.id, held.lifecycle_notification_url, item)
            if event == "subscriptionRemoved":
                self.drop(held.id)

    def _deliver_held(self, held: Subscription) -> None:
        """Send what waited for the token, as far as it did not wait too long."""
        oldest = self._tenant.clock() - _HELD_FOR
        for at, item in self._lapsed.pop(held.id, ()):
            if at >= oldest:
                self._notifier.enqueue(held.id, held.notification_url, item)

    def _find(self, key: str) -> Subscription:
        for held in self.live:
            if held.id == key.lower():
                return held
        raise GraphError(404, "ResourceNotFound", f"The object '{key}' was not found.")

    def _refuse_another(self, change_type: str) -> None:
        for held in self.live:
            if held.change_type == change_type:
                raise GraphError(
                    409, "Conflict", f"Subscription Id {held.id} already exists for the requested combination."
                )
        if len(self.live) >= self.quota:
            raise quota_reached()

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


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _printed(held: Subscription) -> dict[str, Any]:
    printed: dict[str, Any] = msgspec.to_builtins(held)
    return printed


def _undisclosed(held: Subscription) -> dict[str, Any]:
    return _printed(held) | {"clientState": None}
