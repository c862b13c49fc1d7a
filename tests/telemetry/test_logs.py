"""A line for people with fields for machines, the trace that it belongs to, and nothing that must not be in a log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from shared.telemetry import logs
from shared.telemetry.redaction import Redaction
from shared.telemetry.telemetry import Telemetry

ACCOUNT = "f7c76a26-876d-5dc7-be0f-686b9ddbfd4f"
LOGGER = logging.getLogger("linekeeper.judging")


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """The root logger without its handlers; all is afterwards as it was."""
    root, own = logging.getLogger(), logging.getLogger("linekeeper")
    handlers, levels = root.handlers[:], (root.level, own.level)
    root.handlers.clear()
    yield root
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    made = Telemetry(TracerProvider(shutdown_on_exit=False), MeterProvider(shutdown_on_exit=False))
    yield made
    made.shutdown()


def test_an_event_is_its_name_and_its_fields() -> None:
    stream = io.StringIO()
    logs.to_standard_error(as_json=False, stream=stream)
    logs.event(LOGGER, "finding.transition", rule_id="allocation-short", to="firing", subject_id=ACCOUNT, muted=False)
    assert stream.getvalue().endswith(
        "INFO    linekeeper.judging: finding.transition "
        f"rule.id=allocation-short to=firing subject.id={ACCOUNT} muted=false\n"
    )


@pytest.mark.parametrize("text", ["", "two words", 'a "quote"', "a=b", "a\nline"])
def test_a_value_that_would_be_taken_for_more_than_one_is_quoted(text: str) -> None:
    stream = io.StringIO()
    logs.to_standard_error(as_json=False, stream=stream)
    logs.event(LOGGER, "something", field=text)
    assert stream.getvalue().endswith(f"something field={json.dumps(text)}\n")


def test_within_a_span_a_line_ends_with_its_trace(telemetry: Telemetry) -> None:
    stream = io.StringIO()
    logs.to_standard_error(as_json=False, stream=stream)
    with telemetry.span("evaluate"):
        trace_id = telemetry.traceparent().split("-")[1]
        LOGGER.info("judged")
    LOGGER.info("afterwards")
    first, second = stream.getvalue().splitlines()
    assert first.endswith(f"judged trace={trace_id}")
    assert second.endswith("afterwards")


def test_as_json_a_line_is_an_object_with_the_fields_and_the_trace(telemetry: Telemetry) -> None:
    stream = io.StringIO()
    logs.to_standard_error(as_json=True, stream=stream)
    with telemetry.span("evaluate"):
        logs.event(LOGGER, "finding.transition", rule_id="allocation-short", to="firing")
    told = json.loads(stream.getvalue())
    assert told.pop("time").endswith("+00:00")
    assert len(told.pop("trace_id")) == 32
    assert told == {
        "level": "info",
        "logger": "linekeeper.judging",
        "message": "finding.transition rule.id=allocation-short to=firing",
        "event.name": "finding.transition",
        "rule.id": "allocation-short",
        "to": "firing",
    }


@pytest.mark.parametrize("as_json", [False, True])
def test_what_must_not_be_in_a_log_is_taken_out_of_messages_fields_and_tracebacks(*, as_json: bool) -> None:
    stream = io.StringIO()
    logs.to_standard_error(as_json=as_json, stream=stream)
    LOGGER.info("called %s of %s", "+49 30 23125000", "main.line@contoso.com")
    logs.event(LOGGER, "something", who="main.line@contoso.com")
    try:
        int("https://x.example/?sig=hunter2")
    except ValueError:
        LOGGER.exception("it failed")
    told = stream.getvalue()
    assert told.count("[redacted]") >= 4
    assert not [secret for secret in ("23125000", "contoso", "hunter2") if secret in told]


def test_a_field_that_json_has_no_form_for_does_not_cost_the_line() -> None:
    stream = io.StringIO()
    logs.to_standard_error(as_json=True, stream=stream)
    LOGGER.warning("trouble", extra={"problem": ValueError("main.line@contoso.com")})
    assert json.loads(stream.getvalue())["problem"] == "[redacted]"


def test_a_librarys_warnings_are_told_and_its_chatter_is_not() -> None:
    stream = io.StringIO()
    logs.to_standard_error(as_json=False, stream=stream)
    logging.getLogger("azure").info("chatter")
    logging.getLogger("azure").warning("trouble")
    assert "chatter" not in stream.getvalue()
    assert "trouble" in stream.getvalue()


def test_the_handlers_of_whoever_hosts_us_redact_too_and_once(root: logging.Logger) -> None:
    handler = logging.StreamHandler(io.StringIO())
    root.addHandler(handler)
    logs.redact()
    logs.redact()
    assert len([each for each in handler.filters if isinstance(each, Redaction)]) == 1


def test_the_handlers_of_whoever_hosts_us_write_no_traceback_as_it_is(root: logging.Logger) -> None:
    stream = io.StringIO()
    root.addHandler(logging.StreamHandler(stream))
    logs.redact()
    try:
        int("main.line@contoso.com")
    except ValueError:
        LOGGER.exception("it failed")
    assert "contoso" not in stream.getvalue()
    assert "with base 10: '[redacted]'" in stream.getvalue()


@pytest.mark.filterwarnings("ignore:`LoggingHandler`:DeprecationWarning")
def test_what_is_sent_of_an_exception_is_redacted_too() -> None:
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logs.send_by(provider)
    try:
        int("main.line@contoso.com")
    except ValueError:
        LOGGER.exception("it failed", extra={"rule.id": "allocation-short"})
    (sent,) = exporter.get_finished_logs()
    told = dict(sent.log_record.attributes or {})
    assert "contoso" not in str(told)
    assert told["exception.type"] == "ValueError"
    assert str(told["exception.message"]).endswith("'[redacted]'")
    assert "Traceback" in str(told["exception.stacktrace"])
    assert told["rule.id"] == "allocation-short"
