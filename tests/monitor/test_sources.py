"""The optional sources: one that is refused, missing or switched off harms no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.model.sources import Source
from shared.monitor.baseline import read_everything
from shared.monitor.ingest import read_changes, read_licences, sweep
from shared.monitor.monitor import Monitor
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, line_names, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, Counters, WatchedStore

MakeMonitor = Callable[..., Monitor]
NUMBERS = "GET admin/teams/telephoneNumberManagement/numberAssignments"
LINE = user_id("AA Main Line Seattle")


async def test_numbers_that_may_not_be_read_name_the_permission_and_the_rest_goes_on(
    sim: SimulatorServer, make_monitor: MakeMonitor, clock: Clock, counters: Counters
) -> None:
    sim.graph.refusals[NUMBERS] = 403
    monitor = make_monitor(graph_url=sim.graph_url)
    await read_everything(monitor)
    state = await monitor.load()
    numbers = state.source("numbers")
    assert (numbers.state, numbers.permission) == ("failed", "TeamsTelephoneNumber.Read.All")
    assert {state.source(each).complete_as_of for each in ("licences", "accounts", "calling")} == {clock.now}
    assert counters.of("linekeeper.source.reads")["denied", "numbers"] == 1


async def test_numbers_that_a_cloud_does_not_have_are_absent(sim: SimulatorServer, make_monitor: MakeMonitor) -> None:
    sim.graph.refusals[NUMBERS] = 404
    monitor = make_monitor(graph_url=sim.graph_url)
    await read_everything(monitor)
    assert sorted((await monitor.load()).sources) == ["accounts", "calling", "licences"]


@pytest.mark.parametrize("source", ["numbers", "calling"])
async def test_a_source_that_is_switched_off_after_it_was_read_is_forgotten(
    sim: SimulatorServer, make_monitor: MakeMonitor, store: WatchedStore, clock: Clock, source: Source
) -> None:
    monitor = make_monitor(graph_url=sim.graph_url)
    await read_everything(monitor)
    sim.graph.refusals["GET admin/teams/userConfigurations"] = sim.graph.refusals[NUMBERS] = 403
    clock.advance(minutes=5)
    await read_licences(monitor)
    without = msgspec.structs.replace(make_monitor(graph_url=sim.graph_url, **{source: False}), store=store)
    clock.advance(hours=5)
    await read_licences(without)
    state = await without.load()
    assert (state.source(source).state, getattr(state, source)) == ("absent", type(getattr(state, source))())
    assert not any(alert.finding.subject.id == source for alert in state.alerts.values() if alert.phase == "firing")


@pytest.mark.parametrize("source", ["numbers", "calling"])
async def test_a_source_that_is_switched_off_is_absent(
    sim: SimulatorServer, make_monitor: MakeMonitor, source: str
) -> None:
    monitor = make_monitor(graph_url=sim.graph_url, **{source: False})
    await read_everything(monitor)
    assert sorted((await monitor.load()).sources) == sorted({"accounts", "calling", "licences", "numbers"} - {source})


async def test_a_read_of_a_part_of_the_changes_is_continued_where_it_ended(
    sim: SimulatorServer, monitor: Monitor, make_monitor: MakeMonitor, clock: Clock
) -> None:
    sim.graph.delta.page_size = 1
    for name in line_names()[:3]:
        sim.tenant.remove_license(user_id(name), RESOURCE_ACCOUNT)
    hurried = make_monitor(graph_url=sim.graph_url, budget=timedelta(seconds=-1))
    await read_changes(hurried)
    state = await monitor.load()
    assert (state.source("accounts").state, "$skiptoken" in state.delta.link) == ("partial", True)
    await read_changes(monitor)
    state = await monitor.load()
    assert state.source("accounts").complete_as_of == clock.now
    assert sum(key.startswith("resource-account-unlicensed") for key in state.alerts) == 3


async def test_a_sweep_finds_and_counts_what_delta_did_not_tell(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, counters: Counters
) -> None:
    sim.graph.delta.lag = 3600
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    clock.advance(minutes=1)
    await sweep(monitor)
    assert f"resource-account-unlicensed|{LINE}|" in (await monitor.load()).alerts
    assert counters.of("linekeeper.change.detected") == {("sweep",): 1}
