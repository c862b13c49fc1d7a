"""Spans that follow a change from the webhook to the card, and the counters beside them.

Queues carry no headers, so a message carries its producer's `traceparent`: the consumer continues that trace, or links
to it where the host gives a parent of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.metrics import Counter, MeterProvider
from opentelemetry.sdk.metrics import MeterProvider as SdkMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared import __version__

SCOPE = "linekeeper"
FLUSH_MILLISECONDS = 2000

_logger = logging.getLogger("linekeeper.telemetry")


class Telemetry:
    """A tracer and a meter, with what flushes them."""

    def __init__(self, tracers: TracerProvider, meters: SdkMeterProvider) -> None:
        self._tracers = tracers
        self._meters = meters
        self._tracer = tracers.get_tracer(SCOPE, __version__)
        self._propagator = TraceContextTextMapPropagator()
        self.notifications = _counter(
            meters, "linekeeper.notification.received", "{notification}", "Notifications by what became of them."
        )

        self._changes = _counter(
            meters, "linekeeper.change.detected", "{change}", "Changes of followed accounts by what found them."
        )
        self._reads = _counter(meters, "linekeeper.source.reads", "{read}", "Reads of sources by how they ended.")

    def count_changes(self, found_by: str, count: int) -> None:
        """Count changed accounts: `found_by` is notification, delta or sweep."""
        if count:
            self._changes.add(count, {"found_by": found_by})

    def count_read(self, source: str, outcome: str) -> None:
        """Count a read of a source: `outcome` is complete, partial, failed or denied."""
        self._reads.add(1, {"source": source, "outcome": outcome})

    @contextmanager
    def span(
        self, name: str, *, parent: str = "", origin: str = "", kind: SpanKind = SpanKind.INTERNAL
    ) -> Iterator[Span]:
        """A span around some work.

        Args:
            name: what is done; never anything about whom.
            parent: the host's traceparent, if it gives one.
            origin: the traceparent of what caused this, if it came by a queue or an outbox. It is the parent where
                there is no other, and a link where there is.
            kind: the span's kind.
        """
        current = trace.get_current_span().get_span_context()
        above = self._context(parent)
        cause = self._context(origin)
        context, links = None, []
        if above is not None:
            context = trace.set_span_in_context(trace.NonRecordingSpan(above))
        elif cause is not None and not current.is_valid:
            context = trace.set_span_in_context(trace.NonRecordingSpan(cause))
        trace_id = (above or current).trace_id
        if cause is not None and _is_elsewhere(cause, trace_id):
            links = [Link(cause)]
        with self._tracer.start_as_current_span(
            name, context=context, kind=kind, links=links, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as problem:
                # The kind of problem, never its text: texts may hold names and numbers.
                span.set_attribute("error.type", type(problem).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def traceparent(self) -> str:
        """The current span's traceparent, "" outside any."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get("traceparent", "")

    def flush(self) -> None:
        """Send what is waiting, within a bound: the host may end the process right after an invocation."""
        try:
            self._tracers.force_flush(FLUSH_MILLISECONDS)
            self._meters.force_flush(FLUSH_MILLISECONDS)
        except Exception:  # noqa: BLE001 - telemetry never fails an invocation
            _logger.warning("telemetry could not be sent")

    def shutdown(self) -> None:
        """Send what is waiting and end the exporters' threads."""
        self._tracers.shutdown()
        self._meters.shutdown()

    def _context(self, traceparent: str) -> trace.SpanContext | None:
        context = self._propagator.extract({"traceparent": traceparent}) if traceparent else None
        found = trace.get_current_span(context).get_span_context() if context is not None else None
        return found if found is not None and found.is_valid else None


def _is_elsewhere(cause: trace.SpanContext, trace_id: int) -> bool:
    """Whether a cause lies in another trace than the one that a span will be in (0: in none yet)."""
    return trace_id not in {0, cause.trace_id}


def start(environment: Mapping[str, str]) -> Telemetry:
    """Set the providers up: exporters only where an OTLP endpoint is set.

    The first of a process become the global ones, which the libraries that trace themselves use (the Graph SDK does).
    """
    resource = Resource.create({"service.name": "linekeeper", "service.version": __version__})
    tracers, meters = TracerProvider(resource=resource), SdkMeterProvider(resource=resource)
    if environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from shared.telemetry.otlp import exporting_providers  # noqa: PLC0415 - 70 ms that only exporting needs

        tracers, meters = exporting_providers(resource)
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        trace.set_tracer_provider(tracers)
        metrics.set_meter_provider(meters)
    return Telemetry(tracers, meters)


def _counter(meters: MeterProvider, name: str, unit: str, description: str) -> Counter:
    return meters.get_meter(SCOPE, __version__).create_counter(name, unit=unit, description=description)
