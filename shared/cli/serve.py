"""`linekeeper serve`: the function app on the local host, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.host import HostError, LocalHost, SqliteQueueStore, read_host_settings, serve_until_signal
from shared.model.errors import LinekeeperError
from shared.monitor.assembly import sqlite_path, store_of
from shared.settings import Settings, load

AT_START = ("upkeep", "licences")
"""Timers that run at once: subscribe first, then read the tenant, so that no change falls between."""

_logger = logging.getLogger("linekeeper.serve")


def run_serve(environment: Mapping[str, str], *, port: int) -> int:
    """Serve until a signal; 0 after a clean stop.

    Raises:
        LinekeeperError: a setting is wrong, or the port or the queue's file cannot be used.
    """
    settings = load(environment)
    _log_to_standard_error()
    try:
        asyncio.run(_serve(settings, environment, port))
    except HostError as problem:
        raise LinekeeperError(str(problem)) from problem
    return 0


async def _serve(settings: Settings, environment: Mapping[str, str], port: int) -> None:
    # The app reads the process's environment, as it does on Azure.
    import function_app  # noqa: PLC0415

    # A document that cannot be read stops the start, and not every function one by one.
    await store_of(settings).load(settings.tenant)
    root = Path(function_app.__file__).parent
    with SqliteQueueStore(queue_path(settings)) as queues:
        host = LocalHost(
            app=function_app.app,
            settings=read_host_settings(root / "host.json"),
            queue_store=queues,
            port=port,
            environment=environment,
        )
        first: list[asyncio.Task[None]] = []

        def ready(url: str) -> None:
            _logger.info("watching tenant %s; http on %s; Ctrl-C stops", settings.tenant, url)
            _say_what_is_missing(settings)
            first.append(asyncio.create_task(_run_in_order(host)))

        try:
            await serve_until_signal(host, ready=ready)
        finally:
            for task in first:
                task.cancel()
            await function_app.runtime.close()


async def _run_in_order(host: LocalHost) -> None:
    for name in AT_START:
        await host.run_now(name)


def queue_path(settings: Settings) -> Path:
    """The file of the queues: beside the documents' file, with `.queue` in its name."""
    documents = sqlite_path(settings)
    return documents.with_name(f"{documents.stem}.queue{documents.suffix or '.db'}")


def _say_what_is_missing(settings: Settings) -> None:
    if settings.notification_url is None:
        _logger.warning("LINEKEEPER_NOTIFICATION_URL is not set: changes are found by the timers alone")
    if not settings.routing.receivers:
        _logger.warning("LINEKEEPER_TEAMS_WEBHOOK_URL is not set: alerts wait in the outbox")


def _log_to_standard_error() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("linekeeper").setLevel(logging.INFO)
