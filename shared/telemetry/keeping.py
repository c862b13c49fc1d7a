"""Which traces are kept: all in which a finding changed, something was told or something failed; some of the rest.

The decision falls when the part of a trace that this process has a hand in is over, so that a timer's round in which
nothing happened need not cost as much as one in which a line went dead.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import StatusCode

NOTEWORTHY = "linekeeper.noteworthy"
"""The attribute, true, of a span whose trace is kept whatever the share is."""

MOST_SPANS = 5000
"""Spans of traces that are not over; beyond, they are passed on as they end, kept or not."""

_RATIO_BITS = 56


class Keeping(SpanProcessor):
    """Holds the spans of each trace until its part here is over, then passes them on or drops them.

    A trace may have several parts here at once: messages that one notification led to are worked off side by side.
    What ends after its part, or was begun by a span that had ended, is passed on.

    Args:
        processors: those that kept spans are passed on to.
        share: the share of unremarkable traces that is kept, 0 to 1, chosen by trace id, alike in every process.
    """

    def __init__(self, processors: Sequence[SpanProcessor], share: float) -> None:
        self._processors = tuple(processors)
        self._share = share
        self._lock = threading.Lock()
        self._parts: dict[int, list[ReadableSpan]] = {}  # by the id of the span that is a part's first
        self._part_of: dict[int, int] = {}  # of each span that has not ended
        self._count = 0

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Find out which part the span is of, and tell the others."""
        if span.context is not None:
            mine = span.context.span_id
            with self._lock:
                if _is_first(span):
                    self._parts[mine] = []
                    self._part_of[mine] = mine
                elif span.parent is not None:
                    self._part_of[mine] = self._part_of.get(span.parent.span_id, 0)
        for each in self._processors:
            each.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Hold the span, and decide on its part of the trace where it is the first of it."""
        context = span.context
        if context is None:
            return
        over = _is_first(span)
        with self._lock:
            part = self._part_of.pop(context.span_id, 0)
            held = self._parts.get(part)
            if held is not None:
                held.append(span)
                self._count += 1
                if not over and self._count <= MOST_SPANS:
                    return
                self._count -= len(held)
                del self._parts[part]
        if held is None:
            self._pass_on([span])
        elif not over or self._is_kept(context.trace_id, held):
            self._pass_on(held)

    def shutdown(self) -> None:
        """End the others."""
        for each in self._processors:
            each.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Have the others send what they have."""
        flushed = [each.force_flush(timeout_millis) for each in self._processors]
        return all(flushed)

    def _pass_on(self, spans: Sequence[ReadableSpan]) -> None:
        for each in spans:
            for processor in self._processors:
                processor.on_end(each)

    def _is_kept(self, trace_id: int, spans: Sequence[ReadableSpan]) -> bool:
        if any(_is_noteworthy(span) for span in spans):
            return True
        # The low 56 bits, as the W3C's Trace Context, level 2, has them random.
        return trace_id & ((1 << _RATIO_BITS) - 1) < self._share * (1 << _RATIO_BITS)


def _is_first(span: ReadableSpan) -> bool:
    return span.parent is None or span.parent.is_remote


def _is_noteworthy(span: ReadableSpan) -> bool:
    return span.status.status_code is StatusCode.ERROR or bool((span.attributes or {}).get(NOTEWORTHY))
