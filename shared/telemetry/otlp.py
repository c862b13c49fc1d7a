"""The exporting half of telemetry: OTLP over HTTP, as the standard `OTEL_…` variables say."""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SPAN_DELAY_MILLISECONDS = 1000
"""How long spans gather: short, because a worker may be ended without a chance to send what is left."""


def exporting_providers(resource: Resource) -> tuple[TracerProvider, MeterProvider]:
    """Providers that send what they record to the OTLP endpoint of the environment."""
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=SPAN_DELAY_MILLISECONDS))
    meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())])
    return tracers, meters
