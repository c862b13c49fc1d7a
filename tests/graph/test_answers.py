"""What an answer of Graph means, whatever it was an answer to."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from shared.graph.answers import error_from, error_of, retry_after, seconds_of
from shared.model.errors import DeltaExpired, Denied, NotThere, SourceError, Throttled

MESSAGE = "Insufficient privileges of Adele Archer, adele.archer@contoso.example."
NOON = "Fri, 20 Nov 2026 12:00:00 GMT"


def error(code: str) -> bytes:
    return msgspec.json.encode({"error": {"code": code, "message": MESSAGE}})


@pytest.mark.parametrize(("status", "forbidden"), [(401, False), (403, True)])
def test_a_refusal_is_denied_and_only_403_is_the_lack_of_a_permission(status: int, forbidden: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    denied = error_of(status, error("Authorization_RequestDenied"))
    assert isinstance(denied, Denied)
    assert denied.forbidden is forbidden
    assert f"({status}, Authorization_RequestDenied)" in str(denied)


def test_what_graph_does_not_have_is_not_there() -> None:
    missing = error_of(404, error("Request_ResourceNotFound"))
    assert type(missing) is NotThere
    assert str(missing) == "Microsoft Graph has no such thing (404, Request_ResourceNotFound)."


@pytest.mark.parametrize(
    ("status", "code"),
    [(410, "anything"), (410, ""), (400, "syncStateNotFound"), (404, "SyncStateInvalid"), (400, "resyncRequired")],
)
def test_a_delta_link_that_is_no_longer_known_has_expired(status: int, code: str) -> None:
    assert type(error_of(status, error(code))) is DeltaExpired


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("7", 7.0), (" 7 ", 7.0), ("0", 0.0), ("", None), ("soon", None), ("1.5", None), ("-1", None), ("\u0667", None)],
)
def test_a_retry_after_is_a_whole_number_of_seconds(asked: str, seconds: float | None) -> None:
    assert seconds_of(asked) == seconds


@pytest.mark.parametrize(
    ("until", "sent", "seconds"),
    [
        ("Fri, 20 Nov 2026 12:02:00 GMT", NOON, 120.0),
        ("Fri, 20 Nov 2026 13:02:00 +0100", NOON, 120.0),
        ("Fri, 20 Nov 2026 12:02:00 -0000", NOON, 120.0),
        ("Fri, 20 Nov 2026 11:58:00 GMT", NOON, 0.0),
        ("Sat, 20 Nov 1999 12:00:09 GMT", "Sat, 20 Nov 1999 12:00:00 GMT", 9.0),
        ("Thu, 20 Nov 2087 12:00:09 GMT", "Thu, 20 Nov 2087 12:00:00 GMT", 9.0),
        ("Sat, 20 Nov 1999 12:00:09 GMT", "", 0.0),
        ("Sat, 20 Nov 1999 12:00:09 GMT", "nonsense", 0.0),
    ],
)
def test_a_retry_after_that_is_a_date_is_measured_against_the_answers_own_clock(
    until: str, sent: str, seconds: float
) -> None:
    headers = httpx.Headers({"Retry-After": until} | ({"Date": sent} if sent else {}))
    assert retry_after(headers) == seconds


def test_an_answer_without_a_retry_after_names_no_seconds() -> None:
    assert retry_after(httpx.Headers({"Date": NOON})) is None


@pytest.mark.parametrize(("asked", "seconds"), [("7", 7.0), ("", 30.0), ("soon", 30.0), ("1.5", 30.0), ("0", 30.0)])
def test_throttling_says_after_how_many_seconds_to_come_back(asked: str, seconds: float) -> None:
    response = httpx.Response(429, content=error("TooManyRequests"), headers={"Retry-After": asked})
    throttled = error_from(response)
    assert isinstance(throttled, Throttled)
    assert throttled.retry_after == seconds
    assert str(throttled) == "Microsoft Graph is throttling (429, TooManyRequests)."


@pytest.mark.parametrize("status", [503, 504])
def test_an_outage_that_names_a_time_asks_to_come_back_then(status: int) -> None:
    throttled = error_of(status, error("ServiceUnavailable"), 90.0)
    assert isinstance(throttled, Throttled)
    assert throttled.retry_after == 90


@pytest.mark.parametrize("status", [400, 409, 500, 502, 503, 504])
def test_any_other_error_names_its_status_and_code_and_not_its_message(status: int) -> None:
    problem = error_of(status, error("UnknownError"))
    assert type(problem) is SourceError
    assert str(problem) == f"Microsoft Graph answered {status}, UnknownError."


@pytest.mark.parametrize("status", [500, 502])
def test_a_time_beside_an_error_that_has_none_is_not_honoured(status: int) -> None:
    assert type(error_of(status, error("UnknownError"), 90.0)) is SourceError


@pytest.mark.parametrize("body", [b"", b"<html>Adele Archer</html>", b"[]", b'{"error": "no"}', b'{"error": null}'])
def test_an_error_without_a_code_names_its_status_alone(body: bytes) -> None:
    assert str(error_of(502, body)) == "Microsoft Graph answered 502."


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 503])
def test_no_text_of_an_error_holds_what_graph_said_of_a_person(status: int) -> None:
    assert "Adele" not in str(error_of(status, error("Code"), 7.0))
