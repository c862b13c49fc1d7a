"""Keeps the change subscription, without which only the timers hear of changes."""

from __future__ import annotations

import logging

from shared.model.errors import SourceError
from shared.monitor.ingest import read_changes
from shared.monitor.monitor import Monitor

_logger = logging.getLogger("linekeeper.upkeep")


async def keep_subscription(monitor: Monitor) -> None:
    """Make sure that Graph tells us of changes; after a gap, read what it could not tell."""
    if monitor.subscription is None:
        return
    with monitor.telemetry.span("keep subscription"):
        try:
            kept = await monitor.subscription.keep()
        except SourceError as problem:
            _logger.warning("the subscription could not be kept: %s", problem)
            return
    if kept.created:
        _logger.info("subscribed to changes until %s", kept.expires)
        await read_changes(monitor)
