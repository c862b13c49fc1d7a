"""GET (or HEAD) and POST /api/silences: what is silenced, for whoever holds a card's link or the service's key.

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
    desks: dict[str, Desk] = {}

    def desk(tenant: str) -> Desk:
        # As late as it is wanted: the webhook in the same process must not wait for what this imports.
        from shared.monitor.assembly import store_of  # noqa: PLC0415
        from shared.monitor.silences import Desk  # noqa: PLC0415

        if tenant not in desks:
            desks[tenant] = Desk(tenant=tenant, store=store_of(runtime.settings), clock=runtime.clock)
        return desks[tenant]

    @functions.function_name("silences")
    @functions.route("silences", methods=["GET", "HEAD", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
    async def silences(req: func.HttpRequest) -> func.HttpResponse:
        from shared.monitor.silence_link import PARAMETER, access_of  # noqa: PLC0415
        from shared.monitor.silence_tenants import TENANT_PARAMETER, answer_for  # noqa: PLC0415
        from shared.monitor.silence_web import KEY_HEADER, Request, answer  # noqa: PLC0415

        request = Request(
            method=req.method,
            body=req.get_body(),
            token=req.params.get(PARAMETER, ""),
            key=req.headers.get(KEY_HEADER, ""),
            accept=req.headers.get("accept", ""),
            content_type=req.headers.get("content-type", ""),
        )
        settings = runtime.settings
        if settings.several:
            named = req.params.get(TENANT_PARAMETER, "")
            answered = await answer_for(request, named, settings, desk, runtime.clock())
        else:
            checked = access() if access is not None else access_of(settings)
            answered = await answer(request, checked, desk(settings.tenant))
        return func.HttpResponse(
            answered.body, status_code=answered.status, mimetype=answered.mimetype, headers=dict(answered.headers)
        )

    return functions
