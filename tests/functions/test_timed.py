"""The timers: the work itself for the one tenant there is; of several, one message a tenant and timer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import azure.functions as func
import pytest

from functions import deliver, delta, licences, sweep, upkeep, voice
from shared.host import SqliteQueueStore, TimerTrigger, read_functions
from shared.model.job import INTERVALS, QUEUE, Job, JobName, decode_job
from shared.monitor.runtime import Runtime
from tests.functions.conftest import CONTOSO, FABRIKAM, NOWHERE

if TYPE_CHECKING:
    from tests.functions.conftest import Clock, Running, TroubledStore

TIMERS: dict[JobName, Callable[[Runtime], func.Blueprint]] = {
    "licences": licences.blueprint,
    "delta": delta.blueprint,
    "voice": voice.blueprint,
    "sweep": sweep.blueprint,
    "upkeep": upkeep.blueprint,
    "deliver": deliver.blueprint,
}
ONE_TENANT = {"LINEKEEPER_TENANT_ID": CONTOSO, "LINEKEEPER_GRAPH_URL": NOWHERE}

MakeRuntime = Callable[[dict[str, str]], Runtime]


def queued(queues: SqliteQueueStore) -> list[Job]:
    return [decode_job(message.body) for message in queues.get(QUEUE, 32)]


def test_every_job_has_a_timer_of_its_name_that_may_queue_it() -> None:
    assert TIMERS.keys() == set(get_args(JobName)) == INTERVALS.keys()
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    for trigger in TIMERS.values():
        app.register_functions(trigger(Runtime({})))
    found = read_functions(app, {})
    assert {function.name for function in found} == TIMERS.keys()
    assert {output.queue for function in found for output in function.outputs} == {QUEUE}
    assert all(len(function.outputs) == 1 for function in found)


@pytest.mark.parametrize("name", TIMERS)
def test_a_job_is_due_as_often_as_its_timer_runs(name: JobName) -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    app.register_functions(TIMERS[name](Runtime({})))
    (function,) = read_functions(app, {})
    assert isinstance(function.trigger, TimerTrigger)
    moments = [datetime(2026, 11, 20, 9, 59, 59, tzinfo=UTC)]
    for _ in range(3):
        moments.append(datetime.fromtimestamp(function.trigger.schedule.next_after(moments[-1].timestamp()), UTC))
    assert {moments[2] - moments[1], moments[3] - moments[2]} == {INTERVALS[name]}


@pytest.mark.parametrize("name", TIMERS)
async def test_of_several_tenants_each_has_one_message_and_none_is_worked_on_here(
    running: Running, make_runtime: MakeRuntime, two_tenants: dict[str, str], name: JobName
) -> None:
    runtime = make_runtime(two_tenants)
    async with running(TIMERS[name](runtime)) as (host, queues):
        assert await host.run_now(name)
        found = queued(queues)
    assert [(each.tenant, each.job) for each in found] == [(CONTOSO, name), (FABRIKAM, name)]
    assert {each.at for each in found} == {runtime.clock()}
    (trace,) = {each.traceparent for each in found}
    assert trace.startswith("00-")


async def test_of_several_tenants_no_document_is_read_by_the_timer_itself(
    running: Running, make_runtime: MakeRuntime, two_tenants: dict[str, str], troubled: TroubledStore
) -> None:
    async with running(deliver.blueprint(make_runtime(two_tenants))) as (host, _):
        assert await host.run_now("deliver")
    assert troubled.asked == []


async def test_of_one_tenant_the_timer_does_the_work_and_queues_nothing(
    running: Running, make_runtime: MakeRuntime, troubled: TroubledStore
) -> None:
    async with running(deliver.blueprint(make_runtime(ONE_TENANT))) as (host, queues):
        assert await host.run_now("deliver")
        assert queues.depth(QUEUE) == 0
    assert await troubled.is_told(CONTOSO)


async def test_a_list_of_one_tenant_is_served_as_one(
    running: Running, make_runtime: MakeRuntime, troubled: TroubledStore, tmp_path: Path
) -> None:
    config = tmp_path / "one.toml"
    config.write_text(f'[[tenants]]\nid = "{FABRIKAM}"\n', encoding="utf-8")
    async with running(deliver.blueprint(make_runtime({"LINEKEEPER_CONFIG": str(config)}))) as (host, queues):
        assert await host.run_now("deliver")
        assert queues.depth(QUEUE) == 0
    assert await troubled.is_told(FABRIKAM)


async def test_each_run_of_a_timer_says_when_it_ran(
    running: Running, make_runtime: MakeRuntime, two_tenants: dict[str, str], clock: Clock
) -> None:
    began = clock.now
    async with running(delta.blueprint(make_runtime(two_tenants))) as (host, queues):
        assert await host.run_now("delta")
        clock.advance(minutes=5)
        assert await host.run_now("delta")
        assert [each.at - began for each in queued(queues)] == [timedelta(0)] * 2 + [timedelta(minutes=5)] * 2
