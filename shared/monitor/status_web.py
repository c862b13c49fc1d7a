"""The requests about the status: who asks about which tenant, and the answer, as a page or as JSON.

Documents are read once and judged; nothing is written, and Graph is not asked. The page and the JSON are for whoever
holds a key; a card's link opens the page of its tenant alone. Of several tenants, whoever names none is shown all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

import msgspec

from shared.model.errors import DocumentUnreadable, LinekeeperError, StoreError
from shared.model.tenant import TenantState
from shared.monitor.occasion import Occasion
from shared.monitor.silence_link import Access, Refused, access_of
from shared.monitor.silence_web import KEY_HEADER
from shared.monitor.status import StatusReport, status, to_json
from shared.monitor.status_access import KEY_PARAMETER, Door, may_read
from shared.monitor.status_frame import HEADERS, message_page
from shared.monitor.status_link import TENANT_PARAMETER, may_view
from shared.monitor.status_overview import Glance, glance, overview_json, overview_page, unreadable, worst_first
from shared.monitor.status_page import page
from shared.settings import Settings
from shared.settings_tenants import Tenant
from shared.state.store import Store

SCHEMA = 1

_NOT_REACHED = "The service's memory cannot be reached just now. Try again in a minute."
_NOT_READ = "The service's document of this tenant cannot be read."
_LOGGED = "The service's log says why."

_logger = logging.getLogger("linekeeper.status")

Form = Literal["page", "json", "view"]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: the page, the JSON, or the page by a card's link.

    `tenant` is the id or the name of the one that is meant, empty where none is named. `token` is that of a link; `key`
    that of the header, and `code` that of the query. `door` is who let the request in so far.
    """

    form: Form
    tenant: str = ""
    token: str = ""
    key: str = ""
    code: str = ""
    door: Door = "outside"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What to answer; the headers are those of every answer, the refusals too."""

    status: int
    body: bytes
    mimetype: str
    headers: Mapping[str, str] = msgspec.field(default_factory=lambda: HEADERS)


def form_of(form: Form, accept: str) -> Form:
    """The form to answer in: the page's address gives JSON to those who take that, and no HTML."""
    wanted = accept.lower()
    return "json" if form == "page" and "application/json" in wanted and "text/html" not in wanted else form


async def answer(
    request: Request,
    settings: Settings,
    store: Store,
    now: datetime,
    access: Callable[[Settings], Access] = access_of,
) -> Answer:
    """Answer a request; `access` is what a card's link is checked against, by the settings of its tenant."""
    refused = _refused(request, settings, now, access)
    if refused is not None:
        return refused
    if settings.several and not request.tenant.strip():
        return await _all(request, settings, store, now)
    try:
        own = settings.chosen(request.tenant) if request.tenant.strip() else settings.of(settings.tenant_ids[0])
    except LinekeeperError as problem:
        return _said(request, 404, "Which tenant?", _sentence(str(problem)))
    try:
        state = (await store.load(own.tenant)).state
    except StoreError as problem:
        _logger.exception("the status could not be shown: the document could not be read")
        return _said(request, 503, "Not known", _why_not(request, problem))
    # In a thread: the webhook in the same process must not wait for a large tenant to be judged.
    return await asyncio.to_thread(_shown, request, state, own, now, among=settings)


def occasion_of(settings: Settings, now: datetime) -> Occasion:
    """This moment, as the service's own evaluations see it, without the parts that read and send."""
    return Occasion(
        now=now,
        policy=settings.policy,
        timing=settings.file.alerting,
        routes=settings.routing.ways,
        expects_subscription=settings.notification_url is not None and settings.client_state is not None,
        expects_delivery=bool(settings.routing.receivers),
        intervals=settings.file.sources.intervals,
        thresholds=settings.file.rules,
        price=settings.file.price,
        graph_url=settings.graph_url,
    )


def _refused(
    request: Request, settings: Settings, now: datetime, access: Callable[[Settings], Access]
) -> Answer | None:
    """Why a request is shown nothing, not even whether a tenant is watched; None where it may see what it asks for."""
    if request.form != "view":
        if may_read(request.door, (request.key, request.code), settings.api_key, now):
            return None
        return _asking(_said(request, 401, "No entry", _WITHOUT_A_KEY), "LinekeeperKey")
    named = request.tenant.strip().lower() or ("" if settings.several else settings.tenant_ids[0])
    if named not in settings.tenant_ids:
        return _NO_LINK
    grant = may_view(access(settings.of(named)), token=request.token, now=now)
    if isinstance(grant, Refused):
        return _EXPIRED if grant.expired else _NO_LINK
    return None


def _shown(request: Request, state: TenantState, settings: Settings, now: datetime, *, among: Settings) -> Answer:
    found = status(state, occasion_of(settings, now))
    if request.form == "json":
        return Answer(status=200, body=to_json(found), mimetype="application/json")
    called = next((each.name for each in settings.tenants if each.id == state.tenant), "")
    if request.form == "view":
        return _html(200, page(found, called=called))
    carried = _carried(request)
    json_link = f"status.json?{urlencode({TENANT_PARAMETER: state.tenant, **carried})}"
    all_link = f"status?{urlencode(carried)}".rstrip("?") if among.several else ""
    return _html(200, page(found, called=called, json_link=json_link, all_link=all_link))


async def _all(request: Request, settings: Settings, store: Store, now: datetime) -> Answer:
    # One after the other: of many large tenants only one document is held at a time.
    found = worst_first([await _glance(request, each, settings, store, now) for each in settings.tenants])
    if request.form == "json":
        return Answer(status=200, body=overview_json(found, now), mimetype="application/json")
    return _html(200, overview_page(found, now, query=_carried(request)))


async def _glance(request: Request, tenant: Tenant, settings: Settings, store: Store, now: datetime) -> Glance:
    try:
        state = (await store.load(tenant.id)).state
    except StoreError as problem:
        _logger.exception("the status of %s could not be shown: its document could not be read", tenant.id)
        return unreadable(tenant, _why_not(request, problem))
    return glance(tenant, await asyncio.to_thread(_judged, state, settings.of(tenant.id), now))


def _judged(state: TenantState, settings: Settings, now: datetime) -> StatusReport:
    return status(state, occasion_of(settings, now))


def _carried(request: Request) -> dict[str, str]:
    """What a link on a page must carry on, so that whoever came in by a key in the query can follow it."""
    return {KEY_PARAMETER: request.code} if request.code else {}


def _why_not(request: Request, problem: StoreError) -> str:
    """Why a document cannot be shown; by a card's link without the places that a problem names."""
    if not isinstance(problem, DocumentUnreadable):
        return f"It is not known whether callers would be answered. {_NOT_REACHED}"
    why = _LOGGED if request.form == "view" else _sentence(str(problem))
    return f"It is not known whether callers would be answered. {_NOT_READ} {why}"


def _said(request: Request, status_code: int, title: str, text: str) -> Answer:
    if request.form == "json":
        body = msgspec.json.encode({"schema": SCHEMA, "error": f"{title.rstrip('?')}: {text}"})
        return Answer(status=status_code, body=body, mimetype="application/json")
    return _html(status_code, message_page(title, text))


def _html(status_code: int, text: str) -> Answer:
    return Answer(status=status_code, body=text.encode("utf-8", "replace"), mimetype="text/html")


def _asking(said: Answer, scheme: str) -> Answer:
    # A status of 401 must name a scheme (RFC 9110, section 11.6.1); no browser asks for a password by these.
    return msgspec.structs.replace(said, headers={**HEADERS, "WWW-Authenticate": scheme})


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


_WITHOUT_A_KEY = (
    f"This address wants the service's key, LINEKEEPER_API_KEY: in the header {KEY_HEADER}, or in a browser as "
    f"?{KEY_PARAMETER}=KEY. The link of a card opens the page without it."
)
_EXPIRED = _html(
    410,
    message_page(
        "This link has expired",
        "Links on cards work for 24 hours. Take the link of a newer card, or open /api/status with the service's key.",
    ),
)
_NO_LINK = _asking(
    _html(
        401,
        message_page(
            "No entry",
            "This address needs the whole link of a card, which works for 24 hours. Take it from the card again, or "
            "open /api/status with the service's key.",
        ),
    ),
    "LinekeeperLink",
)
