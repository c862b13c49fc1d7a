# ruff: noqa: ARG001 - a trigger's parameter must be there, used or not
from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import azure.functions as func
import pytest

from shared.host import HostSettings, LocalHost, SqliteQueueStore
from shared.model.errors import UnreadableMessage

if TYPE_CHECKING:
    from tests.host.conftest import VirtualTime

StartHost = Callable[..., Awaitable[LocalHost]]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
STORAGE = "AzureWebJobsStorage"


def app_of(work: Callable[[func.QueueMessage], Awaitable[None]], *, queue: str = "work") -> func.FunctionApp:
    app = func.FunctionApp()

    @app.function_name("work")
    @app.queue_trigger(arg_name="message", queue_name=queue, connection=STORAGE)
    async def trigger(message: func.QueueMessage) -> None:
        await work(message)

    return app


async def test_a_message_reaches_its_function_with_its_metadata_and_is_gone_afterwards(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually
) -> None:
    seen: list[func.QueueMessage] = []

    async def work(message: func.QueueMessage) -> None:
        seen.append(message)

    identifier = store.put("work", b'{"a": 1}')
    await start_host(app_of(work))
    await eventually(lambda: store.depth("work") == 0)
    (message,) = seen
    assert (message.id, message.get_body(), message.get_json()) == (identifier, b'{"a": 1}', {"a": 1})
    assert message.dequeue_count == 1
    assert message.pop_receipt
    assert message.insertion_time is not None
    assert message.expiration_time == message.insertion_time + timedelta(days=7)
    assert message.time_next_visible is not None
    assert message.time_next_visible - message.insertion_time >= timedelta(minutes=10)


async def test_a_parameter_annotated_as_text_or_bytes_gets_the_body(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually
) -> None:
    app = func.FunctionApp()
    seen: list[object] = []

    @app.queue_trigger(arg_name="body", queue_name="texts", connection=STORAGE)
    def text(body: str) -> None:
        seen.append(body)

    @app.queue_trigger(arg_name="body", queue_name="bytes", connection=STORAGE)
    def raw(body: bytes) -> None:
        seen.append(body)

    store.put("texts", "ü".encode())
    store.put("bytes", b"\xff")
    await start_host(app)
    await eventually(lambda: len(seen) == 2)
    assert set(seen) == {"ü", b"\xff"}


async def test_a_message_put_by_this_process_is_taken_without_waiting_for_the_next_poll(
    start_host: StartHost, store: SqliteQueueStore, virtual_time: VirtualTime, eventually: Eventually
) -> None:
    seen: list[bytes] = []

    async def work(message: func.QueueMessage) -> None:
        seen.append(message.get_body())

    await start_host(app_of(work), clock=virtual_time.clock, sleep=virtual_time.sleep)
    store.put("work", b"now")
    await eventually(lambda: seen == [b"now"])


async def test_a_message_put_by_another_process_is_found_by_polling(
    start_host: StartHost, store: SqliteQueueStore, tmp_path: Path, eventually: Eventually
) -> None:
    async def work(message: func.QueueMessage) -> None:
        pass

    await start_host(app_of(work))
    with SqliteQueueStore(tmp_path / "queues.db") as other:
        other.put("work", b"x")
    await eventually(lambda: store.depth("work") == 0)


async def test_a_message_whose_function_fails_five_times_ends_in_the_poison_queue(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[int | None] = []

    async def work(message: func.QueueMessage) -> None:
        attempts.append(message.dequeue_count)
        raise ValueError("broken")

    store.put("work", b"secret body")
    await start_host(app_of(work))
    await eventually(lambda: store.depth("work-poison") == 1)
    assert attempts == [1, 2, 3, 4, 5]
    assert store.depth("work") == 0
    assert store.get("work-poison")[0].body == b"secret body"
    await eventually(
        lambda: "function work failed 5 times over a message, which is now in queue work-poison" in caplog.text
    )
    assert "secret body" not in caplog.text


async def test_a_message_over_which_the_host_died_too_often_goes_to_the_poison_queue_untried(
    start_host: StartHost, tmp_path: Path, virtual_time: VirtualTime, eventually: Eventually
) -> None:
    with SqliteQueueStore(tmp_path / "died.db", clock=virtual_time.clock) as store:
        store.put("work", b"x")
        for _ in range(5):
            assert store.get("work", 1, 0)

        async def work(message: func.QueueMessage) -> None:
            pytest.fail("was tried")

        host = await start_host(app_of(work), queue_store=store)
        await eventually(lambda: store.depth("work-poison") == 1)
        await host.stop()


async def test_a_failed_message_waits_for_the_visibility_timeout_of_host_json(
    start_host: StartHost, tmp_path: Path, virtual_time: VirtualTime
) -> None:
    attempts: list[float] = []

    async def work(message: func.QueueMessage) -> None:
        attempts.append(virtual_time.now)
        if len(attempts) == 1:
            raise ValueError

    with SqliteQueueStore(tmp_path / "virtual.db", clock=virtual_time.clock) as store:
        store.put("work", b"x")
        host = await start_host(
            app_of(work),
            settings=HostSettings(visibility_timeout=30),
            queue_store=store,
            clock=virtual_time.clock,
            sleep=virtual_time.sleep,
        )
        await virtual_time.run_until(lambda: len(attempts) == 2, at_most=40)
        await host.stop()
    assert 30 <= attempts[1] - attempts[0] <= 33


async def test_a_message_stays_hidden_for_as_long_as_its_function_runs(
    start_host: StartHost, tmp_path: Path, virtual_time: VirtualTime, eventually: Eventually
) -> None:
    begun: list[int | None] = []
    done = asyncio.Event()

    async def work(message: func.QueueMessage) -> None:
        begun.append(message.dequeue_count)
        await done.wait()

    with SqliteQueueStore(tmp_path / "virtual.db", clock=virtual_time.clock) as store:
        host = await start_host(
            app_of(work),
            settings=HostSettings(batch_size=1, new_batch_threshold=0),
            queue_store=store,
            clock=virtual_time.clock,
            sleep=virtual_time.sleep,
        )
        store.put("work", b"long")
        await eventually(lambda: begun == [1])
        start = virtual_time.now
        await virtual_time.run_until(lambda: virtual_time.now > start + 1500)
        assert store.get("work") == []
        done.set()
        await eventually(lambda: store.depth("work") == 0)
        await host.stop()
    assert begun == [1]


async def test_a_batch_and_a_half_of_messages_is_worked_on_at_once_and_no_more(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually
) -> None:
    running = 0
    most = 0
    begun = 0
    proceed = asyncio.Event()

    async def work(message: func.QueueMessage) -> None:
        nonlocal running, most, begun
        begun += 1
        running += 1
        most = max(most, running)
        if begun > 2:
            await proceed.wait()
        running -= 1

    store.put_all(("work", str(number).encode()) for number in range(20))
    await start_host(app_of(work), settings=HostSettings(batch_size=4))
    await eventually(lambda: begun >= 6)
    await asyncio.sleep(0.05)
    assert most <= 6
    proceed.set()
    await eventually(lambda: store.depth("work") == 0)
    assert begun == 20


async def test_what_a_queue_function_puts_out_triggers_the_next_one(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually
) -> None:
    app = func.FunctionApp()
    seen: list[bytes] = []

    @app.queue_trigger(arg_name="message", queue_name="first", connection=STORAGE)
    @app.queue_output(arg_name="out", queue_name="second", connection=STORAGE)
    def split(message: func.QueueMessage, out: func.Out[str]) -> None:
        out.set("[1, 2]")

    @app.queue_trigger(arg_name="message", queue_name="second", connection=STORAGE)
    def collect(message: func.QueueMessage) -> None:
        seen.append(message.get_body())

    store.put("first", b"x")
    await start_host(app)
    await eventually(lambda: sorted(seen) == [b"1", b"2"])


async def test_a_queue_function_that_returns_a_value_fails(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="message", queue_name="work", connection=STORAGE)
    def chatty(message: func.QueueMessage) -> str:
        return "done"

    store.put("work", b"x")
    await start_host(app, settings=HostSettings(max_dequeue_count=1))
    await eventually(lambda: store.depth("work-poison") == 1)
    assert "without a $return binding" in caplog.text


async def test_a_function_on_a_poison_queue_has_no_poison_queue_of_its_own(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually
) -> None:
    attempts = 0

    async def work(message: func.QueueMessage) -> None:
        nonlocal attempts
        attempts += 1
        raise ValueError

    store.put("work-poison", b"x")
    host = await start_host(app_of(work, queue="work-poison"), settings=HostSettings(max_dequeue_count=1))
    await eventually(lambda: attempts == 1)
    await host.stop()
    assert (store.depth("work-poison"), store.depth("work-poison-poison")) == (1, 0)
    assert store.get("work-poison") == []


async def test_a_queue_that_cannot_be_read_for_a_while_is_read_again(
    start_host: StartHost, store: SqliteQueueStore, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[bytes] = []

    async def work(message: func.QueueMessage) -> None:
        seen.append(message.get_body())

    with store.database.transaction() as connection:
        connection.execute("ALTER TABLE messages RENAME TO away")
    await start_host(app_of(work))
    await eventually(lambda: "queue work cannot be read, trying again" in caplog.text)
    with store.database.transaction() as connection:
        connection.execute("ALTER TABLE away RENAME TO messages")
    store.put("work", b"x")
    await eventually(lambda: seen == [b"x"])
    assert logging.getLogger("linekeeper.host").handlers == []


@pytest.mark.parametrize("problem", [UnreadableMessage, ValueError])
async def test_a_failure_that_was_foreseen_is_one_line_and_any_other_says_where(
    start_host: StartHost,
    store: SqliteQueueStore,
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
    problem: type[Exception],
) -> None:
    async def work(message: func.QueueMessage) -> None:
        raise problem("a message cannot be read.")

    store.put("work", b"bad")
    await start_host(app_of(work))
    await eventually(lambda: any("function work failed" in each.message for each in caplog.records))
    record = next(each for each in caplog.records if "function work failed" in each.message)
    foreseen = problem is UnreadableMessage
    assert bool(record.exc_info) is not foreseen
    assert ("a message cannot be read." in record.message) is foreseen
