"""Several tenants in one service: what is one tenant's reaches no other, and none waits for another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.alerting.routing import Route
from shared.model.alert import Alert
from shared.model.change_message import ChangeMessage, Lifecycle
from shared.model.directory import Account
from shared.model.errors import LinekeeperError, StoreError
from shared.model.finding import Finding
from shared.model.receiver import WorkflowsReceiver
from shared.model.secret import Secret
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.health import KEEP, HealthDesk
from shared.monitor.monitor import Monitor
from shared.monitor.notifications import Accepted, accept
from shared.monitor.occasion import Occasion
from shared.monitor.runtime import MESSAGES_AT_ONCE, Runtime
from shared.monitor.service import Service
from shared.monitor.telling import told
from shared.settings import Settings
from shared.settings_receivers import Routing
from shared.settings_tenants import Tenant, derived_state
from shared.state.memory import MemoryStore
from shared.state.store import Loaded
from simulator import SimulatorServer
from simulator.contoso import TENANT_ID, line_names, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock

CONTOSO = TENANT_ID
FABRIKAM = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
STRANGER = "11111111-6d4d-4958-8b9f-9d6445542f95"
SECRET, PREVIOUS = Secret("hush-" * 8), Secret("hiss-" * 8)
API_KEY = Secret("an api key for tests of forty characters")
USER = "ab9a1c00-8d2e-4f5e-9c61-0e6f7b2f1a11"
RULE = "resource-account-unlicensed"


def receiver(name: str) -> WorkflowsReceiver:
    return WorkflowsReceiver(name=name, url=Secret(f"https://prod-1.westeurope.logic.azure.com/workflows/{name}?sig=x"))


SETTINGS = Settings(
    tenant="",
    tenants=(Tenant(id=CONTOSO, name="Contoso"), Tenant(id=FABRIKAM, name="Fabrikam")),
    client_state=SECRET,
    previous_client_state=PREVIOUS,
    notification_url="https://lines.example.com",
    api_key=API_KEY,
    routing=Routing(
        receivers=(receiver("noc"), receiver("contoso"), receiver("fabrikam")),
        routes=(
            Route(receivers=("noc",)),
            Route(receivers=("contoso",), tenants=(CONTOSO,)),
            Route(receivers=("fabrikam",), tenants=(FABRIKAM,)),
        ),
    ),
)


def state_of(tenant: str, secret: Secret = SECRET) -> str:
    return derived_state(secret, tenant).reveal()


def change(tenant: str, state: str, user: str = USER) -> dict[str, object]:
    return {"clientState": state, "tenantId": tenant, "changeType": "updated", "resource": f"Users/{user}"}


def judged(*items: object, clock: Clock) -> Accepted:
    return accept(json.dumps({"value": items}).encode(), SETTINGS, received=clock.now, traceparent="")


def test_each_tenants_notifications_become_its_own_message(clock: Clock) -> None:
    accepted = judged(
        *(change(tenant, state_of(tenant, secret)) for secret in (SECRET, PREVIOUS) for tenant in SETTINGS.tenant_ids),
        clock=clock,
    )
    assert {message.tenant: message.users for message in accepted.messages} == {CONTOSO: (USER,), FABRIKAM: (USER,)}
    assert accepted.outcomes == {"accepted": 4}


def test_one_tenants_client_state_opens_no_other(clock: Clock) -> None:
    lifecycle = {"subscriptionId": USER, "tenantId": FABRIKAM, "lifecycleEvent": "missed"}
    accepted = judged(
        change(FABRIKAM, state_of(CONTOSO)),
        change(CONTOSO, state_of(FABRIKAM, PREVIOUS)),
        lifecycle | {"clientState": state_of(CONTOSO)},
        change(CONTOSO, state_of(CONTOSO)),
        clock=clock,
    )
    assert accepted.outcomes == {"rejected_client_state": 3, "accepted": 1}
    assert [message.tenant for message in accepted.messages] == [CONTOSO]


def test_the_secret_that_states_are_derived_from_opens_none_of_them(clock: Clock) -> None:
    forged = [change(tenant, secret.reveal()) for tenant in SETTINGS.tenant_ids for secret in (SECRET, PREVIOUS)]
    assert judged(*forged, clock=clock).outcomes == {"rejected_client_state": 4}


def test_a_tenant_that_is_not_watched_has_no_client_state_that_it_was_given(clock: Clock) -> None:
    # Only who knows the site's secret could work it out, and even then there is nothing to do with it.
    accepted = judged(change(STRANGER, state_of(STRANGER)), change("", state_of("")), clock=clock)
    assert (accepted.messages, accepted.outcomes) == ((), {"unknown_subscription": 2})
    assert judged(change(STRANGER, state_of(CONTOSO)), clock=clock).outcomes == {"rejected_client_state": 1}


def noon(settings: Settings, clock: Clock) -> Occasion:
    """A moment at which everything that is due by the calendar is due."""
    return Occasion(
        now=clock.now,
        policy=settings.policy,
        timing=Timing(group_wait=timedelta(0), heartbeat=timedelta(hours=1), digest=timedelta(hours=1)),
        routes=settings.routing.ways,
        expects_delivery=True,
    )


@pytest.fixture
def told_at_noon(
    make_state: Callable[..., TenantState],
    make_account: Callable[..., Account],
    make_alert: Callable[[Finding], Alert],
    make_finding: Callable[..., Finding],
    clock: Clock,
) -> Callable[[str], TenantState]:
    """A tenant's document once everything was told that there is to tell: alerts and all that comes by the calendar."""

    def tell(tenant: str) -> TenantState:
        found, settings, began = make_finding(RULE, 1), SETTINGS.of(tenant), clock.now
        ends_soon = Silence(
            id="a",
            rules=("voice-app-loop",),
            starts=began - timedelta(days=2),
            ends=began + timedelta(hours=9),
            author="Ada",
            reason="Migration",
            created=began - timedelta(days=2),
        )
        state = make_state(
            make_account(1), read=began, alerts={found.key: make_alert(found)}, silences={"a": ends_soon}
        )
        state = told(msgspec.structs.replace(state, tenant=tenant), noon(settings, clock))
        clock.advance(hours=1)
        return told(state, noon(settings, clock))

    return tell


@pytest.mark.parametrize(("tenant", "own"), [(CONTOSO, "contoso"), (FABRIKAM, "fabrikam")])
def test_neither_alerts_nor_what_comes_by_the_calendar_reach_another_tenants_channel(
    told_at_noon: Callable[[str], TenantState], tenant: str, own: str
) -> None:
    state = told_at_noon(tenant)
    kinds = {(entry.receiver, entry.message.kind) for entry in state.outbox}
    assert {kind for _, kind in kinds} == {"alert", "heartbeat", "digest", "notice"}
    assert {receiver for receiver, _ in kinds} == state.receivers.keys() == {"noc", own}
    assert {entry.message.tenant for entry in state.outbox} == {tenant}


def test_a_runtime_has_one_service_a_tenant_and_keeps_it(make_monitor: Callable[..., Monitor]) -> None:
    built: list[str] = []

    def build(settings: Settings) -> Monitor:
        built.append(settings.tenant)
        return make_monitor()

    runtime = Several(build)
    first = runtime.service_of(CONTOSO)
    assert runtime.service_of(CONTOSO) is first
    assert runtime.service_of(FABRIKAM) is not first
    assert built == [CONTOSO, FABRIKAM]
    with pytest.raises(LinekeeperError, match="is not watched by this service"):
        runtime.service_of(STRANGER)
    with pytest.raises(LinekeeperError, match="is not watched by this service"):
        _ = runtime.service
    assert built == [CONTOSO, FABRIKAM]


class Several(Runtime):
    """A runtime of two tenants, whose settings came from nowhere."""

    def __init__(self, build: Callable[[Settings], Monitor]) -> None:
        super().__init__({}, build=build)

    @property
    def settings(self) -> Settings:
        return SETTINGS


USERS = [user_id(name) for name in line_names()[:8]]


async def test_messages_of_a_tenant_that_hangs_keep_but_a_few_places_of_the_queue(
    monitor: Monitor, sim: SimulatorServer, clock: Clock
) -> None:
    service = Service(monitor, messages_at_once=MESSAGES_AT_ONCE)
    messages = [ChangeMessage(tenant=CONTOSO, users=(user,), received=clock.now) for user in USERS]
    clock.advance(seconds=1)
    async with monitor.reading:  # as a read that does not end
        tasks = [asyncio.create_task(service.take_message(message)) for message in messages]
        async with asyncio.timeout(5):
            while sum(task.done() for task in tasks) < len(USERS) - MESSAGES_AT_ONCE:  # noqa: ASYNC110 - tasks of others
                await asyncio.sleep(0.01)
        awaited = (await monitor.load()).delta.awaited
        assert set(awaited) == set(USERS[MESSAGES_AT_ONCE:])
        assert not sim.graph.requests
    await asyncio.gather(*tasks)
    # Whoever was only remembered is read by the delivery timer, as after any read that failed.
    await service.run("deliver")
    assert (await monitor.load()).delta.awaited == ()
    assert sim.graph.requests["GET users/{id}"] == len(USERS)


async def test_what_graph_says_of_a_subscription_is_never_put_off(monitor: Monitor, clock: Clock) -> None:
    service = Service(monitor, messages_at_once=0)
    event = Lifecycle(USER, "reauthorizationRequired")
    expires = (await monitor.load()).subscription.expires
    clock.advance(minutes=5)
    await service.take_message(ChangeMessage(tenant=CONTOSO, lifecycle=(event,), received=clock.now))
    renewed = (await monitor.load()).subscription.expires
    assert expires is not None
    assert renewed is not None
    assert renewed > expires


async def test_one_tenant_alone_has_the_whole_queue(monitor: Monitor, clock: Clock) -> None:
    service = Service(monitor)
    async with monitor.reading:
        tasks = [
            asyncio.create_task(service.take_message(ChangeMessage(tenant=CONTOSO, users=(user,), received=clock.now)))
            for user in USERS
        ]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in tasks)
    await asyncio.gather(*tasks)
    assert (await monitor.load()).delta.awaited == ()


class PartlyReadable(MemoryStore):
    """A store with a document that cannot be read; counts how often it is asked."""

    def __init__(self, *unreadable: str) -> None:
        super().__init__()
        self._unreadable = unreadable
        self.asked = 0

    async def load(self, tenant: str) -> Loaded:
        self.asked += 1
        if tenant in self._unreadable:
            raise StoreError("the stored document cannot be read.")
        return await super().load(tenant)


async def test_the_health_of_all_is_that_of_the_worst_and_says_how_many_are_how_and_not_which(
    make_state: Callable[..., TenantState], clock: Clock
) -> None:
    store = PartlyReadable(STRANGER)
    await store.save(msgspec.structs.replace(make_state(read=clock.now), tenant=CONTOSO), "")
    found = await HealthDesk({CONTOSO: True, FABRIKAM: False, STRANGER: True}, store, clock).look()
    assert msgspec.to_builtins(found) == {
        "status": "degraded",
        "tenants": {"ready": 1, "starting": 1, "degraded": 1},
        "channels": {"set": 1, "failing": 0, "off": 1},
    }
    # One that cannot be read takes the service from no other.
    assert found.serves
    told_to_anybody = msgspec.json.encode(found).decode()
    assert not [tenant for tenant in (CONTOSO, FABRIKAM, STRANGER) if tenant in told_to_anybody]


async def test_where_no_tenant_is_ready_the_service_is_not_either(clock: Clock) -> None:
    found = await HealthDesk(dict.fromkeys((CONTOSO, FABRIKAM), True), PartlyReadable(FABRIKAM), clock).look()
    assert (found.status, found.serves) == ("degraded", False)
    starting = await HealthDesk(dict.fromkeys((CONTOSO, FABRIKAM), True), PartlyReadable(), clock).look()
    assert (starting.status, starting.serves) == ("starting", False)


async def test_who_asks_for_the_health_again_and_again_costs_one_look(clock: Clock) -> None:
    store = PartlyReadable()
    desk = HealthDesk(dict.fromkeys((CONTOSO, FABRIKAM), True), store, clock)
    await asyncio.gather(*(desk.look() for _ in range(20)))
    assert store.asked == 2
    clock.advance(seconds=KEEP.total_seconds())
    await desk.look()
    assert store.asked == 4
