"""A channel that cannot be reached from the start: the others are told of it, and nothing is lost once it can be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.alerting.pacing import Pace
from shared.alerting.routing import Routes
from shared.delivery.sender import Delayed, Refused
from shared.model.directory import Account
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.sources import SourceState
from shared.model.tenant import TenantState
from shared.monitor.deliver import tell_and_deliver
from shared.monitor.judging import commit_judged
from shared.monitor.monitor import Monitor
from simulator.contoso import RESOURCE_ACCOUNT, TENANT_ID
from tests.monitor.conftest import RecordingSender

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, WatchedStore

MINUTE = timedelta(minutes=1)
LINE = "Resource account without a licence: Sales"
FAILING = "Alerts do not arrive: ops"


class Site:
    """A tenant of which a look every minute finds what its accounts are, and two channels."""

    def __init__(self, monitor: Monitor, clock: Clock, make_account: Callable[..., Account]) -> None:
        self.ops, self.desk = RecordingSender(), RecordingSender()
        self.monitor = msgspec.structs.replace(
            monitor,
            senders={"ops": self.ops, "desk": self.desk},
            routes=Routes(receivers=("desk", "ops")),
            paces=dict.fromkeys(("ops", "desk"), Pace(per_second=1_000_000, per_hour=1_000_000)),
        )
        self.clock, self.make_account = clock, make_account

    async def run(self, minutes: int, *licences: str) -> None:
        """Let time pass; the one account holds these licences."""
        for _ in range(minutes):
            self.clock.now += MINUTE
            await commit_judged(self.monitor, lambda document: self._read(document, licences))
            await tell_and_deliver(self.monitor)

    def _read(self, document: TenantState, licences: tuple[str, ...]) -> TenantState:
        account = self.make_account(1, *licences, name="Sales")
        known = SourceState(state="complete", tried_at=self.clock.now, complete_as_of=self.clock.now)
        sources = {**document.sources, "licences": known, "accounts": known, "numbers": known}
        return msgspec.structs.replace(document, accounts={account.id: account}, sources=sources)


@pytest.fixture
async def site(
    make_monitor: Callable[..., Monitor],
    store: WatchedStore,
    clock: Clock,
    make_account: Callable[..., Account],
    line: TenantState,
) -> Site:
    await store.put(line)
    return Site(make_monitor(), clock, make_account)


@pytest.fixture
def line(
    make_state: Callable[..., TenantState],
    make_resource_account_sku: Callable[..., Sku],
    make_number: Callable[..., PhoneNumber],
) -> TenantState:
    """One number, and licences to spare."""
    state = make_state(skus=(make_resource_account_sku(25),), numbers=(make_number("+14255550101", 1),), read=None)
    return msgspec.structs.replace(state, tenant=TENANT_ID)


def told(sender: RecordingSender) -> list[str]:
    """The alerts about lines and about the monitor itself."""
    return [
        message.headline
        for message in sender.sent
        if message.kind == "alert" and not message.group.endswith("/allocation")
    ]


async def test_one_that_is_unreachable_at_the_start_is_told_of_to_the_other_within_two_hours_and_loses_nothing(
    site: Site,
) -> None:
    site.ops.answers = [Delayed("cannot be reached")] * 1000
    await site.run(120)
    assert LINE in told(site.desk)
    assert FAILING in told(site.desk)
    assert FAILING not in told(site.ops)

    site.ops.answers, site.ops.sent = [], []
    await site.run(30)
    assert LINE in told(site.ops)
    assert f"{FAILING} (all clear)" in told(site.desk)

    await site.run(30, RESOURCE_ACCOUNT)
    assert f"{LINE} (all clear)" in told(site.ops)
    assert f"{LINE} (all clear)" in told(site.desk)
    state = await site.monitor.load()
    assert [entry for entry in state.outbox if entry.message.kind == "alert"] == []


async def test_one_that_refuses_for_good_is_told_of_at_once_and_of_nothing_twice_once_it_takes_messages(
    site: Site,
) -> None:
    site.ops.answers = [Refused("its URL is dead")] * 2
    await site.run(10)
    assert told(site.desk) == [LINE, FAILING]
    await site.run(20, RESOURCE_ACCOUNT)
    # What it refused was the beginning: of the end, which it takes, it is told as of any other.
    assert told(site.ops) == [LINE, f"{LINE} (all clear)"]
    assert told(site.desk)[2:] == [f"{LINE} (all clear)", f"{FAILING} (all clear)"]


async def test_one_that_refuses_a_single_message_is_told_anew_what_was_in_it(site: Site) -> None:
    site.ops.answers = [Refused("too large")]
    await site.run(10)
    assert told(site.ops) == [LINE, f"Still open: {LINE}"]
    assert told(site.desk) == [LINE]
