"""GET /api/health of several tenants: a number of each kind and no name, and no refusal because of one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func
import httpx
import msgspec
import pytest

from functions import health
from shared.host import HttpRoute, read_functions
from shared.model.alert import Message, OutboxEntry, ReceiverState
from shared.model.tenant import TenantState
from shared.monitor.runtime import Runtime
from shared.state.sqlite import SqliteStore
from tests.functions.conftest import CONTOSO, FABRIKAM

Running = Callable[..., AbstractAsyncContextManager[Any]]
Asked = Callable[[Mapping[str, str]], AbstractAsyncContextManager[httpx.Response]]


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "linekeeper.db")


@pytest.fixture
def asked(running: Running, tmp_path: Path, now: datetime) -> Asked:
    """Asks a service that has just started how it is."""

    @asynccontextmanager
    async def ask(environment: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        runtime = Runtime(
            {**environment, "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}"}, clock=lambda: now
        )
        async with running(health.blueprint(runtime)) as (host, _), httpx.AsyncClient() as client:
            yield await client.get(f"{host.url}/api/health")
        await runtime.close()

    return ask


def test_anybody_may_ask() -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    app.register_functions(health.blueprint(Runtime({})))
    (found,) = read_functions(app, {})
    assert isinstance(found.trigger, HttpRoute)
    assert (found.trigger.template, found.trigger.auth_level) == ("health", "anonymous")


async def test_one_tenant_that_is_ready_keeps_the_service_in_use_and_none_is_named(
    asked: Asked, store: SqliteStore, two_tenants: dict[str, str], make_state: Callable[..., TenantState]
) -> None:
    async with asked(two_tenants) as answer:
        assert answer.status_code == 503
        assert answer.json() == {
            "status": "starting",
            "tenants": {"ready": 0, "starting": 2, "degraded": 0},
            "channels": {"set": 0, "failing": 0, "off": 2},
        }
    assert await store.save(msgspec.structs.replace(make_state(), tenant=FABRIKAM), "")
    async with asked(two_tenants) as answer:
        assert answer.status_code == 200
        assert answer.json()["tenants"] == {"ready": 1, "starting": 1, "degraded": 0}
        assert answer.headers["Cache-Control"] == "no-store"
        assert not [tenant for tenant in (CONTOSO, FABRIKAM) if tenant in answer.text]


async def test_the_one_tenant_there_is_tells_more_and_is_the_service(
    asked: Asked, store: SqliteStore, make_state: Callable[..., TenantState]
) -> None:
    one = {"LINEKEEPER_TENANT_ID": CONTOSO}
    async with asked(one) as answer:
        assert (answer.status_code, answer.json()["status"]) == (503, "starting")
    assert await store.save(make_state(), "")
    async with asked(one) as answer:
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")
        assert answer.json()["sources"].keys() >= {"licences", "accounts"}
        assert answer.json()["channel"] == "off"


HEADLINE = "AA Main Line Seattle"
WEBHOOK = {"LINEKEEPER_TEAMS_WEBHOOK_URL": "https://prod-1.westeurope.logic.azure.com/workflows/1?sig=x"}


def waiting(created: datetime, refused_at: datetime | None = None) -> OutboxEntry:
    message = Message(kind="alert", group="ops/lines", severity="critical", headline=HEADLINE)
    refused = "its URL is dead" if refused_at is not None else ""
    return OutboxEntry(
        id="1",
        receiver="teams",
        message=message,
        created=created,
        due=created,
        refused=refused,
        refused_at=refused_at,
    )


@pytest.mark.parametrize(
    ("minutes", "refused", "taken", "channel"),
    [
        (59, None, None, "set"),  # it waits, for less than the rule does
        (61, None, None, "failing"),
        (61, None, 5, "set"),  # another was taken since
        (10, 9, None, "failing"),
        (10, 9, 5, "set"),
    ],
)
async def test_a_channel_that_takes_nothing_is_failing_and_traffic_comes_all_the_same(
    asked: Asked,
    store: SqliteStore,
    make_state: Callable[..., TenantState],
    now: datetime,
    *,
    minutes: int,
    refused: int | None,
    taken: int | None,
    channel: str,
) -> None:
    entry = waiting(now - timedelta(minutes=minutes), now - timedelta(minutes=refused) if refused is not None else None)
    known = ReceiverState(delivered_at=now - timedelta(minutes=taken) if taken is not None else None)
    assert await store.save(make_state(outbox=(entry,), receivers={"teams": known}), "")
    one = {"LINEKEEPER_TENANT_ID": CONTOSO, **WEBHOOK}
    async with asked(one) as answer:
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")
        assert answer.json()["channel"] == channel
        assert not [told for told in (HEADLINE, "teams", "dead") if told in answer.text]
    # Where nobody is to be told any more, what waits is nobody's failure.
    async with asked({"LINEKEEPER_TENANT_ID": CONTOSO}) as answer:
        assert answer.json()["channel"] == "off"


async def test_of_several_tenants_those_whose_channel_fails_are_counted(
    asked: Asked, store: SqliteStore, two_tenants: dict[str, str], make_state: Callable[..., TenantState], now: datetime
) -> None:
    document = make_state(outbox=(waiting(now, now),))
    for tenant in (CONTOSO, FABRIKAM):
        assert await store.save(msgspec.structs.replace(document, tenant=tenant), "")
    async with asked(two_tenants | WEBHOOK) as answer:
        assert answer.json()["channels"] == {"set": 0, "failing": 2, "off": 0}
