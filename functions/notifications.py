"""POST /api/notifications: Graph's change and lifecycle notifications, and its validation handshake."""

from __future__ import annotations

import time
from typing import List

import azure.functions as func
import msgspec
from opentelemetry.trace import SpanKind

from functions.invocation import traceparent
from shared.model.change_message import QUEUE
from shared.monitor.notifications import accept
from shared.monitor.runtime import Runtime

VALIDATION = "validationToken"


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("notifications")
    @functions.route("notifications", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
    @functions.queue_output("changes", queue_name=QUEUE, connection="AzureWebJobsStorage")
    async def notifications(
        req: func.HttpRequest,
        changes: func.Out[List[str]],
        context: func.Context,
    ) -> func.HttpResponse:
        token = req.params.get(VALIDATION)
        if token is not None:
            return func.HttpResponse(
                token, status_code=200, mimetype="text/plain", headers={"X-Content-Type-Options": "nosniff"}
            )
        begun = time.perf_counter()
        telemetry, parent = runtime.telemetry, traceparent(context)
        if parent and telemetry.destinations.hosted:
            # The host sends a span of this invocation. One of ours would say no more, for a quarter of the work.
            accepted = accept(req.get_body(), runtime.settings, received=runtime.clock(), traceparent=parent)
        else:
            # With the tracer and not before: what Graph waits for first is that this module is there.
            from shared.telemetry.keeping import NOTEWORTHY  # noqa: PLC0415

            with telemetry.span("notifications", parent=parent, kind=SpanKind.SERVER) as span:
                accepted = accept(
                    req.get_body(), runtime.settings, received=runtime.clock(), traceparent=telemetry.traceparent()
                )
                # What it leads to is not known yet, and a trace without its beginning tells little.
                span.set_attribute(NOTEWORTHY, bool(accepted.messages))
        for outcome, count in accepted.outcomes.items():
            telemetry.add("linekeeper.notification.received", count, {"outcome": outcome})
        if accepted.messages:
            # A list keeps every message as it is; a bare JSON text would be parsed and written anew by the host.
            changes.set([msgspec.json.encode(message).decode() for message in accepted.messages])
        telemetry.record("linekeeper.notification.ack.duration", time.perf_counter() - begun)
        return func.HttpResponse(status_code=202)

    return functions
