"""Queue `changes`, where several tenants share it: a message is its tenant's, and a storm of one's leaves room."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from functions import changes
from shared.host import SqliteQueueStore, read_host_settings
from shared.model.change_message import QUEUE, ChangeMessage
from shared.monitor.monitor import Monitor
from shared.monitor.runtime import MESSAGES_AT_ONCE, Runtime
from tests.functions.conftest import CONTOSO, FABRIKAM, eventually

if TYPE_CHECKING:
    from tests.functions.conftest import Clock, Running, TroubledStore

STRANGER = "11111111-6d4d-4958-8b9f-9d6445542f95"
ROOT = Path(__file__).resolve().parent.parent.parent

Working = Callable[[], AbstractAsyncContextManager[SqliteQueueStore]]


@pytest.fixture
def runtime(make_runtime: Callable[[dict[str, str]], Runtime], two_tenants: dict[str, str]) -> Runtime:
    return make_runtime(two_tenants)


@pytest.fixture
def working(running: Running, runtime: Runtime) -> Working:
    """A host that works on the changes of two tenants, with as much room as host.json gives: gives its queues."""

    @asynccontextmanager
    async def work() -> AsyncIterator[SqliteQueueStore]:
        async with running(changes.blueprint(runtime), settings=read_host_settings(ROOT / "host.json")) as (_, queues):
            yield queues

    return work


def put(queues: SqliteQueueStore, tenant: str, *users: str, clock: Clock) -> None:
    queues.put(QUEUE, msgspec.json.encode(ChangeMessage(tenant=tenant, users=users, received=clock.now)))


async def test_a_message_is_worked_off_with_its_tenants_document(
    working: Working, troubled: TroubledStore, clock: Clock
) -> None:
    async with working() as queues:
        put(queues, FABRIKAM, "user", clock=clock)
        await eventually(lambda: was_tried(troubled, FABRIKAM))
    assert set(troubled.asked) == {FABRIKAM}


async def was_tried(store: TroubledStore, tenant: str) -> bool:
    """Whether Graph was asked for the tenant's accounts, which fails here."""
    return (await store.has(tenant)).source("accounts").state == "failed"


async def test_a_message_of_a_tenant_that_is_not_watched_is_dropped_with_a_line_in_the_log(
    working: Working, troubled: TroubledStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="linekeeper")
    async with working() as queues:
        put(queues, STRANGER, "user", clock=clock)
        put(queues, CONTOSO, "user", clock=clock)
        await eventually(lambda: was_tried(troubled, CONTOSO))
        assert queues.depth(f"{QUEUE}-poison") == 0
    assert f"a message of tenant {STRANGER} was dropped: it is not watched" in caplog.text
    assert set(troubled.asked) == {CONTOSO}


async def test_a_storm_of_a_tenant_that_hangs_delays_no_message_of_another(
    working: Working, runtime: Runtime, built: dict[str, Monitor], troubled: TroubledStore, clock: Clock
) -> None:
    runtime.service_of(CONTOSO)
    users = [f"user-{number}" for number in range(100)]
    async with working() as queues:
        async with built[CONTOSO].reading:  # as a read that does not end
            for user in users:
                put(queues, CONTOSO, user, clock=clock)
            put(queues, FABRIKAM, "user", clock=clock)
            await eventually(lambda: was_tried(troubled, FABRIKAM))
            await eventually(lambda: no_more_than(queues, MESSAGES_AT_ONCE))
            awaited = (await troubled.has(CONTOSO)).delta.awaited
        await eventually(lambda: no_more_than(queues, 0))
    assert set(awaited) == set(users[MESSAGES_AT_ONCE:])


async def no_more_than(queues: SqliteQueueStore, count: int) -> bool:
    return queues.depth(QUEUE) <= count
