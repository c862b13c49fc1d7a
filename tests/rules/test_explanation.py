from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing import plans
from shared.licensing.policy import POLICIES
from shared.model.directory import Account, AssignedLicence, AssignedPlan, Departed
from shared.model.finding import Finding, Severity, Subject
from shared.model.licences import Sku
from shared.model.numbers import PhoneNumber
from shared.model.sources import Source, SourceState
from shared.model.tenant import TenantState
from shared.model.voice import ApplicationInstance, Association, AutoAttendant, CallQueue, VoiceExport
from shared.rules import catalogue
from shared.rules.explanation import Explanation, Verdict, explain
from shared.rules.rule import Family, Reading, Rule
from shared.rules.setup import Step
from shared.rules.snapshot import Snapshot

Make = Callable[..., TenantState]
RULES = catalogue.RULES
CREATED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def licences(make_resource_account_sku: Callable[..., Sku]) -> Sku:
    """Five licences, one of which is assigned."""
    return make_resource_account_sku(5, 1)


@pytest.fixture
def line(make_account: Callable[..., Account], licences: Sku) -> Account:
    return make_account(1, licences.id, upn="main@contoso.example", created=CREATED)


@pytest.fixture
def number(make_number: Callable[..., PhoneNumber]) -> PhoneNumber:
    return make_number("+14255550100", 1)


@pytest.fixture
def explained(make_state: Make, make_snapshot: Callable[..., Snapshot], licences: Sku) -> Callable[..., Explanation]:
    def make(account: Account | Departed, *, policy: str = "2023-shared-devices", **changed: object) -> Explanation:
        accounts = [account] if isinstance(account, Account) else []
        state = make_state(*accounts, **{"skus": (licences,), **changed})
        return explain(make_snapshot(state, policy=POLICIES[policy]), account, RULES)

    return make


def verdict(explanation: Explanation, rule: str) -> Verdict:
    return next(each for each in explanation.rules if each.rule == rule)


def steps(explanation: Explanation) -> dict[str, str]:
    return {step.step: step.state for step in explanation.steps}


def step(explanation: Explanation, name: str) -> Step:
    return next(each for each in explanation.steps if each.step == name)


def a_rule(family: Family, *, found: str = "", severity: Severity = "info", reading: Reading | None = None) -> Rule:
    """A rule that always finds one subject, or nothing."""
    finding = Finding(
        rule="made-up", severity=severity, subject=Subject("resource_account", found), summary="Is so.", remedy="Mend."
    )
    return Rule(
        id="made-up",
        family=family,
        severity=severity,
        title="Made up",
        holds_when="a test says so",
        reads=frozenset(),
        why="It matters.",
        remedy="Mend.",
        link="https://learn.microsoft.com/",
        check=lambda _: [finding] if found else [],
        reading=reading,
    )


def test_a_line_in_order_is_described_and_no_rule_holds(
    explained: Callable[..., Explanation], line: Account, number: PhoneNumber, now: datetime
) -> None:
    explanation = explained(line, numbers=(number,))
    account = explanation.account
    assert account.kind == "resource_account"
    assert account.evidence == ("department marker", "number +14255550100")
    assert (account.name, account.upn, account.created) == ("Account 1", "main@contoso.example", CREATED)
    assert (account.usage_location, account.enabled, account.as_of) == ("US", False, now)
    assert account.numbers == ("+14255550100",)
    assert {each.state for each in explanation.rules} == {"does_not_hold", "skipped"}
    skipped = [each.why for each in explanation.rules if each.state == "skipped"]
    assert all("voice export is not read" in why for why in skipped)
    assert steps(explanation) == {
        "licence_obtained": "done",
        "account_created": "done",
        "licensed": "done",
        "number_assigned": "done",
        "associated": "not_known",
    }
    assert step(explanation, "associated").why == "The voice export is not read."
    assert not any(each.next for each in explanation.steps)


def test_a_rule_that_holds_says_so_with_its_severity_and_the_first_missing_step_says_what_to_do(
    explained: Callable[..., Explanation], make_account: Callable[..., Account]
) -> None:
    explanation = explained(make_account(1), numbers=())
    unlicensed = verdict(explanation, "resource-account-unlicensed")
    assert (unlicensed.state, unlicensed.severity) == ("holds", "warning")
    assert "cannot answer callers" in unlicensed.why
    missing = [each for each in explanation.steps if each.state == "missing"]
    assert [each.step for each in missing] == ["licensed", "number_assigned"]
    assert missing[0].next == unlicensed.remedy
    assert missing[1].next == ""


def test_each_rule_names_when_each_of_its_sources_was_last_read(
    explained: Callable[..., Explanation], line: Account, now: datetime
) -> None:
    an_hour = timedelta(hours=1)
    sources: dict[Source, SourceState] = {
        "accounts": SourceState(state="complete", complete_as_of=now),
        "licences": SourceState(state="failed", complete_as_of=now - an_hour, problem="Microsoft Graph answered 500."),
    }
    explanation = explained(line, sources=sources)
    skipped = verdict(explanation, "resource-account-unlicensed")
    assert skipped.state == "skipped"
    assert skipped.why == "Licences were last read completely at 2026-11-20T09:00:00Z: Microsoft Graph answered 500."
    assert skipped.as_of == {"licences": now - an_hour, "accounts": now}
    assert verdict(explanation, "resource-account-sign-in-enabled").state == "does_not_hold"
    assert steps(explanation)["licensed"] == "not_known"
    assert step(explanation, "licensed").why == skipped.why


def test_rules_that_are_not_about_single_accounts_are_left_out(
    explained: Callable[..., Explanation], line: Account
) -> None:
    named = {each.rule for each in explained(line).rules}
    left_out = {rule.id for rule in RULES if rule.family in {"allocation", "monitor"}}
    assert left_out
    assert not named & left_out
    assert named >= {rule.id for rule in RULES if rule.family == "accounts"}


@pytest.mark.parametrize(
    ("rule", "states"),
    [
        (a_rule("lines"), []),
        (a_rule("lines", found="another"), []),
        (a_rule("lines", reading=lambda _, account: f"Saw {account.name}."), ["does_not_hold"]),
        (a_rule("lines", found="00000000-0000-0000-0000-000000000001", severity="critical"), ["holds"]),
        (a_rule("allocation", found="another"), []),
        (a_rule("accounts", found="another"), ["does_not_hold"]),
    ],
)
def test_a_rule_about_lines_speaks_where_it_is_about_the_account(
    make_snapshot: Callable[..., Snapshot], make_state: Make, line: Account, rule: Rule, states: list[str]
) -> None:
    explanation = explain(make_snapshot(make_state(line)), line, [rule])
    assert [each.state for each in explanation.rules] == states


@pytest.mark.parametrize(("found", "state"), [("", "skipped"), ("00000000-0000-0000-0000-000000000001", "holds")])
def test_a_rule_that_judges_in_part_says_what_it_found_or_else_why_it_cannot_tell(
    make_snapshot: Callable[..., Snapshot], make_state: Make, line: Account, found: str, state: str
) -> None:
    rule = msgspec.structs.replace(a_rule("accounts", found=found), judged_in_part=lambda _: "the export is old")
    (verdict,) = explain(make_snapshot(make_state(line)), line, [rule]).rules
    assert (verdict.state, verdict.why) == (state, "Is so." if found else "The export is old.")


def test_what_a_rule_looked_at_is_said_where_it_does_not_hold(
    make_snapshot: Callable[..., Snapshot], make_state: Make, line: Account
) -> None:
    rules = [a_rule("accounts", reading=lambda _, account: f"Saw {account.name}."), a_rule("accounts")]
    explanation = explain(make_snapshot(make_state(line)), line, rules)
    assert [each.why for each in explanation.rules] == ["Saw Account 1.", "Does not hold."]


def test_several_findings_of_one_rule_are_one_verdict_as_bad_as_the_worst(
    explained: Callable[..., Explanation], line: Account, make_number: Callable[..., PhoneNumber]
) -> None:
    numbers = [make_number(digits, 1, activation="assignmentFailed") for digits in ("+14255550100", "+14255550101")]
    failed = verdict(explained(line, numbers=tuple(numbers)), "number-assignment-failed")
    assert (failed.state, failed.severity) == ("holds", "critical")
    assert "+14255550100" in failed.why
    assert "+14255550101" in failed.why


def test_a_number_whose_assignment_failed_stands_beside_the_account_and_is_a_missing_step(
    explained: Callable[..., Explanation], line: Account, make_number: Callable[..., PhoneNumber]
) -> None:
    explanation = explained(line, numbers=(make_number("+14255550100", 1, activation="updateFailed", status=""),))
    assert explanation.account.numbers == ("+14255550100",)
    assert explanation.account.evidence == ("department marker",)
    assert step(explanation, "number_assigned").why == "+14255550100 is in the state updateFailed."
    assert "assign it again" in step(explanation, "number_assigned").next


def test_an_account_that_only_a_number_leads_to_is_a_resource_account(
    explained: Callable[..., Explanation], make_account: Callable[..., Account], number: PhoneNumber
) -> None:
    account = explained(make_account(1, marked=False), numbers=(number,)).account
    assert (account.kind, account.evidence) == ("resource_account", ("number +14255550100",))


def test_a_person_has_no_steps_and_numbers_of_people_are_not_known(
    explained: Callable[..., Explanation], make_account: Callable[..., Account], licences: Sku
) -> None:
    explanation = explained(make_account(1, licences.id, marked=False), numbers=())
    assert (explanation.account.kind, explanation.account.evidence) == ("person", ())
    assert explanation.account.numbers is None
    assert explanation.steps == ()
    assert verdict(explanation, "person-holds-resource-account-licence").state == "holds"


def test_numbers_that_were_never_read_are_not_known_and_not_missing(
    explained: Callable[..., Explanation], line: Account
) -> None:
    explanation = explained(line)
    assert explanation.account.numbers is None
    assert steps(explanation)["number_assigned"] == "not_known"
    assert step(explanation, "number_assigned").why == "Numbers are not read."


def test_numbers_that_were_read_too_long_ago_prove_presence_and_no_absence(
    explained: Callable[..., Explanation], line: Account, number: PhoneNumber, now: datetime
) -> None:
    complete = SourceState(state="complete", complete_as_of=now)
    old = SourceState(state="failed", complete_as_of=now - timedelta(days=1))
    sources: dict[Source, SourceState] = {"licences": complete, "accounts": complete, "numbers": old}
    assert steps(explained(line, numbers=(number,), sources=sources))["number_assigned"] == "done"
    assert steps(explained(line, numbers=(), sources=sources))["number_assigned"] == "not_known"


def test_a_deleted_account_is_to_be_restored_while_that_is_possible(
    explained: Callable[..., Explanation], number: PhoneNumber, make_guid: Callable[[int], str], now: datetime
) -> None:
    departed = Departed(id=make_guid(1), name="Main", restorable=True, read_at=now)
    explanation = explained(departed, numbers=(number,), departed={departed.id: departed})
    assert explanation.account.kind == "deleted"
    assert "can be restored" in explanation.account.evidence[0]
    deleted = verdict(explanation, "resource-account-deleted-with-number")
    assert (deleted.state, deleted.severity) == ("holds", "critical")
    assert verdict(explanation, "resource-account-unlicensed").why == "It is deleted."
    assert steps(explanation)["account_created"] == "missing"
    assert (
        f"Restore-MgDirectoryDeletedItem -DirectoryObjectId '{departed.id}'"
        in step(explanation, "account_created").next
    )


def test_an_account_that_is_gone_for_good_is_to_be_made_anew(
    explained: Callable[..., Explanation], make_guid: Callable[[int], str], now: datetime
) -> None:
    departed = Departed(id=make_guid(1), read_at=now)
    explanation = explained(departed, departed={departed.id: departed})
    assert explanation.account.evidence == ("cannot be restored",)
    assert "Create a resource account anew" in step(explanation, "account_created").next


def test_somebody_deleted_who_was_never_followed_has_no_steps(
    explained: Callable[..., Explanation], make_guid: Callable[[int], str], now: datetime
) -> None:
    assert explained(Departed(id=make_guid(1), restorable=True, read_at=now)).steps == ()


@pytest.mark.parametrize(
    ("owned", "seats", "state", "said"),
    [
        (2, 0, "done", "1 of 2 owned licences are to spare."),
        (1, 600, "missing", "up to 85 cost nothing"),
        (1, 0, "missing", "the allocation covers 0, and 1 are owned"),
        (0, 600, "missing", "No Teams Phone Resource Account licence is owned."),
    ],
)
def test_a_licence_is_obtained_where_one_is_to_spare(
    *,
    make_state: Make,
    make_snapshot: Callable[..., Snapshot],
    make_account: Callable[..., Account],
    make_sku: Callable[..., Sku],
    make_resource_account_sku: Callable[..., Sku],
    owned: int,
    seats: int,
    state: str,
    said: str,
) -> None:
    mine = make_resource_account_sku(owned, min(owned, 1))
    phone = make_sku("e43b5b99-8dfb-405f-9987-dc307f34bcbd", plans.MCOEV, enabled=seats)
    holder, line = make_account(2, *([mine.id] if owned else [])), make_account(1)
    tenant = make_state(holder, line, skus=(mine, phone))
    obtained = step(explain(make_snapshot(tenant), line, RULES), "licence_obtained")
    assert obtained.state == state
    assert said in f"{obtained.why} {obtained.next}"


def test_a_plan_that_is_switched_off_is_a_licence_that_does_not_count(
    explained: Callable[..., Explanation], make_account: Callable[..., Account], licences: Sku
) -> None:
    off = AssignedLicence(licences.id, disabled_plans=(plans.MCOEV_VIRTUALUSER,))
    explanation = explained(make_account(1, licences=(off,)))
    licensed = step(explanation, "licensed")
    assert licensed.state == "missing"
    assert "switched off or out of force" in licensed.why
    assert licensed.next == verdict(explanation, "resource-account-plan-unusable").remedy


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("2023-shared-devices", "the rule resource-account-phone-licence says what to do"),
        ("2019-07-virtual-user", "which the policy 2019-07-virtual-user accepts"),
    ],
)
def test_a_phone_licence_for_people_licenses_a_line_and_says_what_the_policy_makes_of_it(
    explained: Callable[..., Explanation],
    make_account: Callable[..., Account],
    make_sku: Callable[..., Sku],
    policy: str,
    said: str,
) -> None:
    phone = make_sku(7, plans.MCOEV, enabled=5)
    explanation = explained(make_account(1, phone.id), policy=policy, skus=(phone,))
    assert step(explanation, "licensed").state == "done"
    assert said in step(explanation, "licensed").why


def test_a_plan_out_of_force_is_not_made_good_by_a_phone_licence_beside_it(
    explained: Callable[..., Explanation],
    make_account: Callable[..., Account],
    make_sku: Callable[..., Sku],
    licences: Sku,
) -> None:
    phone = make_sku(7, plans.MCOEV, enabled=5, part_number="MCOEV")
    lapsed = (AssignedPlan(plans.MCOEV_VIRTUALUSER, "Suspended"),)
    explanation = explained(make_account(1, licences.id, phone.id, plans=lapsed), skus=(licences, phone))
    licensed = step(explanation, "licensed")
    assert verdict(explanation, "resource-account-phone-licence").state == "does_not_hold"
    assert licensed.state == "missing"
    assert licensed.next == verdict(explanation, "resource-account-plan-unusable").remedy
    assert "resource-account-phone-licence" not in licensed.why
    assert "MCOEV is a Teams Phone licence for people" in licensed.why


def test_a_phone_plan_out_of_force_is_to_be_swapped(
    explained: Callable[..., Explanation],
    make_account: Callable[..., Account],
    make_sku: Callable[..., Sku],
    licences: Sku,
) -> None:
    phone = make_sku(7, plans.MCOEV, enabled=5)
    lapsed = (AssignedPlan(plans.MCOEV, "Suspended"),)
    explanation = explained(make_account(1, phone.id, plans=lapsed), skus=(licences, phone))
    licensed = step(explanation, "licensed")
    assert licensed.state == "missing"
    assert licensed.next == verdict(explanation, "resource-account-phone-licence").remedy
    assert "Swap both licences in one save" in licensed.next


def test_a_licence_of_which_nothing_is_known_is_to_be_looked_up(
    explained: Callable[..., Explanation], make_account: Callable[..., Account], make_guid: Callable[[int], str]
) -> None:
    explanation = explained(make_account(1, make_guid(99)))
    licensed = step(explanation, "licensed")
    assert make_guid(99) in licensed.why
    assert licensed.next == verdict(explanation, "resource-account-unlicensed").remedy


def test_a_unit_that_another_account_is_to_get_is_not_obtained_for_this_one(
    make_state: Make, make_snapshot: Callable[..., Snapshot], make_account: Callable[..., Account], licences: Sku
) -> None:
    accounts = [make_account(number) for number in range(1, 7)]
    snapshot = make_snapshot(make_state(*accounts, skus=(licences,)))
    for account, state in ((accounts[0], "done"), (accounts[5], "missing")):
        explanation = explain(snapshot, account, RULES)
        assert step(explanation, "licence_obtained").state == state
        assert ("order one first" in verdict(explanation, "resource-account-unlicensed").remedy) == (state == "missing")


def test_a_policy_that_wants_no_licence_without_a_number_misses_none(
    explained: Callable[..., Explanation], make_account: Callable[..., Account]
) -> None:
    states = steps(explained(make_account(1), policy="2019-07-virtual-user", numbers=(), skus=()))
    assert (states["licence_obtained"], states["licensed"]) == ("done", "done")


@pytest.fixture
def with_voice(explained: Callable[..., Explanation], now: datetime) -> Callable[..., Step]:
    """The step of the association, by an export that was read completely just now, or else as given."""

    def make(account: Account | Departed, export: VoiceExport, voice: SourceState | None = None) -> Step:
        complete = SourceState(state="complete", complete_as_of=now)
        sources: dict[Source, SourceState] = {"licences": complete, "accounts": complete, "voice": voice or complete}
        departed = {account.id: account} if isinstance(account, Departed) else {}
        explanation = explained(account, sources=sources, voice=export, departed=departed)
        return step(explanation, "associated")

    return make


def an_export(now: datetime, **changed: object) -> VoiceExport:
    """A complete export of nothing, but for what changed."""
    values: dict[str, Any] = {"attendants": (), "queues": (), "instances": (), "associations": (), **changed}
    return VoiceExport(exported_at=now, complete=True, **values)


def test_an_account_that_stands_for_a_queue_is_associated_and_the_queue_is_named(
    with_voice: Callable[..., Step], line: Account, now: datetime
) -> None:
    queue = CallQueue(id="q", name="Sales\nQueue", accounts=(line.id,))
    attendant = AutoAttendant(id="a", name="", accounts=(line.id,))
    associated = with_voice(line, an_export(now, queues=(queue,), attendants=(attendant,)))
    assert associated.state == "done"
    assert associated.why == "It stands for the auto attendant a, the call queue Sales Queue."


def test_a_deleted_account_is_still_said_to_stand_for_its_queue(
    with_voice: Callable[..., Step], make_guid: Callable[[int], str], now: datetime
) -> None:
    departed = Departed(id=make_guid(1), restorable=True, read_at=now)
    assert with_voice(departed, an_export(now, queues=(CallQueue(id="q", accounts=(departed.id,)),))).state == "done"
    assert with_voice(departed, an_export(now)).state == "missing"


def test_an_account_that_stands_for_nothing_is_to_be_associated(
    with_voice: Callable[..., Step], line: Account, now: datetime
) -> None:
    missing = with_voice(line, an_export(now))
    assert (missing.state, missing.why) == ("missing", "It stands for no attendant or queue.")
    gone = with_voice(line, an_export(now, associations=(Association(account=line.id, app="gone"),)))
    assert (gone.state, gone.why) == ("missing", "It stands for no attendant or queue that exists.")


def test_another_vendors_account_needs_no_attendant_or_queue(
    with_voice: Callable[..., Step], line: Account, now: datetime
) -> None:
    instance = ApplicationInstance(id=line.id, application="11111111-1111-1111-1111-111111111111")
    associated = with_voice(line, an_export(now, instances=(instance,)))
    assert associated.state == "done"
    assert "Another vendor's application" in associated.why


@pytest.mark.parametrize("lacking", ["attendants", "queues", "associations"])
def test_an_export_that_lacks_a_list_proves_no_absence(
    with_voice: Callable[..., Step], line: Account, now: datetime, lacking: str
) -> None:
    assert with_voice(line, an_export(now, **{lacking: None})).state == "not_known"


def test_an_export_that_is_too_old_proves_presence_and_no_absence(
    with_voice: Callable[..., Step], line: Account, now: datetime
) -> None:
    old = SourceState(state="complete", complete_as_of=now - timedelta(days=30))
    queue = CallQueue(id="q", accounts=(line.id,))
    assert with_voice(line, an_export(now, queues=(queue,)), old).state == "done"
    absent = with_voice(line, an_export(now), old)
    assert absent.state == "not_known"
    assert absent.why


def test_an_account_that_teams_alone_lists_is_a_resource_account(
    explained: Callable[..., Explanation], make_account: Callable[..., Account], now: datetime
) -> None:
    account = make_account(1, marked=False)
    complete = SourceState(state="complete", complete_as_of=now)
    sources: dict[Source, SourceState] = {"licences": complete, "accounts": complete, "voice": complete}
    export = an_export(now, instances=(ApplicationInstance(id=account.id),))
    described = explained(account, sources=sources, voice=export).account
    assert (described.kind, described.evidence) == ("resource_account", ("listed by Teams",))


@given(
    licensed=st.booleans(),
    marked=st.booleans(),
    numbered=st.sampled_from([None, False, True]),
    read=st.booleans(),
)
def test_the_first_missing_step_and_no_other_says_what_to_do(
    *,
    make_state: Make,
    make_snapshot: Callable[..., Snapshot],
    make_account: Callable[..., Account],
    make_number: Callable[..., PhoneNumber],
    make_resource_account_sku: Callable[..., Sku],
    now: datetime,
    licensed: bool,
    marked: bool,
    numbered: bool | None,
    read: bool,
) -> None:
    mine = make_resource_account_sku(1)
    account = make_account(1, *([mine.id] if licensed else []), marked=marked)
    numbers = None if numbered is None else tuple([make_number("+14255550100", 1)][: int(numbered)])
    tenant = make_state(account, skus=(mine,), numbers=numbers, read=now if read else None)
    found = explain(make_snapshot(tenant), account, RULES).steps
    missing = [each for each in found if each.state == "missing"]
    assert [each for each in found if each.next] == missing[:1]
    assert all(each.why for each in found)
