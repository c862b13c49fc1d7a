"""References to what does not exist: what is known to be missing, how bad it is, and what is not judged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.model.directory import Account, Departed
from shared.model.finding import Finding
from shared.model.referenced import Referenced
from shared.model.voice import (
    Agent,
    ApplicationInstance,
    AutoAttendant,
    CallFlow,
    CallHandling,
    CallQueue,
    MenuOption,
)
from shared.rules.snapshot import Snapshot
from shared.rules.voice_app_target_missing import RULE
from simulator.contoso import user_id
from simulator.directory import SimulatedTenant
from simulator.voice_shapes import CallTarget

Lines = Callable[..., Snapshot]
Attendants = Callable[..., AutoAttendant]
Queues = Callable[..., CallQueue]
Options = Callable[..., MenuOption]
Known = Callable[..., Referenced]
Gone = Callable[..., Departed]
Guids = Callable[[int], str]
Read = Callable[[SimulatedTenant], Snapshot]

NUMBER = "+14255550100"
SALES = "d0000000-0000-4000-8000-0000000000c1"


def found(snapshot: Snapshot) -> list[Finding]:
    return list(RULE.check(snapshot))


def told(snapshot: Snapshot) -> set[tuple[str, str, str]]:
    return {(each.subject.id, each.aspect, each.severity) for each in found(snapshot)}


def test_what_contoso_refers_to_exists(tenant: SimulatedTenant, as_read: Read) -> None:
    assert found(as_read(tenant)) == []


def test_a_deleted_queue_of_contoso_is_missed_by_the_menu_that_leads_to_it_by_its_id(
    tenant: SimulatedTenant, as_read: Read
) -> None:
    main = tenant.voice.attendant("AA Main Line Seattle")
    tenant.voice.delete_queue("CQ Customer Service Seattle")
    (finding,) = found(as_read(tenant))
    assert finding.subject.id == main.identity
    assert finding.aspect == "DefaultCallFlow.MenuOptions[2]"
    assert finding.severity == "warning"
    assert "+1 425 555 0100 > AA Main Line Seattle > key 2 > voice app " in finding.summary


def test_a_deleted_account_of_contoso_is_missed_by_whatever_leads_to_it(tenant: SimulatedTenant, as_read: Read) -> None:
    tenant.soft_delete(user_id("CQ Reception Seattle"))
    snapshot = as_read(tenant)
    holders = {each.subject.name for each in found(snapshot)}
    paths = {each.aspect for each in found(snapshot)}
    # The other queues of the city send callers to it while they are full.
    assert "OverflowActionTarget" in paths
    assert "CQ Sales Seattle" in holders
    assert all("was deleted" in each.summary and each.remedy.startswith("Restore it") for each in found(snapshot))


def test_a_deleted_group_of_contoso_is_missed_where_it_takes_voicemail(tenant: SimulatedTenant, as_read: Read) -> None:
    group = next(group for group in tenant.groups.values() if group.display_name == "Voicemail Seattle")
    tenant.delete_group(group.id)
    summaries = {each.aspect: each.summary for each in found(as_read(tenant))}
    assert "callers can leave no message" in summaries["TimeoutActionTarget"]


def test_a_deleted_person_of_contoso_is_missed_by_whatever_leads_to_that_person(
    tenant: SimulatedTenant, as_read: Read
) -> None:
    tenant.soft_delete(user_id("Adele Archer"))
    holders = {(each.subject.name, each.aspect) for each in found(as_read(tenant))}
    assert {
        ("AA Main Line Seattle", "Operator"),
        ("AA Main Line Seattle", f"AuthorizedUsers[{user_id('Adele Archer')}]"),
    } <= holders


def test_an_attendant_of_contoso_that_sends_everybody_to_what_is_gone_is_critical(
    tenant: SimulatedTenant, as_read: Read
) -> None:
    tenant.voice.send_all("AA Main Line Paris", CallTarget(id=SALES, type="ConfigurationEndpoint"))
    (finding,) = found(as_read(tenant))
    assert finding.severity == "critical"
    assert finding.summary.startswith("Every caller is sent to voice app d0000000, which does not exist: nobody gets ")


def test_a_menu_option_that_leads_to_nothing_is_a_warning(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("2", f"app:{SALES}"))
    (finding,) = found(make_lines(main, on={1: "main"}, numbers={1: NUMBER}))
    assert (finding.severity, finding.aspect) == ("warning", "DefaultCallFlow.MenuOptions[2]")
    assert finding.summary == (
        "A menu option leads to voice app d0000000, which does not exist: those callers are not put through. "
        "Callers come by +1 425 555 0100 > Main line > key 2 > voice app d0000000; 1 number and 0 other apps lead "
        "there."
    )
    assert finding.remedy == (
        "Choose another target for the option. Teams admin center: Voice > Auto attendants > Main line."
    )
    assert finding.evidence["target"] == SALES
    assert finding.evidence["numbers"] == [NUMBER]


def test_an_automatic_transfer_to_nothing_is_critical(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("automatic", f"app:{SALES}"))
    assert told(make_lines(main, on={1: "main"})) == {("main", "DefaultCallFlow.MenuOptions[automatic]", "critical")}


def test_an_automatic_transfer_to_an_operator_who_is_gone_is_critical(
    make_lines: Lines, make_attendant: Attendants, make_option: Options, make_referenced: Known
) -> None:
    main = make_attendant("main", make_option("automatic", action="operator"), operator="user:ann")
    snapshot = make_lines(main, on={1: "main"}, referenced={"ann": make_referenced("nobody")})
    assert told(snapshot) == {("main", "Operator", "critical")}


def test_an_automatic_transfer_after_hours_alone_is_a_warning(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    night = CallFlow(id="night", options=(make_option("automatic", f"app:{SALES}"),))
    handling = CallHandling(kind="after_hours", schedule="hours", flow="night")
    main = make_attendant("main", flows=(night,), handlings=(handling,), schedules=("hours",))
    assert told(make_lines(main, on={1: "main"})) == {("main", "CallFlows[night].MenuOptions[automatic]", "warning")}


def test_a_reference_in_an_app_that_no_call_comes_to_is_a_hint(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("automatic", f"app:{SALES}"))
    (finding,) = found(make_lines(main))
    assert finding.severity == "info"
    assert "No call comes there: Main line > automatically > voice app d0000000." in finding.summary


def test_an_option_in_a_flow_that_is_out_of_use_says_so(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    night = CallFlow(id="night", options=(make_option("1", f"app:{SALES}"),))
    (finding,) = found(make_lines(make_attendant("main", flows=(night,)), on={1: "main"}))
    assert finding.severity == "warning"
    assert "no call takes it as things are" in finding.summary


def test_every_way_out_of_a_queue_is_judged(make_lines: Lines, make_queue: Queues, make_referenced: Known) -> None:
    queue = make_queue(
        "sales",
        users=("bob",),
        overflow=f"app:{SALES}",
        timeout="shared_voicemail=voicemail:office",
        no_agent="user:ann",
    )
    gone = make_referenced("nobody")
    snapshot = make_lines(queue, on={1: "sales"}, referenced={"office": gone, "ann": gone})
    assert told(snapshot) == {
        ("sales", "OverflowActionTarget", "warning"),
        ("sales", "TimeoutActionTarget", "warning"),
        ("sales", "NoAgentActionTarget", "warning"),
    }


def test_the_target_of_an_action_that_sends_nobody_on_is_not_judged(make_lines: Lines, make_queue: Queues) -> None:
    assert found(make_lines(make_queue("sales", no_agent=f"queue=app:{SALES}"), on={1: "sales"})) == []


def test_schedules_and_flows_are_looked_for_in_their_attendant(make_lines: Lines, make_attendant: Attendants) -> None:
    handling = CallHandling(kind="holiday", schedule="holidays", flow="closed")
    whole = make_attendant("a", handlings=(handling,), schedules=("holidays",), flows=(CallFlow(id="closed"),))
    torn = make_attendant("b", handlings=(handling,))
    assert told(make_lines(whole, torn, on={1: "a", 2: "b"})) == {
        ("b", "CallHandlingAssociations.ScheduleId[holidays]", "warning"),
        ("b", "CallHandlingAssociations.CallFlowId[closed]", "warning"),
    }


def test_what_only_a_handling_that_is_switched_off_uses_is_a_hint(
    make_lines: Lines, make_attendant: Attendants
) -> None:
    off = CallHandling(kind="holiday", schedule="holidays", flow="closed", enabled=False)
    findings = found(make_lines(make_attendant("main", handlings=(off,)), on={1: "main"}, numbers={1: NUMBER}))
    off_is = "An after-hours or holiday handling that is switched off"
    effect = "which does not exist: callers notice nothing while it is off."
    assert [(each.severity, each.summary.partition(" Callers come")[0]) for each in findings] == [
        ("info", f"{off_is} leads to call flow closed, {effect}"),
        ("info", f"{off_is} follows schedule holidays, {effect}"),
    ]


def test_what_another_handling_uses_too_is_heard_by_callers(make_lines: Lines, make_attendant: Attendants) -> None:
    off = CallHandling(kind="holiday", schedule="holidays", flow="closed", enabled=False)
    on = CallHandling(kind="after_hours", schedule="holidays", flow="open")
    main = make_attendant("main", handlings=(off, on), flows=(CallFlow(id="open"),))
    assert told(make_lines(main, on={1: "main"})) == {
        ("main", "CallHandlingAssociations.ScheduleId[holidays]", "warning"),
        ("main", "CallHandlingAssociations.CallFlowId[closed]", "info"),
    }


def test_lists_calling_ids_and_authorised_users_are_judged(
    make_lines: Lines, make_queue: Queues, make_referenced: Known, make_departed: Gone, make_guid: Guids
) -> None:
    queue = make_queue(
        "sales", groups=("team",), calling_id_accounts=(make_guid(7),), authorised_users=("ann",), users=("bob",)
    )
    gone = make_referenced("nobody")
    snapshot = make_lines(
        queue,
        on={1: "sales"},
        referenced={"team": gone, "ann": gone, "bob": gone},
        departed={make_guid(7): make_departed(make_guid(7), name="RA Out")},
    )
    assert told(snapshot) == {
        ("sales", "DistributionLists[team]", "warning"),
        ("sales", f"OboResourceAccounts[{make_guid(7)}]", "warning"),
        ("sales", "AuthorizedUsers[ann]", "warning"),
    }
    summaries = " ".join(each.summary for each in found(snapshot))
    assert "Its agents call out as resource account RA Out, which was deleted" in summaries
    assert "It may be changed by person ann, who does not exist: callers notice nothing" in summaries


def test_agents_and_accounts_in_front_of_an_app_are_left_to_rules_of_their_own(
    make_lines: Lines, make_queue: Queues, make_referenced: Known
) -> None:
    queue = make_queue("sales", users=("bob",), agents=(Agent("cat", opted_in=True),), accounts=("ra-gone",))
    gone = make_referenced("nobody")
    assert found(make_lines(queue, on={1: "sales"}, referenced={"bob": gone, "cat": gone, "ra-gone": gone})) == []


@pytest.mark.parametrize("to", ["user:ann", "voicemail:office", "number:+4930901820", "unknown:what"])
def test_what_was_not_looked_up_is_not_judged(
    make_lines: Lines, make_attendant: Attendants, make_option: Options, to: str
) -> None:
    assert found(make_lines(make_attendant("main", make_option("1", to)), on={1: "main"})) == []


def test_channels_and_shifts_are_not_judged(make_lines: Lines, make_queue: Queues, make_referenced: Known) -> None:
    queue = make_queue("sales", channel="19:abc", shifts_team="team", shifts_group="shift")
    gone = dict.fromkeys(("19:abc", "team", "shift"), make_referenced("nobody"))
    assert found(make_lines(queue, on={1: "sales"}, referenced=gone)) == []


@pytest.mark.parametrize("kind", ["user", "group"])
def test_somebody_whom_the_directory_has_is_not_missing(
    make_lines: Lines, make_attendant: Attendants, make_option: Options, make_referenced: Known, kind: str
) -> None:
    main = make_attendant("main", make_option("1", "user:ann"), make_option("2", "voicemail:ann"))
    assert found(make_lines(main, on={1: "main"}, referenced={"ann": make_referenced(kind, "Ann")})) == []


def test_a_person_who_is_a_followed_account_is_not_missing(
    make_lines: Lines,
    make_attendant: Attendants,
    make_option: Options,
    make_account: Callable[..., Account],
    make_guid: Guids,
) -> None:
    main = make_attendant("main", make_option("1", f"user:{make_guid(5)}"))
    assert found(make_lines(main, on={1: "main"}, known=(make_account(5, marked=False),))) == []


def test_an_account_that_teams_does_not_list_and_the_directory_has_is_not_missing(
    make_lines: Lines,
    make_attendant: Attendants,
    make_option: Options,
    make_account: Callable[..., Account],
    make_guid: Guids,
) -> None:
    main = make_attendant("main", make_option("1", f"account:{make_guid(5)}"))
    snapshot = make_lines(main, on={1: "main"}, known=(make_account(5, marked=False),))
    assert found(snapshot) == []
    assert told(make_lines(main, on={1: "main"})) == {("main", "DefaultCallFlow.MenuOptions[1]", "warning")}


def test_an_account_that_teams_still_lists_and_that_was_deleted_is_missing(
    make_lines: Lines,
    make_attendant: Attendants,
    make_option: Options,
    make_departed: Gone,
    make_guid: Guids,
) -> None:
    main = make_attendant("main", make_option("1", f"account:{make_guid(2)}"))
    said = {"instances": (ApplicationInstance(id=make_guid(2)),)}
    assert found(make_lines(main, on={1: "main"}, said=said)) == []
    departed = {make_guid(2): make_departed(make_guid(2))}
    snapshot = make_lines(main, on={1: "main"}, said=said, departed=departed)
    assert told(snapshot) == {("main", "DefaultCallFlow.MenuOptions[1]", "warning")}


def test_a_person_who_was_deleted_and_restored_is_not_missing(
    make_lines: Lines, make_attendant: Attendants, make_referenced: Known, make_departed: Gone
) -> None:
    main = make_attendant("main", operator="user:ann")
    gone = make_departed("ann")
    later = {"ann": make_referenced("user", read_at=gone.read_at + timedelta(minutes=5))}
    earlier = {"ann": make_referenced("user", read_at=gone.read_at - timedelta(minutes=5))}
    assert found(make_lines(main, on={1: "main"}, departed={"ann": gone}, referenced=later)) == []
    assert told(make_lines(main, on={1: "main"}, departed={"ann": gone}, referenced=earlier)) == {
        ("main", "Operator", "warning")
    }


def test_an_incomplete_export_proves_no_absence(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("1", f"app:{SALES}"))
    assert found(make_lines(main, on={1: "main"}, said={"complete": False})) == []


def test_options_on_the_same_key_are_told_apart_by_their_targets_and_each_place_is_told_once(
    make_lines: Lines, make_attendant: Attendants, make_option: Options
) -> None:
    main = make_attendant("main", make_option("1", "app:x"), make_option("1", "app:y"), make_option("1", "account:x"))
    assert [each.aspect for each in found(make_lines(main, on={1: "main"}))] == [
        "DefaultCallFlow.MenuOptions[1:x]",
        "DefaultCallFlow.MenuOptions[1:y]",
    ]


def test_a_menu_that_leads_to_an_account_whose_queue_was_deleted_is_flagged(
    tenant: SimulatedTenant, as_read: Read
) -> None:
    tenant.voice.delete_queue("CQ Sales Berlin")
    (finding,) = found(as_read(tenant))
    assert (finding.subject.name, finding.severity) == ("AA Main Line Berlin", "warning")
    assert "leads to resource account CQ Sales Berlin, which stands for no attendant or queue" in finding.summary
