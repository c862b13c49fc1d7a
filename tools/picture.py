"""Draws docs/card-light.png and docs/card-dark.png: two cards of the demo's story, as a browser shows them.

Needs the `chromium` command on the PATH (Debian: apt-get install chromium fonts-noto-color-emoji).

    python tools/picture.py
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import httpx
from rich.console import Console

import simulator
from shared.cli.demo import VOICE_EXPORT, running_service
from shared.cli.story import Stage, play, prepare

DOCS = Path(__file__).resolve().parent.parent / "docs"
SIZE = "820,930"
CARDS = "2,3"
"""The lost licence and its return, by their places in the channel."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1.5",
    "--virtual-time-budget=4000",
)


async def draw(browser: str) -> None:
    """Play the story, and take the pictures while everything still runs."""
    server = simulator.SimulatorServer(simulator.contoso())
    with tempfile.TemporaryDirectory() as folder:
        export = simulator.ExportFile(server.tenant, Path(folder) / VOICE_EXPORT)
        prepare(server.tenant)
        export.refresh()
        async with server, running_service(server, Path(folder)) as url, httpx.AsyncClient() as client:
            await play(Stage(server, export, url, client, Console(stderr=True), pause=0.0))
            for theme in ("light", "dark"):
                process = await asyncio.create_subprocess_exec(
                    browser,
                    *FLAGS,
                    f"--user-data-dir={folder}/browser-{theme}",
                    f"--window-size={SIZE}",
                    f"--screenshot={DOCS / f'card-{theme}.png'}",
                    f"{server.channel_page_url}?theme={theme}&only={CARDS}",
                )
                await process.wait()


def main() -> int:
    """Draw the pictures; the exit code."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.stderr.write("tools/picture.py needs the chromium command on the PATH.\n")
        return 1
    asyncio.run(draw(browser))
    return 0


if __name__ == "__main__":
    sys.exit(main())
