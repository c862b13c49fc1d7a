"""Which of several tenants a request about silences is about: the one that its link was signed for, or that is named.

A link names no tenant, but its signature covers one: it opens that tenant's silences, and no other's. The service's
own key opens all, so whoever uses it says which, by `?tenant=ID`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from shared.monitor.silence_link import Access, Grant, Refused, access_of, granted
from shared.monitor.silence_web import SCHEMA, Answer, Request, answer, token_of
from shared.monitor.silences import Desk
from shared.settings import Settings
from shared.settings_tenants import guid

TENANT_PARAMETER = "tenant"


async def answer_for(
    request: Request, named: str, settings: Settings, desk: Callable[[str], Desk], now: datetime
) -> Answer:
    """Answer a request where several tenants are watched.

    Args:
        request: the request.
        named: the tenant that its query names, or "".
        settings: those of all tenants.
        desk: the silences of a tenant that is watched, by its id.
        now: the time.
    """
    # A key that is right is told what is missing; nobody else is told whether a tenant is watched.
    holds_key = isinstance(
        granted(Access(tenant="", api_key=settings.api_key), token="", api_key=request.key, now=now), Grant
    )
    tenant = guid(named) if named else tenant_of_link(token_of(request), settings, now)
    if tenant in settings.tenant_ids:
        return await answer(request, access_of(settings.of(tenant)), desk(tenant))
    if holds_key:
        watched = ", ".join(settings.tenant_ids)
        problem = f"Which tenant? Say which by ?{TENANT_PARAMETER}=ID; watched are {watched}."
        return Answer(status=400, body=msgspec.json.encode({"schema": SCHEMA, "error": problem}))
    return await answer(request, Access(tenant=""), desk(settings.tenant_ids[0]))


def tenant_of_link(token: str, settings: Settings, now: datetime) -> str:
    """The tenant that a link was signed for, be it expired; "" where it is none of ours."""
    if not token:
        return ""
    # All are tried, whichever fits: the time that it takes tells nothing.
    fits = [tenant for tenant in settings.tenant_ids if _signed(token, access_of(settings.of(tenant)), now)]
    return fits[0] if fits else ""


def _signed(token: str, access: Access, now: datetime) -> bool:
    found = granted(access, token=token, api_key="", now=now)
    return not isinstance(found, Refused) or found.expired
