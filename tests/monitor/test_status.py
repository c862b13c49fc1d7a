"""The status of a tenant's document: what an audit says, since when, and never better than it is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.licensing import plans
from shared.licensing.policy import CURRENT
from shared.model.alert import GroupLog, Message, OutboxEntry, ReceiverState
from shared.model.directory import Account
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.silence import Silence
from shared.model.sources import SOURCES, SourceState
from shared.model.tenant import SubscriptionState, TenantState
from shared.model.timing import Timing
from shared.monitor.audit import audit
from shared.monitor.evaluate import evaluate
from shared.monitor.monitor import Monitor
from shared.monitor.occasion import Occasion
from shared.monitor.report import report
from shared.monitor.report import to_json as audit_to_json
from shared.monitor.status import StatusReport, status, to_json
from shared.monitor.status_verdict import CLEAR, CLEAR_IN_PART, NOTHING_READ, UNKNOWN
from simulator import SimulatorServer

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
BESIDE = {"title", "since", "state", "silence", "inhibited_by", "mending"}
MORE = {"verdict", "subscription", "delivery", "told", "silences", "recent"}
OLD_READ = NOW - timedelta(minutes=20)

MakeState = Callable[..., TenantState]
MakeAccount = Callable[..., Account]
MakeNumber = Callable[..., PhoneNumber]
MakeSku = Callable[..., Sku]
MakeDocument = Callable[[list[tuple[bool, bool, bool]], int, datetime], TenantState]


def occasion(now: datetime = NOW, **changed: Any) -> Occasion:  # noqa: ANN401 - what a site sets
    values: dict[str, Any] = {"policy": CURRENT, "timing": Timing(), **changed}
    return Occasion(now=now, **values)


def shared_part(document: dict[str, Any]) -> dict[str, Any]:
    """What audit and status both have: without what only the status says."""
    findings = [{key: each[key] for key in each if key not in BESIDE} for each in document["findings"]]
    sources = {
        name: {key: each[key] for key in each if key in {"state", "as_of", "problem"}}
        for name, each in document["sources"].items()
    }
    return {key: document[key] for key in document if key not in MORE} | {"findings": findings, "sources": sources}


def as_json(document: StatusReport) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(to_json(document))
    return decoded


def states(document: StatusReport) -> dict[str, str]:
    return {each.finding.rule: each.state for each in document.findings}


async def test_an_audit_and_the_status_of_what_it_read_say_the_same(
    sim: SimulatorServer, make_monitor: Callable[..., Monitor]
) -> None:
    made = make_monitor(graph_url=sim.graph_url)
    read = json.loads(audit_to_json(await audit(made)))
    shown = as_json(status(await made.load(), made.occasion()))
    assert shared_part(shown) == shared_part(read)
    assert read["findings"]
    assert {each["state"] for each in shown["findings"]} == {"firing"}


@pytest.fixture
def make_document(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, make_resource_account_sku: MakeSku
) -> MakeDocument:
    """A judged document of accounts that are licensed, that allow sign-in and that have a number, or not."""

    def make(each: list[tuple[bool, bool, bool]], owned: int, read: datetime) -> TenantState:
        accounts = [
            make_account(place, *([SKU] if licensed else []), enabled=enabled)
            for place, (licensed, enabled, _) in enumerate(each, 1)
        ]
        numbers = tuple(make_number(f"+1425555{place:04}", place) for place, (_, _, has) in enumerate(each, 1) if has)
        skus = (make_resource_account_sku(owned),)
        return evaluate(make_state(*accounts, skus=skus, numbers=numbers, read=read), occasion(read))

    return make


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=6),
    st.integers(0, 8),
    st.sampled_from([NOW, OLD_READ]),
)
def test_the_shared_part_is_that_of_an_audit_whatever_the_document_holds(
    make_document: MakeDocument, each: list[tuple[bool, bool, bool]], owned: int, read: datetime
) -> None:
    document = make_document(each, owned, read)
    audited = report(document, occasion())
    shown = status(document, occasion())
    found = {finding.key for finding in audited.findings}
    assert found <= {every.finding.key for every in shown.findings}
    beside = [every for every in shown.findings if every.finding.key not in found]
    assert all(every.state == "frozen" or every.mending for every in beside)
    kept = [every for every in as_json(shown)["findings"] if not (every["state"] == "frozen" or "mending" in every)]
    assert shared_part(as_json(shown) | {"findings": kept}) == shared_part(json.loads(audit_to_json(audited)))
    orders = [every.finding.order for every in shown.findings]
    assert orders == sorted(orders)


def down(make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, **changed: Any) -> TenantState:  # noqa: ANN401
    """Two lines without licences, one number each, judged when they were read."""
    numbers = (make_number("+14255550101", 1), make_number("+14255550102", 2))
    read = changed.pop("read", NOW)
    document = make_state(make_account(1), make_account(2), numbers=numbers, read=read, **changed)
    return evaluate(document, occasion(read))


def test_lines_that_are_down_come_first_with_their_numbers(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    verdict = status(down(make_state, make_account, make_number), occasion()).verdict
    assert (verdict.level, verdict.confirmed) == ("critical", True)
    assert verdict.says == "Callers to 2 numbers cannot be answered"
    assert (verdict.lines, verdict.numbers) == (2, ("+14255550101", "+14255550102"))
    assert verdict.doubts == ()
    assert verdict.unread == ("voice", "calling")


def test_an_outage_that_is_silenced_is_still_an_outage(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    quiet = Silence(
        id="s1",
        rules=("resource-account-unlicensed",),
        starts=NOW - timedelta(hours=1),
        ends=NOW + timedelta(hours=1),
        author="Ada",
        reason="Migration",
        created=NOW,
    )
    over = msgspec.structs.replace(quiet, id="s0", ends=NOW - timedelta(minutes=1))
    document = down(make_state, make_account, make_number, silences={"s1": quiet, "s0": over})
    shown = status(document, occasion())
    assert states(shown)["resource-account-unlicensed"] == "silenced"
    assert {each.silence for each in shown.findings if each.state == "silenced"} == {"s1"}
    assert shown.verdict.says == "Callers to 2 numbers cannot be answered"
    assert [(each.id, each.author, each.reason, each.findings.count) for each in shown.silences] == [
        ("s1", "Ada", "Migration", 2)
    ]


def test_what_a_silence_that_has_ended_kept_quiet_is_firing_again_at_once(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    quiet = Silence(
        id="s1", rules=("*",), starts=NOW, ends=NOW + timedelta(minutes=5), author="Ada", reason="x", created=NOW
    )
    document = down(make_state, make_account, make_number, silences={"s1": quiet})
    assert states(status(document, occasion()))["resource-account-unlicensed"] == "silenced"
    later = status(document, occasion(NOW + timedelta(minutes=6)))
    assert states(later)["resource-account-unlicensed"] == "firing"
    assert later.silences == ()


def test_what_waits_before_it_counts_is_pending_and_neither_news_nor_good_news(
    make_state: MakeState, make_account: MakeAccount, make_resource_account_sku: MakeSku, make_sku: MakeSku
) -> None:
    skus = (make_resource_account_sku(20, 1), make_sku(9, plans.MCOEV, enabled=1000))
    document = make_state(make_account(1, SKU, enabled=True), skus=skus, numbers=())
    patient = occasion(timing=Timing(pending={"resource-account-sign-in-enabled": timedelta(minutes=10)}))
    shown = status(evaluate(document, patient), patient)
    assert states(shown) == {"resource-account-sign-in-enabled": "pending"}
    assert (shown.verdict.level, shown.verdict.says) == (
        "info",
        "No line is known to be down; 1 finding must hold for a while first",
    )


def test_when_the_reads_have_gone_stale_what_was_found_is_frozen_and_nothing_is_said_to_be_well(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    document = down(make_state, make_account, make_number, read=OLD_READ)
    shown = status(document, occasion())
    assert states(shown)["resource-account-unlicensed"] == "frozen"
    assert (shown.verdict.level, shown.verdict.confirmed) == ("critical", False)
    assert any(
        doubt.startswith("Accounts were last read completely at 2026-11-20T09:40:00Z") for doubt in shown.verdict.doubts
    )
    assert {name: each.fresh for name, each in shown.sources.items()} == {
        "licences": False,
        "accounts": False,
        "numbers": False,
        "voice": False,
        "calling": False,
    }
    assert shown.sources["accounts"].age == 20 * 60
    assert states(shown)["source-stale"] in {"firing", "pending"}


def test_a_finding_that_the_last_look_no_longer_found_is_still_shown_as_mending(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber, make_resource_account_sku: MakeSku
) -> None:
    document = down(make_state, make_account, make_number)
    later = NOW + timedelta(minutes=1)
    known = SourceState(state="complete", tried_at=later, complete_as_of=later)
    mended = msgspec.structs.replace(
        document,
        accounts={each.id: each for each in (make_account(1, SKU), make_account(2, SKU))},
        skus=(make_resource_account_sku(2, 2),),
        sources=dict.fromkeys(document.sources, known),
    )
    shown = status(evaluate(mended, occasion(later)), occasion(later))
    unlicensed = [each for each in shown.findings if each.finding.rule == "resource-account-unlicensed"]
    assert [(each.state, each.mending, each.since) for each in unlicensed] == [("firing", True, NOW)] * 2
    assert shown.audit.findings != tuple(each.finding for each in shown.findings)


def test_an_empty_document_says_that_nothing_was_read_and_nothing_better(make_state: MakeState) -> None:
    shown = status(make_state(read=None), occasion())
    assert (shown.verdict.level, shown.verdict.says) == ("unknown", NOTHING_READ)
    assert shown.audit.allocation is None
    assert shown.findings == ()
    assert shown.verdict.doubts == ("Licences are not read.", "Accounts are not read.")


def test_a_first_read_that_failed_is_told_with_its_problem(make_state: MakeState) -> None:
    failed = SourceState(state="failed", tried_at=NOW, failing_since=NOW, problem="Graph answers 503.")
    shown = status(make_state(read=None, sources={"accounts": failed}), occasion())
    assert shown.verdict.says == NOTHING_READ
    assert "Accounts could not be read: Graph answers 503." in shown.verdict.doubts


def test_without_findings_old_reads_are_no_good_news(
    make_state: MakeState,
    make_account: MakeAccount,
) -> None:
    document = well(make_state, make_account)
    assert (status(document, occasion()).verdict.level, status(document, occasion()).verdict.says) == (
        "info",
        CLEAR_IN_PART,
    )
    later = status(document, occasion(NOW + timedelta(minutes=16)))
    assert (later.verdict.level, later.verdict.says) == ("unknown", UNKNOWN)


def test_only_when_every_source_was_read_completely_and_recently_is_no_fault_a_finding_of_its_own(
    make_state: MakeState, make_account: MakeAccount
) -> None:
    known = SourceState(state="complete", tried_at=NOW, complete_as_of=NOW)
    document = well(make_state, make_account, poisoned_seen=NOW, sources=dict.fromkeys(SOURCES, known))
    shown = status(document, occasion())
    assert shown.audit.skipped == ()
    assert (shown.verdict.level, shown.verdict.says) == ("clear", CLEAR)
    failed = SourceState(state="failed", tried_at=NOW, complete_as_of=NOW - timedelta(hours=1), problem="refused")
    for source in SOURCES:
        if source != "voice":
            one_old = msgspec.structs.replace(document, sources={**document.sources, source: failed})
            assert status(one_old, occasion()).verdict.level not in {"clear", "info"}, source


def well(make_state: MakeState, make_account: MakeAccount, **changed: Any) -> TenantState:  # noqa: ANN401
    """A person alone, so that no rule finds anything."""
    person = make_account(1, marked=False, enabled=True)
    return evaluate(make_state(person, skus=(), numbers=(), **changed), occasion())


def test_each_receiver_says_what_waits_what_was_refused_and_when_it_took_something_last(make_state: MakeState) -> None:
    def entry(name: str, receiver: str, **changed: Any) -> OutboxEntry:  # noqa: ANN401 - an entry's own fields
        message = Message(kind="alert", group=receiver, severity="info", headline="x")
        created = changed.pop("created", NOW)
        return OutboxEntry(id=name, receiver=receiver, message=message, created=created, due=NOW, **changed)

    document = make_state(
        outbox=(
            entry("a", "teams", created=NOW - timedelta(minutes=3)),
            entry("b", "teams"),
            entry("c", "teams", refused="the URL is gone", refused_at=NOW),
            entry("d", "former"),
        ),
        receivers={
            "teams": ReceiverState(
                delivered_at=NOW - timedelta(hours=1),
                failing_since=NOW - timedelta(minutes=5),
                heartbeat_at=NOW - timedelta(days=1),
                dropped=7,
            )
        },
    )
    former, teams = status(document, occasion(expects_delivery=True)).delivery
    assert (former.receiver, former.configured, former.waiting) == ("former", False, 1)
    assert (teams.configured, teams.waiting, teams.refused, teams.dropped) == (True, 2, 1, 7)
    assert teams.waiting_since == NOW - timedelta(minutes=3)
    assert teams.refusal == "the URL is gone"
    assert teams.failing_since == NOW - timedelta(minutes=5)
    assert teams.delivered_at == NOW - timedelta(hours=1)
    assert teams.heartbeat_at == NOW - timedelta(days=1)


def test_what_was_told_last_is_counted_by_rule_the_newest_first(make_state: MakeState) -> None:
    def log(minutes: int, **changed: Any) -> GroupLog:  # noqa: ANN401 - a log's own fields
        return GroupLog(sent_at=NOW - timedelta(minutes=minutes), **changed)

    groups = {
        "teams/accounts": log(5, firing=("a|1|", "a|2|", "b|1|"), resolved=("c|1|",)),
        "ops/lines": log(1, resolved=("c|2|",)),
        "teams/lines": GroupLog(firing=("d|1|",), flush_at=NOW),
    }
    told = status(make_state(groups=groups), occasion()).told
    assert [(each.receiver, each.family, each.firing, each.resolved) for each in told] == [
        ("ops", "lines", {}, {"c": 1}),
        ("teams", "accounts", {"a": 2, "b": 1}, {"c": 1}),
    ]
    assert told[0].at == NOW - timedelta(minutes=1)


def test_without_a_receiver_that_is_set_none_is_shown_and_judging_puts_nothing_into_the_outbox(
    make_state: MakeState,
) -> None:
    assert status(make_state(), occasion()).delivery == ()


def test_the_subscription_is_live_until_it_ends(make_state: MakeState) -> None:
    document = make_state(subscription=SubscriptionState(id="a", expires=NOW + timedelta(days=2), checked_at=NOW))
    known = status(document, occasion(expects_subscription=True)).subscription
    assert (known.wanted, known.live, known.expires) == (True, True, NOW + timedelta(days=2))
    assert not status(document, occasion(NOW + timedelta(days=2))).subscription.live
    assert not status(make_state(), occasion()).subscription.wanted


def test_the_last_changes_come_newest_first_with_names(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    document = down(make_state, make_account, make_number)
    changes = status(document, occasion()).recent
    assert {each.subject.name for each in changes} >= {"Account 1", "Account 2"}
    assert all(each.to == "firing" for each in changes)
    assert [each.at for each in changes] == sorted((each.at for each in changes), reverse=True)
    assert len(changes) == len(document.recent)


def test_the_json_has_a_schema_and_times_to_the_second_in_utc(
    make_state: MakeState, make_account: MakeAccount, make_number: MakeNumber
) -> None:
    odd = NOW + timedelta(microseconds=123_456)
    shown = as_json(status(down(make_state, make_account, make_number, read=odd), occasion(odd)))
    assert list(shown)[:3] == ["schema", "tenant", "as_of"]
    assert (shown["schema"], shown["tenant"], shown["as_of"]) == (1, TENANT, "2026-11-20T10:00:00Z")
    assert shown["findings"][0]["since"] == "2026-11-20T10:00:00Z"
    assert shown["sources"]["accounts"] == {
        "state": "complete",
        "as_of": "2026-11-20T10:00:00Z",
        "fresh": True,
        "age": 0,
        "tried_at": "2026-11-20T10:00:00Z",
    }
    assert shown["sources"]["voice"] == {"state": "absent", "fresh": False}
    assert shown["recent"][0]["at"] == "2026-11-20T10:00:00Z"
    assert ".123" not in json.dumps(shown)
