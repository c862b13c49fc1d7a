"""Which rules may speak, in which order their findings come, and what is said of the silent ones."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing import plans
from shared.model.alert import Message, OutboxEntry
from shared.model.directory import Account, AssignedLicence, Assignment, Departed
from shared.model.finding import SEVERITIES, Finding
from shared.model.history import LicenceHistory, Swap
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.sources import SOURCES, Source, SourceState
from shared.model.tenant import DeltaPosition, TenantState
from shared.rules.catalogue import RULES
from shared.rules.engine import evaluate
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot

MakeState = Callable[..., TenantState]
MakeSnapshot = Callable[..., Snapshot]

FAMILIES = {"accounts", "allocation", "lines", "monitor"}
EVERY_FIVE_MINUTES = dict.fromkeys(SOURCES, timedelta(minutes=5))
BY_ID = pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))


def test_rule_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@BY_ID
def test_a_rule_says_everything_about_itself(rule: Rule) -> None:
    assert rule.id.strip(string.ascii_lowercase + "-") == ""
    assert rule.family in FAMILIES
    assert rule.severity in SEVERITIES
    assert all(text.strip() == text != "" for text in (rule.title, rule.why, rule.remedy))
    assert rule.why.endswith(".")
    assert rule.link.startswith("https://learn.microsoft.com/")


@BY_ID
def test_a_rule_is_silent_about_an_empty_healthy_tenant(
    rule: Rule, make_state: MakeState, make_snapshot: MakeSnapshot
) -> None:
    assert list(rule.check(make_snapshot(make_state()))) == []


@pytest.fixture
def broken(
    make_state: MakeState,
    make_account: Callable[..., Account],
    make_number: Callable[..., PhoneNumber],
    make_resource_account_sku: Callable[..., Sku],
    now: datetime,
) -> TenantState:
    """A tenant in which every rule finds something that is not about the allocation and does not read the export."""
    own, phone = "440eaaa8-b3e0-484b-a8be-62870b9ba70a", "e43b5b99-8dfb-405f-9987-dc307f34bcbd"
    deleted = make_account(7)
    return make_state(
        make_account(1),
        make_account(2, phone),
        make_account(3, phone, own),
        make_account(4, own, marked=False),
        make_account(
            5,
            licences=(AssignedLicence(own, disabled_plans=(plans.MCOEV_VIRTUALUSER,)),),
            assignments=(Assignment(sku_id=own, state="Error", error="CountViolation"),),
            enabled=True,
            usage_location=None,
        ),
        make_account(6, marked=False, marked_until=now),
        make_account(8, own),
        skus=(make_resource_account_sku(4),),
        numbers=(
            make_number("+14255550100", 5, activation="updateFailed"),
            make_number("+14255550101", 7),
            make_number("+18005550100", 5, kind="callingPlan"),
        ),
        departed={deleted.id: Departed(id=deleted.id, read_at=now)},
        sources={
            "licences": SourceState(state="failed", permission="Organization.Read.All"),
            "numbers": SourceState(state="complete", complete_as_of=now),
        },
        delta=DeltaPosition(baseline=now - timedelta(hours=1)),
        outbox=(
            OutboxEntry(
                id="refused",
                receiver="teams",
                message=Message(kind="alert", group="teams/accounts", severity="critical", headline="Down"),
                created=now,
                due=now,
                refused="the webhook answered 410",
                refused_at=now,
            ),
        ),
        poisoned=1,
        poisoned_seen=now,
        licence_histories={
            make_account(8).id: LicenceHistory(swap=Swap(nothing_since=now - timedelta(hours=1), licensed_at=now))
        },
    )


@BY_ID
def test_a_rules_findings_carry_its_id(rule: Rule, broken: TenantState, make_snapshot: MakeSnapshot) -> None:
    found = list(rule.check(make_snapshot(broken, expects_subscription=True, expects_delivery=True)))
    assert {finding.rule for finding in found} <= {rule.id}
    assert found or rule.family == "allocation" or "voice" in rule.reads
    assert all(finding.summary and finding.remedy and finding.subject.id for finding in found)


@pytest.mark.parametrize(
    ("rule", "source"),
    [(rule, source) for rule in RULES for source in sorted(rule.reads)],
    ids=lambda value: str(value.id) if isinstance(value, Rule) else str(value),
)
def test_a_rule_whose_source_is_stale_is_skipped_and_says_since_when(
    rule: Rule, source: Source, make_state: MakeState, make_snapshot: MakeSnapshot, now: datetime
) -> None:
    read = SourceState(state="complete", tried_at=now, complete_as_of=now)
    stale = SourceState(state="failed", tried_at=now, complete_as_of=now - timedelta(minutes=16), problem="timed out")
    stale_state = make_state(sources={**dict.fromkeys(SOURCES, read), source: stale})
    result = evaluate([rule], make_snapshot(stale_state, intervals=EVERY_FIVE_MINUTES))
    (skipped,) = result.skipped
    assert skipped.rule == rule.id
    said = "the voice export was last made" if source == "voice" else f"{source} were last read"
    assert skipped.why == f"{said} completely at 2026-11-20T09:44:00Z: timed out"
    assert result.findings == ()


def test_a_rule_whose_source_was_never_read_says_so(
    make_state: MakeState, make_snapshot: MakeSnapshot, now: datetime
) -> None:
    failed = SourceState(state="failed", tried_at=now, problem="refused")
    result = evaluate(RULES, make_snapshot(make_state(sources={"licences": failed})))
    whys = {skipped.rule: skipped.why for skipped in result.skipped}
    assert whys["allocation-short"] == "accounts are not read; licences could not be read: refused"


def test_a_rule_that_reads_nothing_speaks_always(
    make_state: MakeState, make_snapshot: MakeSnapshot, now: datetime
) -> None:
    result = evaluate(RULES, make_snapshot(make_state(read=now - timedelta(hours=2))))
    assert {finding.rule for finding in result.findings} == {"source-stale"}
    assert {skipped.rule for skipped in result.skipped} == {rule.id for rule in RULES if rule.reads}


def test_a_failed_read_beside_fresh_knowledge_silences_nobody(
    make_state: MakeState, make_snapshot: MakeSnapshot, now: datetime
) -> None:
    failed = SourceState(state="failed", tried_at=now, complete_as_of=now - timedelta(minutes=15), problem="timed out")
    state = make_state(sources=dict.fromkeys(SOURCES, failed))
    result = evaluate(RULES, make_snapshot(state, intervals=EVERY_FIVE_MINUTES))
    assert result.skipped == ()


def test_every_rule_either_speaks_or_says_why_not(make_state: MakeState, make_snapshot: MakeSnapshot) -> None:
    result = evaluate(RULES, make_snapshot(make_state(read=None)))
    assert all(skipped.why for skipped in result.skipped)
    assert {skipped.rule for skipped in result.skipped} == {rule.id for rule in RULES if rule.reads}


@pytest.mark.parametrize(("why", "told"), [("", []), ("the export is old.", [("any", "the export is old")])])
def test_what_a_rule_finds_counts_where_it_judges_in_part_and_that_it_does_so_is_said(
    make_finding: Callable[..., Finding],
    make_state: MakeState,
    make_snapshot: MakeSnapshot,
    why: str,
    told: list[tuple[str, str]],
) -> None:
    found = make_finding("any")
    rule = Rule(
        holds_when="always",
        id="any",
        family="monitor",
        severity="info",
        title="t",
        reads=frozenset(),
        why="w",
        remedy="r",
        link="",
        check=lambda _: [found],
        judged_in_part=lambda _: why,
    )
    result = evaluate([rule], make_snapshot(make_state()))
    assert result.findings == (found,)
    assert [(each.rule, each.why) for each in result.skipped] == told
    unread = msgspec.structs.replace(rule, reads=frozenset({"voice"}))
    assert [each.why for each in evaluate([unread], make_snapshot(make_state())).skipped] == [
        "the voice export is not read"
    ]


@given(data=st.data())
def test_findings_come_by_severity_then_rule_then_subject(
    data: st.DataObject, make_finding: Callable[..., Finding], make_state: MakeState, make_snapshot: MakeSnapshot
) -> None:
    found = data.draw(
        st.lists(
            st.builds(
                make_finding,
                st.sampled_from(["b-rule", "a-rule"]),
                st.integers(0, 3),
                st.sampled_from(SEVERITIES),
                aspect=st.sampled_from(["", "menu"]),
            ),
            max_size=12,
        )
    )

    def check(_: Snapshot) -> Iterator[Finding]:
        yield from found

    rule = Rule(
        holds_when="always",
        id="any",
        family="monitor",
        severity="info",
        title="t",
        reads=frozenset(),
        why="w",
        remedy="r",
        link="",
        check=check,
    )
    ordered = evaluate([rule], make_snapshot(make_state())).findings
    ranks = [
        (("critical", "warning", "info").index(each.severity), each.rule, each.subject.id, each.aspect)
        for each in ordered
    ]
    assert ranks == sorted(ranks)
    assert sorted(each.key for each in ordered) == sorted(each.key for each in found)


def test_the_order_in_which_accounts_were_read_does_not_matter(
    make_state: MakeState, make_snapshot: MakeSnapshot, make_account: Callable[..., Account]
) -> None:
    accounts = [make_account(number) for number in range(5)]
    forward = evaluate(RULES, make_snapshot(make_state(*accounts)))
    backward = evaluate(RULES, make_snapshot(make_state(*reversed(accounts))))
    assert forward == backward
    assert len(forward.findings) == 6  # five unlicensed, and the tenant short of five
