"""A request to somebody else's server, as a span and as a duration, by OpenTelemetry's conventions for HTTP clients.

Nothing of a URL is told but its host and, of Graph's, which kind of thing was asked for: paths and queries hold ids,
names and secrets (opentelemetry.io, "Semantic conventions for HTTP spans": `http.request.method`, `server.address`,
`url.template`, `http.response.status_code`, `error.type`, `http.request.resend_count`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind, Status, StatusCode

from shared.telemetry.telemetry import Telemetry

PORTS = {"http": 80, "https": 443}
_FAILED = 400
_FIXED = re.compile(r"[A-Za-z$][A-Za-z$._()]{0,63}|v1\.0")


class Exchange:
    """What came of a request; `status` is set by whoever makes it."""

    def __init__(self) -> None:
        self.status: int | None = None


@contextmanager
def exchange(
    telemetry: Telemetry | None, method: str, url: str, *, template: str = "", resent: int = 0
) -> Iterator[Exchange]:
    """Around one request, and no more than one.

    Args:
        telemetry: who is told; nobody for None.
        method: of the request.
        url: where it goes; its host alone is told.
        template: what kind of thing is asked for, as `template_of` says it.
        resent: which repetition of a request it is.
    """
    made = Exchange()
    if telemetry is None:
        yield made
        return
    address, port = _server(url)
    known: dict[str, str | int] = {"http.request.method": method, "server.address": address, "server.port": port}
    begun = time.perf_counter()
    failed = ""
    with telemetry.span(f"{method} {template}".rstrip(), kind=SpanKind.CLIENT, attributes=known) as span:
        if template:
            span.set_attribute("url.template", template)
        if resent:
            span.set_attribute("http.request.resend_count", resent)
        try:
            yield made
        except BaseException as problem:
            failed = type(problem).__name__
            raise
        finally:
            if made.status is not None:
                known["http.response.status_code"] = made.status
                span.set_attribute("http.response.status_code", made.status)
                failed = failed or (str(made.status) if made.status >= _FAILED else "")
            if failed:
                known["error.type"] = failed
                span.set_attribute("error.type", failed)
                span.set_status(Status(StatusCode.ERROR))
            telemetry.record("http.client.request.duration", time.perf_counter() - begun, known)


def template_of(url: str) -> str:
    """A URL's path with whatever may name somebody replaced, and without its query."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return "/".join(each if not each or _FIXED.fullmatch(each) else "{id}" for each in path.split("/"))


def _server(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", 0
