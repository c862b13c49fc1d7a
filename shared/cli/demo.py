"""`linekeeper demo`: the main job, played in a simulated tenant and channel with the real service in between.

The service is a process of its own, started as `linekeeper serve` and told by its settings alone where Graph and the
channel are. Everything between goes over HTTP.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from rich.console import Console

from shared.cli.story import Stage, StoryError, play, prepare
from shared.model.errors import LinekeeperError

if TYPE_CHECKING:
    from simulator import SimulatorServer

VOICE_EXPORT = "voice.json"
READY_SECONDS = 30.0
STOP_SECONDS = 15.0
PAUSE_SECONDS = 2.0
LOG_LINES = 15

TIMING = """\
# A demo has no time to gather alerts for half a minute, nor to see twice whether something lasts.
[alerting]
group_wait = "0s"
group_interval = "0s"
hold = 1
pending = { voice-app-target-missing = "0s", call-queue-agent-unable = "0s" }
"""


def run_demo(*, once: bool) -> int:
    """Play the story; 0 if every expected card arrived.

    Raises:
        LinekeeperError: the simulator is not part of this installation, or the service did not start.
    """
    try:
        import simulator  # noqa: PLC0415 - not part of what is deployed
    except ModuleNotFoundError as missing:
        raise LinekeeperError(f"the demo needs the source tree with its packages: {missing}.") from missing
    server = simulator.SimulatorServer(simulator.contoso())
    return asyncio.run(_demo(server, once=once, console=Console(highlight=False)))


async def _demo(server: SimulatorServer, *, once: bool, console: Console) -> int:
    import simulator  # noqa: PLC0415 - not part of what is deployed

    with tempfile.TemporaryDirectory(prefix="linekeeper-demo-") as folder:
        export = simulator.ExportFile(server.tenant, Path(folder) / VOICE_EXPORT)
        prepare(server.tenant)
        export.refresh()
        async with server, running_service(server, Path(folder)) as service_url, httpx.AsyncClient() as client:
            stage = Stage(server, export, service_url, client, console, pause=0.0 if once else PAUSE_SECONDS)
            try:
                await play(stage)
            except StoryError as problem:
                console.print(f"FAILED: {problem}", style="bold red", markup=False)
                console.print(_tail(Path(folder) / "service.log"), markup=False)
                return 1
            if not once:
                console.print(f"\nThe channel stays at {server.channel_page_url} until Ctrl-C.", markup=False)
                await asyncio.Event().wait()
    return 0


@asynccontextmanager
async def running_service(server: SimulatorServer, folder: Path) -> AsyncIterator[str]:
    """The service as a process of its own: gives its URL once it has read the tenant, and ends it by SIGTERM.

    Raises:
        LinekeeperError: it did not start; the text holds its last words.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with (folder / "service.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "shared.cli", "serve", "--port", str(port)),
            env=_environment(server, folder, url),
            stdout=log,
            stderr=log,
        )
        try:
            await _answering(url, process, folder / "service.log")
            yield url
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), STOP_SECONDS)
                except TimeoutError:
                    process.kill()
                    await process.wait()


def _environment(server: SimulatorServer, folder: Path, url: str) -> dict[str, str]:
    """The service's settings: all that tells it where it is."""
    config = folder / "linekeeper.toml"
    config.write_text(TIMING, encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LINEKEEPER_")}
    return inherited | {
        "LINEKEEPER_TENANT_ID": server.tenant.tenant_id,
        "LINEKEEPER_GRAPH_URL": server.graph_url,
        "LINEKEEPER_NOTIFICATION_URL": url,
        "LINEKEEPER_CLIENT_STATE": secrets.token_urlsafe(32),
        "LINEKEEPER_TEAMS_WEBHOOK_URL": server.webhook_url,
        "LINEKEEPER_VOICE_EXPORT": f"file:{folder / VOICE_EXPORT}",
        "LINEKEEPER_STORE": f"sqlite:{folder / 'linekeeper.db'}",
        "LINEKEEPER_CONFIG": str(config),
    }


async def _answering(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    """Wait until the service has read the tenant."""
    async with httpx.AsyncClient() as client:
        for _ in range(int(READY_SECONDS * 20)):
            if process.returncode is not None:
                break
            try:
                if (await client.get(f"{url}/api/health")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise LinekeeperError(f"the service did not start. Its last words:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
