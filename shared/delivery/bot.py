"""A bot that is installed in a team: cards with a receipt, which turn green where they stand.

Source: Microsoft Learn, "Bot Framework REST API reference" (create conversation, update activity), "Send proactive
messages", and "Optimize your bot with rate limiting in Teams" (412, 429, 502 and 504 are tried again).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from urllib.parse import quote, unquote

import httpx
import msgspec

from shared.delivery.bot_token import BotTokens
from shared.delivery.card import envelope
from shared.delivery.card_verdict import verdict
from shared.delivery.posting import LONGEST_EXCHANGE, Answer, Clock, Poster, Watch, short_hash, utc_now
from shared.delivery.sender import Delayed, Delivered, Refused, Result
from shared.model.alert import Message
from shared.model.receiver import BotReceiver

UNAUTHORISED = 401
TOO_LARGE = 413
LATER = frozenset({412})
MEANINGS: Mapping[int, str] = {
    401: "the bot's token is not accepted; look at tenant and service_url",
    403: "the bot is not installed in the team",
    404: "there is no such channel at this service_url",
}


class _Created(msgspec.Struct, frozen=True):
    id: str = ""
    activity_id: str = msgspec.field(default="", name="activityId")


class Bot:
    """Posts cards as a bot, each as a thread of its own, and knows them again."""

    def __init__(
        self,
        bot: BotReceiver,
        client: httpx.AsyncClient | None = None,
        clock: Clock = utc_now,
        watch: Watch | None = None,
        *,
        longest: float = LONGEST_EXCHANGE,
    ) -> None:
        self._bot = bot
        self._longest = longest
        self._poster = Poster("the bot connector", client, clock, longest=longest, watch=watch)
        self._tokens = BotTokens(bot, self._poster.for_sign_in(), clock)
        self.name = short_hash(bot.service_url, bot.app_id, bot.channel)

    async def send(self, message: Message, receipt: str = "") -> Result:
        """Post a card, or change the one that stands where nothing in the message is new.

        A changed card alerts nobody, so what is new and what is a reminder is posted anew. A card that can no longer
        be changed is posted anew too.
        """
        try:
            # It may take four requests.
            async with asyncio.timeout(self._longest):
                return await self._send(message, receipt)
        except TimeoutError as problem:
            return Delayed(f"the bot connector cannot be reached ({type(problem).__name__})")

    async def close(self) -> None:
        """Let go of connections."""
        await self._poster.close()

    async def _send(self, message: Message, receipt: str) -> Result:
        activity = _activity(message)
        place = _place(receipt)
        if place is not None and _is_recovery(message):
            conversation, card = place
            path = f"/v3/conversations/{quote(conversation, safe='')}/activities/{quote(card, safe='')}"
            answer = await self._ask("PUT", path, {**activity, "id": card})
            if not isinstance(answer, Answer):
                return answer
            problem = self._poster.verdict(answer, meanings=MEANINGS, later=LATER)
            if problem is None:
                return Delivered(receipt)
            if isinstance(problem, Delayed) or answer.status in {UNAUTHORISED, TOO_LARGE}:
                return problem
        return await self._create(activity)

    async def _create(self, activity: Mapping[str, object]) -> Result:
        bot = self._bot
        answer = await self._ask(
            "POST",
            "/v3/conversations",
            {
                "isGroup": True,
                "bot": {"id": f"28:{bot.app_id}"},
                "tenantId": bot.tenant,
                "channelData": {
                    "tenant": {"id": bot.tenant},
                    "team": {"id": bot.team},
                    "channel": {"id": bot.channel},
                },
                "activity": activity,
            },
        )
        if not isinstance(answer, Answer):
            return answer
        problem = self._poster.verdict(answer, meanings=MEANINGS, later=LATER)
        return problem or Delivered(_receipt(answer.body))

    async def _ask(self, method: str, path: str, body: Mapping[str, object]) -> Answer | Delayed | Refused:
        """Make a request; once more with a new token where the one at hand is no longer accepted."""
        for last in (False, True):
            token = await self._tokens.token()
            if isinstance(token, Delayed | Refused):
                return token
            answer = await self._poster.ask(
                method,
                self._bot.service_url + path,
                content=msgspec.json.encode(body),
                headers={"Authorization": f"Bearer {token.reveal()}", "Content-Type": "application/json"},
            )
            if last or not isinstance(answer, Answer) or answer.status != UNAUTHORISED:
                break
            self._tokens.forget()
        return answer


def _activity(message: Message) -> dict[str, object]:
    """The card as an activity; its summary is what a toast shows."""
    activity: dict[str, object] = msgspec.json.decode(envelope(message))
    return {**activity, "summary": verdict(message)}


def _is_recovery(message: Message) -> bool:
    kinds: Collection[str] = {section.kind for section in message.sections}
    return "resolved" in kinds and "new" not in kinds


def _receipt(body: bytes) -> str:
    """The ids of a card's conversation and of its activity, each quoted; empty where the answer lacks them."""
    try:
        created = msgspec.json.decode(body, type=_Created)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    if not created.id or not created.activity_id:
        return ""
    return f"{quote(created.id, safe='')}/{quote(created.activity_id, safe='')}"


def _place(receipt: str) -> tuple[str, str] | None:
    conversation, _, activity = receipt.partition("/")
    return (unquote(conversation), unquote(activity)) if conversation and activity and "/" not in activity else None
