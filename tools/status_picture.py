"""Draws the pictures in docs/status: the status page of documents that a running service made, as a browser shows it.

The tenant is the demo's, after somebody took a main line's licence; one finding is silenced. `stale` is the same
document two hours after the last read, `healthy` that of a tenant in which all is well, `tenants` the list of both and
of one whose document cannot be read. Needs the `chromium` command on the PATH (Debian: apt-get install chromium
fonts-noto-color-emoji).

    python -m tools.status_picture [FOLDER]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

import simulator
from shared.alerting.silence_request import Wanted
from shared.cli.demo import VOICE_EXPORT, running_service
from shared.cli.story import MAIN_LINE, RESOURCE_ACCOUNT_SKU, prepare
from shared.licensing.policy import CURRENT
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.occasion import Occasion
from shared.monitor.silences import Desk, add
from shared.monitor.status import StatusReport, status
from shared.monitor.status_overview import glance, overview_page, unreadable, worst_first
from shared.monitor.status_page import page as status_page
from shared.settings_tenants import Tenant
from shared.state.sqlite import SqliteStore
from simulator.contoso import E5, RESOURCE_ACCOUNT, unlicensed_line_names, user_id
from tools.browser import Page, browsing, find_browser

DOCS = Path(__file__).resolve().parent.parent / "docs" / "status"
FABRIKAM = "94bd8158-6d4d-4958-8b9f-9d6445542f95"
DESK, PHONE = 1000, 390
TALL = 1500
PATIENCE = 30.0
LATER = timedelta(hours=2)
LOADED = "document.readyState === 'complete' && location.href !== 'about:blank'"

Act = Callable[[simulator.SimulatorServer, str, Path, httpx.AsyncClient], Awaitable[None]]


class Shot(NamedTuple):
    """A picture of a page's upper part, at most so many CSS pixels high."""

    page: str
    width: int
    theme: str = "light"
    height: int = TALL


SHOTS = {
    "light": Shot("fresh", DESK),
    "dark": Shot("fresh", DESK, "dark"),
    "phone": Shot("fresh", PHONE, height=1400),
    "phone-dark": Shot("fresh", PHONE, "dark", 1400),
    "stale": Shot("stale", DESK, height=1100),
    "healthy": Shot("healthy", DESK, height=1100),
    "tenants": Shot("tenants", PHONE),
    "whole": Shot("fresh", DESK, height=20_000),
}


async def draw(browser: str, folder: Path) -> None:
    """Make the documents, and take the pictures."""
    broken, whole = await _document(_break), await _document()
    pages = _pages(broken, whole)
    with tempfile.TemporaryDirectory() as place:
        for name, text in pages.items():
            (Path(place) / f"{name}.html").write_text(text, encoding="utf-8")
        async with browsing(browser) as page:
            for name, shot in SHOTS.items():
                drawn = await _picture(page, (Path(place) / f"{shot.page}.html").as_uri(), shot)
                (folder / f"{name}.png").write_bytes(drawn)


async def show(page: Page, url: str, width: int, *, theme: str) -> None:
    """Open a page in a width and a theme."""
    await page.resize(width)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    await page._ask("Emulation.setEmulatedMedia", features=features)  # noqa: SLF001 - what a reader's system says
    await page.open("about:blank", "location.href === 'about:blank'")
    await page.open(url, LOADED)


async def _picture(page: Page, url: str, shot: Shot) -> bytes:
    await show(page, url, shot.width, theme=shot.theme)
    height = min(shot.height, await page.evaluate("document.documentElement.scrollHeight"))
    return await page.picture(x=0, y=0, width=shot.width, height=height)


def _pages(broken: TenantState, whole: TenantState) -> dict[str, str]:
    whole = msgspec.structs.replace(whole, tenant=FABRIKAM)
    fresh, healthy = _judged(broken, broken_at := _read(broken)), _judged(whole, _read(whole))
    tenants = [
        glance(Tenant(id=broken.tenant, name="Contoso"), fresh),
        glance(Tenant(id=FABRIKAM, name="Fabrikam"), healthy),
        unreadable(
            Tenant(id="a4bd8158-6d4d-4958-8b9f-9d6445542f95", name="Tailspin"),
            "The service's memory cannot be reached just now. Try again in a minute.",
        ),
    ]
    return {
        "fresh": status_page(fresh, called="Contoso", json_link="status.json"),
        "stale": status_page(_judged(broken, broken_at + LATER), called="Contoso", json_link="status.json"),
        "healthy": status_page(healthy, called="Fabrikam", json_link="status.json"),
        "tenants": overview_page(worst_first(tenants), broken_at, query={}),
    }


def _judged(document: TenantState, now: datetime) -> StatusReport:
    occasion = Occasion(now=now, policy=CURRENT, timing=Timing(), expects_subscription=True, expects_delivery=True)
    return status(document, occasion)


def _read(document: TenantState) -> datetime:
    """A minute after the document was read last."""
    times = [each.complete_as_of for each in document.sources.values() if each.complete_as_of is not None]
    return max(times) + timedelta(minutes=1)


async def _document(act: Act | None = None) -> TenantState:
    """The document of a service that watched something happen; without that, of one where all is well."""
    server = simulator.SimulatorServer(simulator.contoso())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        export = simulator.ExportFile(server.tenant, place / VOICE_EXPORT)
        if act is None:
            _repair(server.tenant)
        prepare(server.tenant)
        export.refresh()
        async with server, running_service(server, place) as url, httpx.AsyncClient() as client:
            if act is not None:
                await act(server, url, place, client)
            (await client.post(f"{url}/admin/functions/deliver")).raise_for_status()
            await asyncio.sleep(2)
            return (await SqliteStore(place / "linekeeper.db").load(server.tenant.tenant_id)).state


def _repair(tenant: Any) -> None:  # noqa: ANN401 - the simulated tenant
    tenant.set_enabled_units(E5, 780)
    tenant.set_enabled_units(RESOURCE_ACCOUNT, 100)
    for name in unlicensed_line_names():
        tenant.assign_license(user_id(name), RESOURCE_ACCOUNT)


async def _break(server: simulator.SimulatorServer, url: str, place: Path, client: httpx.AsyncClient) -> None:
    """Somebody takes the main line's licence, and something else is silenced."""
    line = next(user for user in server.tenant.users.values() if user.display_name == MAIN_LINE)
    server.tenant.remove_license(line.id, RESOURCE_ACCOUNT_SKU)
    await _wait_for(client, url, line.id, "firing")
    await _silence(server.tenant.tenant_id, place, (await _status(client, url))["findings"][-1])


async def _status(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.get(f"{url}/api/status.json")).json()
    return answer


async def _wait_for(client: httpx.AsyncClient, url: str, subject: str, state: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            findings = (await _status(client, url))["findings"]
            if any((each["subject"]["id"], each["state"]) == (subject, state) for each in findings):
                return
            await asyncio.sleep(0.2)


async def _silence(tenant: str, place: Path, finding: dict[str, Any]) -> None:
    desk = Desk(tenant=tenant, store=SqliteStore(place / "linekeeper.db"), clock=lambda: datetime.now(UTC))
    wanted = Wanted(
        rules=(finding["rule"],),
        subjects=(finding["subject"]["id"],),
        severities=(),
        starts=None,
        ends=datetime.now(UTC) + timedelta(days=2),
        author="Ada Nowak",
        reason="The office moves on Friday",
    )
    await add(desk, wanted)


def main(arguments: list[str]) -> int:
    """Draw the pictures; the exit code."""
    browser = find_browser()
    if browser is None:
        sys.stderr.write("tools/status_picture.py needs the chromium command on the PATH.\n")
        return 1
    folder = Path(arguments[0]) if arguments else DOCS
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(draw(browser, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
