"""What telemetry costs: the webhook and an evaluation with it, as a ratio to the same work without.

    python -m bench.telemetry

`without` has OpenTelemetry's own do-nothing providers, `silent` is a service for which no destination is set, `sent`
one that sends spans and metrics by OTLP to a receiver on this machine. The three take turns, so that whatever else the
machine does meets all alike. An evaluation is one with its write, to SQLite. `flush` is what an invocation waits for at
its end, where there is something to send.
"""

from __future__ import annotations

import asyncio
import http.server
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import azure.functions as func
import msgspec
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider

from bench.evaluation import NOW, tenant
from functions import notifications
from shared.licensing.policy import CURRENT
from shared.model.timing import Timing
from shared.monitor.judging import commit_judged
from shared.monitor.monitor import Monitor
from shared.monitor.runtime import Runtime
from shared.settings import Settings
from shared.settings_file import FileSettings
from shared.state.sqlite import SqliteStore
from shared.telemetry.telemetry import Telemetry, start

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
STATE = "a client state of forty characters, fully"
ITEMS = 10
WEBHOOK_ROUNDS = 400
EVALUATION_ROUNDS = 15
ACCOUNTS = (100, 1_000, 10_000)


class _Sink(http.server.BaseHTTPRequestHandler):
    """Takes whatever is sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _sink() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _kinds(url: str) -> dict[str, Telemetry]:
    # The do-nothing providers lack the SDK's flush and shutdown, which nothing here calls for them.
    nothing = Telemetry(cast("Any", NoOpTracerProvider()), cast("Any", NoOpMeterProvider()))
    return {"without": nothing, "silent": start({}), "sent": start({"OTEL_EXPORTER_OTLP_ENDPOINT": url})}


class _Context:
    """As much of an invocation's context as the webhook looks at."""

    class trace_context:  # noqa: N801 - as the worker names it
        trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def _webhook(telemetry: Telemetry) -> Callable[[], float]:
    runtime = Runtime({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_CLIENT_STATE": STATE})
    runtime.__dict__["telemetry"] = telemetry
    (function,) = notifications.blueprint(runtime)._function_builders  # noqa: SLF001 - the model keeps it here
    run = cast("Any", function._function.get_user_function())  # noqa: SLF001
    item = {
        "subscriptionId": TENANT,
        "changeType": "updated",
        "clientState": STATE,
        "tenantId": TENANT,
        "resource": "users/f7c76a26-876d-5dc7-be0f-686b9ddbfd4f",
        "resourceData": {"id": "f7c76a26-876d-5dc7-be0f-686b9ddbfd4f"},
    }
    body = msgspec.json.encode({"value": [item] * ITEMS})

    class Out:
        def set(self, _messages: list[str]) -> None:
            """Take them."""

    async def answer() -> float:
        request = func.HttpRequest("POST", "http://127.0.0.1/api/notifications", body=body)
        begun = time.perf_counter()
        await run(request, Out(), _Context())
        return time.perf_counter() - begun

    return lambda: asyncio.run(answer())


def _evaluation(telemetry: Telemetry, accounts: int, folder: Path) -> Callable[[], float]:
    store = SqliteStore(folder / f"{uuid.uuid4()}.db")
    document = msgspec.structs.replace(tenant(accounts), tenant=TENANT)
    settings = Settings(tenant=TENANT, policy=CURRENT, file=FileSettings(alerting=Timing()))
    nobody = cast("Any", None)
    monitor = Monitor(
        settings=settings,
        store=store,
        reader=nobody,
        subscription=None,
        senders={},
        telemetry=telemetry,
        clock=lambda: NOW,
        transport=nobody,
    )

    async def judge() -> float:
        if not (await store.load(TENANT)).version:
            await store.save(document, "")
            await commit_judged(monitor, lambda state: state)
        begun = time.perf_counter()
        await commit_judged(monitor, lambda state: state)
        return time.perf_counter() - begun

    return lambda: asyncio.run(judge())


def _compared(works: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median seconds of each, taken in turns."""
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(work())
    return {name: statistics.median(each) for name, each in taken.items()}


def _row(name: str, medians: dict[str, float]) -> str:
    base = medians["without"]
    cells = "".join(f"{seconds * 1e3:9.3f} ms {seconds / base:5.2f}" for seconds in medians.values())
    return f"{name:<28}{cells}"


def main() -> None:
    """Measure and print."""
    with _sink() as url, tempfile.TemporaryDirectory() as folder:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url  # where the exporters look for it
        kinds = _kinds(url)
        print(f"{'median, ratio':<28}" + "".join(f"{name:>18}" for name in kinds))
        works = {name: _webhook(telemetry) for name, telemetry in kinds.items()}
        print(_row(f"webhook, {ITEMS} items", _compared(works, WEBHOOK_ROUNDS)))
        for accounts in ACCOUNTS:
            works = {name: _evaluation(telemetry, accounts, Path(folder)) for name, telemetry in kinds.items()}
            print(_row(f"evaluation, {accounts:,} accounts", _compared(works, EVALUATION_ROUNDS)))
        begun = time.perf_counter()
        kinds["sent"].flush()
        print(f"flush: {(time.perf_counter() - begun) * 1e3:.1f} ms")
        kinds["sent"].shutdown()
        kinds["silent"].shutdown()


if __name__ == "__main__":
    main()
