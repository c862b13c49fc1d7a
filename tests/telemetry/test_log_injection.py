"""What a name or an answer cannot do to the log: begin a record of its own, or command the terminal that shows it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry import logs
from shared.telemetry.redaction import contained

FORGED = "2026-11-20 10:00:00,000 INFO    linekeeper.deliver: a message was delivered to ops"
HOSTILE = f"AA Main\r\n{FORGED}\u2028{FORGED}\x1b[2J\x9b2J\N{RIGHT-TO-LEFT OVERRIDE}"
LOGGER = logging.getLogger("linekeeper.judging")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log of a process without a host goes; afterwards all is as it was."""
    root, own = logging.getLogger(), logging.getLogger("linekeeper")
    handlers, levels = root.handlers[:], (root.level, own.level)
    root.handlers.clear()
    own.setLevel(logging.INFO)
    stream = io.StringIO()
    yield stream
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])


def tell_everything() -> None:
    LOGGER.warning("a message was not delivered to %s: %s", "ops", HOSTILE)
    logs.event(LOGGER, "something", who=HOSTILE)
    try:
        int(HOSTILE)
    except ValueError:
        LOGGER.exception("it failed: %s", HOSTILE)


def test_no_text_begins_a_record_or_commands_a_terminal(stream: io.StringIO) -> None:
    logs.to_standard_error(as_json=False, stream=stream)
    tell_everything()
    told = stream.getvalue()
    assert FORGED in told
    assert not [
        line for line in told.splitlines() if line.startswith(FORGED[:10]) and "linekeeper.deliver" in line[:60]
    ]
    assert len([line for line in told.splitlines() if not line.startswith(" ")]) == 3
    assert not {"\x1b", "\x9b", "\r", "\u2028", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(told)


def test_as_json_each_record_is_one_line_of_ascii_controls_spelled_out(stream: io.StringIO) -> None:
    logs.to_standard_error(as_json=True, stream=stream)
    tell_everything()
    lines = stream.getvalue().split("\n")
    assert [json.loads(line)["level"] for line in lines[:-1]] == ["warning", "info", "error"]
    assert "\x1b" not in stream.getvalue()


def test_a_host_around_us_is_given_no_more_than_one_record_either(stream: io.StringIO) -> None:
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    logs.redact()
    LOGGER.warning("not delivered: %s", HOSTILE)
    assert len([line for line in stream.getvalue().splitlines() if not line.startswith(" ")]) == 1
    assert "\x1b" not in stream.getvalue()


@given(st.text())
def test_of_any_text_every_line_but_the_first_is_indented(text: str) -> None:
    lines = contained(text).splitlines()
    assert all(line.startswith("    ") for line in lines[1:])


def test_a_message_of_one_line_stays_as_it_is() -> None:
    assert contained("judged 12 lines\tof 90, AA Größe \N{WAVING HAND SIGN}") == (
        "judged 12 lines\tof 90, AA Größe \N{WAVING HAND SIGN}"
    )
