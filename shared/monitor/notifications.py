"""What the webhook does with a body from Graph: judge each item alone, and turn the good ones into queue messages.

No Graph call, no state and no heavy import: Graph slows down and then drops what is not answered within seconds
(Microsoft Graph, "Receive change notifications through webhooks").
"""

from __future__ import annotations

import hmac
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from shared.model.change_message import ChangeMessage, Lifecycle
from shared.settings import Settings

MAX_BODY_BYTES = 4 * 1024 * 1024
USERS_IN_A_MESSAGE = 500
"""Ids in one queue message: some 22 KB even where the host re-indents it, under the 48 KiB that a message may hold."""

LIFECYCLE_IN_A_MESSAGE = 100

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder may say of bytes that anybody can send."""

LONGEST_EVENT = 64

Outcome = Literal["accepted", "rejected_client_state", "unknown_subscription", "malformed"]
OUTCOMES: tuple[Outcome, ...] = ("accepted", "rejected_client_state", "unknown_subscription", "malformed")


class _Resource(msgspec.Struct, frozen=True):
    id: str | None = None


class _Item(msgspec.Struct, frozen=True, rename="camel"):
    """changeNotification, as far as it is read."""

    subscription_id: str | None = None
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


def accept(body: bytes, settings: Settings, *, received: datetime, traceparent: str) -> Accepted:
    """Judge a body. Whatever is wrong with it is counted, never an error: an error would only be sent again."""
    outcomes: Counter[Outcome] = Counter()
    users: dict[str, None] = {}
    lifecycle: list[Lifecycle] = []
    for item in _items(body):
        outcome = _judge(item, settings)
        if item is not None and outcome == "accepted":
            if (event := _lifecycle(item)) is not None:
                lifecycle.append(event)
            elif item.lifecycle_event is None and (user := _user(item)) is not None:
                users[user] = None
            else:
                outcome = "malformed"
        outcomes[outcome] += 1
    messages = tuple(_messages(list(users), lifecycle, settings.tenant, received, traceparent))
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


def _judge(item: _Item | None, settings: Settings) -> Outcome:
    if item is None:
        return "malformed"
    if not _knows_client_state(item.client_state, settings):
        return "rejected_client_state"
    if _guid(item.tenant_id) != settings.tenant:
        return "unknown_subscription"
    return "accepted"


def _knows_client_state(given: str | None, settings: Settings) -> bool:
    accepted = [each for each in (settings.client_state, settings.previous_client_state) if each is not None]
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
