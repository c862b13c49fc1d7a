"""A small OTLP/HTTP receiver that keeps what it is sent: a collector for one run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Receiver:
    """What came so far.

    Attributes:
        spans: all spans, in the order in which they came.
        metrics: the metrics' names, each with the attributes' values by which anything was counted.
        records: all log records.
        url: the root that `OTEL_EXPORTER_OTLP_ENDPOINT` is to name.
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.metrics: dict[str, set[str]] = {}
        self.records: list[LogRecord] = []
        self.url = ""

    async def take_traces(self, request: web.Request) -> web.Response:
        """Answer `POST /v1/traces`."""
        sent = ExportTraceServiceRequest.FromString(await request.read())  # aiohttp has undone the compression
        self.spans.extend(
            span for resource in sent.resource_spans for scope in resource.scope_spans for span in scope.spans
        )
        return web.Response()

    async def take_metrics(self, request: web.Request) -> web.Response:
        """Answer `POST /v1/metrics`."""
        sent = ExportMetricsServiceRequest.FromString(await request.read())
        for resource in sent.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    counted = (each for each in metric.sum.data_points if each.as_int)
                    outcomes = {pair.value.string_value for each in counted for pair in each.attributes}
                    self.metrics.setdefault(metric.name, set()).update(outcomes)
        return web.Response()

    async def take_logs(self, request: web.Request) -> web.Response:
        """Answer `POST /v1/logs`."""
        sent = ExportLogsServiceRequest.FromString(await request.read())
        self.records.extend(
            record for resource in sent.resource_logs for scope in resource.scope_logs for record in scope.log_records
        )
        return web.Response()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens on a free port of this machine."""
    made = Receiver()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take_traces)
    app.router.add_post("/v1/metrics", made.take_metrics)
    app.router.add_post("/v1/logs", made.take_logs)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()
