"""One request to Graph: msgraph-sdk signs it, builds its URL and retries it; its bytes are decoded here.

The SDK's own models cost milliseconds an object, so every request asks for the native response and its JSON is decoded
by msgspec. With native responses the SDK raises nothing for an error status: this module does.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
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

from shared.graph.answers import CREATED, OK, TOO_MANY_REQUESTS, decode, error_from, retry_after
from shared.graph.credential import Credential
from shared.model.errors import Denied, SourceError
from shared.telemetry.exchange import exchange, template_of
from shared.telemetry.telemetry import Telemetry

Shape = TypeVar("Shape")
Sleep = Callable[[float], Awaitable[None]]

TIMEOUT_SECONDS = 30.0
ATTEMPTS = 3
PATIENCE_SECONDS = 10.0
"""The longest that one request waits between two attempts: what Graph wants more, a later invocation waits."""

FIRST_PAUSE_SECONDS = 0.5
UNCERTAIN = frozenset({500, 502, 503, 504})
"""Statuses that leave open whether the request was carried out."""


class Request(Protocol):
    """A request as the SDK's builders make it, before it is sent."""

    url: str
    http_method: Method

    def add_request_options(self, options: list[Any]) -> None:
        """Attach options for the middleware."""


LOGIN = 'run "az login", or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET'
"""How to give `DefaultAzureCredential` an identity, away from Azure."""


class GraphTransport:
    """The SDK's client and what it needs, for one tenant. Close it, or use it as a context manager."""

    def __init__(
        self,
        graph_url: str,
        credential: Credential,
        *,
        sleep: Sleep = asyncio.sleep,
        timeout: float = TIMEOUT_SECONDS,
        telemetry: Telemetry | None = None,
    ) -> None:
        host = urlsplit(graph_url).hostname or ""
        root = urlsplit(graph_url)
        # Without a list of hosts the SDK would hand the token to any host that a link names.
        authentication = AzureIdentityAuthenticationProvider(
            credential, scopes=[f"{root.scheme}://{host}/.default"], allowed_hosts=[host]
        )
        http = httpx.AsyncClient(timeout=timeout, follow_redirects=False)
        # The SDK puts its own around the client's transports, which do not close what they are put around.
        self._transports = [http._transport, *filter(None, http._mounts.values())]  # noqa: SLF001
        self._http = GraphClientFactory.create_with_default_middleware(
            client=http,
            # The SDK would sleep up to three minutes inside a function, and repeat a POST that may have been done.
            options={RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0)},
        )
        self._adapter = GraphRequestAdapter(authentication, client=self._http)
        self._adapter.base_url = graph_url  # before the client is built, which copies it
        self._adapter.observability_options = ObservabilityOptions(include_euii_attributes=False)
        self._credential = credential
        self._sleep = sleep
        self._telemetry = telemetry
        self.url = graph_url
        self.client = GraphServiceClient(request_adapter=self._adapter)
        # The adapter would say it with the first request that it sends: until then a request's URL had no beginning.
        self.client.path_parameters["baseurl"] = graph_url

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
        """Send a request that only reads, and decode its JSON answer.

        Raises:
            SourceError: Graph cannot be reached, refuses, or answers something else than the shape.
        """
        response = await self.send(request)
        if response.status_code not in {OK, CREATED}:
            raise error_from(response)
        return decode(response.content, shape)

    async def send(self, request: Request, *, repeatable: bool = True) -> httpx.Response:
        """Send a request, again where that may help and is not asked to wait long, and give back the last answer.

        Args:
            request: what to ask.
            repeatable: whether it may be sent again when nobody knows whether it was carried out.

        Raises:
            SourceError: there is no answer, or no identity to ask with.
        """
        request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        for attempt in range(1, ATTEMPTS):
            try:
                response = await self._send_once(request, attempt - 1)
            except Unreachable:
                if not repeatable:
                    raise
                await self._sleep(backoff(attempt))
                continue
            pause = pause_before_retry(response, attempt, repeatable=repeatable)
            if pause is None:
                return response
            await self._sleep(pause)
        return await self._send_once(request, ATTEMPTS - 1)

    async def _send_once(self, request: Request, resent: int) -> httpx.Response:
        url = request.url
        with exchange(
            self._telemetry, request.http_method.value, url, template=template_of(url), resent=resent
        ) as made:
            response = await self._answer_to(request)
            made.status = response.status_code
            return response

    async def _answer_to(self, request: Request) -> httpx.Response:
        try:
            response = await self._adapter.send_primitive_async(request, "bytes", None)
        except httpx.HTTPError as problem:
            raise Unreachable(f"Microsoft Graph cannot be reached ({type(problem).__name__}).") from problem
        except AzureError as problem:
            name = type(problem).__name__
            raise Denied(f"no token for Microsoft Graph could be had ({name}): {LOGIN}.", forbidden=False) from problem
        except APIError as problem:
            raise SourceError(f"Microsoft Graph did not answer ({type(problem).__name__}).") from problem
        if not isinstance(response, httpx.Response):
            raise SourceError("Microsoft Graph gave no answer.")
        return response

    async def wait(self, seconds: float) -> None:
        """Wait, as Graph asked for inside a batch."""
        await self._sleep(seconds)

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


class Unreachable(SourceError):  # noqa: N818 - what Graph is
    """There is no connection, or it broke before the answer was whole."""


def pause_before_retry(response: httpx.Response, attempt: int, *, repeatable: bool) -> float | None:
    """Seconds to wait before sending the same request again; None where that is not to be done."""
    status = response.status_code
    if status != TOO_MANY_REQUESTS and not (status in UNCERTAIN and repeatable):
        return None
    asked = retry_after(response.headers)
    pause = asked if asked is not None else backoff(attempt)
    return pause if pause <= PATIENCE_SECONDS else None


def backoff(attempt: int) -> float:
    """Seconds before attempt number `attempt` + 1, drawn so that many do not come back at once."""
    doublings: int = 2 ** (attempt - 1)
    return FIRST_PAUSE_SECONDS * doublings * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
