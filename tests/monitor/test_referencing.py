"""Whom call flows refer to: asked for in turn, missed twice before they count as nobody, and never half believed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from shared.graph.reads import AccountsRead, DeltaRead, LicencesRead, ObjectsRead
from shared.licensing.plans import MCOEV
from shared.model.directory import Account, AccountChange, AssignedLicence, Departed
from shared.model.errors import NotThere, SourceError, Throttled
from shared.model.licences import Sku
from shared.model.referenced import DirectoryObject, LookUps, Referenced
from shared.model.tenant import TenantState
from shared.model.voice import Agent, ApplicationInstance, CallQueue, QueueExit, Target, VoiceExport
from shared.monitor import source_reads
from shared.monitor.observation import REMEMBER_BROUGHT, Baseline, with_accounts, with_baseline, with_delta
from shared.monitor.referencing import (
    LOOKED_UP_EVERY,
    MISSED_AGAIN_AFTER,
    brings_phone,
    referenced_ids,
    to_look_up,
    with_objects,
    with_outcome,
)
from shared.voice.references import references_of

AGENT = "00000000-0000-4000-8000-00000000000a"
GROUP = "00000000-0000-4000-8000-00000000000b"
PHONE_SKU = "00000000-0000-4000-8000-00000000000c"
MINUTE = timedelta(minutes=1)
TICK = timedelta(minutes=5)
States = Callable[..., TenantState]


@pytest.fixture
def export(now: datetime) -> VoiceExport:
    queue = CallQueue(id="reception", agents=(Agent(AGENT),), groups=(GROUP,))
    lists: dict[str, tuple[()]] = dict.fromkeys(("attendants", "instances", "associations", "statuses"), ())
    return VoiceExport(exported_at=now, complete=True, version="1", queues=(queue,), **lists)


@pytest.fixture
def known(make_state: States, export: VoiceExport, now: datetime) -> TenantState:
    """A tenant whose agent and group were looked up long enough ago."""
    before = now - 2 * LOOKED_UP_EVERY
    referenced = {
        AGENT: Referenced(kind="user", name="Ann", enabled=True, phone=True, read_at=before),
        GROUP: Referenced(kind="group", name="Desk", read_at=before),
    }
    return make_state(voice=export, referenced=referenced, look_ups=LookUps(succeeded=before))


def delta(state: TenantState, begun: datetime, *changes: AccountChange) -> TenantState:
    read = DeltaRead(begun=begun, base=state.delta.link, link=state.delta.link, changes=changes)
    return with_delta(state, read)


def ann(read_at: datetime, **changed: object) -> Account:
    return msgspec.structs.replace(
        Account(id=AGENT, name="Ann", enabled=True, licences=(AssignedLicence(PHONE_SKU),), read_at=read_at), **changed
    )


def test_what_is_no_guid_is_not_looked_up(now: datetime) -> None:
    queue = CallQueue(id="q", users=(AGENT, "tel:+14255550199", "ann@contoso.example"))
    assert referenced_ids(VoiceExport(exported_at=now, queues=(queue,))) == {AGENT}


def test_a_number_behind_a_voicemail_action_is_a_number() -> None:
    queue = CallQueue(id="q", timeout=QueueExit("voicemail", Target("number", "+14255550199")))
    assert [each.kind for each in references_of(queue)] == ["number"]


class TestWhoIsMissed:
    def test_is_still_whoever_they_were_after_one_look_up(self, known: TenantState, now: datetime) -> None:
        after = with_objects(known, ObjectsRead(begun=now, missing=(AGENT,)))
        assert after.referenced[AGENT] == known.referenced[AGENT]

    def test_is_nobody_after_a_second_one_a_while_later(self, known: TenantState, now: datetime) -> None:
        once = with_objects(known, ObjectsRead(begun=now, missing=(AGENT,)))
        at_once = with_objects(once, ObjectsRead(begun=now + MINUTE, missing=(AGENT,)))
        assert at_once.referenced[AGENT].kind == "user"
        twice = with_objects(at_once, ObjectsRead(begun=now + MISSED_AGAIN_AFTER, missing=(AGENT,)))
        assert (twice.referenced[AGENT].kind, twice.referenced[AGENT].name) == ("nobody", "Ann")

    def test_is_asked_for_at_every_tick_of_the_first_hour(self, known: TenantState, now: datetime) -> None:
        found = (DirectoryObject(id=GROUP, kind="group"),)
        state = with_objects(known, ObjectsRead(begun=now, missing=(AGENT,), found=found))
        state = with_objects(state, ObjectsRead(begun=now + TICK, missing=(AGENT,)))
        assert to_look_up(state, now + 2 * TICK) == (AGENT,)
        state = with_objects(state, ObjectsRead(begun=now + 11 * TICK, missing=(AGENT,)))
        assert AGENT not in to_look_up(state, now + 13 * TICK)

    def test_starts_anew_once_found_in_between(self, known: TenantState, now: datetime) -> None:
        state = with_objects(known, ObjectsRead(begun=now, missing=(AGENT,)))
        there = DirectoryObject(id=AGENT, kind="user", name="Ann", enabled=True)
        state = with_objects(state, ObjectsRead(begun=now + TICK, found=(there,)))
        state = with_objects(state, ObjectsRead(begun=now + 2 * TICK, missing=(AGENT,)))
        assert state.referenced[AGENT].kind == "user"

    def test_counts_at_once_in_the_first_look_up_of_a_tenant(self, known: TenantState, now: datetime) -> None:
        first = msgspec.structs.replace(known, referenced={}, look_ups=LookUps())
        after = with_objects(first, ObjectsRead(begun=now, missing=(AGENT,)))
        assert after.referenced[AGENT].kind == "nobody"
        assert AGENT in to_look_up(after, now + TICK)

    def test_is_nobody_at_once_where_delta_says_so(self, known: TenantState, now: datetime) -> None:
        after = delta(known, now, AccountChange(id=AGENT, removed=True))
        assert after.referenced[AGENT].kind == "nobody"


class TestWhoWasNotJudged:
    def test_gives_others_their_turn(self, known: TenantState, now: datetime) -> None:
        unknown = msgspec.structs.replace(known, referenced={})
        after = with_objects(unknown, ObjectsRead(begun=now, unjudged=(GROUP,)))
        assert to_look_up(after, now + TICK) == (AGENT,)
        assert set(to_look_up(after, now + LOOKED_UP_EVERY)) == {AGENT, GROUP}

    def test_is_neither_somebody_nor_nobody(self, known: TenantState, now: datetime) -> None:
        unknown = msgspec.structs.replace(known, referenced={})
        assert with_objects(unknown, ObjectsRead(begun=now, unjudged=(GROUP,))).referenced == {}


class TestAReplicaThatLags:
    def test_does_not_bring_back_an_agent_whom_delta_told_to_be_gone(self, known: TenantState, now: datetime) -> None:
        state = delta(known, now, AccountChange(id=AGENT, removed=True))
        read = AccountsRead(begun=now + MINUTE, found=(ann(now + MINUTE),))
        after = with_accounts(state, read)
        assert after.referenced[AGENT].kind == "nobody"
        assert after.delta.awaited == (AGENT,)

    def test_does_not_take_away_an_agent_of_whom_delta_told(self, known: TenantState, now: datetime) -> None:
        state = delta(known, now, AccountChange(id=AGENT, name="Anna"))
        gone = Departed(id=AGENT, restorable=True, read_at=now + MINUTE)
        after = with_accounts(state, AccountsRead(begun=now + MINUTE, departed=(gone,)))
        assert (after.referenced[AGENT].kind, after.delta.awaited) == ("user", (AGENT,))

    def test_is_believed_once_the_lag_is_over(self, known: TenantState, now: datetime) -> None:
        state = delta(known, now, AccountChange(id=AGENT, removed=True))
        later = now + REMEMBER_BROUGHT + MINUTE
        after = with_accounts(state, AccountsRead(begun=later, found=(ann(later),)))
        assert (after.referenced[AGENT].kind, after.delta.awaited) == ("user", ())

    def test_does_not_undo_by_a_look_up_what_delta_told(self, known: TenantState, now: datetime) -> None:
        state = delta(known, now, AccountChange(id=AGENT, removed=True))
        there = DirectoryObject(id=AGENT, kind="user", name="Ann", enabled=True)
        read = ObjectsRead(begun=now + MINUTE, found=(there,))
        assert with_objects(state, read, {AGENT}).referenced[AGENT].kind == "nobody"
        assert with_objects(state, read).referenced[AGENT].kind == "user"


class TestAPhoneLicence:
    @pytest.mark.parametrize(
        ("status", "brings"),
        [("Enabled", True), ("Warning", True), ("Suspended", False), ("LockedOut", False), ("Deleted", False)],
    )
    def test_counts_while_its_sku_can_be_used(self, make_sku: Callable[..., Sku], status: str, brings: bool) -> None:  # noqa: FBT001
        skus = {PHONE_SKU: make_sku(PHONE_SKU, MCOEV, status=status)}
        assert brings_phone((AssignedLicence(PHONE_SKU),), skus) is brings

    def test_of_a_sku_that_was_not_read_yet_is_not_judged(self, make_sku: Callable[..., Sku]) -> None:
        unread = AssignedLicence(PHONE_SKU)
        other = make_sku(7)
        assert brings_phone((AssignedLicence(other.id), unread), {other.id: other}) is None
        assert brings_phone((AssignedLicence(other.id),), {other.id: other}) is False

    def test_is_asked_for_anew_once_its_sku_is_read(
        self, known: TenantState, make_sku: Callable[..., Sku], now: datetime
    ) -> None:
        there = DirectoryObject(id=AGENT, kind="user", licences=(AssignedLicence(PHONE_SKU),))
        others = DirectoryObject(id=GROUP, kind="group")
        state = with_objects(known, ObjectsRead(begun=now, found=(there, others)))
        assert state.referenced[AGENT].phone is None
        read = LicencesRead(begun=now + MINUTE, skus=(make_sku(PHONE_SKU, MCOEV),), subscriptions=())
        state = source_reads.with_licences(state, read)
        assert AGENT in to_look_up(state, now + TICK)
        state = with_objects(state, ObjectsRead(begun=now + TICK, found=(there, others)))
        assert state.referenced[AGENT].phone is True
        assert to_look_up(state, now + 2 * TICK) == ()

    def test_is_not_asked_for_anew_because_units_change(
        self, known: TenantState, make_sku: Callable[..., Sku], now: datetime
    ) -> None:
        state = msgspec.structs.replace(known, skus=(make_sku(PHONE_SKU, MCOEV, enabled=5),))
        read = LicencesRead(begun=now + MINUTE, skus=(make_sku(PHONE_SKU, MCOEV, enabled=6),), subscriptions=())
        assert source_reads.with_licences(state, read).look_ups == known.look_ups


class TestABaseline:
    def test_tells_of_agents_what_its_own_delta_did(self, known: TenantState, now: datetime) -> None:
        changes = (AccountChange(id=AGENT, removed=True),)
        baseline = Baseline(begun=now, accounts=(), told=frozenset({AGENT}), changes=changes, link="next")
        assert with_baseline(known, baseline).referenced[AGENT].kind == "nobody"

    def test_makes_everybody_due(self, known: TenantState, now: datetime) -> None:
        lately = {key: msgspec.structs.replace(each, read_at=now) for key, each in known.referenced.items()}
        state = msgspec.structs.replace(known, referenced=lately)
        assert to_look_up(state, now + TICK) == ()
        after = with_baseline(state, Baseline(begun=now + MINUTE, accounts=(), link="next"))
        assert set(to_look_up(after, now + TICK)) == {AGENT, GROUP}


class TestAnAgentWhoIsFollowedNoMore:
    @pytest.fixture
    def followed(self, known: TenantState, resource_account_sku: Sku, now: datetime) -> TenantState:
        agent = ann(now, enabled=False, licences=(AssignedLicence(resource_account_sku.id),))
        return msgspec.structs.replace(known, accounts={AGENT: agent}, referenced={}, skus=(resource_account_sku,))

    @pytest.fixture
    def resource_account_sku(self, make_resource_account_sku: Callable[..., Sku]) -> Sku:
        return make_resource_account_sku(5)

    def test_is_remembered_as_known_last(self, followed: TenantState, now: datetime) -> None:
        after = delta(followed, now + MINUTE, AccountChange(id=AGENT, licences=()))
        assert AGENT not in after.accounts
        told = Referenced(kind="user", name="Ann", enabled=False, phone=False, read_at=now + MINUTE)
        assert after.referenced == {AGENT: told}

    def test_is_nobody_once_deleted(self, followed: TenantState, now: datetime) -> None:
        after = delta(followed, now + MINUTE, AccountChange(id=AGENT, removed=True, restorable=True))
        assert after.referenced == {AGENT: Referenced(kind="nobody", name="Ann", read_at=now + MINUTE)}

    def test_is_remembered_after_a_direct_read(self, followed: TenantState, now: datetime) -> None:
        later = ann(now + MINUTE, enabled=False, licences=())
        after = with_accounts(followed, AccountsRead(begun=now + MINUTE, found=(later,)))
        assert after.referenced[AGENT].enabled is False


class TestLookingUpThatFails:
    def test_is_remembered_since_its_first_failure(self, known: TenantState, now: datetime) -> None:
        state = with_outcome(known, SourceError("down"), now)
        state = with_outcome(state, Throttled("busy", 600), now + TICK)
        assert state.look_ups.failing_since == now
        assert state.look_ups.not_before == now + TICK + timedelta(seconds=600)
        mended = with_outcome(state, None, now + 3 * TICK).look_ups
        assert mended == LookUps(succeeded=now + 3 * TICK)

    def test_waits_where_a_part_of_it_was_asked_to(self, known: TenantState, now: datetime) -> None:
        look_ups = with_outcome(known, None, now, wait=Throttled("busy", 600)).look_ups
        assert look_ups == LookUps(succeeded=now, not_before=now + timedelta(minutes=10))

    def test_keeps_a_new_export_from_being_confirmed(
        self, known: TenantState, export: VoiceExport, now: datetime
    ) -> None:
        state = source_reads.with_voice(known, export)
        state = with_outcome(state, SourceError("down"), now)
        later = now + timedelta(hours=4)
        new = msgspec.structs.replace(export, exported_at=later, version="2")
        after = source_reads.with_voice(state, new, later)
        assert (after.voice, after.source("voice").complete_as_of) == (new, now)


class TestTheExport:
    def test_that_was_read_later_stands_against_an_earlier_failure(
        self, known: TenantState, export: VoiceExport, now: datetime
    ) -> None:
        old = msgspec.structs.replace(export, exported_at=now - timedelta(hours=2))
        state = source_reads.with_voice(known, old, now)
        failed = source_reads.with_failure(state, "voice", NotThere("there is no voice export"), now - MINUTE)
        assert failed.source("voice").state == "complete"

    def test_that_is_back_clears_the_failure(self, known: TenantState, export: VoiceExport, now: datetime) -> None:
        part = msgspec.structs.replace(export, complete=False, errors=("callQueues",))
        before = source_reads.with_voice(known, part, now)
        away = source_reads.with_failure(before, "voice", NotThere("there is no voice export"), now + TICK)
        back = source_reads.with_voice_again(away, now + 2 * TICK)
        assert back.source("voice").problem == "the export is not complete (failed: callQueues)."
        assert source_reads.with_voice_again(back, now + 3 * TICK) is back

    def test_that_is_older_than_the_known_one_is_remembered_as_seen(
        self, known: TenantState, export: VoiceExport, now: datetime
    ) -> None:
        state = source_reads.with_voice(known, export, now)
        old = msgspec.structs.replace(export, exported_at=now - timedelta(hours=5), version="0")
        after = source_reads.with_voice(state, old, now + TICK)
        assert (after.voice, after.voice_seen) == (export, "0")


def test_many_people_who_are_removed_at_once_cost_no_more_than_one_look_at_the_accounts(
    make_state: States, now: datetime
) -> None:
    def some(count: int, kind: str) -> tuple[str, ...]:
        return tuple(f"{kind * 8}-0000-4000-8000-{number:012d}" for number in range(count))

    listed = tuple(ApplicationInstance(id=each) for each in some(20_000, "a"))
    agents = some(20_000, "b")
    referenced = {each: Referenced(kind="user", read_at=now) for each in agents}
    state = make_state(voice=VoiceExport(exported_at=now, instances=listed), referenced=referenced)
    begun = time.process_time()
    after = delta(state, now, *(AccountChange(id=each, removed=True) for each in agents[:10_000]))
    # With one look for each of them it takes several times as long.
    assert time.process_time() - begun < 5
    assert Counter(each.kind for each in after.referenced.values()) == {"user": 10_000, "nobody": 10_000}
