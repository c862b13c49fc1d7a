"""GET /api/status, /api/status.json and /api/status/view: how it is now, for people, programs and a card's readers.

The first two stand behind the platform's function key, or the service's own where the platform checks none. The third
is anonymous on the platform, since a link in a channel carries no function key: its token is checked here instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from shared.monitor.runtime import Runtime

if TYPE_CHECKING:
    from shared.monitor.status_web import Form
    from shared.state.store import Store


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The triggers, for an app to register."""
    functions = func.Blueprint()
    stores: list[Store] = []

    async def respond(req: func.HttpRequest, form: Form) -> func.HttpResponse:
        # As late as it is wanted: the webhook in the same process must not wait for what this imports.
        from shared.monitor.assembly import store_of  # noqa: PLC0415
        from shared.monitor.silence_web import KEY_HEADER  # noqa: PLC0415
        from shared.monitor.status_access import KEY_PARAMETER, door_of  # noqa: PLC0415
        from shared.monitor.status_link import PARAMETER, TENANT_PARAMETER  # noqa: PLC0415
        from shared.monitor.status_web import Request, answer, form_of  # noqa: PLC0415

        settings = runtime.settings
        if not stores:
            stores.append(store_of(settings))
        request = Request(
            form=form_of(form, req.headers.get("accept", "")),
            tenant=req.params.get(TENANT_PARAMETER, ""),
            token=req.params.get(PARAMETER, ""),
            key=req.headers.get(KEY_HEADER, ""),
            code=req.params.get(KEY_PARAMETER, ""),
            # The host that keeps the queues itself is the local one, which checks no keys.
            door=door_of(req.url, req.headers, keys_are_checked=runtime.queues is None),
        )
        answered = await answer(request, settings, stores[0], runtime.clock())
        return func.HttpResponse(
            answered.body, status_code=answered.status, mimetype=answered.mimetype, headers=dict(answered.headers)
        )

    @functions.function_name("status")
    @functions.route("status", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
    async def status(req: func.HttpRequest) -> func.HttpResponse:
        return await respond(req, "page")

    @functions.function_name("status_json")
    @functions.route("status.json", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
    async def status_json(req: func.HttpRequest) -> func.HttpResponse:
        return await respond(req, "json")

    @functions.function_name("status_view")
    @functions.route("status/view", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
    async def status_view(req: func.HttpRequest) -> func.HttpResponse:
        return await respond(req, "view")

    return functions
