"""GET /api/health: whether the service is alive and ready. Holds no secret and no name."""

from __future__ import annotations

import azure.functions as func
import msgspec

from shared.monitor.runtime import Runtime


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()

    @functions.function_name("health")
    @functions.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    async def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding
        found = await runtime.health()
        return func.HttpResponse(
            msgspec.json.encode(found),
            status_code=200 if found.serves else 503,
            mimetype="application/json",
            headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        )

    return functions
