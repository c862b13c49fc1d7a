"""Delivery of change notifications to their subscribers.

Imitates "Receive change notifications through webhooks": what happened within a short window goes out in one POST,
anything but a 2xx is tried again with growing pauses, and what stays undelivered for four hours is lost.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

Item = dict[str, Any]

_FIRST_TIMEOUT = 3.0
_RETRY_TIMEOUT = 10.0
_GIVE_UP_AFTER = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to hand a batch to a subscriber; ``status`` is None when no answer came."""

    subscription_id: str
    url: str
    status: int | None
    seconds: float
    items: int
    attempt: int

    @property
    def delivered(self) -> bool:
        """Whether the subscriber took the batch."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the class of success codes


class Notifier:
    """Collects notification items and posts them.

    Attributes:
        delay: Seconds between the first change of a batch and its POST; Graph's own delay is not documented.
        most_items: Items in one POST at most.
        first_pause: Seconds before the second attempt; each further pause is twice as long.
        longest_pause: Where the pauses stop growing.
        muted: Whether notifications are lost on the way, as happens to a subscriber that was too slow.
        deliveries: Every attempt so far, oldest first.
    """

    def __init__(self, *, delay: float = 0.05) -> None:
        self.delay = delay
        self.most_items = 200
        self.first_pause = 1.0
        self.longest_pause = 60.0
        self.muted = False
        self.deliveries: list[Delivery] = []
        self._waiting: dict[tuple[str, str], list[Item]] = defaultdict(list)
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Begin: needs the running loop."""
        self._client = aiohttp.ClientSession()

    async def close(self) -> None:
        """End all deliveries, also those that wait for another attempt."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
            self._client = None

    @property
    def client(self) -> aiohttp.ClientSession:
        """The HTTP client that everything towards subscribers goes through."""
        if self._client is None:
            raise RuntimeError("The notifier is not open.")
        return self._client

    def enqueue(self, subscription_id: str, url: str, item: Item) -> None:
        """Add an item to the subscription's next batch."""
        if self.muted or self._client is None:
            return
        key = (subscription_id, url)
        self._waiting[key].append(item)
        if len(self._waiting[key]) == 1:
            self._start(self._flush(key))

    async def settled(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - a bound for tests, not a cancel scope
        """Wait until nothing waits for its delivery or for another attempt."""
        async with asyncio.timeout(timeout):
            while self._tasks:
                await asyncio.wait(tuple(self._tasks))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _flush(self, key: tuple[str, str]) -> None:
        await asyncio.sleep(self.delay)
        items = self._waiting.pop(key)
        for start in range(0, len(items), self.most_items):
            self._start(self._deliver(*key, items[start : start + self.most_items]))

    async def _deliver(self, subscription_id: str, url: str, items: list[Item]) -> None:
        began = time.monotonic()
        pause = self.first_pause
        attempt = 1
        while True:
            limit = _FIRST_TIMEOUT if attempt == 1 else _RETRY_TIMEOUT
            sent = time.monotonic()
            status = await self._post(url, {"value": items}, limit)
            seconds = time.monotonic() - sent
            delivery = Delivery(subscription_id, url, status, seconds, len(items), attempt)
            self.deliveries.append(delivery)
            if delivery.delivered or time.monotonic() - began > _GIVE_UP_AFTER:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, self.longest_pause)
            attempt += 1

    async def _post(self, url: str, body: Mapping[str, Any], limit: float) -> int | None:
        try:
            async with self.client.post(
                URL(url, encoded=True), json=body, timeout=aiohttp.ClientTimeout(total=limit), allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None
