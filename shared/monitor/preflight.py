"""What must be in place before the service can do its work, each with what it is for and what is lost without it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Literal

import httpx
import msgspec

from shared.exports.place import ExportPlace
from shared.model.errors import Denied, LinekeeperError, SourceError, StoreError
from shared.model.sources import PERMISSIONS, REQUIRED, Source
from shared.monitor.assembly import NOTIFICATIONS_PATH, sqlite_path, store_exists
from shared.monitor.monitor import Monitor
from shared.monitor.proving import NO_ROUTE
from shared.settings_tenants import has_no_route
from shared.state.blob import BlobStore
from shared.state.sqlite import why_not
from shared.voice.export import read_export

Outcome = Literal["ok", "warning", "failed", "absent", "off"]
TOKEN = "linekeeper check: 1 + 1 = 100 %"  # noqa: S105 - what a handshake must give back as it is
TIMEOUT_SECONDS = 10.0


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at. Where a `required` one fails, the service is of no use."""

    name: str
    purpose: str
    outcome: Outcome
    detail: str = ""
    required: bool = False


class _Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A source, what it is for, and what is lost without it."""

    purpose: str
    lost: str
    read: Callable[[Monitor], Awaitable[bool]]


async def preflight(monitor: Monitor) -> tuple[Checked, ...]:
    """Look at the store, every source, the notification URL and the channel; nothing is changed anywhere."""
    sources = [await _source(monitor, source, probe) for source, probe in _PROBES.items()]
    return (
        await _store(monitor),
        *sources,
        await _voice(monitor),
        await _notifications(monitor),
        _channel(monitor),
    )


async def _store(monitor: Monitor) -> Checked:
    outcome: Outcome = "ok"
    detail = ""
    try:
        await _look_at_store(monitor)
    except LinekeeperError as problem:
        outcome, detail = "failed", str(problem)
    return Checked(name="store", purpose="what is known of the tenant", outcome=outcome, detail=detail, required=True)


async def _look_at_store(monitor: Monitor) -> None:
    """Read the document where there is one; a store makes its file when it is first asked, so a new one is not."""
    if isinstance(monitor.store, BlobStore):
        await monitor.store.look(monitor.tenant)
        return
    path = sqlite_path(monitor.settings)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise StoreError(f"LINEKEEPER_STORE: {why_not(path)}")
    if store_exists(monitor.settings):
        await monitor.load()


async def _source(monitor: Monitor, source: Source, probe: _Probe) -> Checked:
    outcome, detail = await _outcome(monitor, source, probe)
    return Checked(
        name=f"{source} ({PERMISSIONS[source]})",
        purpose=probe.purpose,
        outcome=outcome,
        detail=detail if outcome == "ok" else f"{detail} Without it, {probe.lost}.",
        required=source in REQUIRED,
    )


async def _outcome(monitor: Monitor, source: Source, probe: _Probe) -> tuple[Outcome, str]:
    if not monitor.settings.file.sources.wants(source):
        return "off", "Switched off in the settings."
    try:
        there = await probe.read(monitor)
    except SourceError as problem:
        lacking = isinstance(problem, Denied) and problem.forbidden
        remedy = f" Grant the application permission {PERMISSIONS[source]} and consent to it." if lacking else ""
        return "failed", f"{problem}{remedy}"
    return ("ok", "") if there else ("absent", "This cloud does not have it.")


async def _licences(monitor: Monitor) -> bool:
    await monitor.reader.licences()
    return True


async def _accounts(monitor: Monitor) -> bool:
    await monitor.reader.delta_from_now()
    return True


async def _numbers(monitor: Monitor) -> bool:
    return (await monitor.reader.numbers()).numbers is not None


async def _calling(monitor: Monitor) -> bool:
    return (await monitor.reader.calling(())).people is not None


_PROBES: dict[Source, _Probe] = {
    "licences": _Probe(purpose="licences and the allocation", lost="nothing can be said of licences", read=_licences),
    "accounts": _Probe(
        purpose="accounts, their changes, the subscription", lost="nothing can be said of any account", read=_accounts
    ),
    "numbers": _Probe(
        purpose="which numbers lead where", lost="severities do not know whether callers are affected", read=_numbers
    ),
    "calling": _Probe(
        purpose="whether agents can answer", lost="agents who cannot answer are not found", read=_calling
    ),
}


async def _voice(monitor: Monitor) -> Checked:
    """Read the voice export, and say how old it is."""
    outcome: Outcome = "off"
    detail = "LINEKEEPER_VOICE_EXPORT is not set: rules about attendants and queues are skipped. See docs/exporter.md."
    if monitor.export is not None:
        outcome, detail = await _look_at_export(monitor, monitor.export)
    return Checked(name="voice export", purpose="attendants and queues", outcome=outcome, detail=detail)


async def _look_at_export(monitor: Monitor, place: ExportPlace) -> tuple[Outcome, str]:
    now = monitor.clock()
    try:
        found = await place.read("")
        read = read_export(found.content, tenant=monitor.tenant, now=now) if found is not None else None
    except SourceError as problem:
        return "failed", f"{monitor.settings.voice_export}: {problem}"
    if read is None or not read.complete:
        return "failed", f"{monitor.settings.voice_export}: the export is not complete; nothing is concluded from it."
    limit = monitor.settings.file.sources.voice_max_age
    if now - read.exported_at > limit:
        hours = limit.total_seconds() / 3600
        made = f"{read.exported_at:%Y-%m-%d %H:%M} UTC"
        return "failed", f"The export was made at {made}, more than {hours:g} hours ago: run the exporter."
    return "ok", ""


async def _notifications(monitor: Monitor) -> Checked:
    """Play Graph's handshake with our own URL: a service that runs gives the token back as it was."""
    url = monitor.settings.notification_url
    outcome: Outcome = "ok"
    detail = ""
    if url is None:
        outcome = "off"
        detail = "LINEKEEPER_NOTIFICATION_URL is not set: changes are found by the timers alone, within five minutes."
    elif monitor.settings.by_event_hub:
        detail = "An event hub: Graph tries it when it subscribes. Nothing of it can be tried from here."
    else:
        problem = await _handshake(url + NOTIFICATIONS_PATH)
        if problem:
            outcome, detail = "failed", f"{problem} Graph needs the same answer, from outside, while the service runs."
    return Checked(name="notification URL", purpose="hearing of changes at once", outcome=outcome, detail=detail)


async def _handshake(url: str) -> str:
    """Why a handshake does not pass; empty where it does."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            answer = await client.post(url, params={"validationToken": TOKEN}, headers={"Content-Type": "text/plain"})
    except httpx.HTTPError as problem:
        return f"It cannot be reached from here ({type(problem).__name__})."
    if answer.status_code != httpx.codes.OK or answer.text != TOKEN:
        return f"It did not pass the validation handshake (status {answer.status_code})."
    return ""


def _channel(monitor: Monitor) -> Checked:
    outcome, detail = _whether_told(monitor)
    return Checked(name="channel", purpose="telling people", outcome=outcome, detail=detail)


def _whether_told(monitor: Monitor) -> tuple[Outcome, str]:
    routing = monitor.settings.routing
    if has_no_route(routing, monitor.tenant):
        return "off", f"{NO_ROUTE} Name it in a [[routes]] of LINEKEEPER_CONFIG: see docs/tenants.md."
    if not monitor.senders:
        return "off", "LINEKEEPER_TEAMS_WEBHOOK_URL is not set: alerts wait in the outbox."
    tried = "The URLs have the right form; linekeeper test-card tries them."
    # What the service logs at its start.
    return ("warning" if routing.notes else "ok"), " ".join((tried, *(f"{note}." for note in routing.notes)))
