# ruff: noqa: ARG001 - a trigger's parameter must be there, used or not
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import azure.functions as func

from shared.host import LocalHost, SqliteQueueStore

if TYPE_CHECKING:
    from tests.host.conftest import VirtualTime

StartHost = Callable[..., Awaitable[LocalHost]]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
Tick = Callable[[Any], Awaitable[None]]
FIVE_MINUTES = "0 */5 * * * *"


def app_of(tick: Tick, schedule: str = FIVE_MINUTES, **options: Any) -> func.FunctionApp:  # noqa: ANN401 - the decorator's own keywords
    app = func.FunctionApp()

    @app.function_name("tick")
    @app.timer_trigger(arg_name="timer", schedule=schedule, **options)
    async def trigger(timer: func.TimerRequest) -> None:
        await tick(timer)

    return app


class Runs:
    """Notes when a timer ran and what it was told."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        self.seen: list[tuple[float, bool]] = []
        self.requests: list[Any] = []

    async def __call__(self, request: Any) -> None:  # noqa: ANN401 - the concrete request, with more than the abstract one
        self.seen.append((self._time.now, request.past_due))
        self.requests.append(request)


async def test_a_timer_runs_at_its_times_and_not_before(start_host: StartHost, virtual_time: VirtualTime) -> None:
    runs = Runs(virtual_time)
    noon = virtual_time.now
    await start_host(app_of(runs), clock=virtual_time.clock, sleep=virtual_time.sleep)
    await virtual_time.run_until(lambda: len(runs.seen) == 3)
    assert runs.seen == [(noon + 300, False), (noon + 600, False), (noon + 900, False)]
    assert runs.requests[1].schedule_status == {
        "Last": "2026-11-20T12:05:00+00:00",
        "Next": "2026-11-20T12:10:00+00:00",
        "LastUpdated": "2026-11-20T12:05:00+00:00",
    }


async def test_a_timer_may_run_when_the_host_starts(
    start_host: StartHost, virtual_time: VirtualTime, eventually: Eventually
) -> None:
    runs = Runs(virtual_time)
    noon = virtual_time.now
    app = app_of(runs, run_on_startup=True)
    await start_host(app, clock=virtual_time.clock, sleep=virtual_time.sleep)
    await eventually(lambda: runs.seen == [(noon, False)])
    await virtual_time.run_until(lambda: len(runs.seen) == 2)
    assert runs.seen[1] == (noon + 300, False)


async def run_once_then_return_after(
    seconds: float, start_host: StartHost, time: VirtualTime, schedule: str = FIVE_MINUTES, **options: bool
) -> list[tuple[float, bool]]:
    runs = Runs(time)
    host = await start_host(app_of(runs, schedule, **options), clock=time.clock, sleep=time.sleep)
    await time.run_until(lambda: len(runs.seen) == 1)
    await host.stop()
    left = time.now
    time.move_to(time.now + seconds)
    runs.seen.clear()
    host = await start_host(app_of(runs, schedule, **options), clock=time.clock, sleep=time.sleep)
    await time.run_until(lambda: len(runs.seen) == 2)
    await host.stop()
    return [(ran - left, past_due) for ran, past_due in runs.seen]


async def test_a_run_missed_while_the_host_was_down_is_made_up_for_by_one_that_is_past_due(
    start_host: StartHost, virtual_time: VirtualTime
) -> None:
    assert await run_once_then_return_after(1000, start_host, virtual_time) == [(1000, True), (1200, False)]


async def test_nothing_is_made_up_for_when_no_run_was_missed(start_host: StartHost, virtual_time: VirtualTime) -> None:
    assert await run_once_then_return_after(100, start_host, virtual_time) == [(300, False), (600, False)]


async def test_a_timer_that_is_not_monitored_forgets_its_missed_runs(
    start_host: StartHost, virtual_time: VirtualTime
) -> None:
    ran = await run_once_then_return_after(1000, start_host, virtual_time, use_monitor=False)
    assert ran == [(1200, False), (1500, False)]


async def test_a_timer_with_intervals_under_a_minute_is_never_monitored(
    start_host: StartHost, virtual_time: VirtualTime
) -> None:
    ran = await run_once_then_return_after(1010, start_host, virtual_time, schedule="*/30 * * * * *")
    assert ran == [(1020, False), (1050, False)]


async def test_a_timer_whose_schedule_was_changed_starts_anew(start_host: StartHost, virtual_time: VirtualTime) -> None:
    runs = Runs(virtual_time)
    host = await start_host(app_of(runs), clock=virtual_time.clock, sleep=virtual_time.sleep)
    await virtual_time.run_until(lambda: len(runs.seen) == 1)
    await host.stop()
    virtual_time.move_to(virtual_time.now + 1000)
    changed = app_of(runs, "0 0 * * * *")
    await start_host(changed, clock=virtual_time.clock, sleep=virtual_time.sleep)
    await virtual_time.run_until(lambda: len(runs.seen) == 2)
    assert runs.seen[1][1] is False
    assert runs.seen[1][0] % 3600 == 0


async def test_runs_of_one_timer_never_overlap_and_the_one_in_waiting_is_past_due(
    start_host: StartHost, virtual_time: VirtualTime, eventually: Eventually
) -> None:
    running = 0
    seen: list[bool] = []
    done = asyncio.Event()

    async def slow(request: func.TimerRequest) -> None:
        nonlocal running
        running += 1
        assert running == 1
        seen.append(request.past_due)
        await done.wait()
        running -= 1

    host = await start_host(app_of(slow), clock=virtual_time.clock, sleep=virtual_time.sleep)
    await virtual_time.run_until(lambda: seen == [False])
    by_hand = host.run_now("tick")
    virtual_time.move_to(virtual_time.now + 700)
    await asyncio.sleep(0.02)
    assert seen == [False]
    done.set()
    assert await by_hand
    await eventually(lambda: len(seen) == 3)
    assert seen == [False, False, True]


async def test_a_timer_whose_function_fails_runs_again(start_host: StartHost, virtual_time: VirtualTime) -> None:
    runs: list[float] = []

    async def bad(request: func.TimerRequest) -> None:
        runs.append(virtual_time.now)
        raise ValueError

    await start_host(app_of(bad), clock=virtual_time.clock, sleep=virtual_time.sleep)
    await virtual_time.run_until(lambda: len(runs) == 2)
    assert runs[1] - runs[0] == 300


async def test_a_timer_puts_messages_out(
    start_host: StartHost, virtual_time: VirtualTime, store: SqliteQueueStore
) -> None:
    app = func.FunctionApp()

    @app.timer_trigger(arg_name="timer", schedule=FIVE_MINUTES)
    @app.queue_output(arg_name="out", queue_name="work", connection="AzureWebJobsStorage")
    def tick(timer: func.TimerRequest, out: func.Out[bytes]) -> None:
        out.set(b"[1]")

    await start_host(app, clock=virtual_time.clock, sleep=virtual_time.sleep)
    await virtual_time.run_until(lambda: store.depth("work") == 1)
    assert store.get("work")[0].body == b"[1]"
