"""Every thirty seconds: groups that are due, and messages that wait in the outbox."""

from __future__ import annotations

import azure.functions as func

from functions.invocation import invocation
from shared.monitor.runtime import Runtime

SCHEDULE = "*/30 * * * * *"


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("deliver")
    @functions.timer_trigger("timer", schedule=SCHEDULE)
    async def deliver(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the binding
        async with invocation(runtime, context, "deliver") as service:
            await service.tell_and_deliver()

    return functions
