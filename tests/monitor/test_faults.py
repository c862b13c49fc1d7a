"""What goes wrong on a real day: a failed read resolves nothing, and the chain goes on where it stood."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.model.sources import Source
from shared.model.tenant import TenantState
from shared.monitor.ingest import read_changes, read_licences
from shared.monitor.monitor import Monitor
from simulator import (
    ClockSkewFault,
    DeltaExpiredFault,
    Fault,
    ForeignNextLinkFault,
    HtmlFault,
    ResetFault,
    SimulatorServer,
    StatusFault,
    TruncatedFault,
)
from simulator.contoso import RESOURCE_ACCOUNT, user_id
from simulator.faults import DeltaExpiry

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, Pauses

DELTA = "GET users/delta"
LINE = user_id("AA Main Line Seattle")
OTHER = user_id("CQ Reception Seattle")
UNLICENSED = f"resource-account-unlicensed|{LINE}|"
ALSO_UNLICENSED = f"resource-account-unlicensed|{OTHER}|"


def firing(state: TenantState) -> set[str]:
    return {key for key, alert in state.alerts.items() if alert.phase == "firing"}


def transitions(state: TenantState) -> list[tuple[str, str]]:
    return [(each.to, each.key) for each in state.recent]


async def test_an_account_that_is_throttled_inside_a_batch_is_read_after_the_pause_and_told_once(
    sim: SimulatorServer, monitor: Monitor, pauses: Pauses
) -> None:
    sim.graph.faults.add(StatusFault(route="GET users/{id}", where="batch", status=429, retry_after=2, times=1))
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    sim.tenant.remove_license(OTHER, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    assert (pauses, sim.graph.requests["POST $batch"], sim.graph.requests["GET users/{id}"]) == ([2.0], 2, 3)
    state = await monitor.load()
    assert sorted(transitions(state)) == sorted([("firing", UNLICENSED), ("firing", ALSO_UNLICENSED)])
    assert state.source("accounts").state == "complete"


@pytest.mark.parametrize(
    ("fault", "problem", "attempts"),
    [
        (TruncatedFault(route=DELTA), "something unexpected", 1),
        (HtmlFault(route=DELTA, status=200), "something unexpected", 1),
        (HtmlFault(route=DELTA, status=502), "answered 502", 3),
        (ResetFault(route=DELTA), "cannot be reached", 3),
        (ForeignNextLinkFault(route=DELTA), "another host", 1),
    ],
    ids=["truncated", "html 200", "html 502", "reset", "foreign link"],
)
async def test_a_delta_read_that_goes_wrong_resolves_nothing_and_the_chain_goes_on_afterwards(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, *, fault: Fault, problem: str, attempts: int
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    before = await monitor.load()
    assert firing(before) == {UNLICENSED}
    clock.advance(minutes=5)
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    sim.tenant.remove_license(OTHER, RESOURCE_ACCOUNT)
    sim.graph.faults.add(fault)
    sim.graph.requests.clear()
    await read_changes(monitor)
    state = await monitor.load()
    known = state.source("accounts")
    assert (known.state, problem in known.problem, known.failing_since) == ("failed", True, clock.now)
    assert "127.0.0.1" not in known.problem
    assert "://" not in known.problem
    assert (state.delta.link, state.accounts, firing(state)) == (before.delta.link, before.accounts, {UNLICENSED})
    assert sim.graph.requests[DELTA] == attempts
    sim.graph.faults.clear()
    sim.graph.requests.clear()
    clock.advance(minutes=5)
    await read_changes(monitor)
    state = await monitor.load()
    assert (state.source("accounts").complete_as_of, firing(state)) == (clock.now, {ALSO_UNLICENSED})
    assert transitions(state)[-2:] == [("firing", ALSO_UNLICENSED), ("resolved", UNLICENSED)]
    assert sim.graph.requests["GET users"] == 0


@pytest.mark.parametrize("form", ["gone", "syncStateNotFound", "resyncRequired"])
async def test_after_an_expired_delta_only_the_complete_new_read_resolves_what_was_mended_in_the_gap(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, form: DeltaExpiry
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    sim.tenant.remove_license(OTHER, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    since = clock.now
    clock.advance(minutes=5)
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    sim.graph.faults.add(DeltaExpiredFault(form=form, times=1), StatusFault(route="GET users", status=500))
    await read_changes(monitor)
    state = await monitor.load()
    assert (state.delta.link, state.source("accounts").state) == ("", "partial")
    assert firing(state) == {UNLICENSED, ALSO_UNLICENSED}
    assert state.alerts[UNLICENSED].frozen
    assert state.alerts[ALSO_UNLICENSED].frozen
    sim.graph.faults.clear()
    clock.advance(minutes=5)
    sim.graph.requests.clear()
    await read_changes(monitor)
    state = await monitor.load()
    assert (sim.graph.requests["GET users"], bool(state.delta.link)) == (2, True)
    assert (state.source("accounts").complete_as_of, firing(state)) == (clock.now, {ALSO_UNLICENSED})
    assert (state.alerts[UNLICENSED].ended, state.alerts[ALSO_UNLICENSED].since) == (clock.now, since)
    assert len(state.recent) == 3


@pytest.mark.parametrize("form", ["gone", "syncStateNotFound", "resyncRequired"])
async def test_an_expired_delta_is_followed_by_a_new_read_at_once_and_a_new_chain(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, form: DeltaExpiry
) -> None:
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    sim.graph.faults.add(DeltaExpiredFault(form=form, times=1))
    await read_changes(monitor)
    assert (firing(await monitor.load()), sim.graph.requests["GET users"]) == ({UNLICENSED}, 2)
    clock.advance(minutes=5)
    sim.tenant.assign_license(LINE, RESOURCE_ACCOUNT)
    sim.graph.requests.clear()
    await read_changes(monitor)
    assert (firing(await monitor.load()), sim.graph.requests["GET users"]) == (set(), 0)


async def test_a_permission_that_is_taken_away_is_named_until_it_is_given_back_and_harms_no_other_source(
    sim: SimulatorServer, monitor: Monitor, clock: Clock
) -> None:
    missing = "permission-missing|numbers|"
    numbers = (await monitor.load()).numbers
    sim.graph.deny("TeamsTelephoneNumber.Read.All")
    await read_licences(monitor)
    await read_changes(monitor)
    state = await monitor.load()
    assert firing(state) == {missing}
    finding = state.alerts[missing].finding
    assert finding.evidence["permission"] == "TeamsTelephoneNumber.Read.All"
    assert "TeamsTelephoneNumber.Read.All" in finding.summary
    assert (state.source("numbers").state, state.numbers) == ("failed", numbers)
    complete: tuple[Source, ...] = ("licences", "accounts", "calling")
    assert {state.source(each).complete_as_of for each in complete} == {clock.now}
    assert {state.source(each).state for each in complete} == {"complete"}
    sim.graph.allow("TeamsTelephoneNumber.Read.All")
    clock.advance(minutes=5)
    await read_licences(monitor)
    state = await monitor.load()
    assert (firing(state), transitions(state)) == (set(), [("firing", missing), ("resolved", missing)])
    assert (state.source("numbers").permission, state.source("numbers").complete_as_of) == ("", clock.now)


@pytest.mark.parametrize("skew", [-86_400, 86_400], ids=["a day behind", "a day ahead"])
async def test_a_retry_after_that_is_a_date_is_measured_by_the_clock_of_its_own_answer(
    sim: SimulatorServer, monitor: Monitor, pauses: Pauses, skew: int
) -> None:
    sim.graph.faults.add(
        ClockSkewFault(route=DELTA, seconds=skew),
        StatusFault(route=DELTA, status=429, retry_after=6, retry_after_as="date", times=1),
    )
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    await read_changes(monitor)
    assert pauses == [6.0]
    assert firing(await monitor.load()) == {UNLICENSED}


@pytest.mark.parametrize("skew", [-86_400, 86_400], ids=["a day behind", "a day ahead"])
async def test_a_long_retry_after_that_is_a_date_is_kept_by_our_clock_however_wrong_graphs_is(
    sim: SimulatorServer, monitor: Monitor, clock: Clock, pauses: Pauses, *, skew: int
) -> None:
    sim.graph.faults.add(
        ClockSkewFault(route=DELTA, seconds=skew),
        StatusFault(route=DELTA, status=429, retry_after=600, retry_after_as="date"),
    )
    await read_changes(monitor)
    assert (await monitor.load()).source("accounts").not_before == clock.now + timedelta(seconds=600)
    assert pauses == []
