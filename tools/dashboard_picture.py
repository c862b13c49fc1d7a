"""Draws docs/dashboards: what the dashboard's queries answer about a service to which things happen, a picture a part.

Grafana is no part of it. The queries, titles, units, widths and thresholds are the dashboard's own, the answers those
of a real Prometheus that looked at a real `linekeeper serve`, and the tenant is simulated. Needs `chromium` on the PATH
and Prometheus (`make .prometheus/installed`); takes two minutes.

    python -m tools.dashboard_picture [FOLDER]
"""

from __future__ import annotations

import asyncio
import math
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from dashboards.questions import PARTS, Query, Question
from shared.cli.demo import TIMING
from simulator import SimulatorServer, contoso
from simulator.contoso import E5, RESOURCE_ACCOUNT, line_names, user_id
from simulator.faults import StatusFault
from tools.browser import Page, browsing, find_browser
from tools.dashboard_page import WIDTH, Answer, page
from tools.observed_service import ROOT, Observed, find_program, scraped
from tools.panel_drawing import Series, Window

DOCS = ROOT / "docs/dashboards"
NAMES = ("lines", "findings", "ledger", "finding-out", "telling")
"""The pictures, in the order of the parts."""

DARK = "lines-dark"
RATE_INTERVAL = "15s"
SCENE = 8.0
"""Seconds between two things that happen."""

LOADED = "document.readyState === 'complete' && location.href !== 'about:blank'"
_LEGEND = re.compile(r"\{\{(\w+)\}\}")


class Story:
    """What happens while Prometheus looks."""

    def __init__(self, sim: SimulatorServer, observed: Observed, client: httpx.AsyncClient) -> None:
        self._sim = sim
        self._observed = observed
        self._client = client
        self._lost = line_names()[:2]
        self._unhurt = list(line_names()[12:48:12])

    async def play(self) -> None:
        """All of it: lines lost and mended, a channel and a Graph that refuse, seats bought and dropped."""
        for scene in (
            self._the_channel_refuses,
            self._the_channel_takes_again,
            self._licences_are_lost,
            self._a_queue_is_deleted,
            self._licences_come_back,
            self._seats_are_bought,
            self._the_channel_refuses,
            self._somebody_pretends_to_be_graph,
            self._graph_throttles,
            self._the_channel_takes_again,
            self._seats_are_dropped,
        ):
            await asyncio.sleep(SCENE)
            await scene()
        await asyncio.sleep(2 * SCENE)
        await self._ring("deliver")
        await asyncio.sleep(SCENE)

    async def _licences_are_lost(self) -> None:
        for name in self._lost:
            self._sim.tenant.remove_license(user_id(name), RESOURCE_ACCOUNT)

    async def _graph_throttles(self) -> None:
        self._sim.graph.faults.add(StatusFault(route="GET users/delta", status=429, retry_after=1, times=3))
        self._sim.tenant.remove_license(user_id(self._unhurt.pop()), RESOURCE_ACCOUNT)

    async def _licences_come_back(self) -> None:
        for name in self._lost:
            self._sim.tenant.assign_license(user_id(name), RESOURCE_ACCOUNT)

    async def _a_queue_is_deleted(self) -> None:
        menu = self._sim.tenant.voice.attendant("AA Main Line Berlin").default_call_flow.menu
        options = menu.menu_options if menu is not None else ()
        targets = [option.call_target for option in options if option.call_target is not None]
        self._sim.tenant.voice.delete_queue(next(each.id for each in targets if each.type == "ConfigurationEndpoint"))
        self._observed.export.refresh()
        await self._ring("voice")

    async def _the_channel_refuses(self) -> None:
        self._sim.channel.refuse_with = 503
        self._sim.tenant.remove_license(user_id(self._unhurt.pop()), RESOURCE_ACCOUNT)

    async def _the_channel_takes_again(self) -> None:
        self._sim.channel.refuse_with = None

    async def _seats_are_bought(self) -> None:
        """What the channel refused half a minute ago is due again by now."""
        await self._ring("deliver")
        self._sim.tenant.set_enabled_units(E5, 700)
        await self._ring("licences")

    async def _somebody_pretends_to_be_graph(self) -> None:
        guess = {
            "subscriptionId": "00000000-0000-0000-0000-000000000000",
            "clientState": "a guess of forty characters, which is wrong",
            "tenantId": self._sim.tenant.tenant_id,
            "changeType": "updated",
            "resource": f"users/{user_id(line_names()[0])}",
        }
        for _ in range(3):
            await self._client.post(f"{self._observed.url}/api/notifications", json={"value": [guess]})

    async def _seats_are_dropped(self) -> None:
        self._sim.tenant.set_enabled_units(E5, 400)
        await self._ring("licences")

    async def _ring(self, timer: str) -> None:
        """Let a timer of the service run now."""
        (await self._client.post(f"{self._observed.url}/admin/functions/{timer}")).raise_for_status()


async def watched(prometheus: Path) -> str:
    """The page of what a service and its Prometheus saw of the story."""
    with tempfile.TemporaryDirectory() as place:
        begin = time.time()
        async with (
            SimulatorServer(contoso()) as sim,
            httpx.AsyncClient(timeout=30) as client,
            scraped(sim, Path(place), prometheus, client, timing=TIMING, more=_channel(sim)) as observed,
        ):
            await Story(sim, observed, client).play()
            window = Window(math.floor(begin), math.floor(time.time()))
            answers = {
                question.title: await _answer(client, observed.prometheus, question, window)
                for part in PARTS
                for question in part.questions
            }
    return page(answers, window)


def _channel(sim: SimulatorServer) -> dict[str, str]:
    """The channel under a name other than Graph's, as anywhere else."""
    return {"LINEKEEPER_TEAMS_WEBHOOK_URL": sim.webhook_url.replace("127.0.0.1", "localhost")}


async def _answer(client: httpx.AsyncClient, prometheus: str, question: Question, window: Window) -> Answer:
    if question.drawn in {"stat", "table"}:
        [query] = question.queries
        found = await _ask(client, f"{prometheus}/api/v1/query", query, {"time": str(window.end)})
        rows = [(each["metric"], float(each["value"][1])) for each in found]
        return Answer(rows=tuple(sorted(rows, key=lambda row: (-row[1], sorted(row[0].items())))))
    times = {"start": str(window.begin), "end": str(window.end), "step": "1"}
    series = [
        _series(query, each, window)
        for query in question.queries
        for each in await _ask(client, f"{prometheus}/api/v1/query_range", query, times)
    ]
    return Answer(series=tuple(series))


async def _ask(client: httpx.AsyncClient, url: str, query: Query, more: Mapping[str, str]) -> list[dict[str, Any]]:
    expr = query.expr.replace("$tenant", ".*").replace("$__rate_interval", RATE_INTERVAL)
    answer = await client.get(url, params={"query": expr, **more})
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["data"]["result"]
    return found


def _series(query: Query, found: Mapping[str, Any], window: Window) -> Series:
    name = _LEGEND.sub(lambda label: found["metric"].get(label[1], ""), query.legend)
    known = {round(float(moment)): float(value) for moment, value in found["values"]}
    points = (
        (float(moment), value if (value := known.get(moment)) is not None and math.isfinite(value) else None)
        for moment in range(round(window.begin), round(window.end) + 1)
    )
    return Series(name.strip(), tuple(points))


async def draw(browser: str, prometheus: Path, folder: Path) -> None:
    """Let the story happen, and take a picture of each part; of the first a dark one too."""
    text = await watched(prometheus)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "dashboard.html"
        file.write_text(text, encoding="utf-8")
        async with browsing(browser) as shown:
            await shown.resize(WIDTH)
            await shown.open(file.as_uri(), LOADED)
            for part, name in enumerate(NAMES):
                (folder / f"{name}.png").write_bytes(await _picture(shown, part))
            await shown.prefer("dark")
            (folder / f"{DARK}.png").write_bytes(await _picture(shown, 0))


async def _picture(shown: Page, part: int) -> bytes:
    top, height = await shown.evaluate(
        f"(() => {{ const box = document.getElementById('part-{part}').getBoundingClientRect();"
        " return [box.top + scrollY, box.height]; })()"
    )
    return await shown.picture(x=0, y=top, width=WIDTH, height=height)


def main(arguments: list[str]) -> int:
    """Draw the pictures; the exit code."""
    browser, prometheus = find_browser(), find_program("prometheus")
    if browser is None or prometheus is None:
        missing = "the chromium command on the PATH" if browser is None else "Prometheus: make .prometheus/installed"
        sys.stderr.write(f"tools/dashboard_picture.py needs {missing}.\n")
        return 1
    folder = Path(arguments[0]) if arguments else DOCS
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(draw(browser, prometheus, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
