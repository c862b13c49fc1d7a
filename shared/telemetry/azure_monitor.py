"""Azure Monitor's exporters: they sign in with the managed identity where the settings name one, and keep no files."""

from __future__ import annotations

import os
from typing import TypeVar

from azure.identity import ManagedIdentityCredential
from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter, AzureMonitorTraceExporter
from opentelemetry.sdk.metrics.export import MetricExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter

from shared.model.errors import SettingsError

Exporter = TypeVar("Exporter", AzureMonitorTraceExporter, AzureMonitorMetricExporter)


def trace_exporter(connection: str, client_id: str | None, tracers: TracerProvider) -> SpanExporter:
    """The exporter of spans; it asks the provider of the tracers whose they are, and the global one where it has none.

    Raises:
        SettingsError: the connection string is none.
    """
    return _made(AzureMonitorTraceExporter, connection, client_id, tracer_provider=tracers)


def metric_exporter(connection: str, client_id: str | None) -> MetricExporter:
    """The exporter of measurements.

    Raises:
        SettingsError: the connection string is none.
    """
    return _made(AzureMonitorMetricExporter, connection, client_id)


def _made(exporter: type[Exporter], connection: str, client_id: str | None, **more: object) -> Exporter:
    # It would tell Microsoft of itself, every quarter of an hour.
    os.environ.setdefault("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    credential = None if client_id is None else ManagedIdentityCredential(client_id=client_id or None)
    try:
        # Several processes would share its files, and an instance's disk does not last.
        return exporter(connection_string=connection, credential=credential, disable_offline_storage=True, **more)
    except ValueError as problem:
        raise SettingsError(
            f"APPLICATIONINSIGHTS_CONNECTION_STRING is no connection string ({type(problem).__name__}). "
            "See docs/settings.md."
        ) from None
