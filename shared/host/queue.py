"""A durable queue in a SQLite file that behaves like Azure Queue Storage where it matters to a function."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from shared.host.database import Database
from shared.host.errors import QueueStoreError

MAX_MESSAGE_BYTES = 48 * 1024
"""Azure takes 64 KiB of base64, the Functions host's default encoding: this many raw bytes."""

MESSAGE_LIFETIME = 7 * 24 * 3600.0
"""Seconds after which an unread message is dropped: Azure's default time to live."""

POISON_SUFFIX = "-poison"

_QUEUE_NAME = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*\Z")

_TABLE = """
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    body BLOB NOT NULL,
    dequeue_count INTEGER NOT NULL DEFAULT 0,
    pop_receipt TEXT NOT NULL DEFAULT '',
    inserted REAL NOT NULL,
    next_visible REAL NOT NULL,
    expires REAL NOT NULL
)
"""
_INDEX = "CREATE INDEX IF NOT EXISTS messages_by_turn ON messages (queue, next_visible, seq)"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it was taken from a queue, or peeked at; times are seconds since the epoch.

    Only the `pop_receipt` of the last `get` or `update` may delete or update the message; what was only peeked at has
    none.
    """

    id: str
    body: bytes
    dequeue_count: int
    pop_receipt: str
    inserted: float
    next_visible: float
    expires: float


def check_queue_name(name: str) -> str:
    """The name, if Azure would take it.

    Raises:
        QueueStoreError: it is not 3 to 63 lower-case letters, digits and single inner hyphens.
    """
    if _QUEUE_NAME.match(name) is None:
        raise QueueStoreError(
            f"{name!r} is no queue name: 3 to 63 lower-case letters, digits and single hyphens between them are"
        )
    return name


class SqliteQueueStore:
    """All queues of one host, in one file that several processes may use at once.

    Every method blocks for a disk write at most and may be called from any thread.

    Args:
        path: the SQLite file; created when missing.
        clock: seconds since the epoch.

    Raises:
        QueueStoreError: the file cannot be opened.
    """

    def __init__(self, path: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        self.database = Database(path)
        self._clock = clock
        self._listeners: dict[str, list[Callable[[], object]]] = {}
        self._listeners_lock = threading.Lock()
        with self.database.transaction() as connection:
            connection.execute(_TABLE)
            connection.execute(_INDEX)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file. What was put stays."""
        self.database.close()

    def put(self, queue: str, body: bytes, visible_in: float = 0) -> str:
        """Adds a message that `get` may return after `visible_in` seconds, and gives its id.

        Raises:
            QueueStoreError: the body is larger than `MAX_MESSAGE_BYTES`, or the queue's name is none.
        """
        return self.put_all([(queue, body)], visible_in=visible_in)[0]

    def put_all(self, messages: Iterable[tuple[str, bytes]], visible_in: float = 0) -> list[str]:
        """Adds all messages, each with its queue, or none of them; otherwise as `put`."""
        wanted = list(messages)
        for queue, body in wanted:
            check_queue_name(queue)
            if len(body) > MAX_MESSAGE_BYTES:
                raise QueueStoreError(
                    f"a message of {len(body)} bytes for queue {queue} is over Azure's limit of {MAX_MESSAGE_BYTES}"
                )
        if not wanted:
            return []
        now = self._clock()
        rows = [
            (str(uuid.uuid4()), queue, body, now, now + visible_in, now + MESSAGE_LIFETIME) for queue, body in wanted
        ]
        with self.database.transaction() as connection:
            connection.executemany(
                "INSERT INTO messages (id, queue, body, inserted, next_visible, expires) VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )
        if visible_in <= 0:
            self._notify({queue for queue, _ in wanted})
        return [row[0] for row in rows]

    def get(self, queue: str, count: int = 1, visibility_timeout: float = 30) -> list[Message]:
        """Takes up to `count` visible messages, roughly the oldest, and hides them for `visibility_timeout` seconds.

        A message that is not deleted within that time appears again, its dequeue count one higher at the next `get`.
        """
        now = self._clock()
        if not self._has_visible(queue, now):
            return []
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM messages WHERE queue = ? AND expires <= ?", (queue, now))
            rows = connection.execute(
                "SELECT seq, id, body, dequeue_count, inserted, expires FROM messages"
                " WHERE queue = ? AND next_visible <= ? ORDER BY next_visible, seq LIMIT ?",
                (queue, now, count),
            ).fetchall()
            taken = [
                Message(
                    id=identifier,
                    body=body,
                    dequeue_count=dequeue_count + 1,
                    pop_receipt=uuid.uuid4().hex,
                    inserted=inserted,
                    next_visible=now + visibility_timeout,
                    expires=expires,
                )
                for _, identifier, body, dequeue_count, inserted, expires in rows
            ]
            connection.executemany(
                "UPDATE messages SET dequeue_count = ?, pop_receipt = ?, next_visible = ? WHERE seq = ?",
                [
                    (message.dequeue_count, message.pop_receipt, message.next_visible, row[0])
                    for message, row in zip(taken, rows, strict=True)
                ],
            )
        return taken

    def peek(self, queue: str, count: int = 1) -> list[Message]:
        """Shows up to `count` visible messages, roughly the oldest, which stay as they are: nobody can act on them."""
        now = self._clock()
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT id, body, dequeue_count, inserted, next_visible, expires FROM messages"
                " WHERE queue = ? AND next_visible <= ? AND expires > ? ORDER BY next_visible, seq LIMIT ?",
                (queue, now, now, count),
            ).fetchall()
        return [
            Message(
                id=identifier,
                body=body,
                dequeue_count=dequeue_count,
                pop_receipt="",
                inserted=inserted,
                next_visible=next_visible,
                expires=expires,
            )
            for identifier, body, dequeue_count, inserted, next_visible, expires in rows
        ]

    def delete(self, queue: str, identifier: str, pop_receipt: str) -> bool:
        """Removes a message for good; False when somebody else has taken it since, or it is gone."""
        with self.database.transaction() as connection:
            cursor = connection.execute(
                "DELETE FROM messages WHERE queue = ? AND id = ? AND pop_receipt = ?", (queue, identifier, pop_receipt)
            )
            return cursor.rowcount == 1

    def update(self, queue: str, identifier: str, pop_receipt: str, visible_in: float) -> str | None:
        """Shows a taken message again in `visible_in` seconds.

        Returns:
            The pop receipt that is valid from now on, or None when the given one is stale.
        """
        renewed = uuid.uuid4().hex
        with self.database.transaction() as connection:
            cursor = connection.execute(
                "UPDATE messages SET next_visible = ?, pop_receipt = ? WHERE queue = ? AND id = ? AND pop_receipt = ?",
                (self._clock() + visible_in, renewed, queue, identifier, pop_receipt),
            )
            if cursor.rowcount != 1:
                return None
        if visible_in <= 0:
            self._notify({queue})
        return renewed

    def move_to_poison(self, queue: str, identifier: str, pop_receipt: str) -> bool:
        """Moves a taken message to `<queue>-poison`, as a new message there; False when the receipt is stale."""
        now = self._clock()
        with self.database.transaction() as connection:
            moved = connection.execute(
                "INSERT INTO messages (id, queue, body, inserted, next_visible, expires)"
                " SELECT ?, queue || ?, body, ?, ?, ? FROM messages WHERE queue = ? AND id = ? AND pop_receipt = ?",
                (str(uuid.uuid4()), POISON_SUFFIX, now, now, now + MESSAGE_LIFETIME, queue, identifier, pop_receipt),
            ).rowcount
            connection.execute(
                "DELETE FROM messages WHERE queue = ? AND id = ? AND pop_receipt = ?", (queue, identifier, pop_receipt)
            )
        if moved == 1:
            self._notify({queue + POISON_SUFFIX})
        return moved == 1

    def depth(self, queue: str) -> int:
        """How many messages the queue holds, those that are being worked on included."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT count(*) FROM messages WHERE queue = ? AND expires > ?", (queue, self._clock())
            ).fetchone()
        return int(row[0])

    def subscribe(self, queue: str, notify: Callable[[], object]) -> Callable[[], None]:
        """Calls `notify`, from whichever thread puts, when this process makes a message of the queue visible.

        Returns:
            A call that ends the subscription.
        """
        with self._listeners_lock:
            self._listeners.setdefault(queue, []).append(notify)

        def unsubscribe() -> None:
            with self._listeners_lock:
                self._listeners[queue].remove(notify)

        return unsubscribe

    def _has_visible(self, queue: str, now: float) -> bool:
        # An idle poller must not take the write lock that other processes need.
        with self.database.reading() as connection:
            found = connection.execute(
                "SELECT 1 FROM messages WHERE queue = ? AND next_visible <= ? LIMIT 1", (queue, now)
            ).fetchone()
        return found is not None

    def _notify(self, queues: Iterable[str]) -> None:
        with self._listeners_lock:
            waiting = [notify for queue in queues for notify in self._listeners.get(queue, ())]
        for notify in waiting:
            notify()
