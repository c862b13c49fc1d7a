"""Draws the pictures of the page about silences in docs/silences, as a browser on a phone shows it.

Needs the `chromium` command on the PATH (Debian: apt-get install chromium fonts-noto-color-emoji).

    python -m tools.silence_picture
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from shared.model.alert import Item
from shared.monitor.silence_page import FindingShown, Typed, findings_page
from shared.monitor.silences import Named, SilencedFindings, SilenceView
from tools.browser import Page, browsing, find_browser
from tools.sample_cards import NOW, unlicensed

DOCS = Path(__file__).resolve().parent.parent / "docs" / "silences"
PHONE = 360
SCALE = 1.5


def pages() -> dict[str, str]:
    """The pages by the names of their pictures: one finding, and two that are silenced already."""
    items = (unlicensed(0), unlicensed(1))
    silence = SilenceView(
        id="s1",
        state="active",
        rules=(items[0].rule,),
        subjects=tuple(Named(id=item.subject_id, name=item.name) for item in items),
        severities=(),
        starts=NOW,
        ends=NOW + timedelta(hours=4),
        author="Ada Nowak",
        reason="The office moves today",
        created=NOW,
        last_matched=NOW,
        findings=SilencedFindings(count=2, names=tuple(item.name for item in items)),
    )
    return {
        "phone": findings_page([_shown(items[0])], [], token="t", own=frozenset(), typed=Typed()),  # noqa: S106
        "phone-dark": findings_page(
            [_shown(item) for item in items],
            [silence],
            token="t",  # noqa: S106 - a sample
            own=frozenset({silence.id}),
            typed=Typed(),
        ),
    }


def _shown(item: Item) -> FindingShown:
    return FindingShown(
        title=item.title, name=item.name, summary=item.summary, severity=item.severity, firing_since=item.since
    )


async def draw(browser: str, folder: Path) -> None:
    """One picture a page."""
    with tempfile.TemporaryDirectory() as place:
        async with browsing(browser) as page:
            for name, text in pages().items():
                file = Path(place) / f"{name}.html"
                file.write_text(text, encoding="utf-8")
                (folder / f"{name}.png").write_bytes(await _picture(page, file.as_uri(), name))


async def _picture(page: Page, url: str, name: str) -> bytes:
    await page.resize(PHONE, scale=SCALE)
    await page.prefer("dark" if name.endswith("-dark") else "light")
    await page.open(url, f"document.readyState === 'complete' && location.href === '{url}'")
    height = await page.evaluate("document.documentElement.scrollHeight")
    return await page.picture(x=0, y=0, width=PHONE, height=height)


def main() -> int:
    """Draw the pictures; the exit code."""
    browser = find_browser()
    if browser is None:
        sys.stderr.write("tools/silence_picture.py needs the chromium command on the PATH.\n")
        return 1
    asyncio.run(draw(browser, DOCS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
