"""Daily: all accounts read anew, which finds what notifications and delta missed."""

from __future__ import annotations

from typing import List

import azure.functions as func

from functions.timed import timed
from shared.model.job import QUEUE
from shared.monitor.runtime import Runtime

SCHEDULE = "0 20 3 * * *"


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("sweep")
    @functions.timer_trigger("timer", schedule=SCHEDULE)
    @functions.queue_output("jobs", queue_name=QUEUE, connection="AzureWebJobsStorage")
    async def sweep(
        timer: func.TimerRequest,  # noqa: ARG001 - the binding
        jobs: func.Out[List[str]],
        context: func.Context,
    ) -> None:
        await timed(runtime, context, "sweep", jobs)

    return functions
