"""Spans that follow a change from the webhook to the card, and the instruments beside them.

Queues carry no headers, so a message carries its producer's `traceparent`: the consumer continues that trace, or links
to it where the host gives a parent of its own.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Self

from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared import __version__
from shared.telemetry.exporting import Destinations, destinations_of, providers
from shared.telemetry.flushing import Flushing
from shared.telemetry.keeping import NOTEWORTHY
from shared.telemetry.logs import redact
from shared.telemetry.meters import SCOPE, Attributes, Measurement, Meters

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import LoggerProvider
    from prometheus_client import CollectorRegistry

FLUSH_SECONDS = 2.0
"""The longest that an invocation waits for its telemetry to be sent; what takes longer is sent behind it, or lost."""

_logger = logging.getLogger("linekeeper.telemetry")


class Telemetry:
    """A tracer and the instruments, with what flushes them.

    Attributes:
        destinations: where it all goes.
        meters: the instruments.
        registry: what Prometheus is answered from, where it may ask.
        logs: what sends log records, where no host does.
    """

    def __init__(
        self,
        tracers: TracerProvider,
        counters: MeterProvider,
        *,
        statements: MeterProvider | None = None,
        destinations: Destinations | None = None,
        registry: CollectorRegistry | None = None,
        logs: LoggerProvider | None = None,
    ) -> None:
        self.destinations = destinations or Destinations()
        self.registry = registry
        self.logs = logs
        self._tenant = ""
        self._providers = (tracers, counters) if statements in {None, counters} else (tracers, counters, statements)
        self.meters = Meters(counters, statements or counters, lasting=not self.destinations.hosted)
        self._tracer = tracers.get_tracer(SCOPE, __version__)
        self._propagator = TraceContextTextMapPropagator()
        self._flushing = Flushing(self._send)

    def of(self, tenant: str) -> Self:
        """The same, for the work of one of several tenants: its measurements bear the tenant's id."""
        mine = copy.copy(self)
        mine._tenant = tenant  # noqa: SLF001 - of the same class
        return mine

    @property
    def is_sent(self) -> bool:
        """Whether anything that is recorded goes anywhere."""
        return self.destinations.any

    def add(self, name: str, amount: int = 1, attributes: Attributes | None = None) -> None:
        """Count something, by a counter of the table of instruments."""
        self.meters.add(name, amount, attributes, tenant=self._tenant)

    def record(self, name: str, value: float, attributes: Attributes | None = None) -> None:
        """Record a value of a histogram of the table of instruments."""
        self.meters.record(name, value, attributes, tenant=self._tenant)

    def state(self, section: str, measurements: Iterable[Measurement]) -> None:
        """State all that is to be said of a section, where anybody hears it."""
        if self.is_sent:
            self.meters.state(section, measurements, tenant=self._tenant)

    def begin(self, **known: Iterable[str]) -> None:
        """Let counters begin at zero; the values of `rule_id` and `receiver` are in no table.

        Azure Monitor is told of growth alone, and needs no beginnings: of each process there would be a hundred rows.
        """
        if self.destinations.otlp or not self.destinations.hosted:
            self.meters.begin(tenant=self._tenant, **known)

    def count_changes(self, found_by: str, count: int) -> None:
        """Count changed accounts: `found_by` is notification, delta or sweep."""
        if count:
            self.add("linekeeper.change.detected", count, {"found_by": found_by})

    def count_read(self, source: str, outcome: str) -> None:
        """Count a read of a source: `outcome` is complete, partial, failed or denied."""
        self.add("linekeeper.source.reads", 1, {"source": source, "outcome": outcome})

    @contextmanager
    def span(
        self,
        name: str,
        *,
        parent: str = "",
        origin: str = "",
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, str | int | float | bool] | None = None,
        noteworthy: bool = False,
    ) -> Iterator[Span]:
        """A span around some work.

        Args:
            name: what is done; never anything about whom.
            parent: the host's traceparent, if it gives one.
            origin: the traceparent of what caused this, if it came by a queue or an outbox. It is the parent where
                there is no other, and a link where there is.
            kind: the span's kind.
            attributes: what else is known; ids of the directory may be among it, names and numbers may not.
            noteworthy: whether its trace is kept whatever the share of traces is.
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
        told = {**(attributes or {}), **({NOTEWORTHY: True} if noteworthy else {})}
        with self._tracer.start_as_current_span(
            name,
            context=context,
            kind=kind,
            links=links,
            attributes=told,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as problem:
                # The kind of problem, never its text: texts may hold names and numbers.
                span.set_attribute("error.type", type(problem).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def around_rule(self, rule: str) -> AbstractContextManager[Span]:
        """A span around a rule's run, in a trace that has begun."""
        return self.span(f"rule {rule}", attributes={"rule.id": rule})

    def traceparent(self) -> str:
        """The current span's traceparent, "" outside any."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get("traceparent", "")

    def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """Send what is waiting, within a bound: the host may end the process right after an invocation.

        The exporters' own bounds do not hold, so they work in a thread that is waited for.
        """
        if self.is_sent and not self._flushing.flush(seconds):
            _logger.warning("telemetry could not be sent within %s seconds", seconds)

    def _send(self) -> None:
        said = self.meters.said()
        try:
            for provider in self._providers:
                provider.force_flush(int(FLUSH_SECONDS * 1000))
            self.meters.flushed(said)
        except Exception as problem:  # noqa: BLE001 - telemetry never fails an invocation
            _logger.warning("telemetry could not be sent (%s)", type(problem).__name__)

    def shutdown(self) -> None:
        """Send what is waiting and end the exporters' threads."""
        for provider in self._providers:
            provider.shutdown()
        if self.logs is not None:
            self.logs.shutdown()

    def _context(self, traceparent: str) -> trace.SpanContext | None:
        context = self._propagator.extract({"traceparent": traceparent}) if traceparent else None
        found = trace.get_current_span(context).get_span_context() if context is not None else None
        return found if found is not None and found.is_valid else None


def _is_elsewhere(cause: trace.SpanContext, trace_id: int) -> bool:
    """Whether a cause lies in another trace than the one that a span will be in (0: in none yet)."""
    return trace_id not in {0, cause.trace_id}


def start(environment: Mapping[str, str], *, tenant: str = "") -> Telemetry:
    """Set the providers up, exporters only where a destination is set, and have all logs redacted.

    They are not made the process's global ones. The Graph SDK traces itself by these, with half a dozen spans for each
    request beside ours, and the Functions worker may have some of its own.

    Raises:
        SettingsError: a destination is wrong.
    """
    destinations = destinations_of(environment)
    made = providers(destinations, tenant=tenant)
    redact()
    return Telemetry(
        made.tracers,
        made.counters,
        statements=made.statements,
        destinations=destinations,
        registry=made.registry,
        logs=made.logs,
    )
