from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.host import MAX_MESSAGE_BYTES, QueueStoreError, SqliteQueueStore

ROOT = Path(__file__).parents[2]
SEVEN_DAYS = 7 * 24 * 3600

PUTTING_PROCESS = """
import sys
from shared.host.queue import SqliteQueueStore
with SqliteQueueStore(sys.argv[1]) as store:
    for number in range(20):
        store.put("work", f"{sys.argv[2]}-{number}".encode())
    for message in store.get("work", 20, 60):
        print(message.body.decode())
"""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(bodies=st.lists(st.binary(max_size=200), max_size=40), batch=st.integers(1, 32))
def test_whatever_is_put_is_got_exactly_once_when_it_is_deleted_in_time(bodies: list[bytes], batch: int) -> None:
    with SqliteQueueStore(":memory:", clock=Clock()) as store:
        for body in bodies:
            store.put("work", body)
        got: list[bytes] = []
        while messages := store.get("work", batch, 30):
            got += [message.body for message in messages]
            assert all(store.delete("work", message.id, message.pop_receipt) for message in messages)
        assert got == bodies
        assert store.depth("work") == 0


@given(timeout=st.integers(0, 10_000), waited=st.integers(0, 10_000))
def test_a_message_is_visible_again_exactly_from_its_visibility_timeout_on(timeout: int, waited: int) -> None:
    clock = Clock()
    with SqliteQueueStore(":memory:", clock=clock) as store:
        store.put("work", b"x")
        (first,) = store.get("work", 1, timeout)
        clock.now += waited
        again = store.get("work", 1, timeout)
        assert [message.dequeue_count for message in again] == ([2] if waited >= timeout else [])
        assert first.dequeue_count == 1
        assert store.delete("work", first.id, first.pop_receipt) == (waited < timeout)


@given(delay=st.integers(1, 10_000))
def test_a_delayed_message_is_not_got_before_its_time(delay: int) -> None:
    clock = Clock()
    with SqliteQueueStore(":memory:", clock=clock) as store:
        store.put("work", b"x", visible_in=delay)
        clock.now += delay - 1
        assert store.get("work") == []
        clock.now += 1
        assert len(store.get("work")) == 1


def test_an_update_hides_the_message_anew_and_makes_the_old_receipt_stale() -> None:
    clock = Clock()
    with SqliteQueueStore(":memory:", clock=clock) as store:
        store.put("work", b"x")
        (message,) = store.get("work", 1, 10)
        renewed = store.update("work", message.id, message.pop_receipt, 100)
        clock.now += 99
        assert store.get("work") == []
        assert store.update("work", message.id, message.pop_receipt, 0) is None
        assert not store.delete("work", message.id, message.pop_receipt)
        assert renewed is not None
        assert store.delete("work", message.id, renewed)


def test_a_message_of_the_largest_size_is_taken_and_one_byte_more_is_refused() -> None:
    with SqliteQueueStore(":memory:") as store:
        store.put("work", bytes(MAX_MESSAGE_BYTES))
        with pytest.raises(QueueStoreError, match="49153 bytes for queue work is over Azure's limit of 49152"):
            store.put("work", bytes(MAX_MESSAGE_BYTES + 1))


def test_when_one_of_several_messages_is_refused_none_is_put() -> None:
    with SqliteQueueStore(":memory:") as store:
        with pytest.raises(QueueStoreError):
            store.put_all([("work", b"x"), ("work", bytes(MAX_MESSAGE_BYTES + 1))])
        assert store.depth("work") == 0


@pytest.mark.parametrize("name", ["ab", "Work", "work_1", "-work", "work-", "wo--rk", "a" * 64, "work\n", ""])
def test_a_queue_name_that_azure_refuses_is_refused(name: str) -> None:
    with SqliteQueueStore(":memory:") as store, pytest.raises(QueueStoreError, match="is no queue name"):
        store.put(name, b"x")


def test_a_message_that_nobody_reads_is_dropped_after_seven_days() -> None:
    clock = Clock()
    with SqliteQueueStore(":memory:", clock=clock) as store:
        store.put("work", b"x")
        clock.now += SEVEN_DAYS - 1
        assert store.depth("work") == 1
        clock.now += 1
        assert store.depth("work") == 0
        assert store.get("work") == []


def test_a_poisoned_message_leaves_its_queue_and_starts_anew_in_the_poison_queue() -> None:
    with SqliteQueueStore(":memory:") as store:
        store.put("work", b"bad")
        (message,) = store.get("work")
        assert store.move_to_poison("work", message.id, message.pop_receipt)
        assert not store.move_to_poison("work", message.id, message.pop_receipt)
        assert store.depth("work") == 0
        (poisoned,) = store.get("work-poison")
        assert (poisoned.body, poisoned.dequeue_count) == (b"bad", 1)


def test_a_look_shows_the_oldest_visible_messages_and_leaves_them_as_they_are() -> None:
    clock = Clock()
    with SqliteQueueStore(":memory:", clock=clock) as store:
        for body in (b"1", b"2", b"3"):
            store.put("work", body)
        (taken,) = store.get("work", 1, 30)
        store.put("work", b"later", visible_in=60)
        first = store.peek("work", 1)
        assert [(message.body, message.dequeue_count, message.pop_receipt) for message in first] == [(b"2", 0, "")]
        assert [message.body for message in store.peek("work", 32)] == [b"2", b"3"]
        assert [message.body for message in store.get("work", 32, 30)] == [b"2", b"3"]
        assert store.delete("work", taken.id, taken.pop_receipt)
        clock.now += SEVEN_DAYS
        assert store.peek("work", 32) == []


def test_only_the_messages_of_the_queue_that_is_asked_for_are_got_and_counted() -> None:
    with SqliteQueueStore(":memory:") as store:
        store.put("work", b"x")
        assert store.get("other") == []
        assert (store.depth("work"), store.depth("other")) == (1, 0)


def test_what_was_put_and_how_often_it_was_taken_outlives_the_process(tmp_path: Path) -> None:
    clock = Clock()
    with SqliteQueueStore(tmp_path / "q.db", clock=clock) as store:
        store.put("work", b"x")
        store.get("work", 1, 600)
    clock.now += 600
    with SqliteQueueStore(tmp_path / "q.db", clock=clock) as store:
        assert [(message.body, message.dequeue_count) for message in store.get("work")] == [(b"x", 2)]


def test_threads_never_get_the_same_message(tmp_path: Path) -> None:
    with SqliteQueueStore(tmp_path / "q.db") as store, ThreadPoolExecutor(8) as pool:
        store.put_all(("work", str(number).encode()) for number in range(100))
        batches = list(pool.map(lambda _: store.get("work", 5, 60), range(24)))
    got = [message.body for batch in batches for message in batch]
    assert sorted(got) == sorted(str(number).encode() for number in range(100))


def test_processes_that_open_a_new_file_at_once_share_its_queues(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    processes = [
        subprocess.Popen(  # noqa: S603 - this very interpreter
            [sys.executable, "-c", PUTTING_PROCESS, str(path), str(number)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    got = [line for process in processes for line in process.communicate(timeout=20)[0].split()]
    with SqliteQueueStore(path) as store:
        left = [message.body.decode() for message in store.get("work", 60, 60)]
    assert sorted(got + left) == sorted(f"{process}-{number}" for process in range(3) for number in range(20))


def test_a_put_of_this_process_tells_those_who_wait_for_the_queue() -> None:
    told: list[str] = []
    with SqliteQueueStore(":memory:") as store:
        unsubscribe = store.subscribe("work", lambda: told.append("work"))
        store.put("work", b"x")
        store.put("other", b"x")
        store.put("work", b"later", visible_in=5)
        unsubscribe()
        store.put("work", b"x")
    assert told == ["work"]


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(QueueStoreError, match=r"missing/q\.db cannot be opened"):
        SqliteQueueStore(tmp_path / "missing" / "q.db")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "q.db").write_text("nothing of the kind, at some length" * 100)
    with pytest.raises(QueueStoreError, match=r"q\.db cannot be opened"):
        SqliteQueueStore(tmp_path / "q.db")
