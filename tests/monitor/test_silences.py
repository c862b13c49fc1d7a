"""Silences in the document: added, listed and ended, beside others who write at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shared.alerting.silence_request import Wanted
from shared.model.alert import Alert
from shared.model.directory import Account
from shared.model.errors import LinekeeperError
from shared.model.finding import Finding, Subject
from shared.model.numbers import PhoneNumber
from shared.model.silence import Silence
from shared.model.tenant import TenantState
from shared.model.voice import Association, AutoAttendant, CallQueue, VoiceExport
from shared.monitor.silences import MOST, Desk, add, end, listed, subject_ids

if TYPE_CHECKING:
    from tests.monitor.conftest import Clock, WatchedStore

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
RULE = "resource-account-unlicensed"
SALES_ATTENDANT, SALES_QUEUE, DESK_QUEUE = (f"aaaaaaaa-0000-4000-8000-00000000000{each}" for each in (1, 2, 3))

MakeState = Callable[..., TenantState]
MakeAccount = Callable[..., Account]
MakeNumber = Callable[..., PhoneNumber]
MakeGuid = Callable[[int], str]


def silence(name: str, **changed: Any) -> Silence:  # noqa: ANN401 - a silence's own fields
    values: dict[str, Any] = {
        "id": name,
        "rules": (RULE,),
        "starts": NOW - timedelta(hours=1),
        "ends": NOW + timedelta(hours=1),
        "author": "Ada",
        "reason": "Migration",
        "created": NOW - timedelta(hours=1),
        **changed,
    }
    return Silence(**values)


def wanted(**changed: Any) -> Wanted:  # noqa: ANN401 - what may be wanted
    values: dict[str, Any] = {
        "rules": (RULE,),
        "ends": NOW + timedelta(hours=2),
        "author": "Ada",
        "reason": "Migration",
        **changed,
    }
    return Wanted(**values)


@pytest.fixture
def document(
    make_state: MakeState,
    make_account: MakeAccount,
    make_number: MakeNumber,
    make_finding: Callable[..., Finding],
    make_alert: Callable[..., Alert],
) -> TenantState:
    accounts = (
        make_account(1, name="Sales", upn="sales@contoso.example"),
        make_account(2, name="Support\u202e\nline"),
        make_account(3, name="Desk"),
        make_account(4, name="Desk"),
    )
    export = VoiceExport(
        exported_at=NOW,
        attendants=(AutoAttendant(id=SALES_ATTENDANT, name="Sales Menu"),),
        queues=(CallQueue(id=SALES_QUEUE, name="Sales"), CallQueue(id=DESK_QUEUE, name="Reception")),
    )
    findings = (make_finding(RULE, 2), make_finding(RULE, 1, "warning"), make_finding("resource-account-vanished", 1))
    return make_state(
        *accounts,
        numbers=(make_number("+14255550100", 2),),
        voice=export,
        alerts={each.key: make_alert(each) for each in findings},
    )


@pytest.fixture
async def desk(document: TenantState, store: WatchedStore, clock: Clock) -> Desk:
    await store.put(document)
    return Desk(tenant=document.tenant, store=store, clock=clock)


async def test_a_silence_is_kept_with_the_ids_of_what_was_named_and_tells_what_it_keeps_quiet(
    desk: Desk, make_guid: MakeGuid
) -> None:
    made = await add(desk, wanted(subjects=("sales@contoso.example", "+1 (425) 555-0100")))
    kept = (await desk.load()).silences[made.id]
    assert kept.subjects == (make_guid(1), make_guid(2))
    assert (kept.starts, kept.created, kept.ends) == (NOW, NOW, NOW + timedelta(hours=2))
    assert [each.name for each in made.subjects] == ["Sales", "Support line"]
    assert made.state == "active"
    assert (made.findings.count, made.findings.names) == (2, ("Support line", "Sales"))


async def test_times_are_kept_to_the_second(desk: Desk, clock: Clock) -> None:
    clock.advance(microseconds=700)
    made = await add(desk, wanted())
    assert (made.starts, made.state) == (NOW, "active")


async def test_nothing_is_lost_of_what_others_save_at_the_same_time(
    desk: Desk, store: WatchedStore, document: TenantState
) -> None:
    theirs = silence("theirs")

    async def meanwhile() -> None:
        await store.put(msgspec.structs.replace(document, silences={"theirs": theirs}))

    store.before_save = meanwhile
    made = await add(desk, wanted())
    assert set((await desk.load()).silences) == {"theirs", made.id}
    store.before_save = _end_later(desk, made.id)
    await end(desk, "theirs")
    assert {each.state for each in await listed(desk)} == {"ended"}


def _end_later(desk: Desk, silence_id: str) -> Callable[[], Awaitable[object]]:
    async def ended() -> None:
        await end(desk, silence_id)

    return ended


async def test_before_the_service_has_read_the_tenant_nothing_can_be_silenced(
    store: WatchedStore, clock: Clock
) -> None:
    desk = Desk(tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95", store=store, clock=clock)
    with pytest.raises(LinekeeperError, match="holds nothing of this tenant yet"):
        await add(desk, wanted())
    assert store.saves == 0
    assert await listed(desk) == ()


async def test_a_refused_silence_leaves_the_document_as_it_is(desk: Desk, store: WatchedStore) -> None:
    for refused in (wanted(rules=("source-stale",)), wanted(subjects=("Nobody",)), wanted(reason=" ")):
        with pytest.raises(LinekeeperError):
            await add(desk, refused)
    assert store.saves == 0


async def test_there_is_an_end_to_how_many_silences_there_are(
    desk: Desk, store: WatchedStore, document: TenantState
) -> None:
    over = {"over": silence("over", ends=NOW)}
    many = {str(each): silence(str(each)) for each in range(MOST - 1)}
    await store.put(msgspec.structs.replace(document, silences=many | over))
    await add(desk, wanted())
    with pytest.raises(LinekeeperError, match="there are 200 silences already"):
        await add(desk, wanted())


async def test_an_ended_silence_keeps_nothing_quiet_and_stays_to_be_seen(desk: Desk, clock: Clock) -> None:
    made = await add(desk, wanted())
    clock.advance(minutes=5)
    done = await end(desk, f" {made.id.upper()} ")
    assert (done.state, done.ends, done.findings.count) == ("ended", NOW + timedelta(minutes=5), 0)
    with pytest.raises(LinekeeperError, match=f"the silence {made.id} ended on 2026-11-20 10:05 UTC already"):
        await end(desk, made.id)


async def test_one_that_has_not_begun_never_will_once_it_is_ended(desk: Desk, clock: Clock) -> None:
    made = await add(desk, wanted(starts=NOW + timedelta(hours=1)))
    assert (made.state, made.findings.count) == ("coming", 0)
    await end(desk, made.id)
    clock.advance(minutes=90)
    assert [each.state for each in await listed(desk)] == ["ended"]


async def test_an_unknown_id_is_answered_with_the_nearest_that_can_be_ended(
    desk: Desk, store: WatchedStore, document: TenantState
) -> None:
    await store.put(msgspec.structs.replace(document, silences={"0123456789ab": silence("0123456789ab")}))
    with pytest.raises(LinekeeperError, match=r"no silence has the id '0123456789ac'\. Did you mean '0123456789ab'"):
        await end(desk, "0123456789ac")
    with pytest.raises(LinekeeperError, match=r"no silence has the id 'zz'\. `linekeeper silence list`"):
        await end(desk, "zz")


async def test_the_list_has_what_is_in_force_first_and_the_latest_ended_last_but_first_of_its_kind(
    desk: Desk, store: WatchedStore, document: TenantState
) -> None:
    hour = timedelta(hours=1)
    silences = (
        silence("ended-long-ago", starts=NOW - 9 * hour, ends=NOW - 8 * hour),
        silence("coming", starts=NOW + hour, ends=NOW + 2 * hour),
        silence("active-long", ends=NOW + 9 * hour),
        silence("ended", starts=NOW - 9 * hour, ends=NOW),
        silence("active-short", ends=NOW + hour),
    )
    await store.put(msgspec.structs.replace(document, silences={each.id: each for each in silences}))
    shown = await listed(desk)
    assert [each.id for each in shown] == ["active-short", "active-long", "coming", "ended", "ended-long-ago"]
    assert [each.findings.count for each in shown] == [2, 2, 0, 0, 0]


async def test_of_many_silenced_findings_the_first_are_named(
    desk: Desk,
    store: WatchedStore,
    document: TenantState,
    make_finding: Callable[..., Finding],
    make_alert: Callable[..., Alert],
) -> None:
    found = [make_finding(RULE, each, name=f"Line {each}") for each in range(100, 130)]
    alerts = {each.key: make_alert(each) for each in found}
    await store.put(msgspec.structs.replace(document, alerts=alerts))
    made = await add(desk, wanted())
    assert made.findings.count == 30
    assert len(made.findings.names) == 21
    assert made.findings.names[-1] == "\N{HORIZONTAL ELLIPSIS}"


def test_a_subject_is_known_by_whatever_people_call_it(document: TenantState, make_guid: MakeGuid) -> None:
    assert subject_ids(document, " Tenant ") == (document.tenant,)
    assert subject_ids(document, "sales menu") == (SALES_ATTENDANT,)
    assert subject_ids(document, "Reception") == (DESK_QUEUE,)
    assert subject_ids(document, "tel:+14255550100") == (make_guid(2),)
    assert subject_ids(document, "{" + make_guid(77).upper() + "}") == (make_guid(77),)


def test_the_id_of_a_finding_is_taken_as_it_is_even_where_it_is_no_guid(
    document: TenantState, make_alert: Callable[..., Alert]
) -> None:
    odd = Finding(rule=RULE, severity="info", subject=Subject("sku", "part 7"), summary="", remedy="")
    state = msgspec.structs.replace(document, alerts={odd.key: make_alert(odd)})
    assert subject_ids(state, "Part 7") == ("part 7",)


def test_a_voice_app_and_the_account_of_its_name_that_stands_for_it_are_one_line(
    document: TenantState, make_guid: MakeGuid
) -> None:
    assert document.voice is not None
    stands = Association(account=make_guid(1), app_kind="queue", app=SALES_QUEUE)
    state = msgspec.structs.replace(document, voice=msgspec.structs.replace(document.voice, associations=(stands,)))
    assert set(subject_ids(state, "Sales")) == {make_guid(1), SALES_QUEUE}


def test_a_name_that_several_bear_is_answered_with_their_ids(document: TenantState, make_guid: MakeGuid) -> None:
    with pytest.raises(LinekeeperError) as refused:
        subject_ids(document, "Sales")
    assert "'Sales' may be any of 2" in str(refused.value)
    assert f"{make_guid(1)} (account)" in str(refused.value)
    assert f"{SALES_QUEUE} (voice app)" in str(refused.value)
    with pytest.raises(LinekeeperError, match="'desk' may be any of 2"):
        subject_ids(document, "desk")


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("Supprt", r"nothing is known by 'Supprt'\..* `linekeeper audit` lists names\."),
        ("Receptoin", "nothing is known by 'Receptoin'. The nearest known is 'Reception'."),
        ("sales@contoso.exampel", "The nearest known is 'sales@contoso.example'."),
        ("", "nothing is known by ''."),
    ],
)
def test_an_unknown_subject_is_answered_with_the_nearest_known(
    document: TenantState, typed: str, complaint: str
) -> None:
    with pytest.raises(LinekeeperError, match=complaint):
        subject_ids(document, typed)
