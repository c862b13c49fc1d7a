"""Cards as a browser shows them, drawn by the public renderer: nothing is cut off, and no name comes alive."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.delivery.card import envelope
from simulator import SimulatorServer, contoso
from tools.browser import Page, browsing, find_browser
from tools.picture import DESK, PHONE, UNFOLD, Shot, draw_cards, show
from tools.sample_cards import SAMPLES

BROWSER = find_browser()
WANTED = bool(os.environ.get("LINEKEEPER_TEST_BROWSER"))
"""Set where a browser must be there: then its lack is a failure, and not a reason to skip."""

pytestmark = pytest.mark.skipif(
    BROWSER is None and not WANTED,
    reason="no Chromium on the PATH (Debian: apt-get install chromium); the renderer itself is tested without one",
)

PLACES = {name: place for place, name in enumerate(SAMPLES)}
PNG = b"\x89PNG\r\n\x1a\n"

CUT_OFF = """
[...document.querySelectorAll('.card, .card *')]
  .filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline')
  .map((each) => `${each.className}: ${each.textContent.slice(0, 80)}`)
"""
OUTSIDE = """
(() => {
  const card = document.querySelector('.card').getBoundingClientRect();
  return [...document.querySelectorAll('.card *')]
    .map((each) => [each.getBoundingClientRect(), each.textContent])
    .filter(([box]) => box.right > card.right + 1 || box.left < card.left - 1 || box.right > innerWidth)
    .map(([, text]) => text.slice(0, 80));
})()
"""
ALIVE = "document.querySelectorAll('.card a, .card at, .card img, .card script, .card strong, .card em').length"
TEXT = "document.querySelector('.card').innerText"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    assert BROWSER is not None, "LINEKEEPER_TEST_BROWSER is set, and there is no Chromium on the PATH"
    async with browsing(BROWSER) as opened:
        yield opened


@pytest.fixture
async def channel() -> AsyncIterator[str]:
    """The address of a channel's page on which every sample stands, in order."""
    async with SimulatorServer(contoso()) as server, httpx.AsyncClient() as client:
        for message in SAMPLES.values():
            answer = await client.post(
                server.webhook_url, content=envelope(message), headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 202
        yield server.channel_page_url


async def test_nothing_is_cut_off_on_a_phone_or_a_desk_folded_or_not(page: Page, channel: str) -> None:
    for name, place in PLACES.items():
        for width in (PHONE, DESK):
            await show(page, channel, width, theme="light", only=(place,))
            assert await page.evaluate(CUT_OFF) == [], (name, width)
            assert await page.evaluate(OUTSIDE) == [], (name, width)
            if await page.evaluate("document.querySelector('.card button[aria-expanded]') !== null"):
                await page.evaluate(UNFOLD)
                assert await page.evaluate(OUTSIDE) == [], (name, width, "unfolded")


async def test_a_hostile_name_makes_no_link_no_element_and_no_date(page: Page, channel: str) -> None:
    for name in ("hostile", "hostile-in-full"):
        await show(page, channel, PHONE, theme="dark", only=(PLACES[name],))
        await page.evaluate(UNFOLD)
        assert await page.evaluate(ALIVE) == 0
        text = await page.evaluate(TEXT)
        assert "[Free gift](https://evil.example) <at>everyone</at>" in text
        # The braces of a name stay what they are; those of the card's own dates are gone.
        assert text.replace("\N{WORD JOINER}", "").count("{{") == text.count("{\N{WORD JOINER}{") > 0
        assert "**bold** _it_ `code`" in text


async def test_dates_are_written_out_and_commands_can_be_copied_whole(page: Page, channel: str) -> None:
    await show(page, channel, DESK, theme="light", only=(PLACES["one"],))
    await page.evaluate(UNFOLD)
    text = await page.evaluate(TEXT)
    assert "{{" not in text
    assert "2026" in text
    [item] = SAMPLES["one"].sections[0].items
    assert item.commands is not None
    shown = text.split("\n")
    assert item.commands.powershell in shown
    assert item.commands.request.split("\n")[-1] in shown


async def test_the_two_themes_are_told_apart_and_both_can_be_read(page: Page, channel: str) -> None:
    colours = (
        "(() => { const run = document.querySelector('.card .ac-richTextBlock span');"
        " return [getComputedStyle(run).color, getComputedStyle(document.querySelector('.card')).backgroundColor]; })()"
    )
    found = []
    for theme in ("light", "dark"):
        await show(page, channel, PHONE, theme=theme, only=(PLACES["one"],))
        found.append(await page.evaluate(colours))
    (light, on_light), (dark, on_dark) = found
    assert (light, on_light) != (dark, on_dark)
    assert _brightness(on_light) - _brightness(light) > 120
    assert _brightness(dark) - _brightness(on_dark) > 120


async def test_a_picture_is_drawn_for_each_shot(page: Page, tmp_path: Path) -> None:
    await draw_cards(page, tmp_path, {"small": Shot("heartbeat", PHONE)})
    assert (tmp_path / "small.png").read_bytes().startswith(PNG)


def _brightness(colour: str) -> float:
    """From `rgb(r, g, b)`: 0 is black and 255 white."""
    red, green, blue = (float(part) for part in colour.split("(")[1].rstrip(")").split(",")[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue
