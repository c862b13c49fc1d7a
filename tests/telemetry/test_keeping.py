"""Traces worth looking at are kept; of the others, a share."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from shared.telemetry import keeping
from shared.telemetry.keeping import Keeping
from shared.telemetry.telemetry import Telemetry


def telemetry_that_keeps(share: float) -> tuple[Telemetry, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracers = TracerProvider(sampler=ALWAYS_ON)
    tracers.add_span_processor(Keeping([SimpleSpanProcessor(exporter)], share))
    return Telemetry(tracers, MeterProvider()), exporter


def names(exporter: InMemorySpanExporter) -> list[str]:
    return [span.name for span in exporter.get_finished_spans()]


def test_a_round_in_which_nothing_happened_is_dropped_where_no_share_is_kept() -> None:
    telemetry, exporter = telemetry_that_keeps(0)
    with telemetry.span("deliver"), telemetry.span("evaluate"):
        pass
    assert names(exporter) == []


def test_all_of_a_trace_is_kept_for_one_noteworthy_span_in_it() -> None:
    telemetry, exporter = telemetry_that_keeps(0)
    with telemetry.span("changes"):
        with telemetry.span("read users"):
            pass
        with telemetry.span("evaluate", noteworthy=True):
            pass
    assert names(exporter) == ["read users", "evaluate", "changes"]


def test_a_trace_with_a_failure_is_kept() -> None:
    telemetry, exporter = telemetry_that_keeps(0)
    with pytest.raises(OSError, match="gone"), telemetry.span("licences"), telemetry.span("read licences"):
        raise OSError("gone")
    assert names(exporter) == ["read licences", "licences"]


def test_everything_is_kept_by_default() -> None:
    telemetry, exporter = telemetry_that_keeps(1)
    with telemetry.span("deliver"):
        pass
    assert names(exporter) == ["deliver"]


def test_the_share_is_chosen_by_the_trace_so_that_every_process_chooses_alike() -> None:
    low, high = f"00-{'0' * 31}1-{'0' * 15}1-01", f"00-{'f' * 32}-{'0' * 15}1-01"
    for share, kept in ((0.5, ["low"]), (0.0, []), (1.0, ["low", "high"])):
        telemetry, exporter = telemetry_that_keeps(share)
        with telemetry.span("low", parent=low):
            pass
        with telemetry.span("high", parent=high):
            pass
        assert names(exporter) == kept


def test_a_part_that_was_caused_elsewhere_is_decided_when_that_part_is_over() -> None:
    telemetry, exporter = telemetry_that_keeps(0)
    with telemetry.span("changes", parent=f"00-{'f' * 32}-{'0' * 15}1-00"):
        with telemetry.span("evaluate", noteworthy=True):
            pass
        assert names(exporter) == []
    assert names(exporter) == ["evaluate", "changes"]


def test_spans_of_a_trace_that_never_ends_are_passed_on_and_not_held_for_ever() -> None:
    telemetry, exporter = telemetry_that_keeps(0)
    with telemetry.span("sweep"):
        for _ in range(keeping.MOST_SPANS + 1):
            with telemetry.span("GET"):
                pass
        assert len(names(exporter)) == keeping.MOST_SPANS + 1


def test_parts_of_one_trace_that_go_on_at_once_are_decided_each_for_itself() -> None:
    telemetry, exporter = telemetry_that_keeps(0)
    notification = f"00-{'f' * 32}-{'0' * 15}1-01"
    with telemetry.span("second", parent=notification):
        with telemetry.span("read users"):
            pass
        with telemetry.span("first", parent=notification):
            pass
        with telemetry.span("evaluate", noteworthy=True):
            pass
    assert names(exporter) == ["read users", "evaluate", "second"]


def test_a_span_that_ends_after_its_part_is_passed_on_and_none_is_held_any_longer() -> None:
    exporter = InMemorySpanExporter()
    keeping_few = Keeping([SimpleSpanProcessor(exporter)], 0)
    tracers = TracerProvider(sampler=ALWAYS_ON)
    tracers.add_span_processor(keeping_few)
    tracer = tracers.get_tracer("test")
    first = tracer.start_span("changes")
    late = tracer.start_span("deliver", context=trace.set_span_in_context(first))
    first.end()
    later = tracer.start_span("POST", context=trace.set_span_in_context(late))
    later.end()
    late.end()
    assert names(exporter) == ["POST", "deliver"]
    assert (keeping_few._parts, keeping_few._part_of, keeping_few._count) == ({}, {}, 0)
