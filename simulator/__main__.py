"""``python -m simulator``: Contoso and its channel alone, for a service that runs elsewhere."""

import argparse
import asyncio
import signal
import sys

from simulator.contoso import contoso
from simulator.server import SimulatorServer

_EXIT_CANNOT_LISTEN = 2
_HIGHEST_PORT = 65_535


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1 (default: a free one)")
    port: int = parser.parse_args(arguments).port
    try:
        asyncio.run(_serve(port))
    except OSError as error:
        sys.stderr.write(f"The simulator cannot listen on 127.0.0.1:{port}: {error.strerror or error}.\n")
        return _EXIT_CANNOT_LISTEN
    return 0


async def _serve(port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with SimulatorServer(contoso(), port=port) as server:
        sys.stdout.write(_settings(server))
        sys.stdout.flush()
        await stop.wait()


def _settings(server: SimulatorServer) -> str:
    return (
        f"export LINEKEEPER_TENANT_ID={server.tenant.tenant_id}\n"
        f"export LINEKEEPER_GRAPH_URL={server.graph_url}\n"
        f"export LINEKEEPER_TEAMS_WEBHOOK_URL='{server.webhook_url}'\n"
        f"# The channel: {server.channel_page_url}\n"
        f"# Faults, counts and the tenant: {server.control_url}\n"
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
