"""What every timer does: the work itself for the one tenant there is, or a job on the queue for each of several."""

from __future__ import annotations

from typing import List

import azure.functions as func
import msgspec

from functions.invocation import invocation, traceparent
from shared.model.job import JobName
from shared.monitor.docket import jobs_for
from shared.monitor.runtime import Runtime


async def timed(runtime: Runtime, context: func.Context, job: JobName, jobs: func.Out[List[str]]) -> None:
    """One invocation of a timer."""
    settings = runtime.settings
    if not settings.several:
        async with invocation(runtime, context, job, tenant=settings.tenant) as service:
            await service.run(job)
        return
    telemetry = runtime.telemetry
    with telemetry.span(job, parent=traceparent(context)):
        due = jobs_for(settings.tenant_ids, job, at=runtime.clock(), traceparent=telemetry.traceparent())
    # A list keeps every message as it is; a bare JSON text would be parsed and written anew by the host.
    jobs.set([msgspec.json.encode(each).decode() for each in due])
