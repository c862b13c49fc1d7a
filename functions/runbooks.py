"""GET (or HEAD) /api/runbooks/PAGE: what to do about an alert on the service itself. It tells nothing of any tenant."""

from __future__ import annotations

import azure.functions as func

from shared.monitor.runtime import Runtime


def blueprint(_runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("runbooks")
    @functions.route("runbooks/{page}", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
    async def runbooks(req: func.HttpRequest) -> func.HttpResponse:
        from shared.monitor.runbooks import HEADERS, runbook  # noqa: PLC0415 - the webhook need not wait for it

        answer = await runbook(req.route_params.get("page", ""))
        return func.HttpResponse(answer.text, status_code=answer.status, mimetype="text/plain", headers=HEADERS)

    return functions
