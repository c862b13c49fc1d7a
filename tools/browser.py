"""A headless Chromium, driven over the DevTools protocol: pages in the width of a phone, measured and photographed.

Source: Chrome DevTools Protocol, the domains Emulation, Page, Runtime and Target.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 30.0
ANSWER_SECONDS = 30.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


def find_browser() -> str | None:
    """The path of a Chromium, or None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab. Lengths are in CSS pixels."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._asked = 0

    async def resize(self, width: int, *, height: int = 800, scale: float = 1.0) -> None:
        """Lay the page out in a width, as a screen with so many dots to the pixel would."""
        await self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    async def prefer(self, theme: str) -> None:
        """Show pages as to a reader whose system is set to a theme, `light` or `dark`."""
        await self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    async def open(self, url: str, ready: str) -> None:
        """Go to a page and wait until a JavaScript expression about it is true."""
        await self._ask("Page.navigate", url=url)
        async with asyncio.timeout(ANSWER_SECONDS):
            while not await self.evaluate(ready):  # noqa: ASYNC110 - what happens in the page sets no event here
                await asyncio.sleep(0.05)

    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - any JSON value
        """A JavaScript expression's value; an error in it is an error here."""
        answer = await self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    async def picture(self, *, x: float, y: float, width: float, height: float) -> bytes:
        """A part of the page as PNG."""
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        answer = await self._ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    async def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._asked += 1
        await self._socket.send_json({"id": self._asked, "method": method, "params": parameters})
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                answer = json.loads(await self._socket.receive_str())
                if answer.get("id") == self._asked:
                    break
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result


@asynccontextmanager
async def browsing(browser: str) -> AsyncIterator[Page]:
    """A page in a browser of its own, which is gone afterwards with all that it kept."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            browser,
            *FLAGS,
            f"--user-data-dir={folder}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port = await _port(Path(folder) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    tabs = await answer.json()
                address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    yield Page(socket)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _port(file: Path) -> int:
    """The port that the browser chose; it writes it down once it listens."""
    async with asyncio.timeout(START_SECONDS):
        while not (file.is_file() and file.read_text().strip()):  # noqa: ASYNC110, ASYNC240 - another process writes it
            await asyncio.sleep(0.05)
    return int(file.read_text().split()[0])  # noqa: ASYNC240 - one line
