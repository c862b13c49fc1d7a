"""A channel that is reached again: what was given up while it was not is told, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.delivery.sender import Delayed, Refused, Result
from shared.model.alert import Alert, Message, ReceiverState
from shared.model.finding import Finding
from shared.model.tenant import TenantState
from shared.monitor.deliver import tell_and_deliver
from shared.monitor.monitor import Monitor
from shared.monitor.telling import told
from simulator.contoso import TENANT_ID

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, RecordingSender, WatchedStore

TICK = timedelta(seconds=30)
DAY = timedelta(days=1)


class Channel:
    """A monitor whose findings a test sets, looked at every half minute."""

    def __init__(self, monitor: Monitor, store: WatchedStore, clock: Clock, make_alert: Callable[..., Alert]) -> None:
        self.monitor, self.store, self.clock, self.make_alert = monitor, store, clock, make_alert

    async def hold(self, *findings: Finding) -> None:
        """What fires from now on; what no longer does has ended."""
        state = await self.monitor.load()
        alerts = {
            key: alert if alert.phase == "resolved" else self.make_alert(alert.finding, lasted=timedelta(minutes=1))
            for key, alert in state.alerts.items()
        }
        alerts |= {each.key: self.make_alert(each) for each in findings}
        await self.store.put(msgspec.structs.replace(state, alerts=alerts))

    async def run(self, duration: timedelta, every: timedelta = TICK) -> None:
        end = self.clock.now + duration
        while self.clock.now < end:
            await tell_and_deliver(self.monitor)
            self.clock.now += every


@pytest.fixture
async def channel(
    make_monitor: Callable[..., Monitor],
    sender: RecordingSender,
    store: WatchedStore,
    clock: Clock,
    make_alert: Callable[..., Alert],
) -> Channel:
    known = ReceiverState(heartbeat_at=clock.now, digest_at=clock.now)
    await store.put(TenantState(tenant=TENANT_ID, receivers={"teams": known}))
    return Channel(make_monitor(sender=sender), store, clock, make_alert)


def alerts(sender: RecordingSender) -> list[Message]:
    return [message for message in sender.sent if message.kind == "alert"]


@pytest.mark.parametrize("answer", [Refused("its URL is dead"), Delayed("down")])
async def test_what_is_open_and_what_ended_is_told_once_a_dead_channel_is_reached_again(
    channel: Channel, sender: RecordingSender, make_finding: Callable[..., Finding], answer: Result
) -> None:
    lost = make_finding("resource-account-unlicensed", 1, name="Lost")
    mended = make_finding("resource-account-unlicensed", 2, name="Mended")
    await channel.hold(mended)
    await channel.run(timedelta(minutes=10))
    assert [message.severity for message in alerts(sender)] == ["critical"]

    sender.answers = [answer] * 500
    await channel.hold(lost)
    await channel.run(2 * DAY, timedelta(minutes=10))
    sender.answers, sender.sent = [], []
    await channel.hold(lost, make_finding("resource-account-unlicensed", 3, name="Later"))
    await channel.run(timedelta(hours=1))

    named = [
        (section.kind, item.name) for each in alerts(sender) for section in each.sections for item in section.items
    ]
    assert ("resolved", "Mended") in named
    assert {name for kind, name in named if kind in {"new", "open"}} == {"Lost", "Later"}
    assert [message.headline for message in alerts(sender) if message.headline.startswith("Mended while")] == [
        "Mended while this channel could not be reached: Mended"
    ]
    assert len(alerts(sender)) <= 3
    told = len(alerts(sender))
    await channel.run(timedelta(hours=2))
    assert len(alerts(sender)) == told


async def test_reminders_do_not_pile_up_behind_a_message_that_waits(
    channel: Channel, sender: RecordingSender, make_finding: Callable[..., Finding]
) -> None:
    sender.answers = [Delayed("down")] * 1000
    await channel.hold(make_finding("resource-account-unlicensed", 1))
    await channel.run(timedelta(hours=18), timedelta(minutes=5))
    assert len((await channel.monitor.load()).outbox) == 1
    sender.answers, sender.sent = [], []
    await channel.run(timedelta(hours=1), timedelta(minutes=5))
    # A reminder may follow, since what was told last is old by then.
    first = "Title of resource-account-unlicensed: Sales"
    assert [message.headline for message in sender.sent] in ([first], [first, f"Still open: {first}"])
    assert (await channel.monitor.load()).receivers["teams"].caught_up_at is None


async def test_what_was_queued_before_nothing_ran_for_days_is_told_as_it_is_afterwards(
    channel: Channel, sender: RecordingSender, clock: Clock, make_finding: Callable[..., Finding]
) -> None:
    ended, still = make_finding("resource-account-unlicensed", 1, name="Ended"), make_finding("misused", 2, name="Open")
    await channel.hold(ended, still)
    await channel.run(timedelta(minutes=10))
    await channel.hold(still)
    state = told(await channel.monitor.load(), channel.monitor.occasion(), ahead=timedelta(minutes=5))
    assert [entry.message.severity for entry in state.outbox] == ["resolved"]
    await channel.store.put(state)  # it stopped before it could post
    sender.sent = []
    clock.now += 3 * DAY
    await channel.run(timedelta(hours=1))
    assert not [message for message in alerts(sender) if message.as_of and message.as_of < clock.now - DAY]
    named = [
        (section.kind, item.name) for each in alerts(sender) for section in each.sections for item in section.items
    ]
    assert sorted(named) == [("open", "Open"), ("resolved", "Ended")]
