"""One request to a channel, and what its answer means: whether it took the message, will take it later, or never.

Sources: RFC 9110, 10.2.3 (Retry-After: seconds, or a date); Microsoft Learn, "Create incoming webhooks" (a webhook may
answer 200 with "HTTP error 429" in its body).
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import logging
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, Self

import httpx
import msgspec

from shared.delivery.sender import Delayed, Refused
from shared.telemetry.exchange import exchange
from shared.telemetry.telemetry import Telemetry

TIMEOUT_SECONDS = 20.0
LONGEST_EXCHANGE = 45.0
"""Seconds that one message may take with all of the answers: less than an instance has for posting it."""

LONGEST_WAIT = 86_400.0
"""Seconds beyond which no channel puts us off."""

LARGEST_ANSWER = 64 * 1024
OK = range(200, 300)
DEAD_URL: Mapping[int, str] = {
    401: "its URL is dead: it is not signed as it must be, or was made anew",
    403: "its URL is dead: posting there is no longer allowed",
    404: "its URL is dead: nothing is there any more",
    410: "its URL is dead: it was taken away",
}
"""What refusals of a URL mean that is the credential itself."""

SHUT_OUT: Mapping[int, str] = {
    401: "what the URL says of who we are is not accepted",
    403: "we may not post there",
    404: DEAD_URL[404],
    410: DEAD_URL[410],
}
"""What they mean elsewhere."""

_AS_IT_IS = {"Accept-Encoding": "identity"}

_TOO_LARGE = "the message is too large"
_LATER = frozenset({408, 425, 429})
_TOO_MANY = 429
_SERVER_ERRORS = 500
_MEANINGS: Mapping[int, str] = {413: _TOO_LARGE}
Trouble = Literal["auth", "rate_limited", "payload_too_large", "timeout", "server", "network", "rejected"]
"""Why a post failed, as metrics tell it: a result's reason is for people."""

_TROUBLES: Mapping[int, Trouble] = {
    **dict.fromkeys(DEAD_URL, "auth"),
    408: "timeout",
    413: "payload_too_large",
    425: "rate_limited",
    _TOO_MANY: "rate_limited",
}

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def short_hash(*texts: str) -> str:
    """What tells channels apart in logs and gives nothing away."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


class Answer(msgspec.Struct, frozen=True):
    """A channel's answer: its status, the beginning of its body, and how many seconds it asks us to wait."""

    status: int
    body: bytes = b""
    retry_after: float | None = None


class Watch(msgspec.Struct, frozen=True):
    """Who is told of the requests that are made, and for which receiver; "" is for none, where they only sign in."""

    telemetry: Telemetry
    receiver: str = ""


class Poster:
    """Makes requests to one channel, each within `longest` seconds. `who` names it in reasons; its URL is not shown."""

    def __init__(
        self,
        who: str,
        client: httpx.AsyncClient | None,
        clock: Clock,
        *,
        longest: float = LONGEST_EXCHANGE,
        watch: Watch | None = None,
    ) -> None:
        # The HTTP library writes whole URLs to its log, and these are secrets.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._who = who
        # Plain http stays on this machine, and so away from any proxy.
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT_SECONDS, mounts={"http://": None})
        self._clock = clock
        self._longest = longest
        self._watch = watch

    async def ask(
        self, method: str, url: str, *, content: bytes, headers: Mapping[str, str]
    ) -> Answer | Delayed | Refused:
        """Make one request; what keeps it from being answered is a result."""
        answer: Answer | None = None
        if self._watch is not None and self._watch.receiver:
            self._watch.telemetry.record(
                "linekeeper.delivery.payload.size", len(content), {"receiver": self._watch.receiver}
            )
        try:
            with exchange(self._watch.telemetry if self._watch is not None else None, method, url) as made:
                async with (
                    asyncio.timeout(self._longest),
                    self._client.stream(method, url, content=content, headers={**headers, **_AS_IT_IS}) as response,
                ):
                    made.status = response.status_code
                    # Known from here on: trouble with the body must not make a message that was taken go out again.
                    answer = Answer(response.status_code, b"", _retry_after(response.headers, self._clock))
                    answer = msgspec.structs.replace(answer, body=await _beginning(response))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
            self._ended("rejected")
            return Refused(f"{self._who}'s URL is no URL")
        except (httpx.HTTPError, TimeoutError) as problem:
            if answer is None:
                self._ended("timeout" if isinstance(problem, httpx.TimeoutException | TimeoutError) else "network")
            return answer or Delayed(f"{self._who} cannot be reached ({type(problem).__name__})")
        return answer

    def verdict(
        self, answer: Answer, *, meanings: Mapping[int, str] | None = None, later: Collection[int] = ()
    ) -> Delayed | Refused | None:
        """What an answer means where it is no success; none where it is.

        Args:
            answer: the answer.
            meanings: what statuses of this channel mean, as the end of a sentence.
            later: statuses with which this channel puts us off, beside the usual ones.
        """
        status, told = answer.status, f"{self._who} answered {answer.status}"
        if status in OK:
            trouble = _trouble(answer.body)
            if trouble is None:
                self._ended(None)
                return None
            status, said = trouble
            told = f"{told}, and its body says {said}"
        if status in _LATER or status in later or status >= _SERVER_ERRORS:
            self._ended(_trouble_of(status))
            return Delayed(told, answer.retry_after)
        meaning = {**_MEANINGS, **(meanings or {})}.get(status)
        self._ended(_trouble_of(status))
        return Refused(f"{told}: {meaning}" if meaning else told)

    def for_sign_in(self) -> Self:
        """The same, for requests that are no posts to the receiver."""
        other = copy.copy(self)
        other._watch = Watch(self._watch.telemetry) if self._watch is not None else None  # noqa: SLF001 - same class
        return other

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    def _ended(self, trouble: Trouble | None) -> None:
        if self._watch is not None and self._watch.receiver:
            failed = {"outcome": "failed", "error.type": trouble} if trouble else {"outcome": "accepted"}
            attributes = {"receiver": self._watch.receiver, **failed}
            self._watch.telemetry.add("linekeeper.delivery.attempts", 1, attributes)


def _trouble_of(status: int) -> Trouble:
    return _TROUBLES.get(status, "server" if status >= _SERVER_ERRORS else "rejected")


async def _beginning(response: httpx.Response) -> bytes:
    # Left as it comes: what was packed unasked may be a thousand times as large as it looks.
    response.headers.pop("Content-Encoding", None)
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= LARGEST_ANSWER:
            break
    return bytes(body[:LARGEST_ANSWER])


def _retry_after(headers: httpx.Headers, clock: Clock) -> float | None:
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return min(float(text), LONGEST_WAIT)
    until = _date(text)
    if until is None:
        return None
    # By the channel's own clock, where it tells the time.
    now = _date(headers.get("Date", "")) or clock()
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


_HTTP_ERROR = re.compile(rb"HTTP error ([45][0-9][0-9])", re.IGNORECASE)
_NOT_DELIVERED = re.compile(rb"delivery failed", re.IGNORECASE)
_THROTTLED = re.compile(r"throttl|too.?many|rate.?limit|429", re.IGNORECASE)
_BAD_REQUEST = 400


def _trouble(body: bytes) -> tuple[int, str] | None:
    """The status that a body speaks of, though the answer's own is a success, and how it says so."""
    match = _HTTP_ERROR.search(body)
    if match is not None:
        return int(match[1]), f"HTTP error {int(match[1])}"
    if _NOT_DELIVERED.search(body):
        return _BAD_REQUEST, "that delivery failed"
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    error = said.get("error") or said.get("errors")
    if not error and said.get("ok") is not False and said.get("success") is not False:
        return None
    code = _code(error)
    status = _TOO_MANY if _THROTTLED.search(code) else _BAD_REQUEST
    return status, f"an error ({code})" if code else "an error"


def _code(error: object) -> str:
    """An error's code, if it has one that is fit for a log: not a sentence, which may repeat what is secret."""
    code = error.get("code") if isinstance(error, dict) else error
    text = str(code) if isinstance(code, str | int) else ""
    return text if re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", text) else ""
