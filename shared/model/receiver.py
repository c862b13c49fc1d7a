"""A receiver: a named channel that messages go to, of one of four kinds."""

from __future__ import annotations

import msgspec

from shared.model.addresses import Kind
from shared.model.secret import Secret


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """A channel, and how much may be told there: `per_second` and `per_hour` are messages at most."""

    name: str
    kind: Kind
    per_second: float = 1.0
    per_hour: int = 60
    send_resolved: bool = True
    heartbeat: bool = True


class WorkflowsReceiver(Receiver, frozen=True, kw_only=True):
    """A Workflows webhook of a Teams channel; its URL is the credential."""

    kind: Kind = "workflows"
    url: Secret


class BotReceiver(Receiver, frozen=True, kw_only=True):
    """A bot that is installed in a team. `multi_tenant` is one that was registered as such, while that was possible."""

    kind: Kind = "bot"
    app_id: str
    app_password: Secret
    tenant: str
    service_url: str
    team: str
    channel: str
    multi_tenant: bool = False


class WebhookReceiver(Receiver, frozen=True, kw_only=True):
    """Anything that takes Linekeeper's own JSON; `secret` signs it."""

    kind: Kind = "webhook"
    url: Secret
    secret: Secret


class AlertmanagerReceiver(Receiver, frozen=True, kw_only=True):
    """An Alertmanager's root URL."""

    kind: Kind = "alertmanager"
    url: Secret


AnyReceiver = WorkflowsReceiver | BotReceiver | WebhookReceiver | AlertmanagerReceiver
