"""Logs that a person reads and a machine searches: an event's name, then its fields, and the trace that it belongs to.

A line is `NAME key=value key=value`; what sends log records on has the fields as attributes too. Ids of the directory
may be among them, which metrics must not carry: whoever may read logs may look them up.
"""

from __future__ import annotations

import copy
import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

import msgspec
from opentelemetry import trace

from shared.telemetry.redaction import Redaction, contained, fields_of, redacted

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import LoggerProvider

Field = str | int | float | bool

EVENT = "event.name"


def event(logger: logging.Logger, name: str, /, **fields: Field) -> None:
    """Log that something happened, as one line; a field's `_` is a `.` in its name."""
    named = {key.replace("_", "."): value for key, value in fields.items()}
    line = " ".join((name, *(f"{key}={_quoted(value)}" for key, value in named.items())))
    logger.info("%s", line, extra={EVENT: name, **named})


def redact() -> None:
    """Have what goes through the handlers of this process redacted: those that the Functions worker has put there."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(each, Redaction) for each in handler.filters):
            handler.addFilter(Redaction())


def to_standard_error(*, as_json: bool, stream: TextIO | None = None) -> None:
    """Log to standard error, for a process without a host around it: our own from info, libraries' from warning."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if as_json else _Text())
    handler.addFilter(Redaction())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("linekeeper").setLevel(logging.INFO)


def send_by(provider: LoggerProvider) -> None:
    """Send log records by OpenTelemetry too."""
    from opentelemetry.sdk._logs import LoggingHandler  # noqa: PLC0415 - 30 ms, and wanted by few

    class Handler(LoggingHandler):
        """It would send an exception as it is."""

        def emit(self, record: logging.LogRecord) -> None:
            super().emit(_with_problem_in_fields(record))

    handler = Handler(logger_provider=provider)
    handler.addFilter(Redaction())
    logging.getLogger().addHandler(handler)


def _with_problem_in_fields(record: logging.LogRecord) -> logging.LogRecord:
    """A record with its exception, redacted, in fields of OpenTelemetry's names for it."""
    if not record.exc_info or record.exc_info[0] is None:
        return record
    kind, problem, _ = record.exc_info
    told = copy.copy(record)
    told.exc_info = None
    vars(told).update(
        {
            "exception.type": kind.__qualname__,
            "exception.message": redacted(str(problem)),
            "exception.stacktrace": record.exc_text or "",
        }
    )
    return told


class _Text(logging.Formatter):
    """A line for people, with the trace at its end where there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        trace_id = _trace_id()
        line = contained(redacted(super().format(record)))
        return f"{line} trace={trace_id}" if trace_id else line


class _Json(logging.Formatter):
    """An object a line."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
            **fields_of(record),
        }
        if trace_id := _trace_id():
            told["trace_id"] = trace_id
        if record.exc_info:
            told["exception"] = redacted(self.formatException(record.exc_info))
        return msgspec.json.encode(told, enc_hook=_as_text).decode()


def _as_text(value: object) -> str:
    """What a library gave a record and JSON has no form for: it must not cost the line."""
    return redacted(str(value))


def _trace_id() -> str:
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


def _quoted(value: Field) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if text and all(sign.isprintable() and sign not in ' "=' for sign in text) else json.dumps(text)
