"""Daily: all accounts read anew, which finds what notifications and delta missed."""

from __future__ import annotations

import azure.functions as func

from functions.invocation import invocation
from shared.monitor.runtime import Runtime

SCHEDULE = "0 20 3 * * *"


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("sweep")
    @functions.timer_trigger("timer", schedule=SCHEDULE)
    async def sweep(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the binding
        async with invocation(runtime, context, "sweep") as service:
            await service.sweep()

    return functions
