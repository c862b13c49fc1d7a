from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.model.change_message import ChangeMessage, Lifecycle
from shared.model.tenant import TenantState
from shared.monitor.deliver import tell_and_deliver
from shared.monitor.ingest import read_changes, read_licences, take_message
from shared.monitor.monitor import Monitor
from shared.monitor.upkeep import keep_subscription
from simulator import ServicePlan, SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, line_names, unlicensed_line_names, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, RecordingSender, WatchedStore

MakeMonitor = Callable[..., Monitor]

LINE = user_id("AA Main Line Seattle")
PERSON = user_id("Adele Archer")
OTHER_TENANT = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
UNLICENSED = f"resource-account-unlicensed|{LINE}|"
WRONG_HOLDER = f"person-holds-resource-account-licence|{PERSON}|"
RESOURCE_ACCOUNT_PLAN = ServicePlan("f47330e9-c134-43b3-9993-e7f004506889", "MCOEV_VIRTUALUSER", "Communications")
NEW_SKU = "5a1e0000-0000-4000-8000-00000000c0de"
"""A SKU that no published table lists: only the tenant's own list tells that it is a resource-account licence."""


def about(clock: Clock, *users: str, tenant: str = TENANT_ID) -> ChangeMessage:
    return ChangeMessage(tenant=tenant, users=users, received=clock.now)


def firing(state: TenantState) -> set[str]:
    return {key for key, alert in state.alerts.items() if alert.phase == "firing"}


def transitions(state: TenantState) -> list[tuple[str, str]]:
    return [(each.to, each.key) for each in state.recent]


@pytest.mark.parametrize(
    "begin",
    [read_licences, read_changes, lambda monitor: take_message(monitor, about(monitor.clock, PERSON))],
    ids=["licences", "changes", "a message"],
)
async def test_whatever_finds_an_empty_document_reads_everything(
    sim: SimulatorServer, make_monitor: MakeMonitor, clock: Clock, begin: Callable[[Monitor], Awaitable[None]]
) -> None:
    monitor = make_monitor(graph_url=sim.graph_url)
    await begin(monitor)
    state = await monitor.load()
    assert state.accounts.keys() == {user_id(name) for name in line_names()}
    assert {sku.part_number for sku in state.skus} == {"SPE_E5", "MCOCAP", "PHONESYSTEM_VIRTUALUSER"}
    assert {name: (known.state, known.complete_as_of) for name, known in state.sources.items()} == {
        "licences": ("complete", clock.now),
        "accounts": ("complete", clock.now),
        "numbers": ("complete", clock.now),
        "calling": ("complete", clock.now),
    }
    assert (state.entitled, bool(state.delta.link)) == (85, True)
    unlicensed = {f"resource-account-unlicensed|{user_id(name)}|" for name in unlicensed_line_names()}
    assert {key for key in firing(state) if key.startswith("resource-account-unlicensed")} == unlicensed


async def test_a_licence_taken_from_a_line_is_one_alert_and_one_message(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, sender: RecordingSender
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    state = await monitor.load()
    assert firing(state) == {UNLICENSED}
    assert state.alerts[UNLICENSED].since == clock.now
    clock.advance(seconds=30)
    await tell_and_deliver(msgspec.structs.replace(monitor, senders={}))
    (entry,) = (await monitor.load()).outbox
    assert entry.message.headline == "Resource account without a licence: AA Main Line Seattle"
    await tell_and_deliver(monitor)
    (sent,) = sender.sent
    assert msgspec.structs.replace(sent, links=()) == entry.message


async def test_a_licence_given_back_ends_the_alert_and_is_told(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, sender: RecordingSender
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    clock.advance(seconds=30)
    await tell_and_deliver(monitor)
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    state = await monitor.load()
    assert firing(state) == set()
    assert transitions(state) == [("firing", UNLICENSED), ("resolved", UNLICENSED)]
    clock.advance(minutes=5)
    await tell_and_deliver(monitor)
    assert [message.severity for message in sender.sent] == ["critical", "resolved"]


async def test_a_storm_about_what_a_later_read_has_brought_makes_no_request(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, store: WatchedStore
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    storm = [about(clock, LINE), about(clock, LINE), about(clock, LINE)]
    clock.advance(seconds=1)
    await take_message(monitor, storm[0])
    sim.graph.requests.clear()
    saves = store.saves
    for message in storm:
        await take_message(monitor, message)
    assert not sim.graph.requests
    assert store.saves == saves


@pytest.mark.parametrize("user", [LINE, PERSON])
async def test_a_storm_about_what_was_read_directly_makes_no_request(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, user: str
) -> None:
    message = about(clock, user)
    clock.advance(seconds=1)
    await take_message(monitor, message)
    assert sim.graph.requests["GET users/{id}"] == 1
    sim.graph.requests.clear()
    await take_message(monitor, message)
    assert not sim.graph.requests


async def test_a_message_that_came_after_the_read_began_is_read_again(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    await take_message(monitor, about(clock, LINE))
    assert firing(await monitor.load()) == set()


async def test_what_delta_does_not_bring_yet_is_read_directly(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    sim.graph.delta.lag = 60
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await take_message(monitor, about(clock, PERSON, LINE))
    assert (sim.graph.requests["POST $batch"], sim.graph.requests["GET users/{id}"]) == (1, 2)
    assert firing(await monitor.load()) == {UNLICENSED}
    clock.advance(minutes=2)
    await read_changes(monitor)
    assert transitions(await monitor.load()) == [("firing", UNLICENSED)]


@pytest.mark.parametrize("lag", [0.0, 60.0], ids=["by delta", "directly"])
async def test_a_persons_change_moves_the_delta_position_and_nothing_else(
    sim: SimulatorServer,
    monitor: Monitor,
    clock: Clock,
    store: WatchedStore,
    spans: InMemorySpanExporter,
    *,
    lag: float,
) -> None:
    before = await monitor.load()
    saves = store.saves
    spans.clear()
    sim.graph.delta.lag = lag
    sim.tenant.set_property(PERSON, "department", "Legal")
    await take_message(monitor, about(clock, PERSON))
    after = await monitor.load()
    assert after.delta.link != before.delta.link
    assert msgspec.structs.replace(after, delta=before.delta, sources=before.sources) == before
    assert store.saves == saves + 1
    assert "evaluate" not in {span.name for span in spans.get_finished_spans()}
    assert sim.graph.requests["GET subscribedSkus"] == 0


async def test_a_person_who_gets_a_resource_account_licence_is_found(sim: SimulatorServer, monitor: Monitor) -> None:
    sim.tenant.assign_license(PERSON, RESOURCE_ACCOUNT, forced=True)
    await read_changes(monitor)
    state = await monitor.load()
    assert (state.accounts[PERSON].name, state.accounts[PERSON].usage_location) == ("Adele Archer", "US")
    assert WRONG_HOLDER in firing(state)
    sim.tenant.remove_license(PERSON, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    state = await monitor.load()
    assert PERSON not in state.accounts
    assert WRONG_HOLDER not in firing(state)


async def test_a_new_resource_account_is_found(sim: SimulatorServer, monitor: Monitor) -> None:
    made = sim.tenant.add_user(
        "CQ Sales Oslo", "cq-sales-oslo@contoso.example", department="Microsoft Communication Application Instance"
    )
    await read_changes(monitor)
    state = await monitor.load()
    assert state.accounts[made.id].name == "CQ Sales Oslo"
    assert f"resource-account-unlicensed|{made.id}|" in firing(state)


@pytest.mark.parametrize("end", ["soft_delete", "purge"])
async def test_a_deleted_account_leaves_with_its_alert(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, end: str
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    getattr(sim.tenant, end)(LINE)
    clock.advance(minutes=5)
    await read_changes(monitor)
    state = await monitor.load()
    assert LINE not in state.accounts
    mended = [("firing", UNLICENSED), ("resolved", UNLICENSED)]
    assert [each for each in transitions(state) if each[1] == UNLICENSED] == mended
    assert state.departed[LINE].name == "AA Main Line Seattle"
    assert f"resource-account-deleted-with-number|{LINE}|" in firing(state)


async def test_a_restored_account_is_found_again(sim: SimulatorServer, monitor: Monitor, clock: Clock) -> None:
    before = (await monitor.load()).accounts[LINE]
    sim.tenant.soft_delete(LINE)
    await read_changes(monitor)
    sim.tenant.restore(LINE)
    clock.advance(minutes=5)
    await read_changes(monitor)
    restored = (await monitor.load()).accounts[LINE]
    assert msgspec.structs.replace(restored, read_at=before.read_at) == before


async def test_after_an_expired_delta_link_everything_is_read_anew(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    gone = user_id("CQ Reception Seattle")
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    sim.tenant.purge(gone)
    sim.graph.delta.expire_tokens()
    await read_changes(monitor)
    state = await monitor.load()
    assert UNLICENSED in firing(state)
    assert gone not in state.accounts
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    clock.advance(minutes=5)
    sim.graph.requests.clear()
    await read_changes(monitor)
    assert UNLICENSED not in firing(await monitor.load())
    assert sim.graph.requests["GET users"] == 0


async def test_licences_are_read_at_most_once_a_minute_beside_changes(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    reads = []
    for seconds in (0, 59, 1):
        clock.advance(seconds=seconds)
        sim.tenant.set_property(LINE, "displayName", f"AA Main Line Seattle {clock.now:%S}")
        await read_changes(monitor)
        reads.append(sim.graph.requests["GET subscribedSkus"])
    assert reads == [1, 1, 2]


async def test_a_lifecycle_message_renews_the_subscription_and_reads_nothing(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    await keep_subscription(monitor)
    (made,) = sim.graph.subscriptions.live
    clock.advance(hours=1)
    sim.graph.requests.clear()
    asked = (Lifecycle(made.id, "reauthorizationRequired"),)
    await take_message(monitor, ChangeMessage(tenant=TENANT_ID, lifecycle=asked, received=clock.now))
    (renewed,) = sim.graph.subscriptions.live
    assert renewed.id == made.id
    assert renewed.expiration_date_time > made.expiration_date_time
    assert dict(sim.graph.requests) == {"GET subscriptions": 1, "PATCH subscriptions/{id}": 1}
    assert (await monitor.load()).subscription.expires == renewed.expiration_date_time


async def test_another_tenants_message_is_dropped(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, store: WatchedStore
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    saves = store.saves
    await take_message(monitor, about(clock, LINE, tenant=OTHER_TENANT))
    assert not sim.graph.requests
    assert store.saves == saves
