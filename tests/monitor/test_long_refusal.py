"""A channel that puts us off for the whole day that a message is tried."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from shared.delivery.sender import Delayed
from shared.model.alert import Message, OutboxEntry, ReceiverState
from shared.model.tenant import TenantState
from shared.monitor.deliver import GIVE_UP, deliver
from shared.monitor.monitor import Monitor

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, RecordingSender, WatchedStore


@pytest.fixture
async def waiting(store: WatchedStore, clock: Clock, make_state: Callable[..., TenantState]) -> OutboxEntry:
    """One message that waits."""
    message = Message(kind="alert", group="teams/accounts", severity="critical", headline="one")
    entry = OutboxEntry(id="one", receiver="teams", message=message, created=clock.now, due=clock.now)
    known = ReceiverState(heartbeat_at=clock.now, digest_at=clock.now)
    await store.put(make_state(receivers={"teams": known}, outbox=(entry,)))
    return entry


async def test_a_message_that_is_put_off_all_day_is_tried_every_quarter_of_an_hour_and_then_given_up(
    make_monitor: Callable[..., Monitor], sender: RecordingSender, clock: Clock, waiting: OutboxEntry
) -> None:
    monitor = make_monitor(sender=sender)
    sender.answers = [Delayed("down")] * 200
    tries = []
    while not (entry := (await monitor.load()).outbox[0]).refused:
        clock.now = entry.due
        tries.append(clock.now - waiting.created)
        await deliver(monitor)
    assert {later - earlier for earlier, later in pairwise(tries[5:])} == {timedelta(minutes=15)}
    assert len(tries) == len(sender.sent)
    assert timedelta(0) <= tries[-1] - GIVE_UP < timedelta(minutes=15)
