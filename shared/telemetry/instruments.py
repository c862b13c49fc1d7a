"""Every instrument, declared once: `docs/metrics.md` is made of this table, and what is emitted is held equal to it.

Names, units and shapes follow OpenTelemetry's conventions for metrics (opentelemetry.io, "Metrics semantic
conventions"): no unit and no `total` in a name, `limit`, `usage` and `utilization` in their reserved meanings. No
attribute holds an id of the directory, a name or a number: those are for logs and spans.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from shared.model.finding import SEVERITIES
from shared.model.sources import SOURCES

Kind = Literal["counter", "up-down counter", "gauge", "histogram"]

TENANT = "linekeeper.tenant.id"
"""The attribute that every measurement carries where one service watches several tenants, and none where it is one."""

OTHER = "other"
"""What stands for all values of an attribute beyond those that it may have."""


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute of an instrument: all its values, or what bounds them and how many there may be."""

    name: str
    values: tuple[str, ...] = ()
    bounded_by: str = ""
    at_most: int = 0


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument.

    `observed` ones are stated as they are at the end of an evaluation or of a delivery timer; the others are counted
    and recorded as things happen. `buckets` are a histogram's upper bounds.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    attributes: tuple[Attribute, ...] = ()
    observed: bool = False
    buckets: tuple[float, ...] = ()


def _one_of(name: str, *values: str) -> Attribute:
    return Attribute(name=name, values=values)


RULE_ID = Attribute(name="rule.id", bounded_by="the rules", at_most=100)
SKU = Attribute(name="license.sku", bounded_by="the part numbers of the tenant's phone licences", at_most=50)
RECEIVER = Attribute(name="receiver", bounded_by="the receivers of the settings", at_most=50)
QUEUE = _one_of("queue", "changes-poison")
SEVERITY = _one_of("severity", *SEVERITIES)
SOURCE = _one_of("source", *SOURCES)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
ACKNOWLEDGED = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0)
"""Graph drops the notifications of an endpoint that takes over 10 s, or over 3 s too often (Microsoft Graph, "Receive
change notifications through webhooks")."""

LAG = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
BYTES = (1024.0, 2048.0, 4096.0, 8192.0, 12288.0, 18432.0, 28672.0)


def _stated(name: str, kind: Kind, unit: str, description: str, attributes: tuple[Attribute, ...] = ()) -> Instrument:
    return Instrument(
        name=f"linekeeper.{name}", kind=kind, unit=unit, description=description, attributes=attributes, observed=True
    )


def _counter(name: str, unit: str, description: str, *attributes: Attribute) -> Instrument:
    return Instrument(
        name=f"linekeeper.{name}", kind="counter", unit=unit, description=description, attributes=attributes
    )


def _histogram(
    name: str, unit: str, description: str, buckets: tuple[float, ...], *attributes: Attribute
) -> Instrument:
    return Instrument(
        name=name, kind="histogram", unit=unit, description=description, attributes=attributes, buckets=buckets
    )


ALLOCATION: tuple[Instrument, ...] = (
    _stated("license.allocation.limit", "up-down counter", "{license}", "Licences that may be held free of charge."),
    _stated(
        "license.allocation.usage",
        "up-down counter",
        "{license}",
        "Resource-account licences that are assigned, by who holds them.",
        (_one_of("license.holder", "resource_account", "orphan", "person"),),
    ),
    _stated("license.allocation.utilization", "gauge", "1", "What is assigned, as a share of what is free of charge."),
    _stated(
        "license.allocation.headroom",
        "up-down counter",
        "{license}",
        "What is free of charge, less what is needed; below zero where licences must be paid for.",
    ),
    _stated(
        "license.needed.count",
        "up-down counter",
        "{license}",
        "Licences that the accounts need, by what the accounts are for.",
        (_one_of("resource_account.use", "in_use", "orphan", "third_party"),),
    ),
    _stated("license.qualifying.count", "up-down counter", "{license}", "Units that raise the allocation.", (SKU,)),
    _stated(
        "license.excluded.count",
        "up-down counter",
        "{license}",
        "Phone units that do not raise the allocation, by why.",
        (_one_of("reason", "teams_rooms", "phone_mobile", "trial", "warning_state"),),
    ),
    _stated(
        "license.owned.count",
        "up-down counter",
        "{license}",
        "Resource-account units in the tenant, by the state of their subscription.",
        (SKU, _one_of("license.state", "enabled", "warning", "suspended", "locked_out")),
    ),
    _stated(
        "license.assigned.count",
        "up-down counter",
        "{license}",
        "Resource-account units that are assigned.",
        (SKU, _one_of("license.holder", "resource_account", "person", OTHER)),
    ),
    _stated(
        "license.renewal.remaining",
        "gauge",
        "s",
        "Time until the next subscription of a watched licence ends or renews.",
        (SKU,),
    ),
)

LINES: tuple[Instrument, ...] = (
    _stated(
        "resource_account.count",
        "up-down counter",
        "{account}",
        "Resource accounts by what they stand for, the state of their licence, and whether callers come to them.",
        (
            _one_of("type", "auto_attendant", "call_queue", "third_party", "unknown"),
            _one_of("license.status", "ok", "grace", "not_functional", "wrong", "both", "missing", "error"),
            _one_of("reachable", "true", "false", "unknown"),
        ),
    ),
    _stated(
        "voice_app.count",
        "up-down counter",
        "{voice_app}",
        "Auto attendants and call queues by their worst finding.",
        (_one_of("type", "auto_attendant", "call_queue"), _one_of("health", "ok", "degraded", "broken")),
    ),
)

FINDINGS: tuple[Instrument, ...] = (
    _stated(
        "finding.active",
        "up-down counter",
        "{finding}",
        "Findings that hold.",
        (
            RULE_ID,
            SEVERITY,
            _one_of("disposition", "firing", "pending", "silenced", "inhibited", "frozen"),
        ),
    ),
    _counter(
        "finding.transitions",
        "{transition}",
        "Steps in the lives of findings.",
        RULE_ID,
        _one_of("to", "firing", "resolved"),
    ),
    _stated("finding.age.max", "gauge", "s", "Age of the oldest firing finding.", (SEVERITY,)),
)

WORK: tuple[Instrument, ...] = (
    _histogram(
        "linekeeper.evaluation.duration",
        "s",
        "Time of an evaluation, with its write.",
        SECONDS,
        _one_of("trigger", "notification", "timer", "manual"),
        Attribute(name="error.type", bounded_by="the exceptions of the program; absent where it succeeded", at_most=20),
    ),
    _stated("evaluation.age", "gauge", "s", "Time since the last evaluation: the dead-man's figure."),
    _histogram(
        "linekeeper.detection.lag",
        "s",
        "Time from hearing of a change to the finding that it caused; without those that wait on purpose.",
        LAG,
        _one_of("trigger", "notification", "timer", "manual"),
    ),
    _counter(
        "change.detected",
        "{change}",
        "Changes of followed accounts by what found them.",
        _one_of("found_by", "notification", "delta", "sweep"),
    ),
    _stated("source.age", "gauge", "s", "Time since a source was last read completely.", (SOURCE,)),
    _counter(
        "source.reads",
        "{read}",
        "Reads of sources by how they ended.",
        SOURCE,
        _one_of("outcome", "complete", "partial", "failed", "denied"),
    ),
    _histogram(
        "http.client.request.duration",
        "s",
        "Time of each request to Graph and to the receivers, every attempt for itself.",
        SECONDS,
        _one_of("http.request.method", "GET", "POST", "PUT", "PATCH", "DELETE"),
        Attribute(name="http.response.status_code", bounded_by="HTTP; absent without an answer", at_most=60),
        Attribute(name="server.address", bounded_by="Graph's host and those of the receivers", at_most=50),
        Attribute(name="server.port", bounded_by="the same", at_most=50),
        Attribute(name="error.type", bounded_by="status codes and the exceptions of the program", at_most=60),
    ),
    _stated(
        "subscription.remaining",
        "gauge",
        "s",
        "Time until the change subscription ends; below zero where it has.",
        (_one_of("resource", "users"),),
    ),
)

TELLING: tuple[Instrument, ...] = (
    _counter(
        "notification.received",
        "{notification}",
        "Notifications by what became of them.",
        _one_of("outcome", "accepted", "rejected_client_state", "unknown_subscription", "malformed"),
    ),
    _histogram("linekeeper.notification.ack.duration", "s", "Time until Graph had its answer.", ACKNOWLEDGED),
    _stated("queue.depth", "up-down counter", "{message}", "Messages in a queue.", (QUEUE,)),
    _counter(
        "delivery.attempts",
        "{attempt}",
        "Posts to receivers by how they ended.",
        RECEIVER,
        _one_of("outcome", "accepted", "failed"),
        Attribute(
            name="error.type",
            values=("auth", "rate_limited", "payload_too_large", "timeout", "server", "network", "rejected"),
        ),
    ),
    _histogram("linekeeper.delivery.payload.size", "By", "Size of a post to a receiver.", BYTES, RECEIVER),
    _stated("delivery.waiting", "up-down counter", "{message}", "Messages that wait for a receiver.", (RECEIVER,)),
    _stated(
        "delivery.heartbeat.age",
        "gauge",
        "s",
        "Time since a receiver that gets heartbeats last took a message of any kind.",
        (RECEIVER,),
    ),
)

INSTRUMENTS: Mapping[str, Instrument] = {each.name: each for each in (*ALLOCATION, *LINES, *FINDINGS, *WORK, *TELLING)}
