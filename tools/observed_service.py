"""`linekeeper serve` as a process of its own in front of a simulated tenant, and a Prometheus that looks at it.

What the dashboards' queries are tried on, and what the pictures of them and of traces in docs/ are made with.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from simulator import SimulatorServer
from simulator.export import ExportFile

ROOT = Path(__file__).resolve().parent.parent
ALERTS = ROOT / "dashboards/alerts.yaml"
LOG = "service.log"
READY_SECONDS = 30.0
PROMPT = '[alerting]\ngroup_wait = "0s"\ngroup_interval = "0s"\n'
"""Settings under which nothing waits between a finding and its card."""

_SCRAPING = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - {{job_name: linekeeper, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
"""


class Observed(msgspec.Struct, frozen=True):
    """A service under observation.

    Attributes:
        url: its own root.
        metrics: where it answers Prometheus.
        prometheus: the root of Prometheus' HTTP API.
        export: the file of the voice export, to write anew after a change.
    """

    url: str
    metrics: str
    prometheus: str
    export: ExportFile


def find_program(name: str) -> Path | None:
    """A program of Prometheus', fetched by `make .prometheus/installed` or on the PATH; None where there is none."""
    found = shutil.which(name, path=f"{ROOT / '.prometheus/usr/bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    return Path(found) if found is not None else None


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def inherited() -> dict[str, str]:
    """This process's environment without what is meant for a service."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LINEKEEPER_", "OTEL_"))}


@asynccontextmanager
async def running(
    *command: str | Path, environment: Mapping[str, str], folder: Path, log: str = ""
) -> AsyncIterator[None]:
    """A process for as long as the block lasts; what it says goes to a file in its folder."""
    with (folder / (log or f"{Path(command[0]).name}.log")).open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, cwd=folder, stdout=written, stderr=written
        )
        try:
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def until_it_answers(client: httpx.AsyncClient, url: str, pattern: str = "") -> None:
    """Wait until a page is there and says something.

    Raises:
        TimeoutError: it does not within half a minute.
    """
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                answer = await client.get(url)
                if answer.is_success and re.search(pattern, answer.text):
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


@asynccontextmanager
async def serving(
    sim: SimulatorServer, folder: Path, *, more: Mapping[str, str], timing: str = PROMPT
) -> AsyncIterator[str]:
    """`linekeeper serve` in front of a simulated tenant and its channel: gives its root, before it answers.

    Args:
        sim: the tenant's Graph and channel, which are served already.
        folder: where its files are, `service.log` among them.
        more: settings beside those that lead it there.
        timing: its TOML file.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "linekeeper.toml").write_text(timing, encoding="utf-8")
    environment = inherited() | {
        "LINEKEEPER_TENANT_ID": sim.tenant.tenant_id,
        "LINEKEEPER_GRAPH_URL": sim.graph_url,
        "LINEKEEPER_TEAMS_WEBHOOK_URL": sim.webhook_url,
        "LINEKEEPER_STORE": f"sqlite:{folder / 'linekeeper.db'}",
        "LINEKEEPER_CONFIG": str(folder / "linekeeper.toml"),
        "LINEKEEPER_CLIENT_STATE": secrets.token_urlsafe(32),
        "LINEKEEPER_NOTIFICATION_URL": url,
    }
    serve = (sys.executable, "-m", "shared.cli", "serve", "--port", str(port))
    async with running(*serve, environment={**environment, **more}, folder=folder, log=LOG):
        yield url


@asynccontextmanager
async def scraped(
    sim: SimulatorServer,
    folder: Path,
    prometheus: Path,
    client: httpx.AsyncClient,
    *,
    timing: str = PROMPT,
    more: Mapping[str, str] | None = None,
) -> AsyncIterator[Observed]:
    """A service that a Prometheus asks every second, once it has told the channel of what it found.

    Args:
        sim: the tenant's Graph and channel, which are served already.
        folder: where the files of both are.
        prometheus: its program.
        client: what asks whether they are ready.
        timing: the service's TOML file.
        more: its settings beside those that lead it to the tenant.
    """
    port, listen = free_port(), free_port()
    (folder / "prometheus.yml").write_text(_SCRAPING.format(rules=ALERTS, port=port), encoding="utf-8")
    export = ExportFile(sim.tenant, folder / "voice.json")
    export.refresh()
    settings = {"LINEKEEPER_METRICS_PORT": str(port), "LINEKEEPER_VOICE_EXPORT": f"file:{folder / 'voice.json'}"}
    looking = (
        *(prometheus, "--config.file=prometheus.yml", "--storage.tsdb.path=data"),
        f"--web.listen-address=127.0.0.1:{listen}",
    )
    async with (
        serving(sim, folder, more={**settings, **(more or {})}, timing=timing) as url,
        running(*looking, environment=inherited(), folder=folder),
    ):
        metrics = f"http://127.0.0.1:{port}/metrics"
        await until_it_answers(client, metrics, "delivery_heartbeat_age_seconds{")
        yield Observed(url, metrics, f"http://127.0.0.1:{listen}", export)
