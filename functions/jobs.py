"""Queue `jobs`: what a timer is for, for one of several tenants: one that is slow or fails delays no other."""

from __future__ import annotations

import azure.functions as func

from functions.invocation import invocation
from shared.model.job import QUEUE, Job
from shared.monitor.docket import Docket
from shared.monitor.runtime import Runtime


def blueprint(runtime: Runtime) -> func.Blueprint:
    """The trigger, for an app to register."""
    functions = func.Blueprint()
    docket = Docket(runtime.clock)

    @functions.function_name("jobs")
    @functions.queue_trigger("message", queue_name=QUEUE, connection="AzureWebJobsStorage")
    async def jobs(message: func.QueueMessage, context: func.Context) -> None:
        async def work(job: Job) -> None:
            async with invocation(runtime, context, job.job, tenant=job.tenant, origin=job.traceparent) as service:
                await service.run(job.job)

        await docket.take(message.get_body(), runtime.settings.tenant_ids, work)

    return functions
