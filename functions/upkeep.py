"""Hourly: the change subscription, made, found again and renewed."""

from __future__ import annotations

import azure.functions as func

from functions.invocation import invocation
from shared.monitor.runtime import Runtime

SCHEDULE = "15 0 * * * *"


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("upkeep")
    @functions.timer_trigger("timer", schedule=SCHEDULE)
    async def upkeep(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the binding
        async with invocation(runtime, context, "upkeep") as service:
            await service.keep_subscription()

    return functions
