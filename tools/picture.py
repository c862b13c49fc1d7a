"""Draws the pictures of cards in docs/, as a browser shows them on the simulated channel's page.

docs/card-light.png and docs/card-dark.png are two cards of the demo's story; docs/cards/ has one of each kind, in the
width of a phone and of a desk. Needs the `chromium` command on the PATH (Debian: apt-get install chromium
fonts-noto-color-emoji).

    python -m tools.picture [--story | --cards]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import httpx
from rich.console import Console

import simulator
from shared.cli.demo import VOICE_EXPORT, running_service
from shared.cli.story import Stage, play, prepare
from shared.delivery.card import envelope
from tools.browser import Page, browsing, find_browser
from tools.sample_cards import SAMPLES

DOCS = Path(__file__).resolve().parent.parent / "docs"
PHONE = 360
DESK = 700
SCALES = {PHONE: 1.5, DESK: 1.25}
STORY_CARDS = (2, 3)
"""The lost licence and its return, by their places in the channel."""

UNFOLD = "document.querySelector('.card button[aria-expanded]').click()"
"""What to do: the first button that unfolds something."""


class Shot(NamedTuple):
    """A picture of one sample."""

    sample: str
    width: int
    theme: str = "light"
    unfolded: bool = False


SHOTS: dict[str, Shot] = {
    "one": Shot("one", PHONE),
    "one-dark": Shot("one", PHONE, "dark"),
    "one-what-to-do": Shot("one", DESK, unfolded=True),
    "twelve": Shot("twelve", PHONE),
    "worse": Shot("worse", PHONE),
    "reminder": Shot("reminder", PHONE),
    "resolved": Shot("resolved", PHONE),
    "mended-and-open": Shot("mended-and-open", PHONE, "dark"),
    "many": Shot("many", PHONE),
    "money": Shot("money", DESK),
    "announcement": Shot("announcement", PHONE, "dark"),
    "digest": Shot("digest", PHONE),
    "heartbeat": Shot("heartbeat", PHONE),
    "test": Shot("test", DESK),
    "notice": Shot("notice", DESK, "dark"),
    "hostile": Shot("hostile", PHONE),
}


async def show(page: Page, url: str, width: int, *, theme: str, only: tuple[int, ...], scale: float = 1.0) -> None:
    """Open the channel's page with some of its cards, in a width and a theme."""
    await page.resize(width, scale=scale)
    places = ",".join(map(str, only))
    ready = f"document.querySelectorAll('.card').length === {len(only)} && document.fonts.status === 'loaded'"
    await page.open(f"{url}?theme={theme}&only={places}", ready)


async def picture(page: Page, width: int) -> bytes:
    """The posts on the page, without what stands around them."""
    top, height = await page.evaluate(
        "(() => { const box = document.getElementById('posts').getBoundingClientRect();"
        " return [box.top + scrollY - 12, box.height + 4]; })()"
    )
    return await page.picture(x=0, y=top, width=width, height=height)


async def draw_cards(page: Page, folder: Path, shots: Mapping[str, Shot] = SHOTS) -> None:
    """One picture a shot, named like it."""
    order = list(SAMPLES)
    async with simulator.SimulatorServer(simulator.contoso()) as server, httpx.AsyncClient() as client:
        for message in SAMPLES.values():
            answer = await client.post(
                server.webhook_url, content=envelope(message), headers={"Content-Type": "application/json"}
            )
            answer.raise_for_status()
        for name, shot in shots.items():
            place = order.index(shot.sample)
            scale = SCALES[shot.width]
            await show(page, server.channel_page_url, shot.width, theme=shot.theme, only=(place,), scale=scale)
            if shot.unfolded:
                await page.evaluate(UNFOLD)
            (folder / f"{name}.png").write_bytes(await picture(page, shot.width))


async def draw_story(page: Page) -> None:
    """Play the story, and take the pictures while everything still runs."""
    server = simulator.SimulatorServer(simulator.contoso())
    with tempfile.TemporaryDirectory() as folder:
        export = simulator.ExportFile(server.tenant, Path(folder) / VOICE_EXPORT)
        prepare(server.tenant)
        export.refresh()
        async with server, running_service(server, Path(folder)) as url, httpx.AsyncClient() as client:
            await play(Stage(server, export, url, client, Console(stderr=True), pause=0.0))
            for theme in ("light", "dark"):
                await show(page, server.channel_page_url, DESK, theme=theme, only=STORY_CARDS, scale=SCALES[DESK])
                (DOCS / f"card-{theme}.png").write_bytes(await picture(page, DESK))


async def draw(browser: str, wanted: set[str]) -> None:
    """Draw what is wanted: `--story`, `--cards`, or both where neither is named."""
    async with browsing(browser) as page:
        if "--story" not in wanted:
            folder = DOCS / "cards"
            folder.mkdir(exist_ok=True)
            await draw_cards(page, folder)
        if "--cards" not in wanted:
            await draw_story(page)


def main(arguments: list[str]) -> int:
    """Draw the pictures; the exit code."""
    browser = find_browser()
    if browser is None:
        sys.stderr.write("tools/picture.py needs the chromium command on the PATH.\n")
        return 1
    asyncio.run(draw(browser, set(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
