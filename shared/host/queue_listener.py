"""Hands the messages of one queue to the function that it triggers."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

from azure.functions.queue import QueueMessage

from shared.host.bindings import BoundFunction, PayloadKind, QueueTrigger
from shared.host.database import StorageThread
from shared.host.errors import InvocationError
from shared.host.invoke import Invoker
from shared.host.queue import POISON_SUFFIX, Message, SqliteQueueStore
from shared.host.settings import HostSettings
from shared.host.work import Sleep, Work, first_of

PROCESSING_TIMEOUT = 600.0
"""Seconds that a message stays invisible when the host dies over it; renewed at half-time while its function runs."""

SHORTEST_POLL = 0.1
LONGEST_POLL = 2.0
"""Seconds between looks at an empty queue, doubling from the one to the other; Azure's own maximum is a minute."""

_logger = logging.getLogger("linekeeper.host")


def queue_argument(message: Message, payload: PayloadKind) -> object:
    """What the function's parameter gets, after its annotation."""
    if payload == "text":
        return message.body.decode()
    if payload == "bytes":
        return message.body
    build: Any = QueueMessage
    return build(
        id=message.id,
        body=message.body,
        dequeue_count=message.dequeue_count,
        insertion_time=datetime.fromtimestamp(message.inserted, UTC),
        expiration_time=datetime.fromtimestamp(message.expires, UTC),
        time_next_visible=datetime.fromtimestamp(message.next_visible, UTC),
        pop_receipt=message.pop_receipt,
    )


class QueueListener:
    """Polls one queue and works on a batch and a half of its messages at once, as Azure's listener does."""

    def __init__(
        self,
        function: BoundFunction,
        trigger: QueueTrigger,
        *,
        store: SqliteQueueStore,
        storage: StorageThread,
        invoker: Invoker,
        settings: HostSettings,
        work: Work,
        sleep: Sleep,
    ) -> None:
        self._function = function
        self._trigger = trigger
        self._store = store
        self._storage = storage
        self._invoker = invoker
        self._settings = settings
        self._work = work
        self._sleep = sleep
        self._running = 0
        self._room = asyncio.Event()
        self._arrived = asyncio.Event()
        # On Azure a poison queue has no poison queue of its own.
        self._has_poison_queue = not trigger.queue.endswith(POISON_SUFFIX)

    async def run(self) -> None:
        """Takes and starts messages until the host stops; what has been taken is always started."""
        loop = asyncio.get_running_loop()
        unsubscribe = self._store.subscribe(self._trigger.queue, lambda: loop.call_soon_threadsafe(self._arrived.set))
        stopping = self._work.stopping
        longest = max(SHORTEST_POLL, min(LONGEST_POLL, self._settings.max_polling_interval))
        pause = SHORTEST_POLL
        try:
            while not stopping.is_set():
                self._arrived.clear()
                messages = await self._take()
                for message in messages:
                    self._running += 1
                    self._work.begin(self._process(message))
                if messages:
                    pause = SHORTEST_POLL
                    await self._wait_for_room()
                else:
                    await first_of(self._arrived.wait(), stopping.wait(), self._sleep(pause))
                    pause = SHORTEST_POLL if self._arrived.is_set() else min(pause * 2, longest)
        finally:
            unsubscribe()

    async def _take(self) -> list[Message]:
        try:
            return await self._storage.run(
                self._store.get, self._trigger.queue, self._settings.batch_size, PROCESSING_TIMEOUT
            )
        except Exception:
            _logger.exception("queue %s cannot be read, trying again", self._trigger.queue)
            return []

    async def _wait_for_room(self) -> None:
        while self._running > self._settings.refill_at and not self._work.stopping.is_set():
            self._room.clear()
            await first_of(self._room.wait(), self._work.stopping.wait())

    async def _process(self, message: Message) -> None:
        lease = _Lease(message, self._trigger.queue, self._store, self._storage)
        renewal = asyncio.get_running_loop().create_task(self._renew(lease))
        try:
            await self._attempt(message, lease, renewal)
        except Exception:
            _logger.exception("a message of queue %s was not settled; it will appear again", self._trigger.queue)
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)
            self._running -= 1
            self._room.set()

    async def _attempt(self, message: Message, lease: _Lease, renewal: asyncio.Task[None]) -> None:
        if self._has_poison_queue and message.dequeue_count > self._settings.max_dequeue_count:
            await self._give_up(lease)
            return
        try:
            await self._invoker.invoke(self._function, queue_argument(message, self._trigger.payload))
        except (InvocationError, UnicodeDecodeError):
            renewal.cancel()
            await self._failed(message, lease)
        except asyncio.CancelledError:
            # A synchronous function still runs in its thread: its message stays hidden until the timeout.
            if self._function.is_async:
                renewal.cancel()
                await self._failed(message, lease)
            raise
        else:
            renewal.cancel()
            if not await lease.delete():
                _logger.warning("a message of queue %s was taken again while it was worked on", self._trigger.queue)

    async def _failed(self, message: Message, lease: _Lease) -> None:
        if not self._has_poison_queue:
            # Azure leaves it invisible as well: with nowhere to go it would otherwise fail in a tight circle.
            return
        if message.dequeue_count >= self._settings.max_dequeue_count:
            await self._give_up(lease)
        else:
            await lease.show_in(self._settings.visibility_timeout)

    async def _give_up(self, lease: _Lease) -> None:
        if await lease.move_to_poison():
            _logger.error(
                "function %s failed %d times over a message, which is now in queue %s",
                self._function.name,
                self._settings.max_dequeue_count,
                self._trigger.queue + POISON_SUFFIX,
            )

    async def _renew(self, lease: _Lease) -> None:
        while True:
            await self._sleep(PROCESSING_TIMEOUT / 2)
            try:
                # Shielded: a renewal cut off half-way would leave the lease with a receipt that is no longer valid.
                await asyncio.shield(lease.show_in(PROCESSING_TIMEOUT))
            except Exception:
                _logger.exception("a message of queue %s was not kept hidden", self._trigger.queue)


class _Lease:
    """The right to settle a message, which moves on to a new receipt whenever it is renewed."""

    def __init__(self, message: Message, queue: str, store: SqliteQueueStore, storage: StorageThread) -> None:
        self._message = message
        self._queue = queue
        self._store = store
        self._storage = storage
        self._receipt = message.pop_receipt
        self._lock = asyncio.Lock()

    async def show_in(self, seconds: float) -> None:
        async with self._lock:
            renewed = await self._storage.run(self._store.update, self._queue, self._message.id, self._receipt, seconds)
            self._receipt = renewed or self._receipt

    async def delete(self) -> bool:
        async with self._lock:
            return await self._storage.run(self._store.delete, self._queue, self._message.id, self._receipt)

    async def move_to_poison(self) -> bool:
        async with self._lock:
            return await self._storage.run(self._store.move_to_poison, self._queue, self._message.id, self._receipt)
