"""A delta read that ends before its end: nothing is opened or resolved on a part, and the rest is read later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.model.tenant import TenantState
from shared.monitor.baseline import read_everything
from shared.monitor.ingest import catch_up, read_changes
from shared.monitor.monitor import Monitor
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, line_names, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import AtFirst, Clock, RecordingSender

MENDED, *TAKEN = (user_id(name) for name in line_names()[:4])
OPEN = f"resource-account-unlicensed|{MENDED}|"
FOUND = {f"resource-account-unlicensed|{each}|" for each in TAKEN}

MakeMonitor = Callable[..., Monitor]


def firing(state: TenantState) -> set[str]:
    return {key for key, alert in state.alerts.items() if alert.phase == "firing"}


@pytest.fixture
async def hurried(
    sim: SimulatorServer,
    monitor: Monitor,
    make_monitor: MakeMonitor,
    sender: RecordingSender,
    subscriber: str,
    *,
    clock: Clock,
) -> Monitor:
    """A monitor that has time for one page, an alert that fires, and four changes of a page each that await it."""
    sim.tenant.remove_license(MENDED, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    clock.advance(minutes=5)
    sim.graph.delta.page_size = 1
    sim.tenant.assign_license(MENDED, RESOURCE_ACCOUNT)
    for user in TAKEN:
        sim.tenant.remove_license(user, RESOURCE_ACCOUNT)
    return make_monitor(
        graph_url=sim.graph_url, sender=sender, notification_url=subscriber, budget=timedelta(microseconds=-1)
    )


async def test_while_a_part_is_unread_nothing_is_opened_or_resolved_and_afterwards_everything_is(
    hurried: Monitor, clock: Clock
) -> None:
    before = await hurried.load()
    assert firing(before) == {OPEN}
    for _ in range(len(TAKEN)):
        await read_changes(hurried)
        state = await hurried.load()
        known = state.source("accounts")
        assert (known.state, known.complete_as_of) == ("partial", before.source("accounts").complete_as_of)
        assert "more to read" in known.problem
        assert (firing(state), state.alerts[OPEN].frozen, state.recent) == ({OPEN}, True, before.recent)
        clock.advance(minutes=1)
    await read_changes(hurried)
    state = await hurried.load()
    assert (state.source("accounts").state, state.source("accounts").complete_as_of) == ("complete", clock.now)
    assert (firing(state), state.alerts[OPEN].phase) == (FOUND, "resolved")
    assert {(each.to, each.key) for each in state.recent[len(before.recent) :]} == {
        ("resolved", OPEN),
        *(("firing", key) for key in FOUND),
    }


async def test_repeated_reads_reach_the_end_in_as_many_as_there_are_pages_and_read_no_page_twice(
    sim: SimulatorServer, hurried: Monitor
) -> None:
    sim.graph.requests.clear()
    reads = 0
    while reads == 0 or (await hurried.load()).source("accounts").state == "partial":
        await read_changes(hurried)
        reads += 1
        assert reads <= 10
    assert (reads, sim.graph.requests["GET users/delta"], sim.graph.requests["GET users"]) == (4, 4, 0)
    assert "$deltatoken" in (await hurried.load()).delta.link


async def test_the_rest_is_caught_up_with_between_the_timers(hurried: Monitor, clock: Clock) -> None:
    await read_changes(hurried)
    for _ in range(len(TAKEN)):
        clock.advance(seconds=30)
        await catch_up(hurried)
    state = await hurried.load()
    assert (state.source("accounts").state, firing(state)) == ("complete", FOUND)


async def test_a_failure_between_two_parts_resolves_nothing_and_loses_no_part(
    sim: SimulatorServer, hurried: Monitor, clock: Clock
) -> None:
    await read_changes(hurried)
    link = (await hurried.load()).delta.link
    sim.graph.outage = 500
    await read_changes(hurried)
    state = await hurried.load()
    assert (state.delta.link, firing(state), state.alerts[OPEN].frozen) == (link, {OPEN}, True)
    sim.graph.outage = None
    for _ in range(len(TAKEN)):
        clock.advance(minutes=1)
        await read_changes(hurried)
    state = await hurried.load()
    assert (state.source("accounts").state, firing(state)) == ("complete", FOUND)


async def test_a_new_read_of_everything_whose_closing_delta_is_not_read_to_its_end_is_partial_too(
    sim: SimulatorServer, monitor: Monitor, make_monitor: MakeMonitor, clock: Clock, at_first: AtFirst
) -> None:
    def meanwhile() -> None:
        sim.graph.users.listing_lag = 60
        for user in TAKEN:
            sim.tenant.remove_license(user, RESOURCE_ACCOUNT)

    before = await monitor.load()
    sim.graph.delta.page_size = 1
    at_first("GET users", meanwhile)
    hurried = make_monitor(graph_url=sim.graph_url, budget=timedelta(microseconds=-1))
    await read_everything(hurried)
    state = await hurried.load()
    assert "$skiptoken" in state.delta.link
    assert (state.source("accounts").state, firing(state), state.recent) == ("partial", set(), before.recent)
    while "$skiptoken" in (await hurried.load()).delta.link:
        clock.advance(minutes=5)
        await read_changes(hurried)
    state = await hurried.load()
    assert (state.source("accounts").state, firing(state)) == ("complete", FOUND)
