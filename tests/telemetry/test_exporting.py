"""Where telemetry goes, by the settings; each process's counters are its own, and statements are the tenant's."""

from __future__ import annotations

import threading
import time
import urllib.request

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    InMemoryMetricReader,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import TracerProvider

from shared.model.errors import SettingsError
from shared.telemetry.exporting import Destinations, destinations_of, providers
from shared.telemetry.instruments import TENANT
from shared.telemetry.meters import Measurement
from shared.telemetry.prometheus import answering
from shared.telemetry.telemetry import Telemetry

CONNECTION = "InstrumentationKey=11111111-1111-4111-8111-111111111111;IngestionEndpoint=https://127.0.0.1:1/"


def test_nothing_goes_anywhere_by_default() -> None:
    assert not destinations_of({}).any


def test_either_both_or_none_is_chosen_by_the_standard_variables() -> None:
    otlp = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    azure = {"APPLICATIONINSIGHTS_CONNECTION_STRING": CONNECTION}
    assert destinations_of(otlp) == Destinations(otlp=True)
    assert destinations_of(azure) == Destinations(azure_monitor=CONNECTION)
    assert destinations_of({**otlp, **azure}) == Destinations(otlp=True, azure_monitor=CONNECTION)
    assert not destinations_of({**otlp, "OTEL_SDK_DISABLED": "true"}).any


@pytest.mark.parametrize(
    ("authentication", "client_id"),
    [
        ("", None),
        ("Authorization=AAD", ""),
        ("ClientId=11111111-1111-4111-8111-111111111111;Authorization=AAD", "11111111-1111-4111-8111-111111111111"),
        ("ClientId=11111111-1111-4111-8111-111111111111", None),
        ("nonsense", None),
    ],
)
def test_the_managed_identity_is_the_one_that_the_settings_name(authentication: str, client_id: str | None) -> None:
    found = destinations_of({"APPLICATIONINSIGHTS_AUTHENTICATION_STRING": authentication})
    assert found.azure_client_id == client_id


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "9464.0"])
def test_a_wrong_port_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match="LINEKEEPER_METRICS_PORT must be a port"):
        destinations_of({"LINEKEEPER_METRICS_PORT": text})


@pytest.mark.parametrize("text", ["all", "-0.1", "1.1", "nan"])
def test_a_wrong_share_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match="LINEKEEPER_TRACES_KEPT must be a share"):
        destinations_of({"LINEKEEPER_TRACES_KEPT": text})


def test_on_a_functions_host_counters_bear_the_process_and_statements_do_not() -> None:
    made = providers(Destinations(hosted=True), tenant="11111111-1111-4111-8111-111111111111")
    assert made.statements is not made.counters
    assert made.logs is None
    counted = made.counters._sdk_config.resource.attributes
    stated = made.statements._sdk_config.resource.attributes
    assert counted["service.instance.id"]
    assert "service.instance.id" not in stated
    assert stated["linekeeper.tenant.id"] == "11111111-1111-4111-8111-111111111111"


def test_a_connection_string_that_is_none_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError, match="APPLICATIONINSIGHTS_CONNECTION_STRING is no connection string") as caught:
        providers(Destinations(azure_monitor="InstrumentationKey=secret-thing"))
    assert "secret-thing" not in str(caught.value)


def test_prometheus_is_answered_at_metrics_with_its_own_names() -> None:
    made = providers(Destinations(metrics_port=1))
    telemetry = Telemetry(made.tracers, made.counters, destinations=Destinations(metrics_port=1))
    telemetry.meters.state("holds", [Measurement(name="linekeeper.license.allocation.limit", value=85)])
    telemetry.count_read("licences", "complete")
    assert made.registry is not None
    with answering(made.registry, 0) as port, urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    telemetry.shutdown()
    assert "linekeeper_license_allocation_limit 85.0" in text
    assert 'linekeeper_source_reads_total{outcome="complete",source="licences"} 1.0' in text


class Stuck(MetricExporter):
    """A destination that does not answer."""

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: object) -> MetricExportResult:  # noqa: ARG002
        time.sleep(1.5)
        return MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 10_000) -> bool:  # noqa: ARG002
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: object) -> None:
        """Nothing to end."""


def test_a_destination_that_does_not_answer_holds_nobody_longer_than_the_bound() -> None:
    meters = MeterProvider(metric_readers=[PeriodicExportingMetricReader(Stuck(), export_interval_millis=1e9)])
    telemetry = Telemetry(TracerProvider(), meters, destinations=Destinations(otlp=True))
    telemetry.count_read("licences", "complete")
    begun = time.monotonic()
    telemetry.flush(0.2)
    telemetry.flush(0.2)
    assert time.monotonic() - begun < 1.4
    telemetry.shutdown()


class Slow(Stuck):
    """A destination that takes its time, and is told what it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.may_go_on = threading.Event()
        self.names: list[str] = []

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: object) -> MetricExportResult:  # noqa: ARG002
        self.names += [
            str((point.attributes or {})[TENANT])
            for resource in metrics_data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        ]
        self.begun.set()
        self.may_go_on.wait(5)
        return MetricExportResult.SUCCESS


def test_who_flushes_while_another_flush_is_under_way_has_its_own_sent_too() -> None:
    slow = Slow()
    meters = MeterProvider(metric_readers=[PeriodicExportingMetricReader(slow, export_interval_millis=1e9)])
    telemetry = Telemetry(TracerProvider(), meters, destinations=Destinations(otlp=True, hosted=True))
    limit = [Measurement(name="linekeeper.license.allocation.limit", value=85)]
    telemetry.of("a").state("holds", limit)
    first = threading.Thread(target=telemetry.flush)
    first.start()
    assert slow.begun.wait(5)
    telemetry.of("b").state("holds", limit)
    second = threading.Thread(target=telemetry.flush)
    second.start()
    slow.may_go_on.set()
    first.join()
    second.join()
    assert slow.names == ["a", "b"]
    telemetry.shutdown()


def test_where_nothing_is_sent_a_flush_does_nothing() -> None:
    reader = InMemoryMetricReader()
    telemetry = Telemetry(TracerProvider(), MeterProvider(metric_readers=[reader]))
    telemetry.meters.state("holds", [Measurement(name="linekeeper.license.allocation.limit", value=85)])
    telemetry.flush()
    assert reader.get_metrics_data() is not None
