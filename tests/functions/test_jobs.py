"""The timers' jobs of several tenants: each by itself, so that one that hangs, fails or is unknown delays no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import azure.functions as func
import msgspec
import pytest

from functions import jobs
from functions.invocation import LONGEST, invocation
from shared.host import HostSettings, InvocationContext, QueueTrigger, SqliteQueueStore, read_functions
from shared.host import read_host_settings as host_settings
from shared.model.errors import StoreError, UnreadableMessage
from shared.model.job import INTERVALS, QUEUE, Job, JobName, decode_job
from shared.monitor.docket import SLOW, Docket, jobs_for
from shared.monitor.runtime import MESSAGES_AT_ONCE, Runtime
from tests.functions.conftest import CONTOSO, FABRIKAM, eventually

if TYPE_CHECKING:
    from tests.functions.conftest import Clock, Running, TroubledStore

STRANGER = "11111111-6d4d-4958-8b9f-9d6445542f95"
ROOT = Path(__file__).resolve().parent.parent.parent
BOTH = (CONTOSO, FABRIKAM)

MakeRuntime = Callable[[dict[str, str]], Runtime]
Working = Callable[..., AbstractAsyncContextManager[SqliteQueueStore]]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The service's log, whatever a command before has silenced."""
    caplog.set_level(logging.WARNING, logger="linekeeper")
    return caplog


@pytest.fixture
def working(running: Running, make_runtime: MakeRuntime, two_tenants: dict[str, str]) -> Working:
    """A host that works on the jobs of two tenants: gives its queues."""

    @asynccontextmanager
    async def work(settings: HostSettings | None = None) -> AsyncIterator[SqliteQueueStore]:
        async with running(jobs.blueprint(make_runtime(two_tenants)), settings=settings) as (_, queues):
            yield queues

    return work


def job(tenant: str = CONTOSO, name: JobName = "deliver", *, at: datetime) -> Job:
    return Job(tenant=tenant, job=name, at=at)


def put(queues: SqliteQueueStore, *wanted: Job) -> None:
    queues.put_all([(QUEUE, msgspec.json.encode(each)) for each in wanted])


async def refuse() -> None:
    raise StoreError("the disk is full.")


def test_the_trigger_reads_the_queue_that_the_timers_write() -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    app.register_functions(jobs.blueprint(Runtime({})))
    (found,) = read_functions(app, {})
    assert isinstance(found.trigger, QueueTrigger)
    assert (found.name, found.trigger.queue, found.outputs) == ("jobs", "jobs", ())


def test_a_message_says_whose_job_it_is_and_when_its_timer_ran(clock: Clock) -> None:
    (first, second) = jobs_for(BOTH, "delta", at=clock.now, traceparent="00-1-2-01")
    assert msgspec.json.decode(msgspec.json.encode(first)) == {
        "v": 1,
        "tenant": CONTOSO,
        "job": "delta",
        "at": "2026-11-20T10:00:00Z",
        "traceparent": "00-1-2-01",
    }
    assert decode_job(msgspec.json.encode(second)) == second


@pytest.mark.parametrize("name", get_args(JobName))
def test_a_job_is_superseded_once_two_more_have_been_due(clock: Clock, name: JobName) -> None:
    waiting = job(name=name, at=clock.now)
    assert not waiting.is_superseded(clock.now + 2 * INTERVALS[name])
    assert waiting.is_superseded(clock.now + 2 * INTERVALS[name] + timedelta(seconds=1))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"{}", b'{"tenant": "x", "job": "dance", "at": 1}'])
def test_a_message_of_another_shape_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableMessage, match=r"^a message on queue jobs cannot be read"):
        decode_job(content)


def test_a_message_of_a_later_version_is_unreadable(clock: Clock) -> None:
    later = msgspec.json.encode(msgspec.structs.replace(job(at=clock.now), v=2))
    with pytest.raises(UnreadableMessage, match="has version 2, this service reads 1"):
        decode_job(later)


async def test_a_tenants_job_is_done_with_its_own_document(
    working: Working, troubled: TroubledStore, clock: Clock
) -> None:
    async with working() as queues:
        put(queues, job(FABRIKAM, at=clock.now))
        await eventually(lambda: troubled.is_told(FABRIKAM))
    assert set(troubled.asked) == {FABRIKAM}
    assert not await troubled.is_told(CONTOSO)


async def test_a_job_of_an_unknown_tenant_and_one_that_cannot_be_read_are_dropped_with_a_line_in_the_log(
    working: Working,
    troubled: TroubledStore,
    clock: Clock,
    log: pytest.LogCaptureFixture,
) -> None:
    async with working() as queues:
        queues.put(QUEUE, b'{"v": 7}')
        put(queues, job(STRANGER, at=clock.now), job(CONTOSO, at=clock.now))
        await eventually(lambda: troubled.is_told(CONTOSO))
        await eventually(lambda: is_empty(queues))
        assert queues.depth(f"{QUEUE}-poison") == 0
    said = [record.getMessage() for record in log.records if record.name == "linekeeper.jobs"]
    assert f"job deliver of tenant {STRANGER} dropped: the tenant is not watched (2 so far)" in said
    assert [line for line in said if line.startswith("a message on queue jobs cannot be read")]
    assert set(troubled.asked) == {CONTOSO}


async def is_empty(queues: SqliteQueueStore) -> bool:
    return queues.depth(QUEUE) == 0


async def test_a_tenant_that_fails_delays_no_other_and_poisons_nothing(
    working: Working,
    troubled: TroubledStore,
    clock: Clock,
    log: pytest.LogCaptureFixture,
) -> None:
    troubled.trouble[CONTOSO] = refuse
    async with working() as queues:
        put(queues, *(job(CONTOSO, name, at=clock.now) for name in get_args(JobName)), job(FABRIKAM, at=clock.now))
        await eventually(lambda: troubled.is_told(FABRIKAM))
        await eventually(lambda: is_empty(queues))
        assert queues.depth(f"{QUEUE}-poison") == 0
    failed = [each.getMessage().split()[1] for each in log.records if "the disk is full" in each.getMessage()]
    # Upkeep has neither a subscription nor a queue to look after here.
    assert sorted(failed) == sorted(set(get_args(JobName)) - {"upkeep"})


class Hang:
    """What never answers; counts how many wait for it."""

    def __init__(self) -> None:
        self.waiting = 0

    async def __call__(self) -> None:
        self.waiting += 1
        await asyncio.Event().wait()


async def test_a_tenant_that_hangs_for_an_hour_holds_two_places_of_the_queue_and_others_are_served(
    working: Working, troubled: TroubledStore, clock: Clock
) -> None:
    hang = troubled.trouble[CONTOSO] = Hang()
    async with working(host_settings(ROOT / "host.json")) as queues:
        for half_minute in range(120):
            put(queues, *(job(CONTOSO, name, at=clock.now) for name in due(half_minute)))
            # What is worked on stays in the queue until it ends.
            await eventually(lambda: no_more_than(queues, 2))
            clock.advance(seconds=30)
        put(queues, job(FABRIKAM, at=clock.now))
        await eventually(lambda: troubled.is_told(FABRIKAM))
        assert hang.waiting == 2


async def no_more_than(queues: SqliteQueueStore, count: int) -> bool:
    return queues.depth(QUEUE) <= count


def due(half_minute: int) -> list[JobName]:
    """What the timers have for one tenant in the half minutes of an hour, as their schedules say it."""
    names: list[JobName] = ["deliver"]
    if half_minute == 0:
        names.append("upkeep")
    if half_minute % 10 == 0:
        names.append("licences")
    if half_minute % 10 == 1:
        names += ["delta", "voice"]
    return names


class Work:
    """Work that lasts until it is ended, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.end = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        await self.end.wait()


async def begin(docket: Docket, wanted: Job, work: Work) -> asyncio.Task[None]:
    """Hand a job in, and give it the time to begin."""
    task = asyncio.create_task(docket.run(wanted, BOTH, work))
    await asyncio.sleep(0)
    return task


async def test_a_job_does_not_overlap_itself_and_is_done_again_once_it_has_ended(clock: Clock) -> None:
    docket, work = Docket(clock), Work()
    first = await begin(docket, job(at=clock.now), work)
    clock.advance(seconds=30)
    await begin(docket, job(at=clock.now), work)
    assert (work.begun, docket.dropped) == (1, 1)
    work.end.set()
    await first
    await docket.run(job(at=clock.now), BOTH, work)
    assert (work.begun, docket.dropped) == (2, 1)


async def test_the_same_job_of_two_tenants_is_done_at_the_same_time(clock: Clock) -> None:
    docket, work = Docket(clock), Work()
    tasks = [await begin(docket, job(tenant, at=clock.now), work) for tenant in BOTH]
    assert work.begun == 2
    work.end.set()
    await asyncio.gather(*tasks)


async def test_a_tenant_whose_read_takes_long_gets_no_other_read_and_others_get_theirs(clock: Clock) -> None:
    docket, slow, quick = Docket(clock), Work(), Work()
    hung = await begin(docket, job(name="licences", at=clock.now), slow)
    clock.advance(seconds=SLOW.total_seconds())
    tasks = [await begin(docket, job(name="delta", at=clock.now), quick)]
    clock.advance(seconds=1)
    tasks += [
        await begin(docket, each, quick)
        for each in (
            job(name="voice", at=clock.now),
            job(name="deliver", at=clock.now),
            job(name="sweep", at=clock.now),
            job(FABRIKAM, "voice", at=clock.now),
        )
    ]
    assert (quick.begun, docket.dropped) == (4, 1)
    slow.end.set()
    await hung
    tasks.append(await begin(docket, job(name="voice", at=clock.now), quick))
    assert quick.begun == 5
    quick.end.set()
    await asyncio.gather(*tasks)


async def test_a_delivery_that_keeps_its_pace_holds_up_no_read(clock: Clock) -> None:
    docket, work = Docket(clock), Work()
    tasks = [await begin(docket, job(name="deliver", at=clock.now), work)]
    clock.advance(minutes=3)
    tasks.append(await begin(docket, job(name="delta", at=clock.now), work))
    assert work.begun == 2
    work.end.set()
    await asyncio.gather(*tasks)


async def test_a_job_that_waited_too_long_is_left_to_the_next(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    docket, work = Docket(clock), Work()
    work.end.set()
    late = job(at=clock.now)
    clock.advance(seconds=61)
    await docket.run(late, BOTH, work)
    assert work.begun == 0
    assert "dropped: the next has superseded it, 61 s after its timer (1 so far)" in log.text


async def test_a_job_that_fails_is_logged_and_may_begin_again_at_once(
    clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    docket = Docket(clock)
    for _ in range(2):
        await docket.run(job(at=clock.now), BOTH, refuse)
    assert (docket.dropped, log.text.count("failed, and the next tick does it again: the disk is full.")) == (0, 2)
    assert {record.levelno for record in log.records} == {logging.ERROR}


async def test_what_takes_too_long_is_ended_before_the_platform_ends_the_process_with_all_the_others(
    make_runtime: MakeRuntime, two_tenants: dict[str, str], context: InvocationContext
) -> None:
    host = msgspec.json.decode((ROOT / "host.json").read_bytes())
    hours, minutes, seconds = (int(part) for part in host["functionTimeout"].split(":"))
    assert timedelta(hours=hours, minutes=minutes, seconds=seconds) > LONGEST
    runtime = make_runtime(two_tenants)
    short = timedelta(milliseconds=20)
    with pytest.raises(TimeoutError):
        async with invocation(runtime, context, "deliver", tenant=CONTOSO, longest=short):
            await asyncio.Event().wait()
    async with invocation(runtime, context, "deliver", tenant=FABRIKAM) as service:
        await service.run("deliver")


@pytest.fixture
def context() -> InvocationContext:
    import threading  # noqa: PLC0415

    return InvocationContext("id", "jobs", "", threading.local())


def test_a_process_is_given_as_many_messages_at_once_as_the_shares_of_one_tenant_are_meant_for() -> None:
    settings: HostSettings = host_settings(ROOT / "host.json")
    assert settings.batch_size + settings.refill_at == 24
    assert MESSAGES_AT_ONCE <= 24 // 8
