"""From what is known to what is told: one pure step on the document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from shared.alerting.compose import MAX_ITEMS
from shared.licensing import plans
from shared.licensing.policy import CURRENT
from shared.model.alert import OutboxEntry
from shared.model.directory import Account
from shared.model.licences import Sku
from shared.model.sources import SourceState
from shared.model.tenant import TenantState
from shared.model.timing import Timing
from shared.monitor.evaluate import RECENT, evaluate
from shared.monitor.occasion import Occasion
from shared.monitor.outbox import LIMIT
from shared.monitor.telling import told
from shared.rules.catalogue import RULES

RESOURCE_ACCOUNT_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
MICROSOFT_365_E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"

MakeAccount = Callable[..., Account]
MakeSku = Callable[..., Sku]
PROMPT = Timing(hold=1, pending={rule.id: timedelta(0) for rule in RULES})

At = Callable[..., TenantState]


@pytest.fixture
def skus(make_sku: MakeSku, make_resource_account_sku: MakeSku) -> Callable[..., tuple[Sku, ...]]:
    def of(qualifying: int, owned: int = 26) -> tuple[Sku, ...]:
        return (
            make_sku(MICROSOFT_365_E5, plans.MCOEV, enabled=qualifying, part_number="SPE_E5"),
            make_resource_account_sku(owned),
        )

    return of


@pytest.fixture
def at(now: datetime, make_state: Callable[..., TenantState]) -> At:
    """The document after an evaluation so many seconds later, on what was read then unless `read` says otherwise."""

    def evaluated(
        seconds: int,
        *accounts: Account,
        skus: tuple[Sku, ...],
        before: TenantState | None = None,
        read: int | None = None,
    ) -> TenantState:
        moment = now + timedelta(seconds=seconds)
        fresh = make_state(*accounts, skus=skus, read=now + timedelta(seconds=seconds if read is None else read))
        kept: dict[str, object] = {}
        if before is not None:
            names = ("alerts", "groups", "outbox", "recent", "entitled", "qualifying_by_sku")
            kept = {name: getattr(before, name) for name in names}
        state = make_state(*accounts, skus=skus, **{"sources": fresh.sources, **kept})
        return evaluate(state, Occasion(now=moment, policy=CURRENT, timing=PROMPT, traceparent="trace"))

    return evaluated


def headlines(state: TenantState) -> list[str]:
    return [entry.message.headline for entry in state.outbox]


def test_a_finding_is_put_into_the_outbox_once_the_group_has_gathered(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount, now: datetime
) -> None:
    account = make_account(1, name="Sales")
    opened = at(0, account, skus=skus(20))
    assert [alert.phase for alert in opened.alerts.values()] == ["firing"]
    assert opened.outbox == ()
    (entry,) = at(30, account, skus=skus(20), before=opened).outbox
    assert entry.message.headline == "Resource account without a licence: Sales"
    assert (entry.receiver, entry.traceparent, entry.attempts) == ("teams", "trace", 0)
    assert entry.created == entry.due == now + timedelta(seconds=30)
    assert entry.message.as_of == now + timedelta(seconds=30)


def test_the_same_state_is_not_told_again(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount
) -> None:
    state = at(0, make_account(1), skus=skus(20))
    for minute in range(1, 60):
        state = at(minute * 60, make_account(1), skus=skus(20), before=state)
    assert len(state.outbox) == 1
    assert len(state.recent) == 1


def delivered(state: TenantState) -> TenantState:
    return msgspec.structs.replace(state, outbox=())


def test_a_mended_finding_is_told_and_forgotten(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount
) -> None:
    state = at(0, make_account(1), skus=skus(20))
    state = at(30, make_account(1), skus=skus(20), before=state)
    assert [entry.message.severity for entry in state.outbox] == ["warning"]
    state = delivered(state)
    for minute in range(10, 13):
        state = at(minute * 60, make_account(1, RESOURCE_ACCOUNT_SKU), skus=skus(20), before=state)
    assert [entry.message.severity for entry in state.outbox] == ["resolved"]
    assert [transition.to for transition in state.recent] == ["firing", "resolved"]
    assert (state.alerts, state.groups) == ({}, {})


def test_evaluating_twice_at_the_same_moment_changes_nothing_more(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount, now: datetime
) -> None:
    state = at(30, make_account(1), skus=skus(20), before=at(0, make_account(1), skus=skus(20)))
    again = Occasion(now=now + timedelta(seconds=30), policy=CURRENT, timing=PROMPT, traceparent="trace")
    assert evaluate(state, again) == state


def test_a_stale_source_freezes_what_rests_on_it_and_is_a_finding_itself(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount
) -> None:
    opened = at(0, make_account(1), skus=skus(20))
    stale = at(16 * 60, skus=skus(20), before=opened, read=0)
    frozen = {alert.finding.rule: (alert.phase, alert.frozen) for alert in stale.alerts.values()}
    assert frozen == {"resource-account-unlicensed": ("firing", True), "source-stale": ("firing", False)}
    assert "resolved" not in [transition.to for transition in stale.recent]


def test_a_source_that_is_read_again_thaws_what_rests_on_it(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount, now: datetime
) -> None:
    opened = at(0, make_account(1), skus=skus(20))
    stale = at(16 * 60, make_account(1), skus=skus(20), before=opened, read=0)
    thawed = at(20 * 60, make_account(1), skus=skus(20), before=stale)
    firing = [alert for alert in thawed.alerts.values() if alert.phase == "firing"]
    assert [(alert.finding.rule, alert.since, alert.frozen) for alert in firing] == [
        ("resource-account-unlicensed", now, False)
    ]


def test_a_document_that_nothing_was_read_into_opens_nothing(
    make_state: Callable[..., TenantState], make_account: MakeAccount, now: datetime
) -> None:
    occasion = Occasion(now=now, policy=CURRENT, timing=PROMPT)
    state = evaluate(make_state(make_account(1), read=None), occasion)
    assert (state.alerts, state.outbox, state.entitled) == ({}, (), None)


def test_the_first_complete_read_announces_nothing(at: At, skus: Callable[..., tuple[Sku, ...]]) -> None:
    state = at(0, skus=skus(1230))
    assert (state.entitled, state.qualifying_by_sku, state.outbox) == (148, {"SPE_E5": 1230}, ())


def test_an_allocation_that_moved_is_announced_once_and_at_once(at: At, skus: Callable[..., tuple[Sku, ...]]) -> None:
    state = at(0, skus=skus(1230))
    state = at(300, skus=skus(830), before=state)
    state = at(600, skus=skus(830), before=state)
    (entry,) = state.outbox
    assert entry.message.kind == "announcement"
    assert entry.message.headline == "Free allocation fell from 148 to 108"
    assert "SPE_E5 -400" in entry.message.text
    assert (state.entitled, state.qualifying_by_sku) == (108, {"SPE_E5": 830})


def test_seats_that_move_no_licence_are_not_announced(at: At, skus: Callable[..., tuple[Sku, ...]]) -> None:
    state = at(300, skus=skus(1239), before=at(0, skus=skus(1230)))
    assert (state.outbox, state.qualifying_by_sku) == ((), {"SPE_E5": 1239})


def test_an_allocation_is_announced_only_on_complete_and_fresh_reads(
    at: At, skus: Callable[..., tuple[Sku, ...]]
) -> None:
    state = at(0, skus=skus(1230))
    state = at(16 * 60, skus=skus(830), before=state, read=0)
    assert not [entry for entry in state.outbox if entry.message.kind == "announcement"]
    assert (state.entitled, state.qualifying_by_sku) == (148, {"SPE_E5": 1230})


def test_an_announcement_has_no_life_that_could_end(at: At, skus: Callable[..., tuple[Sku, ...]]) -> None:
    state = at(0, skus=skus(1230))
    for minute, qualifying in enumerate([830, 1230, 830], start=1):
        state = at(minute * 300, skus=skus(qualifying), before=state)
    assert headlines(state) == [
        "Free allocation fell from 148 to 108",
        "Free allocation rose from 108 to 148",
        "Free allocation fell from 148 to 108",
    ]
    assert state.alerts == {}


def test_messages_of_one_evaluation_have_different_ids(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount
) -> None:
    few = [make_account(number) for number in range(30)]
    state = at(0, *few, skus=skus(10))
    state = at(30, *few, skus=skus(20), before=state)
    assert len(state.outbox) == 3
    assert len({entry.id for entry in state.outbox}) == 3


def test_allocation_messages_carry_the_four_numbers(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount
) -> None:
    accounts = [make_account(number, RESOURCE_ACCOUNT_SKU) for number in range(30)]
    state = at(30, *accounts, skus=skus(10), before=at(0, *accounts, skus=skus(10)))
    (entry,) = state.outbox
    assert entry.message.group == "teams/allocation"
    assert dict(entry.message.facts) == {"Free allocation": "26", "Owned": "26", "Assigned": "0", "Needed": "30"}


def test_the_outbox_and_the_history_are_bounded_and_lose_the_oldest(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount, now: datetime
) -> None:
    state = at(0, skus=skus(20))
    for minute in range(1, LIMIT + 5):
        state = at(minute * 60, skus=skus(20 if minute % 2 else 10), before=state)
    assert len(state.outbox) == LIMIT
    created = [entry.created for entry in state.outbox]
    assert created == sorted(created)
    assert created[-1] == now + timedelta(minutes=LIMIT + 4)
    crowd = [make_account(number) for number in range(RECENT + 5)]
    assert len(at(0, *crowd, skus=skus(20)).recent) == RECENT


def test_a_look_between_evaluations_tells_what_falls_due_before_the_next(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount, now: datetime
) -> None:
    state = at(0, make_account(1), skus=skus(20))
    look = Occasion(now=now + timedelta(seconds=10), policy=CURRENT, timing=PROMPT)
    assert told(state, look).outbox == ()
    outbox: tuple[OutboxEntry, ...] = told(state, look, ahead=timedelta(seconds=20)).outbox
    assert len(outbox) == 1


def test_a_message_is_as_old_as_the_older_of_its_sources(
    at: At,
    skus: Callable[..., tuple[Sku, ...]],
    make_state: Callable[..., TenantState],
    make_account: MakeAccount,
    now: datetime,
) -> None:
    older = SourceState(state="complete", tried_at=now, complete_as_of=now - timedelta(minutes=3))
    newer = SourceState(state="complete", tried_at=now, complete_as_of=now)
    opened = at(0, make_account(1), skus=skus(20))
    state = make_state(
        make_account(1),
        skus=skus(20),
        sources={"licences": older, "accounts": newer},
        alerts=opened.alerts,
        groups=opened.groups,
    )
    occasion = Occasion(now=now + timedelta(seconds=30), policy=CURRENT, timing=PROMPT)
    (entry,) = evaluate(state, occasion).outbox
    assert entry.message.as_of == now - timedelta(minutes=3)


def test_findings_of_500_lines_at_once_are_one_message_that_names_twenty_and_counts_all(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount
) -> None:
    crowd = [make_account(number, name=f"Line {number:03}") for number in range(1, 501)]
    state = at(30, *crowd, skus=skus(20), before=at(0, *crowd, skus=skus(20)))
    (message,) = [entry.message for entry in state.outbox if entry.message.group == "teams/accounts"]
    ((section,),) = [message.sections]
    assert (len(section.items), section.total, message.firing) == (MAX_ITEMS, 500, 500)
    mended = [make_account(number, RESOURCE_ACCOUNT_SKU, name=f"Line {number:03}") for number in range(1, 501)]
    after = at(700, *mended, skus=skus(20), before=at(400, *mended, skus=skus(20), before=delivered(state)))
    (message,) = [entry.message for entry in after.outbox if entry.message.group == "teams/accounts"]
    assert [(section.kind, section.total) for section in message.sections] == [("resolved", 500)]


def test_another_name_another_order_and_another_day_are_no_news(
    at: At, skus: Callable[..., tuple[Sku, ...]], make_account: MakeAccount
) -> None:
    accounts = [make_account(number, name=f"Line {number}") for number in range(1, 6)]
    state = at(30, *accounts, skus=skus(20), before=at(0, *accounts, skus=skus(20)))
    renamed = [
        make_account(number, name=f"Renamed {number}", upn=f"renamed-{number}@contoso.example", usage_location="US")
        for number in range(5, 0, -1)
    ]
    since = {key: alert.since for key, alert in state.alerts.items()}
    for hours in (1, 8, 14, 15, 20):  # the first look is at 10:00 UTC, and midnight passes
        state = at(hours * 3600, *renamed, skus=tuple(reversed(skus(20))), before=state)
    assert len(state.outbox) == 1
    assert {key: alert.since for key, alert in state.alerts.items()} == since
    assert {alert.finding.subject.name for alert in state.alerts.values()} == {f"Renamed {n}" for n in range(1, 6)}
