"""The receivers: webhooks that take what they are sent, or do what they are in the mood for, in the ways of Teams'."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from typing import Literal

import httpx

Mood = Literal["well", "unreachable", "busy", "unsteady", "closed"]

TAKEN = (httpx.codes.OK, httpx.codes.ACCEPTED)
THROTTLED_INSIDE = b"Webhook message delivery failed with error: HTTP error 429"
"""What an answer of 200 may hold (Microsoft Learn, "Create incoming webhooks")."""


class Clock:
    """The time of the simulated week; pauses and posts pass it, nothing else waits."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    async def pause(self, seconds: float) -> None:
        """Wait, without waiting."""
        self.pass_by(seconds)
        await asyncio.sleep(0)


class Channel:
    """One receiver's webhook."""

    def __init__(self, name: str, clock: Clock, chance: random.Random) -> None:
        self.name = name
        self.mood: Mood = "well"
        self._clock = clock
        self._chance = chance

    async def answer(self, request: httpx.Request) -> tuple[httpx.Response, bool]:
        """Answer one post; tells with it whether the message was taken.

        Raises:
            httpx.TransportError: nobody answers.
        """
        self._clock.pass_by(self._chance.uniform(0.05, 0.4))
        await asyncio.sleep(0)
        if self.mood == "unreachable":
            raise self._chance.choice((httpx.ConnectError, httpx.ConnectTimeout))("nobody answers", request=request)
        if self.mood == "busy":
            return httpx.Response(429, headers={"Retry-After": str(self._chance.randint(5, 900))}), False
        if self.mood == "unsteady" and self._chance.random() < 0.5:  # noqa: PLR2004 - every other post
            return self._chance.choice((httpx.Response(503), httpx.Response(200, content=THROTTLED_INSIDE))), False
        if self.mood == "closed":
            return httpx.Response(404), False
        return httpx.Response(self._chance.choice(TAKEN)), True
