"""The Workflows webhook of a Teams channel ("When a Teams webhook request is received")."""

from __future__ import annotations

import httpx

from shared.delivery.card import envelope
from shared.delivery.posting import DEAD_URL, Answer, Clock, Poster, Watch, short_hash, utc_now
from shared.delivery.sender import Delivered, Result
from shared.model.alert import Message
from shared.model.secret import Secret


class WorkflowsWebhook:
    """Posts cards. The URL is the credential: it is shown nowhere, a short hash tells webhooks apart."""

    def __init__(
        self,
        url: Secret,
        client: httpx.AsyncClient | None = None,
        clock: Clock = utc_now,
        watch: Watch | None = None,
    ) -> None:
        self._url = url
        self._poster = Poster("the webhook", client, clock, watch=watch)
        self.name = short_hash(url.reveal())

    async def send(self, message: Message, receipt: str = "") -> Result:  # noqa: ARG002 - cannot be updated
        """Post a message as a card. 2xx means accepted: whether it was shown, nobody says on this route."""
        answer = await self._poster.ask(
            "POST", self._url.reveal(), content=envelope(message), headers={"Content-Type": "application/json"}
        )
        if not isinstance(answer, Answer):
            return answer
        return self._poster.verdict(answer, meanings=DEAD_URL) or Delivered()

    async def close(self) -> None:
        """Let go of connections."""
        await self._poster.close()
