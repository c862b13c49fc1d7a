"""A stand-in for the bot connector, and for the token endpoint of Microsoft Entra that its bots use.

Imitates what the "Bot Framework REST API reference" and "Authentication with the Bot Connector API" describe: a token
by client credentials, a thread in a channel by ``POST /v3/conversations``, and an update of its card.
"""

import json
import secrets
from dataclasses import dataclass

from aiohttp import web

from simulator.channel import CardError, Json, cards_in

_SCOPE = "https://api.botframework.com/.default"


@dataclass(slots=True)
class BotCard:
    """A card in the channel: its thread, its activity, what it shows now and how often it was changed."""

    conversation: str
    activity: str
    summary: str
    card: Json
    changes: int = 0


class SimulatedBotConnector:
    """One bot, installed in one team with one channel.

    Attributes:
        app_id: The bot's id.
        password: Its secret.
        tenant: The tenant that gives its tokens.
        channel: The channel's id.
        cards: The cards that stand, oldest first.
        requests: The method and path of each request, oldest first.
        installed: Whether the bot is in the team; if not, it may do nothing there.
        lives: Seconds for which a token is given.
        refuse_with: A status that every call is answered with, tokens excepted, or None.
        retry_after: What a refusal names in ``Retry-After``, or None for no such header.
    """

    def __init__(self, *, app_id: str, tenant: str, channel: str = "19:operations@thread.tacv2") -> None:
        self.app_id = app_id
        self.password = secrets.token_urlsafe(24)
        self.tenant = tenant
        self.channel = channel
        self.cards: list[BotCard] = []
        self.requests: list[str] = []
        self.installed = True
        self.lives = 3600
        self.refuse_with: int | None = None
        self.retry_after: str | None = None
        self._tokens: set[str] = set()

    def install(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_post("/{tenant}/oauth2/v2.0/token", self._token)
        application.router.add_post("/v3/conversations", self._create)
        application.router.add_put("/v3/conversations/{conversation}/activities/{activity}", self._update)

    def revoke(self) -> None:
        """Accept none of the tokens given so far."""
        self._tokens.clear()

    async def _token(self, request: web.Request) -> web.Response:
        self.requests.append(f"{request.method} token")
        form = await request.post()
        if request.match_info["tenant"] != self.tenant or form.get("scope") != _SCOPE:
            return web.json_response({"error": "invalid_request"}, status=400)
        if form.get("grant_type") != "client_credentials" or (form.get("client_id"), form.get("client_secret")) != (
            self.app_id,
            self.password,
        ):
            said = f"AADSTS7000215: Invalid client secret provided for app '{self.app_id}'."
            return web.json_response({"error": "invalid_client", "error_description": said}, status=401)
        token = secrets.token_urlsafe(32)
        self._tokens.add(token)
        return web.json_response({"token_type": "Bearer", "expires_in": self.lives, "access_token": token})

    async def _create(self, request: web.Request) -> web.Response:
        self.requests.append(f"{request.method} {request.raw_path}")
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        try:
            asked = json.loads(await request.read())
            if asked["isGroup"] is not True or asked["bot"]["id"] != f"28:{self.app_id}":
                return _error(400, "BadSyntax")
            if asked["channelData"]["channel"]["id"] != self.channel or asked["tenantId"] != self.tenant:
                return _error(404, "ConversationNotFound")
            posted = _posted(asked["activity"])
        except (CardError, KeyError, TypeError, ValueError):
            return _error(400, "BadSyntax")
        number = str(1_760_000_000_000 + len(self.cards))
        card = BotCard(f"{self.channel};messageid={number}", number, *posted)
        self.cards.append(card)
        return web.json_response({"id": card.conversation, "activityId": card.activity}, status=201)

    async def _update(self, request: web.Request) -> web.Response:
        self.requests.append(f"{request.method} {request.raw_path}")
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        place = request.match_info["conversation"], request.match_info["activity"]
        card = next((each for each in self.cards if (each.conversation, each.activity) == place), None)
        if card is None:
            return _error(404, "ActivityNotFoundInConversation")
        try:
            card.summary, card.card = _posted(json.loads(await request.read()))
        except (CardError, KeyError, TypeError, ValueError):
            return _error(400, "BadSyntax")
        card.changes += 1
        return web.json_response({"id": card.activity})

    def _refusal(self, request: web.Request) -> web.Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self._tokens:
            return _error(401, "Unauthorized")
        if self.refuse_with is not None:
            answer = _error(self.refuse_with, "Refused")
            if self.retry_after is not None:
                answer.headers["Retry-After"] = self.retry_after
            return answer
        return None if self.installed else _error(403, "BotNotInConversationRoster")


def _posted(activity: Json) -> tuple[str, Json]:
    """The summary and the one card of a message activity."""
    [card] = cards_in(activity)
    return str(activity["summary"]), card


def _error(status: int, code: str) -> web.Response:
    return web.json_response(
        {"error": {"code": code, "message": f"The simulated bot connector says {code}."}}, status=status
    )
