"""``python -m simulator``: a simulated tenant and its channel alone, for a service that runs elsewhere."""

import argparse
import asyncio
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from simulator.directory import SimulatedTenant
from simulator.export import ExportFile
from simulator.server import SimulatorServer
from simulator.tenants import TENANTS, tenant

_EXIT_CANNOT = 2
_HIGHEST_PORT = 65_535


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description=__doc__,
        epilog="tenants: " + "; ".join(f"{name}: {offer.subject}" for name, offer in TENANTS.items()),
    )
    parser.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument(
        "--tenant", type=_tenant, default="commercial", metavar="NAME", help="which tenant (default: commercial)"
    )
    parser.add_argument(
        "--export",
        type=Path,
        metavar="PATH",
        help="keep the voice configuration in this file, as an export by the Teams module would",
    )
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_serve(options.tenant, options.port, options.export))
    except _CannotError as error:
        sys.stderr.write(f"The simulator cannot {error}.\n")
        return _EXIT_CANNOT
    return 0


class _CannotError(Exception):
    """What the simulator cannot do, and why, as the rest of a sentence."""


async def _serve(tenant: SimulatedTenant, port: int, export: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        with _explained(f"listen on 127.0.0.1:{port}"):
            server = await stack.enter_async_context(SimulatorServer(tenant, port=port))
        file = None if export is None else ExportFile(tenant, export)
        with _explained(f"write {export}"):
            if file is not None:
                file.refresh()
        sys.stdout.write(_settings(server, export))
        sys.stdout.flush()
        with _explained(f"write {export}"):
            await (stop.wait() if file is None else file.keep(stop))


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _CannotError(f"{what}: {error.strerror or error}") from error


def _settings(server: SimulatorServer, export: Path | None) -> str:
    voice = "" if export is None else f"export LINEKEEPER_VOICE_EXPORT={shlex.quote(f'file:{export.absolute()}')}\n"
    return (
        f"export LINEKEEPER_TENANT_ID={server.tenant.tenant_id}\n"
        f"export LINEKEEPER_GRAPH_URL={server.graph_url}\n"
        f"export LINEKEEPER_TEAMS_WEBHOOK_URL='{server.webhook_url}'\n"
        f"{voice}"
        f"# The channel: {server.channel_page_url}\n"
        f"# Faults that are on: {server.control_url}/faults\n"
        f"# Requests so far: {server.control_url}/requests\n"
        "# To set faults, and to change the tenant: simulator/README.md\n"
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _tenant(name: str) -> SimulatedTenant:
    try:
        return tenant(name)
    except LookupError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
