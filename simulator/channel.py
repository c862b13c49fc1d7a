"""A Teams channel that cards reach through a webhook, and the page that shows it.

Imitates the template "Send webhook alerts to a channel" of the Workflows app, as "Create incoming webhooks with
Workflows for Microsoft Teams" describes it, with one deliberate difference: a real flow answers 202 before it looks at
the card and then fails where nobody sees it, whereas this one looks first and says what is wrong.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

CARD_TYPE = "application/vnd.microsoft.card.adaptive"

_LARGEST_MESSAGE = 28 * 1024
_NEWEST_VERSION = (1, 5)
_STATIC = Path(__file__).parent / "static"
_RENDERER = Path(__file__).parent / "node_modules" / "adaptivecards" / "dist" / "adaptivecards.min.js"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Json = dict[str, Any]


class CardError(ValueError):
    """A message that the workflow could not post, with a sentence that says why."""


@dataclass(frozen=True, slots=True)
class PostedCard:
    """A card in the channel, its place there and the time of its arrival."""

    index: int
    arrived: datetime
    card: Json

    @property
    def text(self) -> str:
        """All that the card says, one string a line, to look for words in."""
        return "\n".join(_strings(self.card))


class SimulatedChannel:
    """A channel and its webhook.

    Attributes:
        cards: The cards that were posted, oldest first.
        answers: The status of every webhook call so far.
        refuse_with: A status that every call is answered with, or None.
        retry_after: Seconds that a refusal names in ``Retry-After``, or None for no such header.
        team: The team's name on the page.
        name: The channel's name on the page.
    """

    def __init__(self, *, team: str = "Contoso", name: str = "Telephony operations") -> None:
        self.cards: list[PostedCard] = []
        self.answers: list[int] = []
        self.refuse_with: int | None = None
        self.retry_after: int | None = None
        self.team = team
        self.name = name
        self._workflow = secrets.token_hex(16)
        self._signature = secrets.token_urlsafe(32)
        self._arrival = asyncio.Condition()

    @property
    def webhook_path(self) -> str:
        """The webhook's path and query; whoever knows it may post."""
        return (
            f"/workflows/{self._workflow}/triggers/manual/paths/invoke"
            f"?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={self._signature}"
        )

    def install(self, application: web.Application) -> None:
        """Add the webhook and the page to a web application."""
        router = application.router
        router.add_post("/workflows/{workflow}/triggers/manual/paths/invoke", self._receive)
        router.add_get("/channel", self._page)
        router.add_get("/channel/cards.json", self._list)
        router.add_get("/channel/adaptivecards.min.js", self._renderer)
        router.add_get("/channel/{name}", self._static)

    async def wait_for(
        self,
        predicate: Callable[[PostedCard], bool],
        timeout: float = 5.0,  # noqa: ASYNC109 - a bound for tests, not a cancel scope
        *,
        after: int = 0,
    ) -> PostedCard:
        """The first card that matches, among those posted already and those to come.

        Args:
            predicate: What to look for.
            timeout: Seconds after which ``TimeoutError`` is raised.
            after: How many of the oldest cards to leave out: ``len(channel.cards)`` waits for a new one.
        """
        async with asyncio.timeout(timeout), self._arrival:
            looked_at = after
            while True:
                for posted in self.cards[looked_at:]:
                    if predicate(posted):
                        return posted
                looked_at = max(after, len(self.cards))
                await self._arrival.wait()

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        status, message, cards = self._judge(request, body)
        self.answers.append(status)
        if cards:
            async with self._arrival:
                for card in cards:
                    self.cards.append(PostedCard(len(self.cards), datetime.now(UTC), card))
                self._arrival.notify_all()
        if not message:
            return web.Response(status=status)
        headers = {"Retry-After": str(self.retry_after)} if status == self.refuse_with and self.retry_after else {}
        error = {"error": {"code": "TriggerInputSchemaMismatch" if status == 400 else str(status), "message": message}}  # noqa: PLR2004 - an HTTP status
        return web.json_response(error, status=status, headers=headers)

    def _judge(self, request: web.Request, body: bytes) -> tuple[int, str, list[Json]]:
        workflow, signature = request.match_info["workflow"], request.query.get("sig", "")
        if not (
            secrets.compare_digest(workflow.encode(), self._workflow.encode())
            and secrets.compare_digest(signature.encode(), self._signature.encode())
        ):
            return 401, "The URL's signature does not fit this workflow.", []
        if self.refuse_with is not None:
            return self.refuse_with, f"The simulated channel answers {self.refuse_with} for now.", []
        if len(body) > _LARGEST_MESSAGE:
            return 413, f"Request Entity too large: {len(body)} of {_LARGEST_MESSAGE} bytes.", []
        if request.content_type != "application/json":
            return 400, f"The content type is {request.content_type}, not application/json.", []
        try:
            return 202, "", list(cards_in(json.loads(body)))
        except RecursionError:
            return 400, "The message is nested too deeply.", []
        except ValueError as error:
            return 400, str(error), []

    async def _list(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        cards = self.cards[int(after) :] if after.isdecimal() else self.cards
        listed = [{"index": c.index, "arrived": c.arrived.isoformat(), "card": c.card} for c in cards]
        return web.json_response(
            {"team": self.team, "channel": self.name, "cards": listed}, headers={"Cache-Control": "no-store"}
        )

    async def _page(self, _: web.Request) -> web.FileResponse:
        headers = {
            "Content-Security-Policy": _PAGE_POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        }
        return web.FileResponse(_STATIC / "channel.html", headers=headers)

    async def _static(self, request: web.Request) -> web.FileResponse:
        name = request.match_info["name"]
        if name not in {"channel.css", "channel.js", "host-config.js"}:
            raise web.HTTPNotFound
        return web.FileResponse(_STATIC / name, headers={"Cache-Control": "no-store"})

    async def _renderer(self, _: web.Request) -> web.FileResponse:
        # Without it the page writes cards as plain text.
        if not _RENDERER.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(_RENDERER)


def cards_in(message: object) -> Iterator[Json]:
    """The cards of a webhook message.

    Raises:
        CardError: The message is not the one shape that the workflow can post.
    """
    if not isinstance(message, dict):
        raise CardError("The message is not a JSON object.")
    if "@type" in message or "@context" in message:
        raise CardError("A MessageCard is the format of the retired connectors: send an Adaptive Card.")
    if message.get("type") == "AdaptiveCard":
        raise CardError("A bare card is not posted: wrap it in a message with attachments.")
    attachments = message.get("attachments")
    if message.get("type") != "message" or not isinstance(attachments, list) or not attachments:
        raise CardError('The message needs "type": "message" and a list of attachments; text alone is not posted.')
    for attachment in attachments:
        if not isinstance(attachment, dict) or attachment.get("contentType") != CARD_TYPE:
            raise CardError(f"An attachment's contentType must be {CARD_TYPE}.")
        yield _checked_card(attachment.get("content"))


def _checked_card(card: object) -> Json:
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        raise CardError("An attachment's content must be an AdaptiveCard object.")
    version = str(card.get("version", ""))
    numbers = version.split(".")
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):  # noqa: PLR2004 - major and minor
        raise CardError(f"The card's version {version!r} is no version.")
    if (int(numbers[0]), int(numbers[1])) > _NEWEST_VERSION:
        raise CardError(f"The card's version {version} is newer than 1.5, which is what Teams shows.")
    return card


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
