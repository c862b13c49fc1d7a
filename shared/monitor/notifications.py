"""What is done with notifications from Graph: judge each item alone, and turn the good ones into queue messages.

No Graph call, no state and no heavy import: Graph slows down and then drops what is not answered within seconds
(Microsoft Graph, "Receive change notifications through webhooks").
"""

from __future__ import annotations

import hmac
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

import msgspec

from shared.model.change_message import ChangeMessage, Lifecycle
from shared.model.secret import Secret
from shared.settings import Settings

MAX_BODY_BYTES = 4 * 1024 * 1024
USERS_IN_A_MESSAGE = 500
"""Ids in one queue message: some 22 KB even where the host re-indents it, under the 48 KiB that a message may hold."""

LIFECYCLE_IN_A_MESSAGE = 100

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder may say of bytes that anybody can send."""

LONGEST_EVENT = 64

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
"""A GUID as Graph spells it, for which no `UUID` need be made: five times as fast, and there are three in each item."""

NO_SUBSCRIPTION = "NA"
VALIDATION = "Validation: Testing client application reachability"
"""What Graph says in place of a subscription's id and a kind of change, when it tries an event hub."""

Outcome = Literal["accepted", "rejected_client_state", "unknown_subscription", "malformed"]
OUTCOMES: tuple[Outcome, ...] = ("accepted", "rejected_client_state", "unknown_subscription", "malformed")


class _Resource(msgspec.Struct, frozen=True):
    id: str | None = None


class _Item(msgspec.Struct, frozen=True, rename="camel"):
    """changeNotification, as far as it is read."""

    subscription_id: str | None = None
    change_type: str | None = None
    client_state: str | None = None
    tenant_id: str | None = None
    resource: str | None = None
    resource_data: _Resource | None = None
    lifecycle_event: str | None = None


class _Collection(msgspec.Struct, frozen=True):
    value: list[msgspec.Raw]


class Accepted(msgspec.Struct, frozen=True):
    """The messages to queue, and how many items had which outcome."""

    messages: tuple[ChangeMessage, ...]
    outcomes: dict[Outcome, int]


class _Told(msgspec.Struct):
    """What a batch tells of one tenant."""

    users: dict[str, None] = {}
    lifecycle: list[Lifecycle] = []


def accept(body: bytes, settings: Settings, *, received: datetime, traceparent: str) -> Accepted:
    """Judge a body. Whatever is wrong with it is counted, never an error: an error would only be sent again."""
    return _accept(_items(body), settings, received, traceparent)


def accept_events(bodies: Iterable[bytes], settings: Settings, *, received: datetime, traceparent: str) -> Accepted:
    """Judge a batch from an event hub, each event of which is such a body; what is wrong with one harms no other.

    What Graph puts into the hub to see whether it can is no notification, and is not counted.
    """
    items = (item for body in bodies for item in _items(body) if item is None or not _is_validation(item))
    return _accept(items, settings, received, traceparent)


def _accept(items: Iterable[_Item | None], settings: Settings, received: datetime, traceparent: str) -> Accepted:
    outcomes: Counter[Outcome] = Counter()
    told: defaultdict[str, _Told] = defaultdict(_Told)
    guard = _Guard(settings)
    for item in items:
        tenant, outcome = guard.judge(item)
        if item is not None and outcome == "accepted":
            if item.lifecycle_event is None and (user := _user(item)) is not None:
                told[tenant].users[user] = None
            elif (event := _lifecycle(item)) is not None:
                told[tenant].lifecycle.append(event)
            else:
                outcome = "malformed"
        outcomes[outcome] += 1
    messages = tuple(
        message
        for tenant, of_it in told.items()
        for message in _messages(list(of_it.users), of_it.lifecycle, tenant, received, traceparent)
    )
    return Accepted(messages, dict(outcomes))


def _items(body: bytes) -> Iterator[_Item | None]:
    """The body's items; None for what is no notification."""
    try:
        collection = msgspec.json.decode(body, type=_Collection) if len(body) <= MAX_BODY_BYTES else None
    except _UNREADABLE:
        collection = None
    if collection is None:
        yield None
        return
    for raw in collection.value:
        try:
            yield msgspec.json.decode(raw, type=_Item)
        except _UNREADABLE:
            yield None


def _is_validation(item: _Item) -> bool:
    return item.subscription_id == NO_SUBSCRIPTION and (item.change_type or "").startswith(VALIDATION)


class _Guard:
    """Judges the items of one batch; what the settings say of a tenant is asked once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._watched = settings.tenant_ids
        self._client_states: dict[str, tuple[Secret, ...]] = {}

    def judge(self, item: _Item | None) -> tuple[str, Outcome]:
        """The tenant that an item names, and what becomes of the item."""
        if item is None:
            return "", "malformed"
        tenant = _guid(item.tenant_id) or ""
        accepted = self._client_states.get(tenant)
        if accepted is None:
            accepted = self._client_states[tenant] = self._settings.client_states(tenant)
        if not _knows_client_state(item.client_state, accepted):
            return tenant, "rejected_client_state"
        return tenant, "accepted" if tenant in self._watched else "unknown_subscription"


def _knows_client_state(given: str | None, accepted: Iterable[Secret]) -> bool:
    # All are compared, whichever fits: the time that it takes tells nothing.
    fits = [hmac.compare_digest((given or "").encode(), each.reveal().encode()) for each in accepted]
    return any(fits)


def _lifecycle(item: _Item) -> Lifecycle | None:
    subscription = _guid(item.subscription_id)
    event = item.lifecycle_event
    if subscription is None or event is None or len(event) > LONGEST_EVENT:
        return None
    return Lifecycle(subscription, event)


def _user(item: _Item) -> str | None:
    """The user that an item names, as a lower-case GUID."""
    kind, _, named = (item.resource or "").strip("/").partition("/")
    if kind.lower() != "users":
        return None
    return _guid(item.resource_data.id if item.resource_data is not None and item.resource_data.id else named)


def _guid(text: str | None) -> str | None:
    if text and _GUID.fullmatch(text):
        return text.lower()
    try:
        return str(uuid.UUID(text or ""))
    except ValueError:
        return None


def _messages(
    users: list[str], lifecycle: list[Lifecycle], tenant: str, received: datetime, traceparent: str
) -> Iterator[ChangeMessage]:
    while users or lifecycle:
        yield ChangeMessage(
            tenant=tenant,
            users=tuple(users[:USERS_IN_A_MESSAGE]),
            lifecycle=tuple(lifecycle[:LIFECYCLE_IN_A_MESSAGE]),
            received=received,
            traceparent=traceparent,
        )
        users, lifecycle = users[USERS_IN_A_MESSAGE:], lifecycle[LIFECYCLE_IN_A_MESSAGE:]
