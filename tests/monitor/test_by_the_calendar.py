"""Heartbeats, digests and notices of silences, as they enter the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import msgspec
import pytest

from shared.alerting.routing import Routes
from shared.licensing.policy import CURRENT
from shared.model.alert import Alert, Message, OutboxEntry, ReceiverState
from shared.model.directory import Account
from shared.model.finding import Finding
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.model.timing import Calendar, Timing
from shared.monitor.deliver import TICK
from shared.monitor.occasion import Occasion
from shared.monitor.telling import told

DAY = timedelta(days=1)
BERLIN = Timing(calendar=Calendar(at=time(8), digest_day="mon", time_zone="Europe/Berlin"))
BEFORE_SPRING = datetime(2026, 3, 27, 12, tzinfo=UTC)

EVERYTHING = Routes()

MakeState = Callable[..., TenantState]
Look = Callable[..., tuple[TenantState, tuple[Message, ...]]]


@pytest.fixture
def look() -> Look:
    def looked(
        state: TenantState, now: datetime, timing: Timing = BERLIN, routes: Routes = EVERYTHING
    ) -> tuple[TenantState, tuple[Message, ...]]:
        """The document after a look, as if all that it put into the outbox had been posted, and what that was."""
        after = told(state, Occasion(now=now, policy=CURRENT, timing=timing, routes=routes), ahead=TICK / 2)
        return msgspec.structs.replace(after, outbox=()), tuple(entry.message for entry in after.outbox)

    return looked


def test_heartbeats_and_digests_come_at_their_local_hours_across_the_change_of_the_clocks(
    make_state: MakeState, look: Look
) -> None:
    state, sent = make_state(), []
    for number in range(5 * 24 * 4):
        now = BEFORE_SPRING + number * timedelta(minutes=15)
        state, messages = look(state, now)
        sent += [(f"{now:%a %H:%M}", message.kind) for message in messages]
    assert sent == [
        ("Sat 07:00", "heartbeat"),
        ("Sun 06:00", "heartbeat"),  # the clocks went forward in the night
        ("Mon 06:00", "digest"),
        ("Mon 06:00", "heartbeat"),
        ("Tue 06:00", "heartbeat"),
        ("Wed 06:00", "heartbeat"),
    ]


@pytest.mark.parametrize("timing", [BERLIN, Timing()], ids=["calendar", "intervals"])
def test_what_was_missed_while_nothing_ran_is_sent_once(make_state: MakeState, look: Look, timing: Timing) -> None:
    state, _ = look(make_state(), BEFORE_SPRING, timing)
    state, messages = look(state, BEFORE_SPRING + 30 * DAY, timing)
    assert sorted(message.kind for message in messages) == ["digest", "heartbeat"]
    for minutes in range(1, 60):
        state, messages = look(state, BEFORE_SPRING + 30 * DAY + timedelta(minutes=minutes), timing)
        assert messages == ()


def test_a_receiver_without_heartbeats_gets_digests_and_one_that_is_new_begins_to_count(
    make_state: MakeState, look: Look
) -> None:
    quiet = Routes(receivers=("ops",), quiet=frozenset({"ops"}))
    state, messages = look(make_state(), BEFORE_SPRING, Timing(), quiet)
    assert messages == ()
    both = Routes(receivers=("desk", "ops"), quiet=frozenset({"ops"}))
    state, messages = look(state, BEFORE_SPRING + 7 * DAY, Timing(), both)
    assert [(message.group, message.kind) for message in messages] == [("ops", "digest")]
    _, messages = look(state, BEFORE_SPRING + 8 * DAY, Timing(), both)
    assert [(message.group, message.kind) for message in messages] == [("desk", "heartbeat")]


def test_heartbeats_do_not_pile_up_behind_one_that_waits(make_state: MakeState) -> None:
    state = make_state()
    for day in range(5):
        occasion = Occasion(now=BEFORE_SPRING + day * DAY, policy=CURRENT, timing=Timing())
        state = told(state, occasion)
    assert [entry.message.kind for entry in state.outbox] == ["heartbeat"]


def test_a_heartbeat_and_a_digest_say_what_was_never_posted(make_state: MakeState, look: Look) -> None:
    now = BEFORE_SPRING + 7 * DAY
    message = Message(kind="alert", group="teams/lines", severity="critical", headline="Lost")
    lost = OutboxEntry(id="1", receiver="teams", message=message, created=now, due=now, refused="no", refused_at=now)
    known = ReceiverState(
        heartbeat_at=BEFORE_SPRING, digest_at=BEFORE_SPRING, dropped=37, dropped_at=now - DAY, caught_up_at=now
    )
    state = make_state(receivers={"teams": known}, outbox=(lost,))
    after = told(state, Occasion(now=now, policy=CURRENT, timing=Timing()))
    for entry in after.outbox[1:]:
        assert "37 messages were never posted here, because too many waited;" in entry.message.text
        assert "1 message was given up, refused here or put off for too long; " in entry.message.text
    assert len(after.outbox) == 3
    _, messages = look(msgspec.structs.replace(state, outbox=()), now + 30 * DAY, Timing())
    assert not [each for each in messages if "never posted" in each.text]


@pytest.fixture
def silenced(
    make_state: MakeState,
    make_account: Callable[..., Account],
    make_finding: Callable[..., Finding],
    make_alert: Callable[..., Alert],
    make_guid: Callable[[int], str],
) -> TenantState:
    """An account that is silenced for another 20 hours, and a silence of three weeks that matches nothing."""
    alert = make_alert(make_finding("resource-account-unlicensed", 1))

    def silence(name: str, rule: str, days: int) -> Silence:
        return Silence(
            id=name,
            rules=(rule,),
            subjects=(make_guid(1),),
            starts=BEFORE_SPRING - 7 * DAY,
            ends=BEFORE_SPRING + days * DAY + timedelta(hours=20),
            author="Ada",
            reason="Migration",
            created=BEFORE_SPRING - 7 * DAY,
        )

    silences = [silence("soon", "resource-account-unlicensed", 0), silence("idle", "voice-app-loop", 14)]
    return make_state(
        make_account(1, name="AA Main Line"),
        alerts={alert.finding.key: alert},
        silences={each.id: each for each in silences},
    )


def test_notices_of_silences_name_their_subjects_and_go_once_to_every_receiver(
    silenced: TenantState, look: Look
) -> None:
    routes = Routes(receivers=("desk", "ops"))
    state, messages = look(silenced, BEFORE_SPRING, BERLIN, routes)
    notices = [message for message in messages if message.kind == "notice"]
    assert [(notice.group, notice.headline) for notice in notices] == [
        ("desk", "A silence for AA Main Line ends on 2026-03-28 08:00 UTC"),
        ("ops", "A silence for AA Main Line ends on 2026-03-28 08:00 UTC"),
        ("desk", "A silence for AA Main Line has matched nothing for 7 days"),
        ("ops", "A silence for AA Main Line has matched nothing for 7 days"),
    ]
    assert "Quiet now: AA Main Line." in notices[0].text
    assert "linekeeper silence end idle" in notices[2].text
    _, messages = look(state, BEFORE_SPRING + timedelta(hours=1), BERLIN, routes)
    assert [message for message in messages if message.kind == "notice"] == []
