"""For Prometheus to ask: what OpenTelemetry exports under its names for Prometheus, on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from prometheus_client import CollectorRegistry, start_http_server

from shared.model.errors import LinekeeperError


class _WhenAsked(PrometheusMetricReader):
    """A reader that a flush leaves alone: what one collects would be handed out beside what the next asker collects."""

    def force_flush(self, timeout_millis: float = 10_000) -> bool:  # noqa: ARG002 - as all readers have it
        return True


def reader_and_registry() -> tuple[PrometheusMetricReader, CollectorRegistry]:
    """A reader, and the registry from which its measurements are read."""
    registry = CollectorRegistry()
    return _WhenAsked(scope_info_enabled=False, registry=registry), registry


@contextmanager
def answering(registry: CollectorRegistry, port: int, address: str = "127.0.0.1") -> Iterator[int]:
    """Answer at `/metrics`, on this port or, for 0, on a free one, which is given.

    Raises:
        LinekeeperError: the port is taken.
    """
    try:
        server, thread = start_http_server(port, addr=address, registry=registry)
    except OSError as problem:
        where = f"LINEKEEPER_METRICS_PORT: {address}:{port}"
        raise LinekeeperError(f"{where} cannot be listened on: {problem.strerror}.") from None
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
