"""`linekeeper serve`: the function app on the local host, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shared.host import HostError, LocalHost, LocalQueueDepth, SqliteQueueStore, read_host_settings, serve_until_signal
from shared.host.errors import ListenError
from shared.model.errors import LinekeeperError, SettingsError, StoreError
from shared.monitor.assembly import naming_store, sqlite_path, store_of, store_place
from shared.settings import Settings, load
from shared.telemetry.logs import send_by, to_standard_error
from shared.telemetry.telemetry import Telemetry

AT_START = ("upkeep", "licences")
"""Timers that run at once: subscribe first, then read the tenant, so that no change falls between."""

_logger = logging.getLogger("linekeeper.serve")


def run_serve(environment: Mapping[str, str], *, port: int) -> int:
    """Serve until a signal; 0 after a clean stop.

    Raises:
        LinekeeperError: a setting is wrong, or the port or the queue's file cannot be used.
    """
    settings = load(environment)
    if environment.get("LINEKEEPER_EVENT_HUB", "").strip():
        raise LinekeeperError(
            "LINEKEEPER_EVENT_HUB: an event hub is read on Azure alone. Leave it out here, and let "
            "LINEKEEPER_NOTIFICATION_URL be a public https root of this machine, or leave that out too."
        )
    to_standard_error(as_json=_wants_json(environment))
    try:
        asyncio.run(_serve(settings, environment, port))
    except ListenError as problem:
        raise LinekeeperError(f"{problem}; give another port by --port, or 0 for a free one.") from problem
    except HostError as problem:
        raise LinekeeperError(str(problem)) from problem
    return 0


async def _serve(settings: Settings, environment: Mapping[str, str], port: int) -> None:
    # The app reads the process's environment, as it does on Azure.
    import function_app  # noqa: PLC0415

    await check_documents(settings)
    root = Path(function_app.__file__).parent
    with SqliteQueueStore(queue_path(settings)) as queues:
        # Whatever storage the settings name: the triggers are fed from this host's own queues.
        function_app.runtime.queues = LocalQueueDepth(queues)
        host = LocalHost(
            app=function_app.app,
            settings=read_host_settings(root / "host.json", environment),
            queue_store=queues,
            port=port,
            environment=environment,
        )
        first: list[asyncio.Task[None]] = []

        def ready(url: str) -> None:
            _logger.info("watching %s; http on %s; Ctrl-C stops", watched(settings), url)
            say_what_is_missing(settings)
            first.append(asyncio.create_task(_run_in_order(host)))

        try:
            with _telling(function_app.runtime.telemetry):
                await serve_until_signal(host, ready=ready)
        finally:
            for task in first:
                task.cancel()
            await function_app.runtime.close()


async def check_documents(settings: Settings) -> None:
    """See that the documents can be read: what cannot stops the start, and not every function one by one.

    One of several tenants stops no other: the log says which it is, and its own functions fail.

    Raises:
        StoreError: none can be read.
    """
    store, place = store_of(settings), store_place(settings)
    problems: list[StoreError] = []
    for tenant in settings.tenant_ids:
        try:
            with naming_store(place):
                await store.load(tenant)
        except StoreError as problem:
            problems.append(problem)
            if settings.several:
                _logger.error("tenant %s: %s", tenant, problem)  # noqa: TRY400 - the sentence says it all
    if len(problems) == len(settings.tenant_ids):
        raise problems[0]


def watched(settings: Settings) -> str:
    """Who is watched, for the log."""
    if settings.several:
        return f"{len(settings.tenants)} tenants: {', '.join(each.label for each in settings.tenants)}"
    return f"tenant {settings.label}"


async def _run_in_order(host: LocalHost) -> None:
    for name in AT_START:
        await host.run_now(name)


def queue_path(settings: Settings) -> Path:
    """The file of the queues: beside the documents' file, with `.queue` in its name."""
    documents = sqlite_path(settings)
    return documents.with_name(f"{documents.stem}.queue{documents.suffix or '.db'}")


def say_what_is_missing(settings: Settings) -> None:
    """Log, once at the start, what is not set."""
    if settings.notification_url is None:
        _logger.warning("LINEKEEPER_NOTIFICATION_URL is not set: changes are found by the timers alone")
    if not settings.routing.receivers:
        _logger.warning("LINEKEEPER_TEAMS_WEBHOOK_URL is not set: alerts wait in the outbox")


def _wants_json(environment: Mapping[str, str]) -> bool:
    form = environment.get("LINEKEEPER_LOG_FORMAT", "").strip() or "text"
    if form not in {"text", "json"}:
        raise SettingsError("LINEKEEPER_LOG_FORMAT must be text or json. See docs/settings.md.")
    return form == "json"


@contextmanager
def _telling(telemetry: Telemetry) -> Iterator[None]:
    """Send log records where a destination takes them, and answer Prometheus where a port is set."""
    if telemetry.logs is not None:
        send_by(telemetry.logs)
    port = telemetry.destinations.metrics_port
    if telemetry.registry is None or port is None:
        yield
        return
    from shared.telemetry.prometheus import answering  # noqa: PLC0415 - wanted by few

    with answering(telemetry.registry, port):
        _logger.info("metrics on http://127.0.0.1:%d/metrics", port)
        yield
