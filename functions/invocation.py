"""What every trigger does around its use case: continue the host's trace, and send telemetry before it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import azure.functions as func

from shared.monitor.runtime import Runtime

if TYPE_CHECKING:
    from shared.monitor.service import Service


LONGEST = timedelta(minutes=8)
"""How long one invocation may take. After ten minutes (functionTimeout in host.json) the platform would end the whole
process, with all that it does for others."""


def traceparent(context: func.Context) -> str:
    """The host's traceparent for this invocation, "" where it gives none."""
    return context.trace_context.trace_parent or ""


@asynccontextmanager
async def invocation(
    runtime: Runtime,
    context: func.Context,
    name: str,
    *,
    tenant: str,
    origin: str = "",
    longest: timedelta = LONGEST,
) -> AsyncIterator[Service]:
    """One invocation of a queue or timer trigger, as a span, with the use cases of a tenant that is watched.

    Raises:
        TimeoutError: it took longer than `longest`. It leaves what an end of the process would leave.
    """
    telemetry = runtime.telemetry
    try:
        with telemetry.span(name, parent=traceparent(context), origin=origin):
            async with asyncio.timeout(longest.total_seconds()):
                yield runtime.service_of(tenant)
    finally:
        await asyncio.to_thread(telemetry.flush)
