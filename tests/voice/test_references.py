"""Every reference has a path that stays, and is judged only by what was read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.model.voice import (
    Agent,
    ApplicationInstance,
    AutoAttendant,
    CallFlow,
    CallHandling,
    CallQueue,
    MenuOption,
    QueueExit,
    Target,
    VoiceExport,
)
from shared.voice.references import Inventory, Reference, Verdict, references, references_of

Make = Callable[..., VoiceExport]
Options = Callable[..., MenuOption]


def listed(app: AutoAttendant | CallQueue) -> set[tuple[str, str, str, str]]:
    return {(each.path, each.what, each.kind, each.id) for each in references_of(app)}


def paths(app: AutoAttendant | CallQueue) -> list[str]:
    return [each.path for each in references_of(app)]


def test_every_reference_of_an_attendant_is_told(make_option: Options) -> None:
    attendant = AutoAttendant(
        id="main",
        operator=Target("user", "ann"),
        default_flow=CallFlow(options=(make_option("2", "app:sales"), make_option("9", action="disconnect"))),
        flows=(CallFlow(id="night", options=(make_option("automatic", "voicemail:office"),)),),
        handlings=(CallHandling(kind="after_hours", schedule="hours", flow="night", enabled=False),),
        scope_groups=("everybody",),
        authorised_users=("bob",),
        accounts=("ra-main",),
    )
    assert listed(attendant) == {
        ("Operator", "operator", "user", "ann"),
        ("DefaultCallFlow.MenuOptions[2]", "menu_option", "app", "sales"),
        ("CallFlows[night].MenuOptions[automatic]", "menu_option", "voicemail", "office"),
        ("CallHandlingAssociations.ScheduleId[hours]", "schedule", "schedule", "hours"),
        ("CallHandlingAssociations.CallFlowId[night]", "call_flow", "flow", "night"),
        ("DirectoryLookupScope.GroupIds[everybody]", "scope_group", "group", "everybody"),
        ("AuthorizedUsers[bob]", "authorised_user", "user", "bob"),
        ("ApplicationInstances[ra-main]", "association", "account", "ra-main"),
    }


def test_every_reference_of_a_queue_is_told(make_queue: Callable[..., CallQueue]) -> None:
    queue = make_queue(
        "sales",
        users=("ann",),
        agents=(Agent("ann"), Agent("bob")),
        groups=("list",),
        channel="19:channel",
        shifts_team="team",
        shifts_group="shift",
        overflow="number:+14255550100",
        timeout="shared_voicemail=user:office",
        no_agent="account:ra-main",
        calling_id_accounts=("ra-out",),
        authorised_users=("carol",),
        accounts=("ra-sales",),
    )
    assert listed(queue) == {
        ("Users[ann]", "agent", "user", "ann"),
        ("Agents[bob]", "agent", "user", "bob"),
        ("DistributionLists[list]", "agent_group", "group", "list"),
        ("ChannelId", "channel", "channel", "19:channel"),
        ("ShiftsTeamId", "shifts", "shifts_team", "team"),
        ("ShiftsSchedulingGroupId", "shifts", "shifts_group", "shift"),
        ("OverflowActionTarget", "overflow", "number", "+14255550100"),
        ("TimeoutActionTarget", "timeout", "voicemail", "office"),
        ("NoAgentActionTarget", "no_agent", "account", "ra-main"),
        ("OboResourceAccounts[ra-out]", "calling_id", "account", "ra-out"),
        ("AuthorizedUsers[carol]", "authorised_user", "user", "carol"),
        ("ApplicationInstances[ra-sales]", "association", "account", "ra-sales"),
    }


def test_an_app_that_names_nothing_has_no_references(make_queue: Callable[..., CallQueue]) -> None:
    assert references_of(AutoAttendant(id="main", operator=Target("user", ""))) == ()
    assert references_of(make_queue("sales", timeout="forward", overflow="app:")) == ()


@pytest.mark.parametrize("action", ["disconnect", "queue"])
def test_a_target_that_the_action_leaves_unused_is_no_reference(
    make_queue: Callable[..., CallQueue], action: str
) -> None:
    assert references_of(make_queue("sales", no_agent=f"{action}=app:gone")) == ()


def test_the_voicemail_action_tells_that_its_target_is_a_person(make_queue: Callable[..., CallQueue]) -> None:
    queue = make_queue("sales", timeout=QueueExit("voicemail", Target("unknown", "ann")))
    assert listed(queue) == {("TimeoutActionTarget", "timeout", "user", "ann")}


def test_a_way_out_of_unknown_action_still_refers_to_its_target(make_queue: Callable[..., CallQueue]) -> None:
    queue = make_queue("sales", overflow="unknown=app:main")
    assert listed(queue) == {("OverflowActionTarget", "overflow", "app", "main")}


def test_one_key_that_leads_to_two_places_is_told_apart_by_them(make_option: Options) -> None:
    menu = CallFlow(options=(make_option("1", "app:a"), make_option("1", "app:b"), make_option("2", "app:c")))
    assert paths(AutoAttendant(id="main", default_flow=menu)) == [
        "DefaultCallFlow.MenuOptions[1:a]",
        "DefaultCallFlow.MenuOptions[1:b]",
        "DefaultCallFlow.MenuOptions[2]",
    ]


def test_an_option_that_is_only_spoken_is_known_by_its_target(make_option: Options) -> None:
    menu = CallFlow(options=(make_option("", "user:ann"),))
    assert paths(AutoAttendant(id="main", default_flow=menu)) == ["DefaultCallFlow.MenuOptions[spoken:ann]"]


def test_a_schedule_that_several_handlings_use_is_one_reference() -> None:
    handlings = tuple(CallHandling(kind="holiday", schedule="easter", flow=flow) for flow in ("day", "night"))
    attendant = AutoAttendant(id="main", handlings=handlings)
    assert [each.id for each in references_of(attendant) if each.what == "schedule"] == ["easter"]


def test_an_association_is_a_reference_of_its_account(make_export: Make) -> None:
    export = make_export(accounts={"ra": "gone"})
    assert list(references(export)) == [Reference("ra", "Association[gone]", "association", "app", "gone")]


def test_an_app_that_overlapping_pages_list_twice_is_read_once(make_export: Make) -> None:
    first, again = (AutoAttendant(id="main", operator=Target("user", each)) for each in ("ann", "bob"))
    assert [each.id for each in references(make_export(first, again))] == ["ann"]


def judged(export: VoiceExport, reference: Reference, live: frozenset[str] = frozenset()) -> Verdict:
    return Inventory(export, live).verdict(reference)


TO_APP = Reference("main", "DefaultCallFlow.MenuOptions[1]", "menu_option", "app", "sales")
TO_ACCOUNT = Reference("main", "DefaultCallFlow.MenuOptions[1]", "menu_option", "account", "ra")
TO_SCHEDULE = Reference("main", "CallHandlingAssociations.ScheduleId[s]", "schedule", "schedule", "s")
TO_FLOW = Reference("main", "CallHandlingAssociations.CallFlowId[f]", "call_flow", "flow", "f")


def test_what_the_export_holds_is_resolved(make_export: Make, make_queue: Callable[..., CallQueue]) -> None:
    attendant = AutoAttendant(id="main", schedules=("s",), flows=(CallFlow(id="f"),))
    export = make_export(attendant, make_queue("sales"), accounts={"ra": "sales"})
    assert {judged(export, each) for each in (TO_APP, TO_ACCOUNT, TO_SCHEDULE, TO_FLOW)} == {"resolved"}


def test_what_a_complete_export_lacks_is_missing(make_export: Make) -> None:
    export = make_export(AutoAttendant(id="main"))
    assert {judged(export, each) for each in (TO_APP, TO_ACCOUNT, TO_SCHEDULE, TO_FLOW)} == {"missing"}


def test_what_an_incomplete_export_lacks_is_not_judged(make_export: Make) -> None:
    export = make_export(AutoAttendant(id="main"), complete=False)
    assert {judged(export, each) for each in (TO_APP, TO_ACCOUNT, TO_SCHEDULE, TO_FLOW)} == {"not_judged"}


@pytest.mark.parametrize(
    ("unread", "reference"), [("attendants", TO_APP), ("queues", TO_APP), ("instances", TO_ACCOUNT)]
)
def test_a_list_that_was_not_read_proves_no_absence(make_export: Make, unread: str, reference: Reference) -> None:
    assert judged(make_export(**{unread: None}), reference) == "not_judged"


def test_a_schedule_of_another_attendant_does_not_serve(make_export: Make) -> None:
    export = make_export(AutoAttendant(id="main"), AutoAttendant(id="other", schedules=("s",)))
    assert judged(export, TO_SCHEDULE) == "missing"


def test_a_soft_deleted_account_is_missing(make_export: Make) -> None:
    export = make_export(instances=(ApplicationInstance(id="ra", deleted=True),))
    assert judged(export, TO_ACCOUNT) == "missing"


def test_an_account_that_lives_is_resolved_though_teams_no_longer_lists_it(make_export: Make) -> None:
    assert judged(make_export(), TO_ACCOUNT, frozenset({"ra"})) == "resolved"


@pytest.mark.parametrize("kind", ["user", "group", "voicemail", "number", "channel", "shifts_team", "unknown"])
def test_what_only_the_directory_knows_is_not_judged(make_export: Make, kind: str) -> None:
    export = make_export(AutoAttendant(id="main"))
    reference = Reference("main", "Operator", "operator", kind, "x")  # type: ignore[arg-type]
    assert judged(export, reference) == "not_judged"
