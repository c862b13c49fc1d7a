"""What every trigger does around its use case: continue the host's trace, and send telemetry before it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import azure.functions as func

from shared.monitor.runtime import Runtime

if TYPE_CHECKING:
    from shared.monitor.service import Service


def traceparent(context: func.Context) -> str:
    """The host's traceparent for this invocation, "" where it gives none."""
    return context.trace_context.trace_parent or ""


@asynccontextmanager
async def invocation(runtime: Runtime, context: func.Context, name: str, origin: str = "") -> AsyncIterator[Service]:
    """One invocation of a queue or timer trigger, as a span, with the use cases."""
    telemetry = runtime.telemetry
    try:
        with telemetry.span(name, parent=traceparent(context), origin=origin):
            yield runtime.service
    finally:
        await asyncio.to_thread(telemetry.flush)
