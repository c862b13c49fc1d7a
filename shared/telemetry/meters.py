"""The declared instruments at work: things are counted as they happen, and what is stated is handed out when asked.

A service that scales to zero cannot be asked between two runs, and an instance that judged long ago must not go on
saying what it knew. So what was stated is handed out once, with the flush that ends its invocation, unless one process
does all the work for as long as it lives: then it stands until it is stated anew, and ages go on growing.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View

from shared import __version__
from shared.telemetry.instruments import INSTRUMENTS, TENANT, Instrument

SCOPE = "linekeeper"
ERROR = "error.type"

Value = str | int
Attributes = Mapping[str, Value]


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a stated instrument; `grows` is by how much it changes in a second from when it was stated."""

    name: str
    value: float
    attributes: Attributes = {}
    grows: float = 0.0


class _Stated(msgspec.Struct, frozen=True):
    at: float
    tenant: str
    measurements: tuple[Measurement, ...]


Said = Mapping[tuple[str, str], _Stated]
"""Statements by their section and tenant."""


def views() -> tuple[View, ...]:
    """The bounds of the histograms: a part of what is declared."""
    return tuple(
        View(instrument_name=each.name, aggregation=ExplicitBucketHistogramAggregation(each.buckets))
        for each in INSTRUMENTS.values()
        if each.buckets
    )


class Meters:
    """All instruments of a process.

    Args:
        counters: the provider of what is counted and recorded; it must have the `views`.
        statements: the provider of what is stated; may be the same.
        lasting: whether this process does all the work for as long as it lives.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        counters: MeterProvider,
        statements: MeterProvider,
        *,
        lasting: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counted = counters.get_meter(SCOPE, __version__)
        self._statements = statements.get_meter(SCOPE, __version__)
        self._lasting = lasting
        self._clock = clock
        self._stated: dict[tuple[str, str], _Stated] = {}
        self._stating = threading.Lock()
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        for each in INSTRUMENTS.values():
            self._create(each)

    def counter(self, name: str) -> Counter:
        """A counter, by its name."""
        return self._counters[name]

    def add(self, name: str, amount: int = 1, attributes: Attributes | None = None, *, tenant: str = "") -> None:
        """Count something."""
        self._counters[name].add(amount, _with_tenant(attributes or {}, tenant))

    def record(self, name: str, value: float, attributes: Attributes | None = None, *, tenant: str = "") -> None:
        """Record a value of a distribution."""
        self._histograms[name].record(value, _with_tenant(attributes or {}, tenant))

    def state(self, section: str, measurements: Iterable[Measurement], *, tenant: str = "") -> None:
        """State all that is to be said of a section, in place of what was said of it before."""
        stated = _Stated(self._clock(), tenant, tuple(measurements))
        with self._stating:
            self._stated[section, tenant] = stated

    def begin(self, *, tenant: str = "", **known: Iterable[str]) -> None:
        """Let counters begin at zero, so that the first step of one shows: an attribute's values, by its field's name.

        Args:
            tenant: whose they are, where there are several.
            known: the values of attributes that no table bounds, `rule_id` and `receiver`.
        """
        for each in INSTRUMENTS.values():
            if each.kind != "counter":
                continue
            values = [
                [
                    (attribute.name, value)
                    for value in attribute.values or known.get(attribute.name.replace(".", "_"), ())
                ]
                for attribute in each.attributes
                if attribute.name != ERROR
            ]
            for combination in itertools.product(*values):
                for attributes in _with_errors(each, dict(combination)):
                    self.add(each.name, 0, attributes, tenant=tenant)

    def said(self) -> Said:
        """What a flush that begins now hands out."""
        with self._stating:
            return dict(self._stated)

    def flushed(self, said: Said) -> None:
        """What was said has been handed out: it is not said again, unless this process lasts.

        What was stated anew meanwhile is still to be said.
        """
        if self._lasting:
            return
        with self._stating:
            for key, stated in said.items():
                if self._stated.get(key) is stated:
                    del self._stated[key]

    def _create(self, each: Instrument) -> None:
        if each.kind == "histogram":
            self._histograms[each.name] = self._counted.create_histogram(each.name, each.unit, each.description)
        elif not each.observed:
            self._counters[each.name] = self._counted.create_counter(each.name, each.unit, each.description)
        else:

            def observe(_options: CallbackOptions) -> Iterator[Observation]:
                return self._observations(each.name)

            make = (
                self._statements.create_observable_up_down_counter
                if each.kind == "up-down counter"
                else self._statements.create_observable_gauge
            )
            make(each.name, callbacks=[observe], unit=each.unit, description=each.description)

    def _observations(self, name: str) -> Iterator[Observation]:
        now = self._clock()
        for stated in tuple(self._stated.values()):
            for each in stated.measurements:
                if each.name == name:
                    value = each.value + each.grows * (now - stated.at)
                    yield Observation(value, _with_tenant(each.attributes, stated.tenant))


def _with_errors(each: Instrument, attributes: dict[str, str]) -> Iterator[dict[str, str]]:
    """What failed has a kind of error, and what did not has none."""
    errors = next((attribute.values for attribute in each.attributes if attribute.name == ERROR), ())
    if attributes.get("outcome") != "failed" or not errors:
        yield attributes
    else:
        yield from ({**attributes, ERROR: error} for error in errors)


def _with_tenant(attributes: Attributes, tenant: str) -> Attributes:
    return {**attributes, TENANT: tenant} if tenant else attributes
