"""The Workflows webhook of a Teams channel ("When a Teams webhook request is received")."""

from __future__ import annotations

import hashlib
import logging

import httpx

from shared.delivery.card import envelope
from shared.delivery.sender import Delayed, Delivered, Refused, Result
from shared.model.alert import Message
from shared.settings import Secret

TIMEOUT_SECONDS = 20.0
OK_CODES = range(200, 300)
TOO_MANY_REQUESTS = 429
SERVER_ERRORS = 500
REQUEST_TIMEOUT = 408


class WorkflowsWebhook:
    """Posts cards. The URL is the credential: it is shown nowhere, a short hash tells webhooks apart."""

    def __init__(self, url: Secret, client: httpx.AsyncClient | None = None) -> None:
        # The HTTP library writes whole URLs to its log, and this one is a secret.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._url = url
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        self.name = hashlib.sha256(url.reveal().encode()).hexdigest()[:8]

    async def send(self, message: Message, receipt: str = "") -> Result:  # noqa: ARG002 - cannot be updated
        """Post a message as a card. 2xx means accepted: whether it was shown, nobody says on this route."""
        try:
            response = await self._client.post(
                self._url.reveal(), content=envelope(message), headers={"Content-Type": "application/json"}
            )
        except httpx.InvalidURL:
            return Refused("the webhook's URL is no URL")
        except httpx.HTTPError as problem:
            return Delayed(f"the webhook cannot be reached ({type(problem).__name__})")
        status = response.status_code
        if status in OK_CODES:
            return Delivered()
        if status in {TOO_MANY_REQUESTS, REQUEST_TIMEOUT} or status >= SERVER_ERRORS:
            return Delayed(f"the webhook answered {status}", _seconds(response.headers.get("Retry-After", "")))
        return Refused(f"the webhook answered {status}")

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isdecimal() else None
