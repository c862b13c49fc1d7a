"""The poison queue is looked at often enough, a look that fails changes nothing, and emptying it ends the finding."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import azure.functions as func
import msgspec
import pytest

from functions import changes, deliver, upkeep
from shared.host import HostSettings, LocalHost, LocalQueueDepth, SqliteQueueStore
from shared.model.alert import Phase
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.monitor.assembly import assemble, store_of
from shared.monitor.monitor import Monitor
from shared.monitor.poison import LOOK_EVERY, PoisonWatch
from shared.monitor.runtime import Runtime
from shared.monitor.service import Service
from shared.rules.messages_poisoned import POISON_QUEUE
from shared.settings import load
from simulator.contoso import TENANT_ID

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, RecordingSender, WatchedStore

KEY = f"messages-poisoned|{POISON_QUEUE}|"
DEQUEUES = 5


class Queues:
    """Queues of which a test says how deep they are; None: it cannot be told, an exception: something is broken."""

    def __init__(self) -> None:
        self.answer: int | Exception | None = 0
        self.asked: list[str] = []
        self.during: Callable[[], None] = lambda: None

    async def depth(self, queue: str) -> int | None:
        self.asked.append(queue)
        self.during()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
def watched(make_monitor: Callable[..., Monitor], sender: RecordingSender, queues: Queues) -> Monitor:
    return msgspec.structs.replace(make_monitor(sender=sender), queues=queues)


async def test_what_lies_in_the_poison_queue_is_told_and_told_again_when_it_is_gone(
    watched: Monitor, queues: Queues, sender: RecordingSender, clock: Clock
) -> None:
    service = Service(watched)
    queues.answer = 2
    await service.tell_and_deliver()
    clock.advance(minutes=1)
    await service.tell_and_deliver()
    assert len(sender.sent) == 1
    assert "2 messages could not be worked off" in str(sender.sent[-1])
    queues.answer = 0
    clock.advance(minutes=10)
    await service.tell_and_deliver()
    clock.advance(minutes=1)
    await service.tell_and_deliver()
    assert len(sender.sent) == 2
    assert sender.sent[-1].sections[0].kind == "resolved"
    assert (await watched.load()).poisoned_since is None


async def test_the_delivery_timer_looks_every_five_minutes_and_not_every_half_minute(
    watched: Monitor, queues: Queues, clock: Clock
) -> None:
    service = Service(watched)
    for _ in range(21):
        await service.tell_and_deliver()
        clock.advance(seconds=30)
    assert queues.asked == [POISON_QUEUE] * 3


async def test_two_instances_look_no_more_often_than_one(watched: Monitor, queues: Queues, clock: Clock) -> None:
    for _ in range(11):
        await Service(watched).tell_and_deliver()
        clock.advance(seconds=30)
    assert len(queues.asked) == 2


async def test_upkeep_looks_whenever_it_runs(watched: Monitor, queues: Queues) -> None:
    service = Service(watched)
    await service.tell_and_deliver()
    await service.keep_subscription()
    assert len(queues.asked) == 2


async def test_the_first_look_that_found_some_is_remembered_and_the_last_look(
    watched: Monitor, queues: Queues, clock: Clock
) -> None:
    watch = PoisonWatch(watched)
    queues.answer = 1
    first = clock.now
    await watch.look()
    clock.advance(minutes=5)
    queues.answer = 4
    await watch.look()
    state = await watched.load()
    assert (state.poisoned, state.poisoned_since, state.poisoned_seen) == (4, first, clock.now)
    alert = state.alerts[KEY]
    assert (alert.phase, alert.finding.evidence["messages"]) == ("firing", 4)


@pytest.mark.parametrize("answer", [None, OSError("no such host"), ValueError("a connection string"), TimeoutError()])
async def test_a_look_that_fails_changes_nothing_and_breaks_no_timer(
    watched: Monitor, queues: Queues, clock: Clock, answer: Exception | None
) -> None:
    service = Service(watched)
    queues.answer = 3
    await service.keep_subscription()
    before = await watched.load()
    queues.answer = answer
    clock.advance(minutes=10)
    await service.tell_and_deliver()
    await service.keep_subscription()
    after = await watched.load()
    assert len(queues.asked) == 3
    assert (after.poisoned, after.poisoned_seen, after.alerts) == (3, before.poisoned_seen, before.alerts)


async def test_a_look_that_failed_is_not_tried_again_every_half_minute(
    watched: Monitor, queues: Queues, clock: Clock
) -> None:
    service = Service(watched)
    queues.answer = None
    for _ in range(11):
        await service.tell_and_deliver()
        clock.advance(seconds=30)
    assert len(queues.asked) == 2


async def test_a_look_that_hangs_ends_in_time(watched: Monitor) -> None:
    class Hanging:
        async def depth(self, queue: str) -> int | None:
            await asyncio.sleep(3600)
            return len(queue)

    monitor = msgspec.structs.replace(watched, queues=Hanging())
    await PoisonWatch(monitor, longest=timedelta(milliseconds=20)).look()
    assert (await monitor.load()).poisoned_seen is None


async def test_an_unchanged_depth_is_one_write_and_judges_nothing(
    watched: Monitor, queues: Queues, store: WatchedStore, clock: Clock
) -> None:
    watch = PoisonWatch(watched)
    await watch.look()
    clock.advance(minutes=5)
    before, saves = await watched.load(), store.saves
    await watch.look()
    assert store.saves == saves + 1
    assert await watched.load() == msgspec.structs.replace(before, poisoned_seen=clock.now)
    assert queues.asked == [POISON_QUEUE] * 2


async def test_an_older_look_never_overwrites_a_newer_one(
    watched: Monitor, queues: Queues, store: WatchedStore, clock: Clock
) -> None:
    later = TenantState(tenant=TENANT_ID, poisoned=2, poisoned_seen=clock.now + timedelta(seconds=1))

    async def somebody_else_looks() -> None:
        await store.put(later)

    store.before_save = somebody_else_looks
    await PoisonWatch(watched).look()
    assert await watched.load() == later
    assert queues.asked == [POISON_QUEUE]


async def test_where_no_queue_can_be_looked_at_the_rule_is_skipped_and_nothing_is_written(
    make_monitor: Callable[..., Monitor], store: WatchedStore
) -> None:
    monitor = make_monitor()
    await PoisonWatch(monitor).look()
    await PoisonWatch(monitor).look_if_due()
    assert store.saves == 0


async def test_no_silence_covers_it(watched: Monitor, queues: Queues, sender: RecordingSender, clock: Clock) -> None:
    broad = Silence(
        id="1",
        severities=("critical", "warning", "info"),
        starts=clock.now,
        ends=clock.now + timedelta(days=1),
        author="Ann",
        reason="a change window",
        created=clock.now,
    )
    await watched.commit(lambda document: msgspec.structs.replace(document, silences={broad.id: broad}))
    queues.answer = 1
    service = Service(watched)
    await service.keep_subscription()
    clock.advance(minutes=1)
    await service.tell_and_deliver()
    assert "1 message could not be worked off" in str(sender.sent[-1])


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "LINEKEEPER_TENANT_ID": TENANT_ID,
        "LINEKEEPER_GRAPH_URL": "http://127.0.0.1:9/v1.0",
        "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
    }


@asynccontextmanager
async def served(runtime: Runtime, queue_store: SqliteQueueStore) -> AsyncIterator[Callable[[str], asyncio.Task[bool]]]:
    """The triggers that matter here on the local host, as `linekeeper serve` puts them together; runs one at once."""
    runtime.queues = LocalQueueDepth(queue_store)
    app = func.FunctionApp()
    for trigger in (changes, upkeep, deliver):
        app.register_functions(trigger.blueprint(runtime))
    settings = HostSettings(max_dequeue_count=DEQUEUES, visibility_timeout=0)
    host = LocalHost(app=app, settings=settings, queue_store=queue_store, environment={})
    await host.start()
    try:
        yield host.run_now
    finally:
        await host.stop()
        await runtime.close()


async def test_a_message_that_fails_too_often_on_the_local_host_is_a_finding_until_the_queue_is_emptied(
    environment: dict[str, str], tmp_path: Path, clock: Clock
) -> None:
    runtime = Runtime(environment, clock)

    async def phase() -> Phase | None:
        alert = (await store_of(runtime.settings).load(TENANT_ID)).state.alerts.get(KEY)
        return alert.phase if alert is not None else None

    with SqliteQueueStore(tmp_path / "queue.db") as queue_store:
        queue_store.put("changes", b'{"v": 2, "tenant": "somebody", "received": "2026-11-20T10:00:00Z"}')
        async with served(runtime, queue_store) as run_now:
            async with asyncio.timeout(20):
                while not queue_store.depth(POISON_QUEUE):  # noqa: ASYNC110 - the host tells nobody
                    await asyncio.sleep(0.01)
            assert queue_store.depth("changes") == 0
            assert await run_now("deliver")
            assert await phase() == "firing"
            (message,) = queue_store.get(POISON_QUEUE)
            queue_store.delete(POISON_QUEUE, message.id, message.pop_receipt)
            clock.advance(seconds=LOOK_EVERY.total_seconds())
            assert await run_now("deliver")
            assert await phase() == "resolved"


async def test_a_queue_file_that_cannot_be_read_tells_nothing_and_breaks_no_timer(
    environment: dict[str, str], tmp_path: Path, clock: Clock
) -> None:
    runtime = Runtime(environment, clock)
    with SqliteQueueStore(tmp_path / "queue.db") as queue_store:
        async with served(runtime, queue_store) as run_now:
            other = SqliteQueueStore(tmp_path / "other.db")
            runtime.queues = LocalQueueDepth(other)
            other.close()
            assert await run_now("upkeep")
            assert await run_now("deliver")
    assert (await store_of(runtime.settings).load(TENANT_ID)).state.poisoned_seen is None


async def test_the_local_queue_tells_its_depth_and_an_unknown_one_is_empty(tmp_path: Path) -> None:
    with SqliteQueueStore(tmp_path / "queue.db") as queue_store:
        queue_store.put("changes-poison", b"1")
        assert await LocalQueueDepth(queue_store).depth("changes-poison") == 1
        assert await LocalQueueDepth(queue_store).depth("nobody-made-this") == 0


async def test_a_host_that_keeps_its_queues_goes_before_azures(environment: dict[str, str], queues: Queues) -> None:
    environment["AzureWebJobsStorage"] = "UseDevelopmentStorage=true"
    runtime = Runtime(environment)
    try:
        of_the_host = assemble(load(environment), runtime.telemetry, runtime.clock, queues=queues)
        of_azure = assemble(load(environment), runtime.telemetry, runtime.clock)
        del environment["AzureWebJobsStorage"]
        nowhere = assemble(load(environment), runtime.telemetry, runtime.clock)
        assert of_the_host.queues is queues
        assert (of_azure.queues is None, nowhere.queues) == (False, None)
        for monitor in (of_the_host, of_azure, nowhere):
            await monitor.close()
    finally:
        await runtime.close()


def test_what_goes_wrong_with_a_file_is_what_the_local_depth_catches(tmp_path: Path) -> None:
    closed = SqliteQueueStore(tmp_path / "queue.db")
    closed.close()
    with pytest.raises(sqlite3.Error):
        closed.depth("changes")
