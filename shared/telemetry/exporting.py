"""Where telemetry goes: OTLP over HTTP, as the standard `OTEL_…` variables say, Azure Monitor, either, both or none.

The Functions host sends its own spans, and whatever is logged here, by the same variables (`telemetryMode` in
host.json). So spans and measurements are sent from here and log records are left to it, except where there is no host.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

from shared import __version__
from shared.model.errors import SettingsError
from shared.telemetry.keeping import Keeping
from shared.telemetry.meters import views

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import LoggerProvider
    from prometheus_client import CollectorRegistry

SPAN_DELAY_MILLISECONDS = 1000
"""How long spans gather: short, because a worker may be ended without a chance to send what is left."""

DOCUMENTED = "docs/settings.md"

_OTLP_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_INSTANCE = "service.instance.id"  # which every new resource of the SDK bears
_ON_THE_HOST = ("FUNCTIONS_WORKER_RUNTIME", "WEBSITE_INSTANCE_ID")
_PORTS = range(1, 65536)


class Destinations(msgspec.Struct, frozen=True, kw_only=True):
    """Where telemetry goes.

    `azure_monitor` is a connection string and `azure_client_id` the managed identity to sign in with ("" = the
    system's own; None = the connection string alone). `metrics_port` is where Prometheus may ask. `share` is the share
    of unremarkable traces that is kept, `hosted` whether a Functions host is around us.
    """

    otlp: bool = False
    azure_monitor: str = ""
    azure_client_id: str | None = None
    metrics_port: int | None = None
    share: float = 1.0
    hosted: bool = False

    @property
    def takes_traces(self) -> bool:
        """Whether a trace can be found anywhere."""
        return self.otlp or bool(self.azure_monitor)

    @property
    def any(self) -> bool:
        """Whether anything is sent anywhere."""
        return self.takes_traces or self.metrics_port is not None


def destinations_of(environment: Mapping[str, str]) -> Destinations:
    """Read where telemetry goes.

    Raises:
        SettingsError: a value is wrong.
    """
    return Destinations(
        otlp=environment.get("OTEL_SDK_DISABLED", "").strip().lower() != "true"
        and any(environment.get(name) for name in _OTLP_ENDPOINTS),
        azure_monitor=environment.get("APPLICATIONINSIGHTS_CONNECTION_STRING", "").strip(),
        azure_client_id=_client_id(environment.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "")),
        metrics_port=_port(environment),
        share=_share(environment),
        hosted=any(environment.get(name) for name in _ON_THE_HOST),
    )


def _client_id(authentication: str) -> str | None:
    """The managed identity that `Authorization=AAD;ClientId=…` names (Microsoft Learn, "App settings reference")."""
    parts = dict(part.strip().partition("=")[::2] for part in authentication.split(";") if "=" in part)
    return parts.get("ClientId", "") if parts.get("Authorization", "").upper() == "AAD" else None


def _port(environment: Mapping[str, str]) -> int | None:
    text = environment.get("LINEKEEPER_METRICS_PORT", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or int(text) not in _PORTS:
        raise SettingsError(f"LINEKEEPER_METRICS_PORT must be a port, 1 to 65535. See {DOCUMENTED}.")
    return int(text)


def _share(environment: Mapping[str, str]) -> float:
    text = environment.get("LINEKEEPER_TRACES_KEPT", "").strip() or "1"
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SettingsError(f"LINEKEEPER_TRACES_KEPT must be a share of traces, 0 to 1. See {DOCUMENTED}.")
    return share


class Providers(msgspec.Struct, frozen=True, kw_only=True):
    """What makes spans, counters, stated measurements and log records; no log records where they are left to the host.

    `registry` is what Prometheus is answered from.

    On Azure many processes work for one tenant. Counters are a process's own and bear its instance's id; what is stated
    is true of the tenant, whichever process says it, and bears none. Elsewhere one process does all, and both are one.
    """

    tracers: TracerProvider
    counters: MeterProvider
    statements: MeterProvider
    logs: LoggerProvider | None = None
    registry: CollectorRegistry | None = None


def providers(destinations: Destinations, *, tenant: str = "") -> Providers:
    """The providers for these destinations; `tenant` is the one that is watched, where it is only one."""
    base = {"service.name": "linekeeper", "service.version": __version__}
    if tenant:
        base["linekeeper.tenant.id"] = tenant
    process = Resource.create(base)
    service = Resource({key: value for key, value in process.attributes.items() if key != _INSTANCE})
    # What is kept is decided at a trace's end, so that everything is recorded first.
    tracers = TracerProvider(resource=process, sampler=ALWAYS_ON if destinations.takes_traces else ALWAYS_OFF)
    if destinations.takes_traces:
        tracers.add_span_processor(Keeping(_span_processors(destinations, tracers), destinations.share))
    if destinations.hosted:
        return Providers(
            tracers=tracers,
            counters=_meter_provider(process, _metric_readers(destinations)),
            statements=_meter_provider(service, _metric_readers(destinations)),
        )
    readers = [*_metric_readers(destinations)]
    registry = None
    if destinations.metrics_port is not None:
        from shared.telemetry.prometheus import reader_and_registry  # noqa: PLC0415

        reader, registry = reader_and_registry()
        readers.append(reader)
    meters = _meter_provider(service, readers)
    logs = _logs(service) if destinations.otlp else None
    return Providers(tracers=tracers, counters=meters, statements=meters, logs=logs, registry=registry)


def _meter_provider(resource: Resource, readers: Iterable[MetricReader]) -> MeterProvider:
    return MeterProvider(resource=resource, metric_readers=[*readers], views=views())


# The exporters are imported only where they are wanted: OTLP's take 70 ms, Azure Monitor's 400.


def _span_processors(destinations: Destinations, tracers: TracerProvider) -> list[SpanProcessor]:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter  # noqa: PLC0415

    exporters: list[SpanExporter] = []
    if destinations.otlp:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

        exporters.append(OTLPSpanExporter())
    if destinations.azure_monitor:
        from shared.telemetry.azure_monitor import trace_exporter  # noqa: PLC0415

        exporters.append(trace_exporter(destinations.azure_monitor, destinations.azure_client_id, tracers))
    return [BatchSpanProcessor(each, schedule_delay_millis=SPAN_DELAY_MILLISECONDS) for each in exporters]


def _metric_readers(destinations: Destinations) -> Iterator[MetricReader]:
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415

    if destinations.otlp:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415

        yield PeriodicExportingMetricReader(OTLPMetricExporter())
    if destinations.azure_monitor:
        from shared.telemetry.azure_monitor import metric_exporter  # noqa: PLC0415

        yield PeriodicExportingMetricReader(metric_exporter(destinations.azure_monitor, destinations.azure_client_id))


def _logs(resource: Resource) -> LoggerProvider:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: PLC0415
    from opentelemetry.sdk._logs import LoggerProvider  # noqa: PLC0415
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415

    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    return provider
