"""Every five minutes: SKUs, numbers and calling state, of which nothing notifies."""

from __future__ import annotations

import azure.functions as func

from functions.invocation import invocation
from shared.monitor.runtime import Runtime

SCHEDULE = "0 */5 * * * *"


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("licences")
    @functions.timer_trigger("timer", schedule=SCHEDULE)
    async def licences(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the binding
        async with invocation(runtime, context, "licences") as service:
            await service.read_licences()

    return functions
