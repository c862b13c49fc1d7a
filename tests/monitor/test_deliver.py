from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.delivery.sender import Delayed, Refused
from shared.model.alert import Alert, GroupLog, Message, OutboxEntry, ReceiverState
from shared.model.finding import Finding
from shared.model.tenant import TenantState
from shared.monitor.deliver import CLAIM, deliver, tell_and_deliver
from shared.monitor.monitor import Monitor

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, RecordingSender, WatchedStore

MakeMonitor = Callable[..., Monitor]
Lay = Callable[..., Awaitable[None]]

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


class Crash(BaseException):
    """The process ends."""


START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
STARTED = {"teams": ReceiverState(heartbeat_at=START, digest_at=START)}
"""A receiver whose first heartbeat and digest are not due yet."""


@pytest.fixture
def monitor(make_monitor: MakeMonitor, sender: RecordingSender) -> Monitor:
    return make_monitor(sender=sender)


@pytest.fixture
def lay(store: WatchedStore, clock: Clock, make_state: Callable[..., TenantState]) -> Lay:
    """Lays messages ready in the outbox, by their headlines."""

    async def lay(*headlines: str, **changed: object) -> None:
        await store.put(
            make_state(receivers=STARTED, outbox=tuple(entry(headline, clock, **changed) for headline in headlines))
        )

    return lay


def entry(headline: str, clock: Clock, **changed: object) -> OutboxEntry:
    message = Message(kind="alert", group="teams/accounts", severity="critical", headline=headline)
    values: dict[str, object] = {"created": clock.now, "due": clock.now}
    return OutboxEntry(id=headline, receiver="teams", message=message, **(values | changed))  # type: ignore[arg-type]


async def outbox(monitor: Monitor) -> tuple[OutboxEntry, ...]:
    return (await monitor.load()).outbox


async def test_messages_go_out_oldest_first_and_leave_the_outbox(
    monitor: Monitor, sender: RecordingSender, lay: Lay
) -> None:
    await lay("one", "two", "three")
    await deliver(monitor)
    assert sender.headlines == ["one", "two", "three"]
    assert await outbox(monitor) == ()


async def test_a_message_that_is_not_due_yet_waits_and_holds_back_what_comes_after_it(
    monitor: Monitor, sender: RecordingSender, clock: Clock, store: WatchedStore, lay: Lay
) -> None:
    await lay("one", "two", due=clock.now + MICROSECOND)
    await deliver(monitor)
    assert (sender.sent, store.saves) == ([], 0)
    clock.now += MICROSECOND
    await deliver(monitor)
    assert sender.headlines == ["one", "two"]


async def test_one_entry_at_a_time_is_claimed_for_as_long_as_it_is_in_flight(
    monitor: Monitor, sender: RecordingSender, clock: Clock, lay: Lay
) -> None:
    claims = []

    async def look() -> None:
        claims.extend([each.claimed_until for each in await outbox(monitor)])

    await lay("one", "two")
    sender.during = look
    await deliver(monitor)
    assert claims == [clock.now + CLAIM, None]


async def test_a_claim_keeps_others_off_until_it_runs_out(
    monitor: Monitor, make_monitor: MakeMonitor, sender: RecordingSender, clock: Clock, lay: Lay
) -> None:
    other = make_monitor(sender=sender)
    seen = []

    async def others_try() -> None:
        clock.now += CLAIM - MICROSECOND
        await deliver(other)
        seen.append(list(sender.headlines))
        clock.now += MICROSECOND
        await deliver(other)
        seen.append(list(sender.headlines))

    await lay("one", "two")
    sender.during = others_try
    await deliver(monitor)
    assert seen == [["one"], ["one", "one", "two"]]
    assert (sender.headlines, await outbox(monitor)) == (["one", "one", "two"], ())


@pytest.mark.parametrize(("claims", "posted"), [(1.5, []), (2, []), (2.01, ["one"]), (1000, ["one"])])
async def test_a_claim_by_a_clock_that_is_a_little_ahead_counts_and_one_by_a_clock_gone_wrong_does_not(
    monitor: Monitor, sender: RecordingSender, lay: Lay, claims: float, posted: list[str]
) -> None:
    await lay("one", claimed_until=monitor.clock() + claims * CLAIM, claimed_by="somebody")
    await deliver(monitor)
    assert sender.headlines == posted


async def test_of_two_that_claim_at_once_one_posts(
    monitor: Monitor, make_monitor: MakeMonitor, sender: RecordingSender, store: WatchedStore, lay: Lay
) -> None:
    other = make_monitor(sender=sender, clock=lambda: monitor.clock() + MICROSECOND)
    posting, finish = asyncio.Event(), asyncio.Event()

    async def post_slowly() -> None:
        posting.set()
        await finish.wait()

    async def other_claims_first() -> None:
        sender.during = post_slowly
        others.append(asyncio.create_task(deliver(other)))
        await posting.wait()

    others: list[asyncio.Task[None]] = []
    await lay("one", "two")
    store.before_save = other_claims_first
    await deliver(monitor)
    assert sender.headlines == ["one"]
    finish.set()
    await asyncio.gather(*others)
    assert sender.headlines == ["one", "two"]


async def test_a_delayed_message_is_tried_again_after_the_time_that_the_channel_names(
    monitor: Monitor, sender: RecordingSender, clock: Clock, lay: Lay
) -> None:
    await lay("one", "two")
    sender.answers = [Delayed("busy", 17)]
    await deliver(monitor)
    first, second = await outbox(monitor)
    assert (first.due, first.attempts, first.claimed_until) == (clock.now + timedelta(seconds=17), 1, None)
    assert (second.attempts, second.due) == (0, clock.now)
    assert sender.headlines == ["one"]
    clock.advance(seconds=17)
    await deliver(monitor)
    assert sender.headlines == ["one", "one", "two"]


async def test_without_a_named_time_the_pause_doubles_up_to_fifteen_minutes(
    monitor: Monitor, sender: RecordingSender, clock: Clock, lay: Lay
) -> None:
    pauses = []
    await lay("one")
    sender.answers = [Delayed("down")] * 8
    for _ in range(8):
        await deliver(monitor)
        (delayed,) = await outbox(monitor)
        pauses.append(int((delayed.due - clock.now).total_seconds()))
        clock.now = delayed.due
    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]


async def test_a_refused_message_is_kept_and_the_next_goes_on(
    monitor: Monitor, sender: RecordingSender, clock: Clock, lay: Lay
) -> None:
    await lay("one", "two")
    sender.answers = [Refused("the webhook answered 413")]
    await deliver(monitor)
    (kept,) = await outbox(monitor)
    assert (kept.id, kept.refused, kept.claimed_until) == ("one", "the webhook answered 413", None)
    clock.now += DAY
    await deliver(monitor)
    assert sender.headlines == ["one", "two"]


async def test_a_message_is_given_up_after_a_day_and_the_next_goes_on_at_the_next_look(
    monitor: Monitor, sender: RecordingSender, clock: Clock, store: WatchedStore, lay: Lay
) -> None:
    await lay("one", "two", created=clock.now - DAY)
    sender.answers = [Delayed("down")]
    for _ in range(2):
        await deliver(monitor)
    (given_up,) = await outbox(monitor)
    assert (given_up.id, given_up.refused, given_up.attempts) == ("one", "given up after a day: down", 1)
    saves = store.saves
    clock.now += DAY
    await deliver(monitor)
    assert sender.headlines == ["one", "two"]
    assert store.saves == saves


async def test_a_message_is_not_given_up_before_a_day_is_over(
    monitor: Monitor, sender: RecordingSender, clock: Clock, lay: Lay
) -> None:
    await lay("one", created=clock.now - DAY + MICROSECOND)
    sender.answers = [Delayed("down")]
    await deliver(monitor)
    (delayed,) = await outbox(monitor)
    assert (delayed.refused, delayed.due) == ("", clock.now + timedelta(seconds=30))


async def test_without_a_channel_everything_stays(make_monitor: MakeMonitor, store: WatchedStore, lay: Lay) -> None:
    await lay("one", "two")
    monitor = make_monitor()
    await tell_and_deliver(monitor)
    assert [each.id for each in await outbox(monitor)] == ["one", "two"]
    assert store.saves == 0


async def test_a_crash_after_posting_repeats_the_entry_in_flight_and_no_other(
    monitor: Monitor, make_monitor: MakeMonitor, sender: RecordingSender, clock: Clock, lay: Lay
) -> None:
    async def second_post() -> None:
        raise Crash

    async def first_post() -> None:
        sender.during = second_post

    await lay("one", "two", "three")
    sender.during = first_post
    with pytest.raises(Crash):
        await deliver(monitor)
    after_restart = make_monitor(sender=sender)
    await deliver(after_restart)
    assert sender.headlines == ["one", "two"]
    clock.now += CLAIM
    await deliver(after_restart)
    assert sender.headlines == ["one", "two", "two", "three"]
    assert await outbox(monitor) == ()


async def test_a_message_that_breaks_the_sender_is_tried_five_times_and_then_lets_the_others_pass(
    monitor: Monitor, sender: RecordingSender, clock: Clock, lay: Lay, caplog: pytest.LogCaptureFixture
) -> None:
    await lay("one", "two")
    sender.answers = [ValueError("https://example.com/secret")] * 5
    for _ in range(5):
        await deliver(monitor)
        clock.advance(minutes=15)
    assert sender.headlines == ["one"] * 5 + ["two"]
    (kept,) = await outbox(monitor)
    assert (kept.id, kept.attempts, kept.refused) == ("one", 5, "the message could not be sent (ValueError)")
    assert "secret" not in caplog.text


async def test_posts_to_several_receivers_are_in_the_air_one_at_a_time(
    monitor: Monitor, sender: RecordingSender, clock: Clock, store: WatchedStore, make_state: Callable[..., TenantState]
) -> None:
    """What a crash finds posted and not recorded is posted again: so it is one message at most."""
    every = {name: type(sender)() for name in ("first", "second", "third")}
    monitor = msgspec.structs.replace(monitor, senders=every)
    waiting = [
        msgspec.structs.replace(entry(f"to {name} {place}", clock), receiver=name) for place in (1, 2) for name in every
    ]
    await store.put(make_state(outbox=tuple(waiting)))
    in_the_air: list[int] = []

    async def look() -> None:
        await asyncio.sleep(0.01)
        claimed = [each for each in await outbox(monitor) if each.claimed_until is not None]
        in_the_air.append(len(claimed))
        for each in every.values():
            each.during = look

    for each in every.values():
        each.during = look
    await deliver(monitor)
    assert in_the_air == [1] * 6
    assert await outbox(monitor) == ()


async def test_a_receiver_that_keeps_us_waiting_and_one_that_breaks_keep_no_other_waiting(
    monitor: Monitor, sender: RecordingSender, clock: Clock, store: WatchedStore, make_state: Callable[..., TenantState]
) -> None:
    slow, broken = type(sender)(), type(sender)()
    all_three = msgspec.structs.replace(
        monitor, senders={"slow": slow, "broken": broken, "teams": sender}, patience=timedelta(seconds=0.1)
    )
    waiting = [msgspec.structs.replace(entry(f"to {name}", clock), receiver=name) for name in all_three.senders]
    await store.put(make_state(outbox=tuple(waiting)))
    others_are_done = asyncio.Event()

    async def wait() -> None:
        await others_are_done.wait()

    async def crash() -> None:
        raise Crash

    async def done() -> None:
        others_are_done.set()

    slow.during, broken.during, sender.during = wait, crash, done
    with pytest.raises(Crash):
        await deliver(all_three)
    assert [each.headlines for each in (slow, broken, sender)] == [["to slow"], ["to broken"], ["to teams"]]
    assert [each.receiver for each in await outbox(monitor)] == ["broken"]


@pytest.mark.parametrize(("seconds", "told"), [(0, 1), (15, 1), (15.001, 0), (30, 0)])
async def test_a_group_due_within_half_a_tick_is_told(
    monitor: Monitor,
    sender: RecordingSender,
    firing_group: Callable[[float], Awaitable[None]],
    seconds: float,
    told: int,
) -> None:
    await firing_group(seconds)
    await tell_and_deliver(monitor)
    assert len(sender.sent) == told


async def test_a_group_is_told_once(
    monitor: Monitor,
    sender: RecordingSender,
    store: WatchedStore,
    clock: Clock,
    firing_group: Callable[[float], Awaitable[None]],
) -> None:
    await firing_group(0)
    await tell_and_deliver(monitor)
    saves = store.saves
    for _ in range(4):
        clock.advance(seconds=30)
        await tell_and_deliver(monitor)
    assert len(sender.sent) == 1
    assert store.saves == saves


async def test_nothing_due_writes_nothing(
    monitor: Monitor, sender: RecordingSender, store: WatchedStore, firing_group: Callable[[float], Awaitable[None]]
) -> None:
    await firing_group(30)
    await tell_and_deliver(monitor)
    await tell_and_deliver(monitor)
    assert store.saves == 0
    assert sender.sent == []


@pytest.fixture
def firing_group(
    store: WatchedStore,
    clock: Clock,
    make_state: Callable[..., TenantState],
    make_finding: Callable[..., Finding],
    make_alert: Callable[..., Alert],
) -> Callable[[float], Awaitable[None]]:
    """Lays a group ready whose first message is due in so many seconds."""

    async def lay(seconds: float) -> None:
        alert = make_alert(make_finding("resource-account-unlicensed"), since=clock.now)
        groups = {"teams/accounts": GroupLog(flush_at=clock.now + timedelta(seconds=seconds))}
        alerts = {alert.finding.key: alert}
        await store.put(make_state(read=clock.now, receivers=STARTED, alerts=alerts, groups=groups))

    return lay
