"""Accounts on lines: what pays for their calls, licences that are not used, and accounts that Teams no longer lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.licensing import plans
from shared.model.directory import Account, AssignedLicence, AssignedPlan, Assignment
from shared.model.finding import Finding
from shared.model.history import HeldSince, LicenceHistory
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.sources import INTERVALS, SourceState
from shared.model.voice import (
    QUEUE_APPLICATION,
    ApplicationInstance,
    Association,
    CallQueue,
)
from shared.rules import (
    resource_account_licence_unused,
    resource_account_unassociated,
    resource_account_vanished,
    toll_free_without_credits,
)
from shared.rules.engine import evaluate
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot
from simulator.contoso import unlicensed_line_names
from simulator.directory import SimulatedTenant

UNASSOCIATED = resource_account_unassociated.RULE
TOLL_FREE = toll_free_without_credits.RULE
UNUSED = resource_account_licence_unused.RULE
VANISHED = resource_account_vanished.RULE

NUMBER = "+14255550100"
FREEPHONE = "+18005550100"
OWN = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
CREDITS = "47794cd0-f0e5-45c5-9033-2eb6b5fc84e0"
PAYG = "00000000-0000-0000-0000-0000000000bb"
GROUP = "00000000-0000-0000-0000-0000000000aa"
THIRD_PARTY = "00000000-0000-0000-0000-00000000cccc"

Lines = Callable[..., Snapshot]
MakeAccount = Callable[..., Account]
MakeNumber = Callable[..., PhoneNumber]
MakeSku = Callable[..., Sku]


def found(rule: Rule, snapshot: Snapshot) -> list[Finding]:
    return list(rule.check(snapshot))


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


def test_only_the_unlicensed_accounts_of_contoso_vanish_if_teams_drops_them(
    tenant: SimulatedTenant, as_read: Callable[[SimulatedTenant], Snapshot], make_snapshot: Callable[..., Snapshot]
) -> None:
    state = as_read(tenant).state
    assert state.voice is not None
    dropped = {user.id for user in tenant.users.values() if user.display_name in unlicensed_line_names()}
    accounts = {
        each.id: msgspec.structs.replace(each, created=tenant.users[each.id].created_date_time)
        for each in state.accounts.values()
    }
    exported = max(each.created for each in accounts.values() if each.created) + timedelta(days=1)
    voice = msgspec.structs.replace(
        state.voice,
        exported_at=exported,
        instances=tuple(each for each in state.voice.instances or () if each.id not in dropped),
    )
    sources = state.sources | {"voice": SourceState(state="complete", tried_at=exported, complete_as_of=exported)}
    known = msgspec.structs.replace(state, accounts=accounts, voice=voice, sources=sources)
    snapshot = make_snapshot(known, now=exported)
    assert {finding.subject.id for finding in found(VANISHED, snapshot)} == dropped
    assert [finding for rule in (UNASSOCIATED, TOLL_FREE, UNUSED) for finding in rule.check(snapshot)] == []


@pytest.fixture
def toll_free(make_lines: Lines, make_account: MakeAccount, make_number: MakeNumber, skus: tuple[Sku, ...]) -> Any:  # noqa: ANN401
    """What is found of an account that holds these SKUs and has a number of Microsoft's."""

    def findings(*held: str, number: str = FREEPHONE, kind: str = "callingPlan", **changed: Any) -> list[Finding]:  # noqa: ANN401
        account = make_account(1, *held, **{name: changed.pop(name) for name in ("plans", "licences") & changed.keys()})
        numbers = (make_number(number, 1, kind=kind),)
        return found(TOLL_FREE, make_lines(known=(account,), numbers=numbers, **{"skus": skus, **changed}))

    return findings


def test_a_toll_free_number_without_credits_is_a_warning_with_the_command(toll_free: Any) -> None:  # noqa: ANN401
    (finding,) = toll_free(OWN)
    assert finding.severity == "warning"
    assert FREEPHONE in finding.summary
    assert finding.commands is not None
    assert f"-AddLicenses @(@{{SkuId='{CREDITS}'}}) -RemoveLicenses @()" in finding.commands.powershell
    assert finding.remedy.endswith(finding.commands.powershell)


@pytest.mark.parametrize("paying", [CREDITS, PAYG])
def test_a_toll_free_number_with_credits_or_pay_as_you_go_is_not_flagged(toll_free: Any, paying: str) -> None:  # noqa: ANN401
    assert toll_free(OWN, paying) == []


@pytest.mark.parametrize("number", [NUMBER, "+442079460000", "+448451234567"])
def test_a_number_that_callers_pay_for_is_not_flagged(toll_free: Any, number: str) -> None:  # noqa: ANN401
    assert toll_free(OWN, number=number) == []


@pytest.mark.parametrize("kind", ["directRouting", "operatorConnect", ""])
def test_a_toll_free_number_of_another_carrier_is_not_flagged(toll_free: Any, kind: str) -> None:  # noqa: ANN401
    assert toll_free(OWN, kind=kind) == []


def test_credits_whose_plan_is_out_of_force_pay_for_nothing(toll_free: Any) -> None:  # noqa: ANN401
    (plan,) = plans.COMMUNICATIONS_CREDITS
    (finding,) = toll_free(OWN, CREDITS, plans=(AssignedPlan(plan, "Suspended"),))
    assert "Make the plan of MCOPSTNC work" in finding.remedy
    assert finding.commands is None


def test_credits_whose_plan_is_switched_off_pay_for_nothing(toll_free: Any) -> None:  # noqa: ANN401
    held = AssignedLicence(CREDITS, tuple(plans.COMMUNICATIONS_CREDITS))
    (finding,) = toll_free(licences=(AssignedLicence(OWN), held))
    assert "Make the plan of MCOPSTNC work" in finding.remedy


def test_credits_that_are_not_owned_are_ordered_first(toll_free: Any, make_resource_account_sku: MakeSku) -> None:  # noqa: ANN401
    (finding,) = toll_free(OWN, skus=(make_resource_account_sku(25),))
    assert "order Communications Credits" in finding.remedy
    assert finding.commands is None


def test_a_toll_free_number_of_another_vendors_account_is_not_flagged(
    make_lines: Lines, make_number: MakeNumber, old: Account, skus: tuple[Sku, ...]
) -> None:
    numbers = (make_number(FREEPHONE, 1, kind="callingPlan"),)
    said = {"instances": (listed(old, THIRD_PARTY),)}
    assert found(TOLL_FREE, make_lines(known=(old,), numbers=numbers, said=said, skus=skus)) == []


@pytest.fixture
def unused(make_lines: Lines, skus: tuple[Sku, ...]) -> Any:  # noqa: ANN401
    """What is found of one account, which Teams lists unless it is said otherwise."""

    def findings(of: Account, *apps: Any, **changed: Any) -> list[Finding]:  # noqa: ANN401
        said = changed.pop("said", {"instances": (listed(of),)})
        return found(UNUSED, make_lines(*apps, known=(of,), said=said, skus=skus, **changed))

    return findings


def test_a_licence_on_an_account_that_answers_nothing_can_be_taken_back_by_one_call(
    unused: Any,  # noqa: ANN401
    old: Account,
) -> None:
    (finding,) = unused(old)
    assert finding.severity == "info"
    assert finding.commands is not None
    assert f"-AddLicenses @() -RemoveLicenses @('{OWN}')" in finding.commands.powershell
    assert "Is the account kept for a line to come?" in finding.remedy


def test_without_a_licence_none_is_unused(unused: Any, make_account: MakeAccount) -> None:  # noqa: ANN401
    assert unused(make_account(1)) == []


@pytest.mark.parametrize("status", ["voiceApplicationAssigned", "unassigned", "internalError"])
def test_the_licence_of_an_account_with_a_number_in_whatever_state_is_not_flagged(
    unused: Any,  # noqa: ANN401
    old: Account,
    make_number: MakeNumber,
    status: str,
) -> None:
    assert unused(old, numbers=(make_number(NUMBER, 1, status=status),)) == []


def test_the_licence_of_an_account_with_an_association_is_not_flagged(unused: Any, old: Account) -> None:  # noqa: ANN401
    for app in ("sales", "gone"):
        said = {"instances": (listed(old),), "associations": (Association(account=old.id, app=app),)}
        assert unused(old, CallQueue(id="sales"), said=said) == []
    assert unused(old, CallQueue(id="sales", accounts=(old.id,))) == []


def test_the_licence_of_an_account_that_agents_call_out_as_is_not_flagged(unused: Any, old: Account) -> None:  # noqa: ANN401
    assert unused(old, CallQueue(id="sales", calling_id_accounts=(old.id,))) == []


def test_the_licence_of_another_vendors_account_is_not_flagged(unused: Any, old: Account) -> None:  # noqa: ANN401
    assert unused(old, said={"instances": (listed(old, THIRD_PARTY),)}) == []


def test_an_account_that_teams_does_not_list_may_be_anybodys(unused: Any, old: Account) -> None:  # noqa: ANN401
    assert unused(old, said={}) == []


def test_no_licence_is_called_unused_while_the_numbers_that_graph_told_are_old(
    make_lines: Lines, old: Account, skus: tuple[Sku, ...]
) -> None:
    fresh = make_lines(known=(old,), said={"instances": (listed(old),)}, skus=skus)
    then = fresh.now - timedelta(hours=3)
    numbers = SourceState(state="failed", tried_at=fresh.now, complete_as_of=then)
    sources = fresh.state.sources | {"numbers": numbers}
    stale = make_lines(known=(old,), said={"instances": (listed(old),)}, skus=skus, sources=sources)
    assert len(evaluate((UNUSED,), fresh).findings) == 1
    evaluation = evaluate((UNUSED,), stale)
    assert evaluation.findings == ()
    assert [each.rule for each in evaluation.skipped] == [UNUSED.id]
    never = {name: each for name, each in sources.items() if name != "numbers"}
    assert (
        len(found(UNUSED, make_lines(known=(old,), said={"instances": (listed(old),)}, skus=skus, sources=never))) == 1
    )


def test_a_newer_export_tells_the_numbers_that_graphs_old_ones_lack(
    make_lines: Lines, make_number: MakeNumber, old: Account, skus: tuple[Sku, ...]
) -> None:
    exported = make_lines().voice
    assert exported is not None

    def numbered(read: datetime, told: tuple[PhoneNumber, ...] = ()) -> list[str | None]:
        known = SourceState(state="failed", tried_at=read, complete_as_of=read)
        sources = make_lines().state.sources | {"numbers": known}
        said = {"instances": (listed(old, number=NUMBER),)}
        snapshot = make_lines(known=(old,), numbers=told, said=said, skus=skus, sources=sources)
        return [each.target for each in snapshot.numbers if each.number == NUMBER]

    before, after = (exported.exported_at + timedelta(hours=each) for each in (-1, 1))
    assert numbered(before) == [old.id]
    assert numbered(before, (make_number(NUMBER, None, status="unassigned"),)) == [old.id]
    assert numbered(before, (make_number(NUMBER, 2),)) == [make_number(NUMBER, 2).target]
    assert numbered(after) == []
    assert numbered(make_lines().now) == []


def test_a_licence_that_comes_by_a_group_is_left_to_the_group(unused: Any, old: Account) -> None:  # noqa: ANN401
    grouped = msgspec.structs.replace(old, assignments=(Assignment(sku_id=OWN, state="Active", group=GROUP),))
    (finding,) = unused(grouped)
    assert finding.commands is None
    assert f"comes by the group {GROUP}" in finding.remedy


def test_an_account_that_the_export_leaves_out_has_vanished(
    make_lines: Lines, old: Account, skus: tuple[Sku, ...]
) -> None:
    (finding,) = found(VANISHED, make_lines(known=(old,), skus=skus))
    assert (finding.severity, finding.key) == ("warning", f"resource-account-vanished|{old.id}|")
    assert finding.summary == (
        "Teams does not list it, though it holds the licence: the export of 2026-11-20 08:00 UTC leaves it out."
    )
    assert "Voice > Resource accounts > Account 1" in finding.remedy


def test_one_without_a_licence_is_to_get_it_first(make_lines: Lines, old: Account) -> None:
    (finding,) = found(VANISHED, make_lines(known=(msgspec.structs.replace(old, licences=()),)))
    assert "holds no resource-account licence" in finding.summary
    assert finding.remedy.startswith("Give it the licence first")


def test_a_listed_account_has_not_vanished_even_if_it_is_listed_as_deleted(make_lines: Lines, old: Account) -> None:
    for deleted in (False, True):
        said = {"instances": (listed(old, deleted=deleted),)}
        assert found(VANISHED, make_lines(known=(old,), said=said)) == []


@pytest.mark.parametrize(
    ("created", "told"),
    [(None, False), (timedelta(hours=1), False), (-timedelta(hours=23), False), (-timedelta(hours=24), True)],
)
def test_an_account_that_is_hardly_older_than_the_export_has_not_vanished(
    make_lines: Lines,
    make_account: MakeAccount,
    created: timedelta | None,
    told: bool,  # noqa: FBT001 - what is expected
) -> None:
    exported = make_lines().voice
    assert exported is not None
    young = make_account(1, created=None if created is None else exported.exported_at + created)
    assert bool(found(VANISHED, make_lines(known=(young,)))) is told


@pytest.mark.parametrize(
    ("seen", "told"), [(timedelta(hours=1), False), (-timedelta(hours=23), False), (-timedelta(hours=24), True)]
)
def test_a_user_who_was_made_a_resource_account_hardly_before_the_export_has_not_vanished(
    make_lines: Lines,
    old: Account,
    seen: timedelta,
    told: bool,  # noqa: FBT001 - what is expected
) -> None:
    exported = make_lines().voice
    assert exported is not None
    first_seen = LicenceHistory(changes=(HeldSince("resource_account", exported.exported_at + seen),))
    snapshot = make_lines(known=(old,), licence_histories={old.id: first_seen})
    assert bool(found(VANISHED, snapshot)) is told


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (
            {"state": "partial", "problem": "the export is not complete."},
            "the voice export was read in part: the export is not complete",
        ),
        (
            {"state": "failed", "problem": "refused."},
            "the voice export was last made completely at 2026-11-19T07:00:00Z: refused",
        ),
    ],
)
def test_an_export_that_is_old_or_not_complete_neither_opens_nor_resolves_that_teams_lists_no_account(  # noqa: PLR0917 - a table
    make_lines: Lines, make_account: MakeAccount, old: Account, now: datetime, known: dict[str, Any], why: str
) -> None:
    unmarked = make_account(2, marked=False, marked_until=now - timedelta(days=1))
    snapshot = make_lines(known=(old, unmarked))
    before = snapshot.now - timedelta(hours=27)
    sources = snapshot.state.sources | {"voice": SourceState(tried_at=now, complete_as_of=before, **known)}
    evaluation = evaluate([VANISHED], make_lines(known=(old, unmarked), sources=sources))
    assert [finding.subject.id for finding in evaluation.findings] == [unmarked.id]
    assert [(each.rule, each.why) for each in evaluation.skipped] == [(VANISHED.id, why)]


@pytest.mark.parametrize("how", ["never exported", "switched off"])
def test_where_no_export_is_asked_for_the_directory_tells_all(
    make_lines: Lines, make_snapshot: Callable[..., Snapshot], old: Account, how: str
) -> None:
    state = make_lines(known=(old,)).state
    sources = {source: known for source, known in state.sources.items() if source != "voice"}
    if how == "never exported":
        state = msgspec.structs.replace(state, sources=sources)
    intervals = {source: each for source, each in INTERVALS.items() if how == "never exported" or source != "voice"}
    evaluation = evaluate([VANISHED], make_snapshot(state, intervals=intervals))
    assert (evaluation.findings, evaluation.skipped) == ((), ())


def test_without_an_export_only_the_directory_is_judged(
    make_lines: Lines, make_account: MakeAccount, old: Account, now: datetime
) -> None:
    unmarked = make_account(2, marked=False, marked_until=now - timedelta(days=1))
    findings = found(VANISHED, make_lines(known=(old, unmarked), sources={}))
    assert [finding.subject.id for finding in findings] == [unmarked.id]


def test_an_account_without_the_marker_that_teams_lists_has_not_vanished(
    make_lines: Lines, make_account: MakeAccount, now: datetime
) -> None:
    unmarked = make_account(2, marked=False, marked_until=now - timedelta(days=1), created=now - timedelta(days=9))
    assert found(VANISHED, make_lines(known=(unmarked,), said={"instances": (listed(unmarked),)})) == []


def test_an_account_without_the_marker_that_only_a_number_shows_has_not_vanished(
    make_lines: Lines, old: Account
) -> None:
    unmarked = msgspec.structs.replace(old, department="Sales")
    snapshot = make_lines(known=(unmarked,), numbers={1: NUMBER})
    assert [each.id for each in snapshot.resource_accounts] == [unmarked.id]
    assert found(VANISHED, snapshot) == []


def test_an_account_is_found_once_at_most(
    make_lines: Lines, make_account: MakeAccount, old: Account, now: datetime
) -> None:
    both = make_account(2, marked_until=now - timedelta(days=1), created=now - timedelta(days=9))
    findings = found(VANISHED, make_lines(known=(old, both)))
    assert sorted(finding.subject.id for finding in findings) == sorted({old.id, both.id})
