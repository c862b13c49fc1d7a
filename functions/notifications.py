"""POST /api/notifications: Graph's change and lifecycle notifications, and its validation handshake."""

from __future__ import annotations

from typing import List

import azure.functions as func
import msgspec

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
        telemetry = runtime.telemetry
        with telemetry.span("notifications", parent=traceparent(context)):
            accepted = accept(
                req.get_body(), runtime.settings, received=runtime.clock(), traceparent=telemetry.traceparent()
            )
        for outcome, count in accepted.outcomes.items():
            telemetry.notifications.add(count, {"outcome": outcome})
        if accepted.messages:
            # A list keeps every message as it is; a bare JSON text would be parsed and written anew by the host.
            changes.set([msgspec.json.encode(message).decode() for message in accepted.messages])
        return func.HttpResponse(status_code=202)

    return functions
