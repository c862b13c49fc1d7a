"""A request as a span and a duration: by the conventions for HTTP clients, and without what a URL may hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from shared.telemetry.exchange import exchange, template_of
from shared.telemetry.telemetry import Telemetry

USER = "https://graph.microsoft.com/v1.0/users/f7c76a26-876d-5dc7-be0f-686b9ddbfd4f/licenseDetails?$select=id"
SECRET = "https://prod-1.westeurope.logic.azure.com:8443/workflows/abc/triggers/manual?sig=hunter2"


class Recorded:
    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.telemetry = Telemetry(tracers, MeterProvider([self._reader], shutdown_on_exit=False))

    def span(self) -> ReadableSpan:
        (span,) = self._spans.get_finished_spans()
        return span

    def point(self) -> HistogramDataPoint:
        data = self._reader.get_metrics_data()
        assert data is not None
        metrics = [metric for each in data.resource_metrics for scope in each.scope_metrics for metric in scope.metrics]
        (found,) = [each for each in metrics if each.name == "http.client.request.duration"]
        (point,) = found.data.data_points
        assert isinstance(point, HistogramDataPoint)
        return point


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    made = Recorded()
    yield made
    made.telemetry.shutdown()


def test_a_request_is_a_client_span_named_for_its_method_and_for_what_kind_of_thing_it_asks(recorded: Recorded) -> None:
    with exchange(recorded.telemetry, "GET", USER, template=template_of(USER)) as made:
        made.status = 200
    span = recorded.span()
    assert span.name == "GET /v1.0/users/{id}/licenseDetails"
    assert span.kind is SpanKind.CLIENT
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "server.address": "graph.microsoft.com",
        "server.port": 443,
        "url.template": "/v1.0/users/{id}/licenseDetails",
        "http.response.status_code": 200,
    }


def test_its_duration_has_the_server_and_the_status_and_not_what_was_asked_for(recorded: Recorded) -> None:
    with exchange(recorded.telemetry, "GET", USER, template=template_of(USER)) as made:
        made.status = 200
    point = recorded.point()
    assert point.count == 1
    assert dict(point.attributes or {}) == {
        "http.request.method": "GET",
        "server.address": "graph.microsoft.com",
        "server.port": 443,
        "http.response.status_code": 200,
    }


def test_an_answer_that_is_an_error_is_one_by_its_status(recorded: Recorded) -> None:
    with exchange(recorded.telemetry, "GET", USER, resent=2) as made:
        made.status = 429
    attributes = dict(recorded.span().attributes or {})
    assert attributes["error.type"] == "429"
    assert attributes["http.request.resend_count"] == 2
    assert recorded.span().status.status_code is StatusCode.ERROR
    assert dict(recorded.point().attributes or {})["error.type"] == "429"


def test_without_an_answer_the_kind_of_problem_is_told_and_not_its_text(recorded: Recorded) -> None:
    with pytest.raises(ConnectionError), exchange(recorded.telemetry, "POST", SECRET):
        raise ConnectionError("https://…?sig=hunter2")
    point = dict(recorded.point().attributes or {})
    assert point["error.type"] == "ConnectionError"
    assert "http.response.status_code" not in point
    assert "hunter2" not in recorded.span().to_json()


def test_of_a_secret_url_only_the_host_is_told(recorded: Recorded) -> None:
    with exchange(recorded.telemetry, "POST", SECRET) as made:
        made.status = 202
    span = recorded.span()
    assert span.name == "POST"
    assert dict(span.attributes or {})["server.port"] == 8443
    assert "workflows" not in span.to_json()


def test_where_nobody_is_told_the_request_is_made_all_the_same() -> None:
    with exchange(None, "GET", USER) as made:
        made.status = 200
    assert made.status == 200


@pytest.mark.parametrize(
    ("url", "template"),
    [
        ("https://graph.microsoft.com/v1.0/$batch", "/v1.0/$batch"),
        ("https://graph.microsoft.com/v1.0/users/delta?$deltatoken=abc", "/v1.0/users/delta"),
        ("https://graph.microsoft.com/v1.0/users/main@contoso.com", "/v1.0/users/{id}"),
        ("https://graph.microsoft.com/v1.0/users/+14255550100", "/v1.0/users/{id}"),
        ("https://graph.microsoft.com/v1.0/users('Main%20Line')", "/v1.0/{id}"),
        ("https://graph.microsoft.com/v1.0/users/microsoft.graph.delta()", "/v1.0/users/microsoft.graph.delta()"),
        ("https://[", ""),
    ],
)
def test_a_path_keeps_its_fixed_words_alone(url: str, template: str) -> None:
    assert template_of(url) == template
