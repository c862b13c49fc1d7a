"""The validation of a notification URL.

Imitates "Receive change notifications through webhooks", section "notificationUrl validation".
"""

import asyncio
import secrets
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from simulator.exchange import GraphError

_SECONDS = 10.0


async def shake_hands(client: aiohttp.ClientSession, name: str, url: str) -> None:
    """Send a token that a careless decoder would break, and expect it back unchanged.

    Args:
        client: What to send it with.
        name: The property that has the URL, for the refusal.
        url: The URL.

    Raises:
        GraphError: 400: the answer is not the token.
    """
    token = f"Validation: Testing client+application 100% reachability / {secrets.token_urlsafe(12)} =&?"
    separator = "&" if urlsplit(url).query else "?"
    target = URL(f"{url}{separator}validationToken={quote(token, safe='')}", encoded=True)
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        async with (
            asyncio.timeout(_SECONDS),
            client.post(target, headers=headers, allow_redirects=False) as answer,
        ):
            body = await answer.text()
            problem = _problem(answer.status, answer.content_type, echoed=body == token)
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
        problem = f"no usable answer came ({type(error).__name__})"
    if problem:
        raise GraphError(400, "ValidationError", f"Subscription validation request failed for {name}: {problem}.")


def _problem(status: int, content_type: str, *, echoed: bool) -> str:
    if status != 200:  # noqa: PLR2004 - the one status that the handshake accepts
        return f"the answer has the status {status}, not 200"
    if content_type != "text/plain":
        return f"the answer's content type is {content_type}, not text/plain"
    return "" if echoed else "the answer's body is not the decoded validation token"
