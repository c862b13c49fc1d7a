"""Graph's notifications from an event hub, where it delivers them to one: what the webhook is told, in batches.

Registered only where `LINEKEEPER_EVENT_HUB` names the hub. A batch that could not be queued is tried again a few times;
then the hub's checkpoint goes on without it, and the `delta` timer finds what it told of.
"""

from __future__ import annotations

from typing import List

import azure.functions as func
import msgspec
from opentelemetry.trace import SpanKind

from functions.invocation import traceparent
from shared.model.change_message import QUEUE
from shared.monitor.notifications import accept_events
from shared.monitor.runtime import Runtime

EVENT_HUB = "LINEKEEPER_EVENT_HUB"
CONNECTION = "EventHubConnection"

RETRIES = "5"
RETRY_AFTER = "00:00:05"
"""Azure Functions honours a retry policy for event hubs, and for queues and HTTP it does not."""


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("notifications_hub")
    @functions.event_hub_message_trigger(
        "events",
        connection=CONNECTION,
        event_hub_name=f"%{EVENT_HUB}%",
        cardinality=func.Cardinality.MANY,
        data_type=func.DataType.BINARY,
    )
    @functions.queue_output("changes", queue_name=QUEUE, connection="AzureWebJobsStorage")
    @functions.retry(strategy="fixed_delay", max_retry_count=RETRIES, delay_interval=RETRY_AFTER)
    async def notifications_hub(
        events: List[func.EventHubEvent],
        changes: func.Out[List[str]],
        context: func.Context,
    ) -> None:
        telemetry = runtime.telemetry
        with telemetry.span("notifications", parent=traceparent(context), kind=SpanKind.CONSUMER, noteworthy=True):
            accepted = accept_events(
                (event.get_body() for event in events),
                runtime.settings,
                received=runtime.clock(),
                traceparent=telemetry.traceparent(),
            )
        for outcome, count in accepted.outcomes.items():
            telemetry.add("linekeeper.notification.received", count, {"outcome": outcome})
        if accepted.messages:
            changes.set([msgspec.json.encode(message).decode() for message in accepted.messages])

    return functions
