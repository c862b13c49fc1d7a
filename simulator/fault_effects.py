"""What the faults do to a request and to its answer, as far as the answer is still a value and no bytes."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from simulator.exchange import GraphAnswer, GraphError, GraphRequest, denied
from simulator.faults import (
    DeniedFault,
    Fault,
    ForeignNextLinkFault,
    LostAnswerFault,
    QuotaFault,
    StatusFault,
)
from simulator.subscription_rules import quota_reached

# Times that say when something happened; those that lie ahead are set by people and purchases, not by a clock.
_HAPPENED = re.compile(r"(created|deleted|modified|assigned|lastUpdated)DateTime|date", re.IGNORECASE)
_FAILURE_CODES = {
    401: "InvalidAuthenticationToken",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


def failure(status: int, retry_after: str | None = None) -> GraphError:
    """The failure of a whole service, with the code that Graph gives to its status."""
    if status == 403:  # noqa: PLR2004 - an HTTP status
        return denied()
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    code = _FAILURE_CODES.get(status, "UnknownError")
    return GraphError(status, code, f"The simulated service answers {status} for now.", headers)


def http_date(moment: datetime) -> str:
    """A time as HTTP's headers have it, rounded up to whole seconds."""
    rounded = moment.replace(microsecond=0) + timedelta(seconds=math.ceil(moment.microsecond / 1_000_000))
    return format_datetime(rounded, usegmt=True)


def refuse(fault: Fault | None, now: datetime) -> None:
    """Raise what stands in the place of an answer: a request that meets such a fault is not carried out.

    Args:
        fault: What the request met.
        now: What the server's clock says.

    Raises:
        GraphError: The fault is an error status, a missing permission or a quota.
    """
    match fault:
        case StatusFault(status=status, retry_after=None):
            raise failure(status)
        case StatusFault(status=status, retry_after=int(seconds), retry_after_as="date"):
            raise failure(status, http_date(now + timedelta(seconds=seconds)))
        case StatusFault(status=status, retry_after=seconds):
            raise failure(status, str(seconds))
        case DeniedFault():
            raise denied()
        case QuotaFault():
            raise quota_reached()


def spoilt(fault: Fault | None, request: GraphRequest, answer: GraphAnswer) -> GraphAnswer:
    """The answer to a request that was carried out, as the fault leaves it.

    Raises:
        GraphError: The fault loses the answer.
    """
    match fault:
        case LostAnswerFault(status=status):
            raise failure(status)
        case ForeignNextLinkFault(host=host) if answer.body is not None and "value" in answer.body:
            kept = {name: value for name, value in answer.body.items() if name != "@odata.deltaLink"}
            link = request.next_link("elsewhere").partition("://")[2].partition("/")[2]
            return replace(answer, body=kept | {"@odata.nextLink": f"{host}/{link}"})
    return answer


def skewed(body: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """A body whose times of what happened were taken from a clock that is wrong by so many seconds."""
    moved: dict[str, Any] = _moved(body, timedelta(seconds=seconds))
    return moved


def _moved(value: Any, by: timedelta, name: str = "") -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return {key: _moved(inner, by, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_moved(inner, by) for inner in value]
    if isinstance(value, str) and _HAPPENED.fullmatch(name):
        return (datetime.fromisoformat(value) + by).isoformat().replace("+00:00", "Z")
    return value
