"""What an answer of Graph means: its JSON as a shape, its status as an outcome of a read.

Texts of errors name statuses and codes, never Graph's messages, which may hold personal data.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec

from shared.graph.wire import WireError
from shared.model.errors import DeltaExpired, Denied, NotThere, SourceError, Throttled

Shape = TypeVar("Shape")

OK = 200
CREATED = 201
NO_CONTENT = 204
BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
GONE = 410
TOO_MANY_REQUESTS = 429
SERVICE_UNAVAILABLE = 503
GATEWAY_TIMEOUT = 504

DELTA_EXPIRED_CODES = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
DEFAULT_RETRY_AFTER = 30.0
COME_BACK = frozenset({TOO_MANY_REQUESTS, SERVICE_UNAVAILABLE, GATEWAY_TIMEOUT})
"""Statuses whose Retry-After is honoured."""


def decode(content: bytes, shape: type[Shape]) -> Shape:
    """Decode JSON into a shape.

    Raises:
        SourceError: it is no JSON, or has another shape; says where, never what.
    """
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        place = str(problem).rpartition(" - at ")[2] if " - at " in str(problem) else "its start"
        raise SourceError(f"Microsoft Graph answered something unexpected, at {place}.") from None


def error_from(response: httpx.Response) -> SourceError:
    """What an error answer means."""
    return error_of(response.status_code, response.content, retry_after(response.headers))


def error_of(status: int, content: bytes, seconds: float | None = None) -> SourceError:
    """What an error status with its body means; `seconds` is its Retry-After, if it has one."""
    code = _code(content)
    named = f"{status}, {code}" if code else str(status)
    if status == GONE or code.casefold() in DELTA_EXPIRED_CODES:
        return DeltaExpired(f"Microsoft Graph no longer knows the delta link ({named}).")
    if status == UNAUTHORIZED:
        return Denied(f"Microsoft Graph did not accept the identity ({named}).", forbidden=False)
    if status == FORBIDDEN:
        return Denied(f"Microsoft Graph refused the read ({named}).", forbidden=True)
    if status == NOT_FOUND:
        return NotThere(f"Microsoft Graph has no such thing ({named}).")
    if status == TOO_MANY_REQUESTS:
        return Throttled(f"Microsoft Graph is throttling ({named}).", seconds or DEFAULT_RETRY_AFTER)
    if status in COME_BACK and seconds:
        return Throttled(f"Microsoft Graph asks to come back later ({named}).", seconds)
    return SourceError(f"Microsoft Graph answered {named}.")


def retry_after(headers: httpx.Headers) -> float | None:
    """The seconds that an answer asks to wait; a date is measured against the answer's own clock, not against ours."""
    return seconds_of(headers.get("Retry-After", ""), headers.get("Date", ""))


def seconds_of(text: str, sent_at: str = "") -> float | None:
    """A Retry-After in seconds: a whole number, or a date seen from `sent_at`; None for anything else."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    until = _date(text)
    if until is None:
        return None
    return max(0.0, (until - (_date(sent_at) or datetime.now(UTC))).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _code(content: bytes) -> str:
    try:
        error = msgspec.json.decode(content, type=WireError).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return (error.code or "") if error is not None else ""
