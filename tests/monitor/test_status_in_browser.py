"""The status page as a browser shows it: whole on a phone, to be read in the dark, and with nothing in it alive."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from shared.licensing.policy import CURRENT
from shared.model.directory import Account
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.evaluate import evaluate
from shared.monitor.occasion import Occasion
from shared.monitor.status import status
from shared.monitor.status_frame import HEADERS
from shared.monitor.status_overview import glance, overview_page
from shared.monitor.status_page import page as status_page
from shared.settings_tenants import Tenant
from tools.browser import Page, browsing, find_browser
from tools.status_picture import show

BROWSER = find_browser()
WANTED = bool(os.environ.get("LINEKEEPER_TEST_BROWSER"))
"""Set where a browser must be there: then its lack is a failure, and not a reason to skip."""

pytestmark = pytest.mark.skipif(
    BROWSER is None and not WANTED,
    reason="no Chromium on the PATH (Debian: apt-get install chromium); the page itself is tested without one",
)

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NARROW, PHONE, DESK = 320, 390, 1100
HOSTILE = "</style><script>document.title='alive'</script><img src=x onerror=\"document.title='alive'\">"
LONG = "Reception_of_the_" + "very_" * 12 + "long_name"

OUTSIDE = """
[...document.querySelectorAll('body *')]
  .filter((each) => !each.closest('.scroll') && each.getBoundingClientRect().right > innerWidth + 0.5)
  .map((each) => `${each.tagName}: ${each.textContent.slice(0, 80)}`)
"""
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
UNFOLD = "document.querySelectorAll('details').forEach((each) => each.setAttribute('open', ''))"
SMALL_TARGETS = """
[...document.querySelectorAll('summary, nav a')].filter((each) => each.getBoundingClientRect().height < 24).length
"""
CONTRASTS = """
(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).slice(0, 3).map((each) => each / 255)
      .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
  };
  const texts = [...document.querySelectorAll('body *')].filter((each) =>
    [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
  return texts.map((each) => {
    const [a, b] = [light(getComputedStyle(each).color), light(behind(each))].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), each.className + each.tagName + ': ' + each.textContent.slice(0, 40)];
  }).filter(([ratio]) => ratio < 4.5);
})()
"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    assert BROWSER is not None, "LINEKEEPER_TEST_BROWSER is set, and there is no Chromium on the PATH"
    async with browsing(BROWSER) as opened:
        yield opened


@pytest.fixture
async def address(
    make_state: Callable[..., TenantState],
    make_account: Callable[..., Account],
    make_number: Callable[..., PhoneNumber],
    make_resource_account_sku: Callable[..., Sku],
) -> AsyncIterator[str]:
    """Where pages are served with the headers of the service: of hostile and long names, fresh and stale, and all."""
    quiet = Silence(
        id="s1",
        rules=("resource-account-sign-in-enabled",),
        starts=NOW,
        ends=NOW + timedelta(days=1),
        author=HOSTILE,
        reason=LONG,
        created=NOW,
    )
    document = make_state(
        make_account(1, name=HOSTILE),
        make_account(2, name=LONG, enabled=True),
        *(make_account(each) for each in range(3, 9)),
        skus=(make_resource_account_sku(2),),
        numbers=tuple(make_number(f"+1425555{each:04}", each) for each in range(1, 6)),
        silences={"s1": quiet},
    )

    def at(now: datetime) -> Occasion:
        return Occasion(now=now, policy=CURRENT, timing=Timing(), expects_subscription=True, expects_delivery=True)

    judged = evaluate(document, at(NOW))
    fresh, stale = status(judged, at(NOW)), status(judged, at(NOW + timedelta(hours=3)))
    unread = status(make_state(read=None), at(NOW))
    glances = [glance(Tenant(id=str(place), name=HOSTILE), each) for place, each in enumerate((fresh, stale, unread))]
    pages = {
        "fresh": status_page(fresh, called=LONG, json_link="status.json?tenant=a", all_link="status"),
        "stale": status_page(stale),
        "unread": status_page(unread),
        "all": overview_page(glances, NOW, query={}),
    }

    async def answer(request: web.Request) -> web.Response:
        text = pages.get(request.path.removeprefix("/"))
        if text is None:
            return web.Response(status=404)
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    application = web.Application()
    application.router.add_get("/{name}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


PAGES = ("fresh", "stale", "unread", "all")


async def test_nothing_is_cut_off_and_nothing_scrolls_sideways_folded_or_not(page: Page, address: str) -> None:
    for name in PAGES:
        for width in (NARROW, PHONE, DESK):
            await show(page, f"{address}/{name}", width, theme="light")
            assert not await page.evaluate(SCROLLS_SIDEWAYS), (name, width)
            assert await page.evaluate(OUTSIDE) == [], (name, width)
            await page.evaluate(UNFOLD)
            assert not await page.evaluate(SCROLLS_SIDEWAYS), (name, width, "unfolded")
            assert await page.evaluate(OUTSIDE) == [], (name, width, "unfolded")
            assert await page.evaluate(SMALL_TARGETS) == 0, (name, width)


async def test_on_a_phone_every_cell_of_a_table_is_in_sight_under_its_name(page: Page, address: str) -> None:
    names = "[...document.querySelectorAll('td')].map((each) => getComputedStyle(each, '::before').content)"
    beyond = "[...document.querySelectorAll('.scroll')].some((each) => each.scrollWidth > each.clientWidth + 1)"
    await show(page, f"{address}/fresh", PHONE, theme="light")
    assert not await page.evaluate(beyond)
    assert {'"Age: "', '"Ends: "', '"Whose: "', '"Waiting: "'} <= set(await page.evaluate(names))
    await show(page, f"{address}/fresh", DESK, theme="light")
    assert set(await page.evaluate(names)) == {"none"}


async def test_every_text_stands_out_from_what_is_behind_it_by_day_and_by_night(page: Page, address: str) -> None:
    behind = set()
    for theme in ("light", "dark"):
        for name in PAGES:
            await show(page, f"{address}/{name}", PHONE, theme=theme)
            await page.evaluate(UNFOLD)
            assert await page.evaluate(CONTRASTS) == [], (name, theme)
        behind.add(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(behind) == 2


async def test_the_verdict_is_on_the_first_screen_of_a_phone(page: Page, address: str) -> None:
    for name in ("fresh", "stale", "unread"):
        await show(page, f"{address}/{name}", PHONE, theme="light")
        assert await page.evaluate("document.querySelector('h1').getBoundingClientRect().bottom < 400"), name


async def test_no_name_comes_alive_and_the_one_style_is_let_in(page: Page, address: str) -> None:
    for name in PAGES:
        await show(page, f"{address}/{name}", PHONE, theme="light")
        assert await page.evaluate("document.querySelectorAll('script, img, iframe, form').length") == 0
        assert await page.evaluate("document.title !== 'alive'")
        assert await page.evaluate("document.styleSheets.length") == 1
        # What a page might run by itself the browser refuses.
        assert await page.evaluate(
            "(() => { const made = document.createElement('script'); made.textContent = 'window.alive = 1';"
            " document.body.append(made); return window.alive === undefined; })()"
        )
