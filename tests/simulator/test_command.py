import asyncio
import os
import signal
import sys
from pathlib import Path

from simulator import SimulatorServer

ROOT = Path(__file__).parents[2]


async def run(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "simulator",
        *arguments,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_the_command_prints_the_settings_and_ends_cleanly_on_a_signal() -> None:
    process = await run()
    assert process.stdout is not None
    lines = [(await asyncio.wait_for(process.stdout.readline(), 10)).decode() for _ in range(3)]
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert [line.split("=")[0] for line in lines] == [
        "export LINEKEEPER_TENANT_ID",
        "export LINEKEEPER_GRAPH_URL",
        "export LINEKEEPER_TEAMS_WEBHOOK_URL",
    ]
    assert (process.returncode, errors) == (0, b"")


async def test_a_port_in_use_is_one_clear_line(server: SimulatorServer) -> None:
    port = server.url.rpartition(":")[2]
    process = await run("--port", port)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 2
    [line] = errors.decode().splitlines()
    assert port in line


async def test_what_is_no_port_is_a_usage_error() -> None:
    for text in ("http", "65536"):
        process = await run("--port", text)
        _, errors = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 2
        assert b"is no port" in errors
