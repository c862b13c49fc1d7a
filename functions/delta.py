"""Every five minutes: what changed in the directory and no notification told."""

from __future__ import annotations

import azure.functions as func

from functions.invocation import invocation
from shared.monitor.runtime import Runtime

SCHEDULE = "30 */5 * * * *"


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("delta")
    @functions.timer_trigger("timer", schedule=SCHEDULE)
    async def delta(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the binding
        async with invocation(runtime, context, "delta") as service:
            await service.read_changes()

    return functions
