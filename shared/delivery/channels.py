"""From a receiver of the settings to the channel that it means."""

from __future__ import annotations

import httpx

from shared.delivery.alertmanager import Alertmanager
from shared.delivery.bot import Bot
from shared.delivery.posting import Clock, Watch, utc_now
from shared.delivery.sender import Sender
from shared.delivery.webhook import Webhook
from shared.delivery.workflows import WorkflowsWebhook
from shared.model.receiver import AlertmanagerReceiver, AnyReceiver, BotReceiver, WebhookReceiver, WorkflowsReceiver
from shared.model.timing import Timing
from shared.telemetry.telemetry import Telemetry


def sender_of(
    receiver: AnyReceiver,
    *,
    timing: Timing,
    client: httpx.AsyncClient | None = None,
    clock: Clock = utc_now,
    telemetry: Telemetry | None = None,
) -> Sender:
    """The channel of a receiver; close it when done.

    Args:
        receiver: what the settings say of it.
        timing: how often things are told again, which an Alertmanager must know.
        client: what makes the requests, if not a client of the channel's own.
        clock: the time.
        telemetry: who is told of the requests.
    """
    watch = Watch(telemetry, receiver.name) if telemetry is not None else None
    match receiver:
        case WorkflowsReceiver():
            return WorkflowsWebhook(receiver.url, client, clock, watch)
        case BotReceiver():
            return Bot(receiver, client, clock, watch)
        case WebhookReceiver():
            return Webhook(receiver, client, clock, watch)
        case AlertmanagerReceiver():
            return Alertmanager(receiver, timing, client, clock, watch)
