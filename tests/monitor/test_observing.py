"""What a change leaves behind for whoever looks: spans that are kept, counts and durations, a line a step."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from shared.model.change_message import ChangeMessage
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.monitor import Monitor
from shared.monitor.observing import measure_life
from shared.monitor.service import Service
from shared.rules.catalogue import RULES
from shared.telemetry.exporting import Destinations
from shared.telemetry.keeping import NOTEWORTHY
from shared.telemetry.telemetry import Telemetry
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, Counters, RecordingSender

MakeMonitor = Callable[..., Monitor]
MAIN_LINE = user_id("AA Main Line Seattle")


@pytest.fixture
def service(make_monitor: MakeMonitor, sim: SimulatorServer, sender: RecordingSender) -> Service:
    return Service(make_monitor(graph_url=sim.graph_url, sender=sender))


def recorded(reader: InMemoryMetricReader, name: str) -> list[HistogramDataPoint]:
    data = reader.get_metrics_data()
    return [
        point
        for resource in (data.resource_metrics if data is not None else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in metric.data.data_points
        if isinstance(point, HistogramDataPoint)
    ]


async def lose_the_licence(service: Service, sim: SimulatorServer, clock: Clock) -> None:
    """Bring the tenant up to date, then let a notification tell of a change twelve seconds after it was received."""
    await service.run("licences")
    clock.advance(minutes=1)
    sim.tenant.remove_license(MAIN_LINE, RESOURCE_ACCOUNT)
    received = clock.now
    clock.advance(seconds=12)
    await service.take_message(ChangeMessage(tenant=TENANT_ID, users=(MAIN_LINE,), received=received))


async def test_an_evaluation_that_changed_a_finding_is_kept_and_each_rule_in_it_is_timed(
    service: Service, sim: SimulatorServer, clock: Clock, spans: InMemorySpanExporter
) -> None:
    await service.run("licences")
    spans.clear()
    await lose_the_licence(service, sim, clock)
    told = spans.get_finished_spans()
    evaluation = [span for span in told if span.name == "evaluate"][-1]
    assert evaluation.attributes is not None
    assert evaluation.attributes["linekeeper.trigger"] == "notification"
    assert evaluation.attributes[NOTEWORTHY] is True
    assert evaluation.context is not None
    within = [span for span in told if span.parent is not None and span.parent.span_id == evaluation.context.span_id]
    rules = {span.name.removeprefix("rule ") for span in within if span.name.startswith("rule ")}
    assert {"resource-account-unlicensed", "allocation-short"} <= rules <= {rule.id for rule in RULES}


async def test_an_evaluation_that_changed_nothing_need_not_be_kept(
    service: Service, clock: Clock, spans: InMemorySpanExporter
) -> None:
    await service.run("licences")
    spans.clear()
    clock.advance(minutes=5)
    await service.run("licences")
    evaluations = [span for span in spans.get_finished_spans() if span.name == "evaluate"]
    assert evaluations
    assert not any(NOTEWORTHY in (span.attributes or {}) for span in evaluations)


async def test_a_read_is_around_its_requests_to_graph_and_no_span_names_anybody(
    service: Service, sim: SimulatorServer, clock: Clock, spans: InMemorySpanExporter
) -> None:
    await lose_the_licence(service, sim, clock)
    told = spans.get_finished_spans()
    names = {span.context.span_id: span.name for span in told if span.context is not None}
    above = {names[span.parent.span_id] for span in told if span.name.startswith("GET /") and span.parent is not None}
    assert {"read everything", "read users"} <= above
    for span in told:
        text = span.to_json()
        assert not re.search(r"Seattle|@|\+\d{7,}|\$filter|deltatoken", text), text


async def test_steps_are_counted_by_rule_and_the_lag_runs_from_when_the_notification_was_received(
    service: Service, sim: SimulatorServer, clock: Clock, counters: Counters, metric_reader: InMemoryMetricReader
) -> None:
    await lose_the_licence(service, sim, clock)
    steps = counters.of("linekeeper.finding.transitions")
    assert steps["resource-account-unlicensed", "firing"] == 6
    lags = {
        str((point.attributes or {})["trigger"]): point for point in recorded(metric_reader, "linekeeper.detection.lag")
    }
    assert lags["notification"].count == 1
    assert lags["notification"].sum == timedelta(seconds=12).total_seconds()


async def test_the_time_of_every_evaluation_is_recorded_by_what_led_to_it(
    service: Service, sim: SimulatorServer, clock: Clock, metric_reader: InMemoryMetricReader
) -> None:
    await lose_the_licence(service, sim, clock)
    points = recorded(metric_reader, "linekeeper.evaluation.duration")
    assert {str((point.attributes or {})["trigger"]) for point in points} == {"timer", "notification"}


async def test_each_step_is_one_line_with_the_ids_that_metrics_must_not_carry_and_no_name(
    service: Service, sim: SimulatorServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await service.run("licences")
    caplog.clear()
    with caplog.at_level(logging.INFO, "linekeeper"):
        await lose_the_licence(service, sim, clock)
    (line,) = [record.getMessage() for record in caplog.records if "finding.transition" in record.getMessage()]
    assert line.startswith("finding.transition rule.id=resource-account-unlicensed to=firing severity=")
    assert f"tenant.id={TENANT_ID} subject.kind=resource_account subject.id={MAIN_LINE} " in line
    assert "Seattle" not in caplog.text


async def test_what_holds_is_stated_after_an_evaluation_and_a_failed_read_states_nothing_of_what_it_should_have_told(
    make_monitor: MakeMonitor, sim: SimulatorServer, clock: Clock, telemetry: Telemetry, counters: Counters
) -> None:
    telemetry.destinations = Destinations(otlp=True)
    service = Service(make_monitor(graph_url=sim.graph_url))
    await service.run("licences")
    assert counters.of("linekeeper.license.allocation.limit") == {(): 85}
    assert counters.of("linekeeper.evaluation.age") == {(): 0}
    sim.graph.outage = 503
    clock.advance(hours=6)
    await service.run("licences")
    assert counters.of("linekeeper.license.allocation.limit") == {}
    assert counters.of("linekeeper.source.age")["licences",] == timedelta(hours=6).total_seconds()


async def test_of_several_tenants_each_states_its_own(
    make_monitor: MakeMonitor, sim: SimulatorServer, telemetry: Telemetry, counters: Counters
) -> None:
    telemetry.destinations = Destinations(otlp=True)
    monitor = make_monitor(graph_url=sim.graph_url)
    of_its_own = msgspec.structs.replace(monitor, telemetry=telemetry.of(TENANT_ID))
    await Service(of_its_own).run("licences")
    assert counters.of("linekeeper.license.allocation.limit") == {(TENANT_ID,): 85}
    assert {key[0] for key in counters.of("linekeeper.source.reads")} == {TENANT_ID}


async def test_a_card_and_its_log_lines_bear_the_trace_in_which_the_change_was_found(
    make_monitor: MakeMonitor,
    sim: SimulatorServer,
    clock: Clock,
    sender: RecordingSender,
    spans: InMemorySpanExporter,
) -> None:
    monitor = make_monitor(graph_url=sim.graph_url, sender=sender)
    monitor.telemetry.destinations = Destinations(otlp=True)
    await lose_the_licence(Service(monitor), sim, clock)
    evaluation = [span for span in spans.get_finished_spans() if span.name == "evaluate"][-1]
    assert evaluation.context is not None
    assert sender.sent[-1].trace == format(evaluation.context.trace_id, "032x")


async def test_where_no_trace_is_kept_a_card_bears_none(
    service: Service, sim: SimulatorServer, clock: Clock, sender: RecordingSender
) -> None:
    await lose_the_licence(service, sim, clock)
    assert sender.sent[-1].trace == ""


async def test_a_finding_that_waited_on_purpose_says_nothing_of_how_soon_changes_are_found(
    make_monitor: MakeMonitor,
    sim: SimulatorServer,
    clock: Clock,
    counters: Counters,
    metric_reader: InMemoryMetricReader,
) -> None:
    monitor = make_monitor(graph_url=sim.graph_url)
    patient = msgspec.structs.replace(monitor.settings.file, alerting=Timing(hold=1))
    settings = msgspec.structs.replace(monitor.settings, file=patient)
    service = Service(msgspec.structs.replace(monitor, settings=settings))

    def fired() -> dict[str, int]:
        steps = counters.of("linekeeper.finding.transitions")
        return {rule: count for (rule, to), count in steps.items() if to == "firing" and count}

    sim.tenant.remove_license(MAIN_LINE, RESOURCE_ACCOUNT)  # all are in use
    await service.run("licences")
    assert sum(point.count for point in recorded(metric_reader, "linekeeper.detection.lag")) == sum(fired().values())
    sim.tenant.assign_license(user_id("Adele Archer"), RESOURCE_ACCOUNT)
    for _ in range(4):
        clock.advance(minutes=5)
        await service.run("sweep")
    assert fired()["person-holds-resource-account-licence"] == 1
    lags = sum(point.count for point in recorded(metric_reader, "linekeeper.detection.lag"))
    assert lags == sum(fired().values()) - 1


async def test_what_cannot_be_measured_is_one_line_and_keeps_nothing_from_being_told(
    make_monitor: MakeMonitor, clock: Clock, telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry.destinations = Destinations(otlp=True)
    without_a_zone = TenantState(tenant=TENANT_ID, evaluated_at=clock.now.replace(tzinfo=None))
    measure_life(make_monitor(), without_a_zone)
    assert "how alive could not be measured (TypeError)" in caplog.text


async def test_the_first_request_too_says_whom_it_asks_and_for_what(
    service: Service, spans: InMemorySpanExporter
) -> None:
    await service.run("licences")
    requests = [span for span in spans.get_finished_spans() if span.kind is SpanKind.CLIENT]
    assert {(span.attributes or {})["server.address"] for span in requests} == {"127.0.0.1"}
    assert all(span.name.split(" ")[1].startswith("/v1.0/") for span in requests)
