"""One request to Graph: msgraph-sdk signs it, builds its URL and retries it; its bytes are decoded here.

The SDK's own models cost milliseconds an object, so every request asks for the native response and its JSON is decoded
by msgspec. With native responses the SDK raises nothing for an error status: this module does.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
from azure.core.exceptions import AzureError
from kiota_abstractions.api_error import APIError
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware.options import ResponseHandlerOption, RetryHandlerOption
from kiota_http.observability_options import ObservabilityOptions
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory

from shared.graph.credential import Credential
from shared.graph.wire import WireError
from shared.model.errors import DeltaExpired, Denied, SourceError, Throttled

Shape = TypeVar("Shape")

TIMEOUT_SECONDS = 30.0
RETRIES = 2
DELTA_EXPIRED_CODES = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})

OK = 200
CREATED = 201
NO_CONTENT = 204
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
GONE = 410
TOO_MANY_REQUESTS = 429
DEFAULT_RETRY_AFTER = 30.0


class Request(Protocol):
    """A request as the SDK's builders make it, before it is sent."""

    def add_request_options(self, options: list[Any]) -> None:
        """Attach options for the middleware."""


class GraphTransport:
    """The SDK's client and what it needs, for one tenant. Close it, or use it as a context manager."""

    def __init__(self, graph_url: str, credential: Credential) -> None:
        host = urlsplit(graph_url).hostname or ""
        root = urlsplit(graph_url)
        # Without a list of hosts the SDK would hand the token to any host that a link names.
        authentication = AzureIdentityAuthenticationProvider(
            credential, scopes=[f"{root.scheme}://{host}/.default"], allowed_hosts=[host]
        )
        http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        # The SDK puts its own around the client's transports, which do not close what they are put around.
        self._transports = [http._transport, *filter(None, http._mounts.values())]  # noqa: SLF001
        self._http = GraphClientFactory.create_with_default_middleware(
            client=http,
            options={RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=RETRIES)},
        )
        self._adapter = GraphRequestAdapter(authentication, client=self._http)
        self._adapter.base_url = graph_url  # before the client is built, which copies it
        self._adapter.observability_options = ObservabilityOptions(include_euii_attributes=False)
        self._credential = credential
        self.url = graph_url
        self.client = GraphServiceClient(request_adapter=self._adapter)

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.aclose()
        for transport in self._transports:
            await transport.aclose()
        await self._credential.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def fetch(self, request: Request, shape: type[Shape]) -> Shape:
        """Send a request and decode its JSON answer.

        Raises:
            SourceError: Graph cannot be reached, refuses, or answers something else than the shape.
        """
        response = await self.send(request)
        if response.status_code not in {OK, CREATED}:
            raise error_from(response)
        return decode(response.content, shape)

    async def send(self, request: Request) -> httpx.Response:
        """Send a request and give back whatever Graph answers.

        Raises:
            SourceError: there is no answer, or no identity to ask with.
        """
        request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        try:
            response = await self._adapter.send_primitive_async(request, "bytes", None)
        except httpx.HTTPError as problem:
            raise SourceError(f"Microsoft Graph cannot be reached ({type(problem).__name__}).") from problem
        except AzureError as problem:
            raise Denied(f"no token for Microsoft Graph could be had ({type(problem).__name__}).") from problem
        except APIError as problem:
            raise SourceError(f"Microsoft Graph did not answer ({type(problem).__name__}).") from problem
        if not isinstance(response, httpx.Response):
            raise SourceError("Microsoft Graph gave no answer.")
        return response

    def follow(self, link: str) -> Request:
        """A GET of a link that Graph gave out.

        Raises:
            SourceError: the link leads away from the Graph that it came from.
        """
        if not _same_origin(self.url, link):
            raise SourceError("Microsoft Graph gave a link to another host, which is not followed.")
        return self.request(Method.GET, link)

    def request(self, method: Method, url: str, body: object = None) -> Request:
        """A request to a whole URL, with a JSON body if one is given."""
        request = RequestInformation(method)
        request.url = url
        request.headers.try_add("Accept", "application/json")
        if body is not None:
            request.set_stream_content(msgspec.json.encode(body), "application/json")
        return request  # type: ignore[no-any-return]  # the SDK's types are not read


def _same_origin(mine: str, theirs: str) -> bool:
    try:
        own, other = urlsplit(mine), urlsplit(theirs)
    except ValueError:
        return False
    return (own.scheme, own.netloc) == (other.scheme, other.netloc)


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
    """What an error answer means, without its message, which may hold personal data."""
    return error_of(response.status_code, response.content, response.headers.get("Retry-After", ""))


def error_of(status: int, content: bytes, retry_after: str = "") -> SourceError:
    """What an error status with its body means."""
    code = _code(content)
    named = f"{status}, {code}" if code else str(status)
    if status == GONE or code.casefold() in DELTA_EXPIRED_CODES:
        return DeltaExpired(f"Microsoft Graph no longer knows the delta link ({named}).")
    if status in {UNAUTHORIZED, FORBIDDEN}:
        return Denied(f"Microsoft Graph refused the read ({named}).")
    if status == TOO_MANY_REQUESTS:
        return Throttled(f"Microsoft Graph is throttling ({named}).", _seconds(retry_after))
    return SourceError(f"Microsoft Graph answered {named}.")


def _code(content: bytes) -> str:
    try:
        error = msgspec.json.decode(content, type=WireError).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return (error.code or "") if error is not None else ""


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isdecimal() else DEFAULT_RETRY_AFTER
