"""A test message to every receiver: what it proves, and what it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

import msgspec

from shared.delivery.sender import Delivered, Sender
from shared.model.addresses import Kind
from shared.model.alert import Message
from shared.model.errors import LinekeeperError
from shared.monitor.monitor import Monitor
from shared.settings_tenants import has_no_route

NO_ROUTE = "No route is of this tenant: nothing of it is told."
NOT_SHOWN = "that the card stands in the channel: look there"

_PROOFS: Mapping[Kind, tuple[str, str]] = {
    "workflows": (
        "Power Automate accepted the card",
        f"{NOT_SHOWN}. The flow posts it later, and where that fails it tells nobody",
    ),
    "bot": ("the connector accepted the card, without its id", NOT_SHOWN),
    "webhook": (
        "the receiving end answered that it has the message",
        "that it checks the signature, and what it does with the message",
    ),
    "alertmanager": (
        "Alertmanager has the alert LinekeeperTest, which ends by itself after five minutes",
        "whom it tells of that: its own routes decide",
    ),
}
"""What an answer of each kind of channel proves, and what it leaves open."""

_RECEIPT = ("the card stands in the channel: its id came back", "that anybody looks there")


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test message.

    Either it was sent, and that `proves` one thing and `leaves_open` another, or there is a `problem`.
    """

    receiver: str
    kind: Kind
    sent: bool
    proves: str = ""
    leaves_open: str = ""
    problem: str = ""


async def send_test_cards(monitor: Monitor) -> tuple[Proven, ...]:
    """Send a test message to every receiver, beside the outbox; nothing is kept. None keeps another waiting.

    Raises:
        LinekeeperError: there is no receiver.
    """
    if has_no_route(monitor.settings.routing, monitor.tenant):
        raise LinekeeperError(f"there is no receiver. {NO_ROUTE} Name it in a [[routes]]: see docs/tenants.md.")
    if not monitor.senders:
        raise LinekeeperError("there is no receiver: set LINEKEEPER_TEAMS_WEBHOOK_URL, or see docs/channels.md.")
    kinds = {each.name: each.kind for each in monitor.settings.routing.receivers}
    return tuple(
        await asyncio.gather(*(_send(monitor, name, kinds[name], sender) for name, sender in monitor.senders.items()))
    )


def card_of(receiver: str, tenant: str, now: datetime) -> Message:
    """The message that tries a receiver."""
    return Message(
        kind="test",
        group=receiver,
        severity="info",
        headline="A test message of Linekeeper",
        text="If you can read this, alerts arrive here.",
        tenant=tenant,
        as_of=now,
    )


async def _send(monitor: Monitor, name: str, kind: Kind, sender: Sender) -> Proven:
    result = await sender.send(card_of(name, monitor.tenant, monitor.clock()))
    if not isinstance(result, Delivered):
        return Proven(receiver=name, kind=kind, sent=False, problem=result.reason)
    proves, leaves_open = _RECEIPT if result.receipt else _PROOFS[kind]
    return Proven(receiver=name, kind=kind, sent=True, proves=proves, leaves_open=leaves_open)
