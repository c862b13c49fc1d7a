"""Accounts on lines: what they stand for, and of which type they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing import plans
from shared.model.directory import Account
from shared.model.finding import Finding
from shared.model.licences import Sku
from shared.model.voice import (
    ATTENDANT_APPLICATION,
    MAINLINE_ATTENDANT_APPLICATION,
    QUEUE_APPLICATION,
    ApplicationInstance,
    Association,
    AutoAttendant,
    CallQueue,
)
from shared.rules import (
    call_queue_agent_unable,
    call_queue_nobody_opted_in,
    call_queue_without_agents,
    resource_account_licence_unused,
    resource_account_type_mismatch,
    resource_account_unassociated,
    resource_account_vanished,
    toll_free_without_credits,
)
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot
from simulator.directory import SimulatedTenant

UNASSOCIATED = resource_account_unassociated.RULE
MISMATCH = resource_account_type_mismatch.RULE
TOLL_FREE = toll_free_without_credits.RULE
UNUSED = resource_account_licence_unused.RULE
VANISHED = resource_account_vanished.RULE
RULES = (
    UNASSOCIATED,
    MISMATCH,
    TOLL_FREE,
    UNUSED,
    VANISHED,
    call_queue_without_agents.RULE,
    call_queue_nobody_opted_in.RULE,
    call_queue_agent_unable.RULE,
)

NUMBER = "+14255550100"
FREEPHONE = "+18005550100"
OWN = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
CREDITS = "47794cd0-f0e5-45c5-9033-2eb6b5fc84e0"
PAYG = "00000000-0000-0000-0000-0000000000bb"
THIRD_PARTY = "00000000-0000-0000-0000-00000000cccc"

Lines = Callable[..., Snapshot]
MakeAccount = Callable[..., Account]
MakeSku = Callable[..., Sku]
Queues = Callable[..., CallQueue]
Attendants = Callable[..., AutoAttendant]
Guid = Callable[[int], str]


def found(rule: Rule, snapshot: Snapshot) -> list[Finding]:
    return list(rule.check(snapshot))


def reading(rule: Rule, snapshot: Snapshot, of: Account) -> str:
    assert rule.reading is not None
    return rule.reading(snapshot, of)


def listed(of: Account, application: str = QUEUE_APPLICATION, **changed: Any) -> ApplicationInstance:  # noqa: ANN401
    return ApplicationInstance(id=of.id, name=of.name, application=application, **changed)


@pytest.fixture
def skus(make_sku: MakeSku, make_resource_account_sku: MakeSku) -> tuple[Sku, ...]:
    return (
        make_resource_account_sku(25, part_number="PHONESYSTEM_VIRTUALUSER"),
        make_sku(CREDITS, *plans.COMMUNICATIONS_CREDITS, enabled=10, part_number="MCOPSTNC"),
        make_sku(PAYG, *plans.PAY_AS_YOU_GO, enabled=10, part_number="MCOPSTN_PAYG"),
    )


@pytest.fixture
def old(make_account: MakeAccount, now: datetime) -> Account:
    """An account that is older than any export."""
    return make_account(1, OWN, created=now - timedelta(days=30))


def test_nothing_is_wrong_with_contoso(tenant: SimulatedTenant, as_read: Callable[[SimulatedTenant], Snapshot]) -> None:
    snapshot = as_read(tenant)
    assert len(snapshot.resource_accounts) == 90
    assert [finding for rule in RULES for finding in rule.check(snapshot)] == []


def test_an_account_that_stands_for_a_queue_is_not_called_unassociated(make_lines: Lines, make_queue: Queues) -> None:
    assert found(UNASSOCIATED, make_lines(make_queue("sales"), on={1: "sales"}, numbers={1: NUMBER})) == []


def test_an_account_that_only_the_app_names_is_not_flagged(
    make_lines: Lines, make_queue: Queues, make_guid: Guid
) -> None:
    queue = make_queue("sales", accounts=(make_guid(1),))
    assert found(UNASSOCIATED, make_lines(queue, on={1: ""})) == []


def test_an_unassociated_account_with_a_number_is_critical(make_lines: Lines) -> None:
    (finding,) = found(UNASSOCIATED, make_lines(on={1: ""}, numbers={1: NUMBER}))
    assert finding.severity == "critical"
    assert finding.subject.kind == "resource_account"
    assert finding.summary == (f"It is associated with no attendant and no queue: callers to {NUMBER} reach nothing.")
    assert "Voice > Resource accounts > Account 1 > Assign/unassign" in finding.remedy


def test_an_unassociated_account_without_a_number_is_hygiene(make_lines: Lines) -> None:
    (finding,) = found(UNASSOCIATED, make_lines(on={1: ""}))
    assert finding.severity == "info"
    assert "no number leads to it" in finding.summary


def test_one_that_stands_for_what_no_longer_exists_says_so(make_lines: Lines) -> None:
    (finding,) = found(UNASSOCIATED, make_lines(on={1: "gone"}, numbers={1: NUMBER}))
    assert finding.severity == "critical"
    assert "no longer exists" in finding.summary


def test_another_vendors_account_needs_no_attendant_or_queue(make_lines: Lines, old: Account) -> None:
    said = {"instances": (listed(old, THIRD_PARTY),)}
    snapshot = make_lines(known=(old,), said=said, numbers={1: NUMBER})
    assert found(UNASSOCIATED, snapshot) == []
    assert "another vendor" in reading(UNASSOCIATED, snapshot, old)


def test_an_account_younger_than_the_export_is_not_flagged(
    make_lines: Lines, make_account: MakeAccount, now: datetime
) -> None:
    young = make_account(1, created=now - timedelta(minutes=10))
    assert found(UNASSOCIATED, make_lines(known=(young,), numbers={1: NUMBER})) == []


def test_an_older_account_that_the_export_leaves_out_is_flagged(make_lines: Lines, old: Account) -> None:
    (finding,) = found(UNASSOCIATED, make_lines(known=(old,), numbers={1: NUMBER}))
    assert (finding.severity, finding.evidence["listed"]) == ("critical", False)


def test_an_account_that_the_export_lists_as_deleted_and_that_lives_again_is_not_flagged(
    make_lines: Lines, old: Account
) -> None:
    said = {"instances": (listed(old, deleted=True),)}
    assert found(UNASSOCIATED, make_lines(known=(old,), said=said)) == []


@pytest.mark.parametrize(
    ("application", "app", "wrong"),
    [
        (QUEUE_APPLICATION, "sales", False),
        (ATTENDANT_APPLICATION, "main", False),
        (MAINLINE_ATTENDANT_APPLICATION, "main", False),
        (THIRD_PARTY, "main", False),
        ("", "main", False),
        (ATTENDANT_APPLICATION, "sales", True),
        (MAINLINE_ATTENDANT_APPLICATION, "sales", True),
        (QUEUE_APPLICATION, "main", True),
        (QUEUE_APPLICATION, "gone", False),
    ],
)
def test_the_type_must_be_that_of_the_app(  # noqa: PLR0917 - a table
    make_lines: Lines,
    make_queue: Queues,
    make_attendant: Attendants,
    make_account: MakeAccount,
    application: str,
    app: str,
    wrong: bool,  # noqa: FBT001 - what is expected
) -> None:
    said = {"instances": (listed(make_account(1), application),)}
    snapshot = make_lines(make_queue("sales"), make_attendant("main"), on={1: app}, said=said)
    findings = found(MISMATCH, snapshot)
    assert bool(findings) is wrong
    assert all(finding.severity == "warning" for finding in findings)


def test_what_is_wrong_with_the_type_and_what_to_do_is_said(
    make_lines: Lines, make_queue: Queues, make_account: MakeAccount
) -> None:
    said = {"instances": (listed(make_account(1), ATTENDANT_APPLICATION),)}
    (finding,) = found(MISMATCH, make_lines(make_queue("sales"), on={1: "sales"}, said=said))
    assert finding.summary == "Its type is Auto attendant, and it stands for the call queue Sales queue."
    assert "Account 1 > Edit: set Resource account type to Call queue" in finding.remedy
    assert finding.subject.name == "Account 1"


def test_the_type_of_an_account_that_is_deleted_in_the_meantime_is_not_judged(
    make_lines: Lines,
    make_queue: Queues,
    make_account: MakeAccount,
    make_departed: Callable[..., Any],
    make_guid: Guid,
) -> None:
    gone = make_account(2)
    said = {
        "instances": (listed(gone, ATTENDANT_APPLICATION),),
        "associations": (Association(account=gone.id, app="sales"),),
    }
    snapshot = make_lines(make_queue("sales"), said=said, departed={make_guid(2): make_departed(make_guid(2))})
    assert found(MISMATCH, snapshot) == []


@pytest.mark.parametrize("rule", [UNASSOCIATED, MISMATCH, TOLL_FREE, UNUSED, VANISHED], ids=lambda rule: rule.id)
def test_what_a_rule_looks_at_is_one_short_sentence(  # noqa: PLR0917 - fixtures
    rule: Rule, make_lines: Lines, make_queue: Queues, make_account: MakeAccount, skus: tuple[Sku, ...], old: Account
) -> None:
    person = make_account(9, marked=False)
    stranger = msgspec.structs.replace(old, name="A" * 500)
    snapshots = [
        make_lines(make_queue("sales", name="S" * 500), on={1: "sales"}, numbers={1: FREEPHONE}, skus=skus),
        make_lines(known=(stranger,), skus=skus),
        make_lines(known=(stranger,), said={"instances": (listed(stranger, THIRD_PARTY),)}, skus=skus),
        make_lines(known=(old,), skus=skus, sources={}),
    ]
    for snapshot in snapshots:
        for account in (*snapshot.resource_accounts, person):
            said = reading(rule, snapshot, account)
            assert said.endswith(".")
            assert said.count(". ") == 0
            assert len(said) < 300


@given(order=st.permutations(range(1, 6)))
def test_the_order_of_the_export_changes_no_finding(  # noqa: PLR0917 - fixtures
    make_lines: Lines,
    make_account: MakeAccount,
    make_queue: Queues,
    make_attendant: Attendants,
    order: list[int],
    now: datetime,
) -> None:
    known = {each: make_account(each, OWN, created=now - timedelta(days=30)) for each in range(1, 6)}

    def findings(order: list[int]) -> list[Finding]:
        accounts = [known[each] for each in order]
        said = {
            "instances": tuple(listed(each) for each in accounts if each.id != known[5].id),
            "associations": tuple(
                Association(account=known[each].id, app=app)
                for each in order
                if (app := {1: "sales", 2: "main", 3: "gone"}.get(each))
            ),
        }
        apps = (make_queue("sales"), make_attendant("main"))
        snapshot = make_lines(
            *apps, known=tuple(accounts), said=said, numbers={each: f"+1800555010{each}" for each in order}
        )
        return [finding for rule in RULES for finding in rule.check(snapshot)]

    assert findings(order) == findings(sorted(order))
    assert {finding.rule for finding in findings(order)} >= {UNASSOCIATED.id, MISMATCH.id, VANISHED.id}
