"""Counters begin at zero, statements are made once or stand, and several tenants are told apart."""

from __future__ import annotations

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader

from shared.telemetry.instruments import INSTRUMENTS, TENANT
from shared.telemetry.meters import Measurement, Meters, views

Points = dict[tuple[str, tuple[tuple[str, object], ...]], float]

LIMIT = "linekeeper.license.allocation.limit"
AGE = "linekeeper.evaluation.age"


class Watched:
    """Meters with a reader, and a clock that is turned by hand."""

    def __init__(self, *, lasting: bool) -> None:
        self.now = 0.0
        self._reader = InMemoryMetricReader()
        provider = MeterProvider(metric_readers=[self._reader], views=views())
        self.meters = Meters(provider, provider, lasting=lasting, clock=lambda: self.now)

    def points(self) -> Points:
        data = self._reader.get_metrics_data()
        found: Points = {}
        for resource in data.resource_metrics if data is not None else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        value = point.sum if isinstance(point, HistogramDataPoint) else point.value  # type: ignore[union-attr]
                        found[metric.name, tuple(sorted((point.attributes or {}).items()))] = value
        return found


def test_what_was_stated_is_said_once_where_processes_come_and_go() -> None:
    watched = Watched(lasting=False)
    watched.meters.state("holds", [Measurement(name=LIMIT, value=85)])
    said = watched.meters.said()
    assert watched.points()[LIMIT, ()] == 85
    watched.meters.flushed(said)
    assert (LIMIT, ()) not in watched.points()


def test_what_was_stated_while_a_flush_was_under_way_is_still_to_be_said() -> None:
    watched = Watched(lasting=False)
    watched.meters.state("holds", [Measurement(name=LIMIT, value=85)], tenant="a")
    said = watched.meters.said()
    watched.meters.state("holds", [Measurement(name=LIMIT, value=25)], tenant="b")
    watched.meters.flushed(said)
    assert {key: value for key, value in watched.points().items() if key[0] == LIMIT} == {(LIMIT, ((TENANT, "b"),)): 25}


def test_what_was_stated_stands_and_ages_grow_where_one_process_lasts() -> None:
    watched = Watched(lasting=True)
    watched.meters.state("alive", [Measurement(name=AGE, value=10, grows=1), Measurement(name=LIMIT, value=85)])
    watched.meters.flushed(watched.meters.said())
    watched.now = 60
    assert watched.points()[AGE, ()] == 70
    assert watched.points()[LIMIT, ()] == 85


def test_a_new_statement_takes_the_place_of_the_whole_last_one() -> None:
    watched = Watched(lasting=True)
    excluded = "linekeeper.license.excluded.count"
    watched.meters.state("holds", [Measurement(name=excluded, value=5, attributes={"reason": "trial"})])
    watched.meters.state("holds", [Measurement(name=excluded, value=7, attributes={"reason": "teams_rooms"})])
    said = {key: value for key, value in watched.points().items() if key[0] == excluded}
    assert said == {(excluded, (("reason", "teams_rooms"),)): 7}


def test_what_is_said_of_several_tenants_is_told_apart() -> None:
    watched = Watched(lasting=True)
    for tenant, limit in (("a", 25), ("b", 85)):
        watched.meters.state("holds", [Measurement(name=LIMIT, value=limit)], tenant=tenant)
    watched.meters.add("linekeeper.change.detected", 2, {"found_by": "sweep"}, tenant="b")
    points = watched.points()
    assert points[LIMIT, ((TENANT, "a"),)] == 25
    assert points[LIMIT, ((TENANT, "b"),)] == 85
    assert points["linekeeper.change.detected", (("found_by", "sweep"), (TENANT, "b"))] == 2


def test_counters_begin_at_zero_so_that_the_first_step_of_one_shows() -> None:
    watched = Watched(lasting=False)
    watched.meters.begin(rule_id=["voice-app-loop"], receiver=["teams"])
    points = watched.points()
    assert points["linekeeper.finding.transitions", (("rule.id", "voice-app-loop"), ("to", "firing"))] == 0
    attempts, teams = "linekeeper.delivery.attempts", ("receiver", "teams")
    assert points[attempts, (("outcome", "accepted"), teams)] == 0
    assert points[attempts, (("error.type", "auth"), ("outcome", "failed"), teams)] == 0
    assert (attempts, (("outcome", "failed"), teams)) not in points
    assert points["linekeeper.source.reads", (("outcome", "denied"), ("source", "calling"))] == 0


def test_a_duration_is_put_into_the_declared_buckets() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader], views=views())
    Meters(provider, provider).record("linekeeper.notification.ack.duration", 2.0)
    data = reader.get_metrics_data()
    assert data is not None
    point = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points[0]
    assert isinstance(point, HistogramDataPoint)
    assert {1.0, 3.0, 10.0} <= set(point.explicit_bounds)
    assert tuple(point.explicit_bounds) == INSTRUMENTS["linekeeper.notification.ack.duration"].buckets
