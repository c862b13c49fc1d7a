"""A test message to every receiver: what it proves, and what it does not."""

from __future__ import annotations

import msgspec

from shared.delivery.sender import Delivered, Sender
from shared.model.alert import Message
from shared.model.errors import LinekeeperError
from shared.monitor.monitor import Monitor

NO_RECEIPT = "was accepted. That is no receipt: look whether it stands in the channel."


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test message: `sent` tells that the receiver took it, `proves` what that means."""

    receiver: str
    sent: bool
    proves: str


async def send_test_cards(monitor: Monitor) -> tuple[Proven, ...]:
    """Send a test message to every receiver, beside the outbox; nothing is kept.

    Raises:
        LinekeeperError: there is no receiver.
    """
    if not monitor.senders:
        raise LinekeeperError("there is no receiver: set LINEKEEPER_TEAMS_WEBHOOK_URL, or see docs/channels.md.")
    return tuple([await _send(monitor, name, sender) for name, sender in monitor.senders.items()])


async def _send(monitor: Monitor, name: str, sender: Sender) -> Proven:
    message = Message(
        kind="test",
        group=name,
        severity="info",
        headline="A test message of Linekeeper",
        text="If you can read this, alerts arrive here.",
        tenant=monitor.tenant,
        as_of=monitor.clock(),
    )
    result = await sender.send(message)
    if isinstance(result, Delivered):
        proves = "stands in the channel: the channel gave a receipt." if result.receipt else NO_RECEIPT
        return Proven(receiver=name, sent=True, proves=proves)
    return Proven(receiver=name, sent=False, proves=f"was not taken: {result.reason}.")
