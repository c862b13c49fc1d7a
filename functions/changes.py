"""Queue `changes`: what the webhook was told of, read from Graph, judged, and told to the channel."""

from __future__ import annotations

import logging

import azure.functions as func

from functions.invocation import invocation
from shared.model.change_message import QUEUE, decode_message
from shared.monitor.runtime import Runtime

_logger = logging.getLogger("linekeeper.ingest")


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("changes")
    @functions.queue_trigger("message", queue_name=QUEUE, connection="AzureWebJobsStorage")
    async def changes(message: func.QueueMessage, context: func.Context) -> None:
        change = decode_message(message.get_body())
        if change.tenant not in runtime.settings.tenant_ids:
            _logger.warning("a message of tenant %s was dropped: it is not watched", change.tenant)
            return
        async with invocation(runtime, context, "changes", tenant=change.tenant, origin=change.traceparent) as service:
            await service.take_message(change)

    return functions
