"""What a new worker process spends before Graph has its answer: imports, and the first notification.

Each stage is reached in fresh processes of its own, with compiled modules; figures are medians. CPU is what to compare:
the wall clock also measures what else the machine does. `afterwards` is one notification of a warm process, without the
worker around it.

    python -m bench.cold_import [--rounds 7]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
CLIENT_STATE = "a client state of forty characters, fully"
CONNECTION = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:9/"
IDENTITY = "ClientId=00000000-0000-0000-0000-000000000002;Authorization=AAD"
AFTERWARDS = 2000

STAGE = """
import sys, time
wall, cpu = time.perf_counter(), time.process_time()
stage, afterwards = sys.argv[1], int(sys.argv[2])

import azure.functions as func

if stage != "the library":
    import function_app

if stage.startswith("first notification"):
    import asyncio, json
    from types import SimpleNamespace

    item = {
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "clientState": sys.argv[4],
        "changeType": "updated",
        "resource": "Users/5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11",
        "tenantId": sys.argv[3],
    }
    body = json.dumps({"value": [item]}).encode()
    context = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=f"00-{'a' * 32}-{'b' * 16}-01"))
    queued = []
    output = SimpleNamespace(set=queued.append)
    request = func.HttpRequest(method="POST", url="/api/notifications", params={}, body=body)
    functions = {each.get_function_name(): each.get_user_function() for each in function_app.app.get_functions()}

    async def answer(count):
        for _ in range(count):
            await functions["notifications"](request, output, context)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(answer(1))

if stage == "first look at the document":
    import asyncio

    asyncio.run(function_app.runtime.health())

wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
modules = len(sys.modules)
warm = 0.0
if stage.startswith("first notification"):
    assert len(queued) == 1
    begun = time.process_time()
    loop.run_until_complete(answer(afterwards))
    warm = (time.process_time() - begun) / afterwards
import resource

print(wall, cpu, modules, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, warm)
sys.stdout.flush()
import os

os._exit(0)  # nobody listens where telemetry would go
"""

STAGES = {
    "the library": {},
    "the function app": {},
    "first notification": {},
    "first notification, OTLP": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
    "first notification, Azure Monitor": {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": CONNECTION,
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": IDENTITY,
    },
    "first look at the document": {},
}


class Figures(msgspec.Struct, frozen=True):
    """One process: seconds, loaded modules, memory in KiB, and seconds of CPU for one more notification."""

    wall: float
    cpu: float
    modules: float
    memory: float
    afterwards: float


def measured(stage: str, rounds: int) -> Figures:
    """The medians of as many fresh processes, after one that compiles what has to be."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LINEKEEPER_", "OTEL_", "APPLICATIONINSIGHTS_"))
    }
    environment = {
        **inherited,
        "LINEKEEPER_TENANT_ID": TENANT,
        "LINEKEEPER_CLIENT_STATE": CLIENT_STATE,
        "LINEKEEPER_STORE": "sqlite::memory:",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        **STAGES[stage],
    }
    command = [sys.executable, "-c", STAGE, stage, str(AFTERWARDS), TENANT, CLIENT_STATE]
    runs = [
        [
            float(each)
            for each in subprocess.check_output(  # noqa: S603 - ourselves
                command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
            ).split()
        ]
        for _ in range(rounds + 1)
    ]
    return Figures(*(statistics.median(column) for column in zip(*runs[1:], strict=True)))


def main() -> None:
    """Print a row for each stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(f"{'until':36} {'CPU ms':>7} {'wall ms':>8} {'modules':>8} {'MB':>5} {'afterwards us':>14}")
    for stage in STAGES:
        found = measured(stage, rounds)
        warm = f"{found.afterwards * 1e6:14.0f}" if found.afterwards else f"{'':14}"
        print(
            f"{stage:36} {found.cpu * 1000:7.0f} {found.wall * 1000:8.0f} {found.modules:8.0f} "
            f"{found.memory / 1024:5.0f} {warm}"
        )


if __name__ == "__main__":
    main()
