"""Every five minutes: the voice export, read only when it has changed."""

from __future__ import annotations

import azure.functions as func

from functions.invocation import invocation
from shared.monitor.runtime import Runtime

SCHEDULE = "45 */5 * * * *"


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("voice")
    @functions.timer_trigger("timer", schedule=SCHEDULE)
    async def voice(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001 - the binding
        async with invocation(runtime, context, "voice") as service:
            await service.read_lines()

    return functions
