"""A client state is changed in two steps, by a restart each: no notification is refused and no change is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.monitor.monitor import Monitor
from shared.monitor.notifications import accept
from shared.monitor.service import Service
from shared.monitor.upkeep import keep_subscription
from shared.settings import Settings, load
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID, user_id

if TYPE_CHECKING:
    from tests.monitor.conftest import AtFirst, Clock, Counters, RecordingSender

MakeMonitor = Callable[..., Monitor]
LINE = user_id("AA Main Line Seattle")
UNLICENSED = f"resource-account-unlicensed|{LINE}|"
OLD = "an-old-client-state-of-over-32-characters"
NEW = "another-client-state-of-over-32-characters"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def settings(**environment: str) -> Settings:
    return load({"LINEKEEPER_TENANT_ID": TENANT_ID, **environment})


def outcomes(settings: Settings, *client_states: str) -> dict[str, int]:
    """How a body is judged that holds a notification with each of the client states."""
    items = [
        {"clientState": each, "tenantId": TENANT_ID, "changeType": "updated", "resource": f"Users/{LINE}"}
        for each in client_states
    ]
    accepted = accept(json.dumps({"value": items}).encode(), settings, received=NOW, traceparent="")
    assert [message.users for message in accepted.messages] == [(LINE,)]
    return {str(outcome): count for outcome, count in accepted.outcomes.items()}


def test_while_the_previous_client_state_is_set_the_old_and_the_new_one_are_taken() -> None:
    both = settings(LINEKEEPER_CLIENT_STATE=NEW, LINEKEEPER_CLIENT_STATE_PREVIOUS=OLD)
    assert outcomes(both, NEW, OLD, OLD + NEW, "") == {"accepted": 2, "rejected_client_state": 2}


def test_once_the_previous_client_state_is_taken_back_only_the_new_one_is_taken() -> None:
    assert outcomes(settings(LINEKEEPER_CLIENT_STATE=NEW), NEW, OLD) == {"accepted": 1, "rejected_client_state": 1}
    cleared = settings(LINEKEEPER_CLIENT_STATE=NEW, LINEKEEPER_CLIENT_STATE_PREVIOUS="")
    assert outcomes(cleared, NEW, OLD, "") == {"accepted": 1, "rejected_client_state": 2}


@pytest.fixture
def restarted(
    sim: SimulatorServer, monitor: Monitor, make_monitor: MakeMonitor, sender: RecordingSender, subscriber: str
) -> Monitor:
    """The monitor after a restart with a new client state, on the document and the subscription of the old one."""
    assert [each.client_state != NEW for each in sim.graph.subscriptions.live] == [True]
    made = make_monitor(graph_url=sim.graph_url, sender=sender, notification_url=subscriber, client_state=NEW)
    return msgspec.structs.replace(made, reading=monitor.reading)


async def test_a_restart_with_a_new_client_state_replaces_the_subscription_exactly_once(
    sim: SimulatorServer, restarted: Monitor, clock: Clock
) -> None:
    (before,) = sim.graph.subscriptions.live
    gaps = []
    for _ in range(3):
        gaps.append(await keep_subscription(restarted))
        clock.advance(hours=1)
    (after,) = sim.graph.subscriptions.live
    assert (after.client_state, after.id != before.id, gaps) == (NEW, True, [True, False, False])
    assert dict(sim.graph.requests) == {
        "GET subscriptions": 3,
        "DELETE subscriptions/{id}": 1,
        "POST subscriptions": 1,
    }
    assert (await restarted.load()).subscription.id == after.id


async def test_a_replacement_that_fails_between_its_two_steps_is_completed_in_the_next_round(
    sim: SimulatorServer, restarted: Monitor, clock: Clock
) -> None:
    sim.graph.refusals["POST subscriptions"] = 500
    await Service(restarted).keep_subscription()
    state = await restarted.load()
    assert (sim.graph.subscriptions.live, bool(state.subscription.problem)) == ([], True)
    sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)
    sim.graph.refusals.clear()
    clock.advance(hours=1)
    await Service(restarted).keep_subscription()
    state = await restarted.load()
    assert [each.client_state for each in sim.graph.subscriptions.live] == [NEW]
    assert (state.subscription.problem, state.alerts[UNLICENSED].phase) == ("", "firing")


@pytest.mark.parametrize(("lag", "found_by"), [(0, "delta"), (3600, "sweep")], ids=["by delta", "by the sweep"])
async def test_a_licence_taken_while_no_subscription_lives_is_found_by_the_sweep_that_follows(
    sim: SimulatorServer, restarted: Monitor, counters: Counters, at_first: AtFirst, lag: int, *, found_by: str
) -> None:
    sim.graph.delta.lag = lag
    live: list[int] = []

    def take() -> None:
        live.append(len(sim.graph.subscriptions.live))
        sim.tenant.remove_license(LINE, RESOURCE_ACCOUNT)

    at_first("POST subscriptions", take)
    await Service(restarted).keep_subscription()
    await sim.notifier.settled()
    assert (live, len(sim.graph.subscriptions.live), sim.notifier.deliveries) == ([0], 1, [])
    state = await restarted.load()
    assert [key for key, alert in state.alerts.items() if alert.phase == "firing"] == [UNLICENSED]
    assert counters.of("linekeeper.change.detected") == {(found_by,): 1}
    assert sim.graph.requests["GET users"] == 2
