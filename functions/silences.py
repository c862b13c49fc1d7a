"""GET and POST /api/silences: what is silenced, for whoever holds a card's link or the service's key.

Anonymous on the platform, since a link in a channel carries no function key: each request is checked here instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import azure.functions as func

from shared.monitor.runtime import Runtime

if TYPE_CHECKING:
    from shared.monitor.silence_link import Access
    from shared.monitor.silences import Desk


def blueprint(runtime: Runtime, access: Callable[[], Access] | None = None) -> func.Blueprint:
    """The trigger, for an app to register; `access` is what requests are checked against, else the settings'."""
    functions = func.Blueprint()
    desks: list[Desk] = []

    def desk() -> Desk:
        # As late as it is wanted: the webhook in the same process must not wait for what this imports.
        from shared.monitor.assembly import store_of  # noqa: PLC0415
        from shared.monitor.silences import Desk  # noqa: PLC0415

        if not desks:
            settings = runtime.settings
            desks.append(Desk(tenant=settings.tenant, store=store_of(settings), clock=runtime.clock))
        return desks[0]

    @functions.function_name("silences")
    @functions.route("silences", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
    async def silences(req: func.HttpRequest) -> func.HttpResponse:
        from shared.monitor.silence_link import PARAMETER, access_of  # noqa: PLC0415
        from shared.monitor.silence_web import KEY_HEADER, Request, answer  # noqa: PLC0415

        request = Request(
            method=req.method,
            body=req.get_body(),
            token=req.params.get(PARAMETER, ""),
            key=req.headers.get(KEY_HEADER, ""),
            accept=req.headers.get("accept", ""),
            content_type=req.headers.get("content-type", ""),
        )
        answered = await answer(request, access() if access is not None else access_of(runtime.settings), desk())
        return func.HttpResponse(
            answered.body, status_code=answered.status, mimetype=answered.mimetype, headers=dict(answered.headers)
        )

    return functions
