"""One request to the simulated Graph and its answer, apart from any web server.

A request inside a ``$batch`` takes the same way as one that came alone, so both are these plain values.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from simulator.faults import Damage

Shape = TypeVar("Shape")


class GraphError(Exception):
    """An answer that is an error, with the code and message that Graph's error body carries."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def bad_request(message: str) -> GraphError:
    """The 400 that Graph answers to a query it does not support."""
    return GraphError(400, "Request_BadRequest", message)


def denied() -> GraphError:
    """The 403 for a permission that the application does not have."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def not_found(what: str) -> GraphError:
    """The 404 for a directory object that does not exist."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{what}' does not exist or one of its queried reference-property objects are not present.",
    )


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """A status, a JSON body (None for no body), headers, and what happens to the bytes on their way."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    damage: Damage | None = None


def error_answer(error: GraphError, request_id: str, now: datetime) -> GraphAnswer:
    """An error as "Microsoft Graph error responses and resource types" shapes it."""
    inner = {"date": now.strftime("%Y-%m-%dT%H:%M:%S"), "request-id": request_id}
    body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    return GraphAnswer(error.status, body, error.headers)


def new_request_id() -> str:
    """A fresh value for the ``request-id`` header."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """A request below the version segment.

    Attributes:
        method: The HTTP method.
        path: The path below the root, decoded, without slashes at its ends.
        query: Query options with lower-case names that begin with ``$``.
        headers: Headers with lower-case names.
        body: The raw body.
        root: The absolute root that links in the answer begin with.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    root: str

    @property
    def resumed(self) -> bool:
        """Whether the request goes on from a token that an earlier answer gave."""
        token = self.query.get("$skiptoken") or self.query.get("$deltatoken", "")
        return token.lower() not in {"", "latest"}

    def allow(self, *options: str) -> None:
        """Refuse any query option that is not named here, as Graph refuses what a resource does not support."""
        for name in self.query:
            if name not in options:
                raise bad_request(f"The query option '{name}' is not supported for this resource.")

    def selected(self, known: Sequence[str]) -> tuple[str, ...]:
        """The properties named by ``$select``, in its order; empty without one."""
        names = tuple(name.strip() for name in self.query.get("$select", "").split(",") if name.strip())
        for name in names:
            if name not in known:
                raise bad_request(f"Parsing OData Select and Expand failed: Could not find a property named '{name}'.")
        return names

    def link(self, path: str, **options: str) -> str:
        """An absolute URL under the request's own root; an option named ``skiptoken`` becomes ``$skiptoken``."""
        named = {f"${name}": value for name, value in options.items()}
        return f"{self.root}/{path}?{urlencode(named, quote_via=quote, safe='$(),/:')}"

    def next_link(self, skiptoken: str) -> str:
        """The link to the next page: this request again, with a token."""
        options = {name.removeprefix("$"): value for name, value in self.query.items() if name != "$skiptoken"}
        return self.link(self.path, **options, skiptoken=skiptoken)

    def decoded(self, shape: type[Shape]) -> Shape:
        """The body decoded as a shape, or a 400."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except msgspec.DecodeError as error:
            raise bad_request(f"Unable to read JSON request payload: {error}.") from error


def query_options(raw: str) -> dict[str, str]:
    """A query string's options; Graph takes their names in any letter case, and with or without the dollar sign."""
    return {f"${name.lower().removeprefix('$')}": value for name, value in parse_qsl(raw, keep_blank_values=True)}
