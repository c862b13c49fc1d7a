"""What the reader makes of an export, whatever PowerShell did to it on its way."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from shared.model.voice import (
    AUTOMATIC,
    Agent,
    ApplicationInstance,
    Association,
    AssociationStatus,
    AutoAttendant,
    CallFlow,
    CallHandling,
    CallQueue,
    MenuOption,
    ProvisioningStatus,
    QueueExit,
    Target,
    VoiceExport,
)
from shared.voice.export import read_export

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
ATTENDANT = "b1a0c5de-0c44-4b0f-8a83-0b0a6b1f2c01"
QUEUE = "d0000000-0000-4000-8000-0000000000c1"
ACCOUNT = "5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11"
PERSON = "ee000000-0000-4000-8000-0000000000e1"
OTHER = "ee000000-0000-4000-8000-0000000000e2"
GROUP = "aa000000-0000-4000-8000-0000000000a1"

Json = dict[str, object]


def document(**changed: object) -> Json:
    lists = ("autoAttendants", "callQueues", "applicationInstances", "associations", "associationStatus")
    head = {"schemaVersion": 1, "tenantId": TENANT, "exportedAt": "2026-11-20T08:00:05Z", "complete": True}
    return {**head, "errors": [], **{key: [] for key in lists}, **changed}


def read(given: Json | None = None, **changed: object) -> VoiceExport:
    return read_export(json.dumps(given or document(**changed)).encode(), tenant=TENANT, now=NOW)


def attendant(**fields: object) -> AutoAttendant:
    (found,) = read(autoAttendants=[{"Identity": ATTENDANT, **fields}]).attendants or ()
    return found


def queue(**fields: object) -> CallQueue:
    (found,) = read(callQueues=[{"Identity": QUEUE, **fields}]).queues or ()
    return found


def instance(**fields: object) -> ApplicationInstance:
    (found,) = read(applicationInstances=[{"ObjectId": ACCOUNT, **fields}]).instances or ()
    return found


def option(**fields: object) -> MenuOption:
    (found,) = attendant(DefaultCallFlow={"Menu": {"MenuOptions": [fields]}}).default_flow.options
    return found


def test_an_attendant_is_read_with_its_flows_menus_and_schedules() -> None:
    menu = {"MenuOptions": [{"Action": "TransferCallToOperator", "DtmfResponse": "Tone0"}]}
    found = attendant(
        Name="Sales Berlin",
        DefaultCallFlow={"Id": "f0", "Name": "Default", "Menu": menu},
        CallFlows=[{"Id": "f1", "Name": "Closed"}],
        Schedules=[{"Id": "s1", "Type": "WeeklyRecurrence"}],
        CallHandlingAssociations=[{"Type": "AfterHours", "ScheduleId": "s1", "CallFlowId": "f1", "Enabled": False}],
        Operator={"Id": PERSON, "Type": "User"},
        ApplicationInstances=[ACCOUNT],
        AuthorizedUsers=[PERSON],
        DirectoryLookupScope={
            "InclusionScope": {"GroupScope": {"GroupIds": [GROUP]}},
            "ExclusionScope": {"GroupScope": {"GroupIds": [GROUP, OTHER]}},
        },
        Status=[{"Type": "AudioFile", "Status": "Error", "Message": "no such file"}],
    )
    assert found == AutoAttendant(
        id=ATTENDANT,
        name="Sales Berlin",
        default_flow=CallFlow(id="f0", name="Default", options=(MenuOption(key="0", action="operator"),)),
        flows=(CallFlow(id="f1", name="Closed"),),
        schedules=("s1",),
        handlings=(CallHandling(kind="after_hours", schedule="s1", flow="f1", enabled=False),),
        operator=Target("user", PERSON),
        accounts=(ACCOUNT,),
        authorised_users=(PERSON,),
        scope_groups=(GROUP, OTHER),
        statuses=(ProvisioningStatus(kind="AudioFile", status="error", message="no such file"),),
    )


def test_a_queue_is_read_with_its_people_and_its_exits() -> None:
    found = queue(
        Name="Sales",
        Users=[PERSON],
        DistributionLists=[GROUP],
        Agents=[{"ObjectId": PERSON, "OptIn": True}, {"ObjectId": OTHER, "OptIn": False}],
        ChannelId="19:AbC@thread.tacv2",
        ShiftsTeamId=GROUP,
        ShiftsSchedulingGroupId="TAG_1",
        OverflowAction="DisconnectWithBusy",
        TimeoutAction="Forward",
        TimeoutActionTarget={"Id": "tel:+4930901820", "Type": "Phone"},
        NoAgentAction="Queue",
        ApplicationInstances=[ACCOUNT],
        OboResourceAccounts=[{"ObjectId": ACCOUNT}],
        OboResourceAccountIds=[ACCOUNT, OTHER],
        AuthorizedUsers=[PERSON],
    )
    assert found == CallQueue(
        id=QUEUE,
        name="Sales",
        users=(PERSON,),
        groups=(GROUP,),
        agents=(Agent(PERSON, opted_in=True), Agent(OTHER, opted_in=False)),
        channel="19:AbC@thread.tacv2",
        shifts_team=GROUP,
        shifts_group="tag_1",
        overflow=QueueExit("disconnect"),
        timeout=QueueExit("forward", Target("number", "+4930901820")),
        no_agent=QueueExit("queue"),
        accounts=(ACCOUNT,),
        calling_id_accounts=(ACCOUNT, OTHER),
        authorised_users=(PERSON,),
    )


def test_accounts_their_associations_and_statuses_are_read() -> None:
    found = read(
        applicationInstances=[
            {
                "ObjectId": ACCOUNT,
                "UserPrincipalName": "aa-sales@contoso.example",
                "ApplicationId": "CE933385-9390-45d1-9512-c8d228074e07",
                "DisplayName": "AA Sales",
                "PhoneNumber": "tel:+4930901820",
            }
        ],
        associations=[{"Id": ACCOUNT, "ConfigurationType": "AutoAttendant", "ConfigurationId": ATTENDANT}],
        associationStatus=[{"Id": ACCOUNT, "Type": "SipProvisioning", "Status": "Pending", "Message": None}],
    )
    assert found.instances == (
        ApplicationInstance(
            id=ACCOUNT,
            name="AA Sales",
            upn="aa-sales@contoso.example",
            application="ce933385-9390-45d1-9512-c8d228074e07",
            number="+4930901820",
        ),
    )
    assert found.associations == (Association(account=ACCOUNT, app_kind="attendant", app=ATTENDANT),)
    status = ProvisioningStatus(kind="SipProvisioning", status="pending")
    assert found.statuses == (AssociationStatus(account=ACCOUNT, status=status),)


def test_an_export_carries_its_version_and_its_time_in_utc() -> None:
    content = json.dumps(document(exportedAt="2026-11-20T10:00:05.1234567+02:00")).encode()
    found = read_export(content, tenant=TENANT, now=NOW, version='"etag"')
    assert (found.version, found.complete) == ('"etag"', True)
    assert found.exported_at == datetime(2026, 11, 20, 8, 0, 5, 123457, tzinfo=UTC)
    assert found.exported_at.tzinfo is UTC


def test_windows_powershells_milliseconds_are_a_time() -> None:
    assert read(exportedAt="/Date(1795161605000)/").exported_at == datetime(2026, 11, 20, 8, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("users", [PERSON, [PERSON], [PERSON, None], {"ObjectId": PERSON}, [PERSON, PERSON.upper()]])
def test_one_element_is_a_list_of_one(users: object) -> None:
    assert queue(Users=users).users == (PERSON,)


@pytest.mark.parametrize("users", [None, [], [None], [{"ObjectId": None}], ""])
def test_null_is_an_empty_list(users: object) -> None:
    assert queue(Users=users).users == ()


def test_every_list_of_objects_may_be_one_object() -> None:
    found = attendant(
        CallFlows={"Id": "f1", "Menu": {"MenuOptions": {"Action": "DisconnectCall", "DtmfResponse": "Automatic"}}},
        Schedules={"Id": "s1"},
        CallHandlingAssociations={"Type": "Holiday", "ScheduleId": "s1", "CallFlowId": "f1"},
        Status={"Type": "SipProvisioning", "Status": "Success"},
    )
    assert found.flows == (CallFlow(id="f1", options=(MenuOption(key=AUTOMATIC, action="disconnect"),)),)
    assert found.schedules == ("s1",)
    assert found.handlings == (CallHandling(kind="holiday", schedule="s1", flow="f1"),)
    assert found.statuses == (ProvisioningStatus(kind="SipProvisioning", status="success"),)


def test_a_list_of_the_document_may_be_one_object() -> None:
    assert [each.id for each in read(callQueues={"Id": QUEUE}).queues or ()] == [QUEUE]
    assert read(errors={"stage": "connect", "message": "slow"}).errors == ("connect",)


def test_null_rows_of_a_list_are_none() -> None:
    assert read(callQueues=[None]).queues == ()


def test_nulls_everywhere_are_nothing() -> None:
    keys = "Name DefaultCallFlow CallFlows Schedules CallHandlingAssociations Operator ApplicationInstances"
    more = "AuthorizedUsers DirectoryLookupScope Status"
    assert attendant(**dict.fromkeys([*keys.split(), *more.split()])) == AutoAttendant(id=ATTENDANT)
    keys = "Name Users DistributionLists Agents ChannelId ShiftsTeamId ShiftsSchedulingGroupId OverflowAction"
    more = "OverflowActionTarget TimeoutAction NoAgentAction ApplicationInstances OboResourceAccounts AuthorizedUsers"
    assert queue(**dict.fromkeys([*keys.split(), *more.split()])) == CallQueue(id=QUEUE)
    keys = "DisplayName UserPrincipalName ApplicationId PhoneNumber SoftDeletionTimestamp"
    assert instance(**dict.fromkeys(keys.split())) == ApplicationInstance(id=ACCOUNT)
    assert (
        attendant(DefaultCallFlow={"Id": None, "Name": None, "Menu": {"MenuOptions": None}}).default_flow == CallFlow()
    )
    assert attendant(DirectoryLookupScope={"InclusionScope": {"GroupScope": None}}).scope_groups == ()
    nothing = {"Action": None, "DtmfResponse": None, "CallTarget": {"Id": None, "Type": None}}
    assert option(**nothing) == MenuOption(action="unknown")


def test_a_missing_list_was_not_read_which_is_not_empty() -> None:
    given = document()
    del given["callQueues"]
    found = read(given)
    assert (found.queues, found.attendants, found.complete) == (None, (), False)


def test_a_null_list_is_empty_in_a_complete_export_and_not_read_in_any_other() -> None:
    assert read(callQueues=None).queues == ()
    assert read(callQueues=None).complete is True
    assert read(callQueues=None, complete=False).queues is None


@pytest.mark.parametrize(
    "stage", ["callQueues", "Get-CsAutoAttendant", "associationStatus", "ApplicationInstances", ""]
)
def test_an_export_with_a_failed_listing_is_not_complete(stage: str) -> None:
    found = read(errors=[{"stage": stage, "identity": ACCOUNT, "message": "timeout"}])
    assert (found.complete, found.errors) == (False, (stage or "unnamed",))


@pytest.mark.parametrize("errors", [["something went wrong"], [{"message": "something"}]])
def test_an_error_that_names_no_stage_counts_as_a_failed_listing(errors: object) -> None:
    found = read(errors=errors)
    assert (found.complete, found.errors) == (False, ("unnamed",))


def test_an_error_of_another_stage_is_told_and_leaves_the_export_complete() -> None:
    found = read(errors=[{"stage": "disconnect"}, {"stage": "disconnect"}, None])
    assert (found.complete, found.errors) == (True, ("disconnect",))


def test_errors_may_be_missing_or_null() -> None:
    given = document()
    del given["errors"]
    assert read(given).complete is True
    assert read(errors=None).errors == ()


def test_only_so_many_failed_stages_are_told() -> None:
    assert len(read(errors=[{"stage": f"stage {each}"} for each in range(1_000)]).errors) == 32


def test_of_rows_with_the_same_id_the_first_counts_and_that_is_told() -> None:
    rows = [{"Id": QUEUE, "Name": "first"}, {"Id": QUEUE.upper(), "Name": "second"}]
    found = read(callQueues=rows)
    assert [each.name for each in found.queues or ()] == ["first"]
    assert (found.errors, found.complete) == (("callQueues: an id is listed twice",), True)


def test_an_account_has_one_status_for_each_thing_that_is_set_up() -> None:
    rows = [{"Id": ACCOUNT, "Type": kind, "Status": "Success"} for kind in ("SipProvisioning", "AudioFile")]
    found = read(associationStatus=rows)
    assert [each.status.kind for each in found.statuses or ()] == ["SipProvisioning", "AudioFile"]
    assert found.errors == ()


@pytest.mark.parametrize(
    "written",
    [
        PERSON.upper(),
        f"{{{PERSON}}}",
        f" {PERSON} ",
        PERSON.replace("-", ""),
        {"ObjectId": PERSON},
        {"Guid": PERSON.upper()},
        {"Id": {"Guid": PERSON}},
        {"Identity": PERSON, "DisplayName": "Adele"},
    ],
)
def test_an_id_is_one_id_in_every_form(written: object) -> None:
    found = queue(Users=written, Agents=[written], ShiftsTeamId=written, TimeoutActionTarget={"Id": written})
    assert (found.users, found.agents, found.shifts_team) == ((PERSON,), (Agent(PERSON),), PERSON)
    assert found.timeout.target == Target("unknown", PERSON)


@pytest.mark.parametrize("key", ["Identity", "Id", "ObjectId"])
def test_a_row_may_name_its_id_by_any_of_its_keys(key: str) -> None:
    found = read(callQueues=[{key: QUEUE}], applicationInstances=[{key: ACCOUNT}], autoAttendants=[{key: ATTENDANT}])
    assert found.queues == (CallQueue(id=QUEUE),)
    assert found.instances == (ApplicationInstance(id=ACCOUNT),)
    assert found.attendants == (AutoAttendant(id=ATTENDANT),)


def test_an_account_is_its_object_id_even_where_another_key_names_it_too() -> None:
    assert instance(Identity="sip:line@contoso.example", Id=OTHER).id == ACCOUNT


def test_the_empty_guid_is_no_id() -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    found = queue(ShiftsTeamId=nobody, Users=[nobody, nobody.replace("-", "")], TimeoutActionTarget={"Id": nobody})
    assert found == CallQueue(id=QUEUE)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("User", "user"),
        ("ApplicationEndpoint", "account"),
        ("ApplicationEndPoint", "account"),
        ("ConfigurationEndpoint", "app"),
        ("ConfigurationEndPoint", "app"),
        ("configurationendpoint", "app"),
        ("SharedVoicemail", "voicemail"),
        ("SomethingNew", "unknown"),
        (0, "unknown"),
        (1, "unknown"),
        (None, "unknown"),
    ],
)
def test_a_targets_type_is_known_in_either_spelling_and_never_guessed(written: object, kind: str) -> None:
    target = option(Action="TransferCallToTarget", CallTarget={"Id": PERSON, "Type": written}).target
    assert target is not None
    assert (target.kind, target.id) == (kind, PERSON)


@pytest.mark.parametrize("kind", ["ExternalPstn", "Phone", "EXTERNALPSTN", 3, None])
@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("tel:+14255550100", "+14255550100"),
        ("TEL:+14255550100", "+14255550100"),
        ("+1 (425) 555-0100", "+14255550100"),
        ("tel:+14255550100;ext=1234", "+14255550100"),
        ("+1 425 555 0100 ext. 7", "+14255550100"),
        ("tel:14255550100", "+14255550100"),
        ("tel:+4930115", "+4930115"),
        ("tel:911", "911"),
        ("tel:030901820", "030901820"),
    ],
)
def test_a_number_is_plus_and_digits(kind: object, written: str, number: str) -> None:
    assert option(Action="TransferCallToTarget", CallTarget={"Id": written, "Type": kind}).target == Target(
        "number", number
    )


def test_a_number_without_the_word_tel_needs_its_type() -> None:
    assert option(Action="x", CallTarget={"Id": "14255550100", "Type": "Phone"}).target == Target(
        "number", "+14255550100"
    )
    assert option(Action="x", CallTarget={"Id": "14255550100"}).target == Target("unknown", "14255550100")


def test_a_number_without_digits_is_no_target() -> None:
    assert option(Action="x", CallTarget={"Id": "anonymous", "Type": "Phone"}).target is None


@pytest.mark.parametrize(("written", "number"), [("tel:+4930901820;ext=7", "+4930901820"), ("", ""), ("none", "")])
def test_an_accounts_number_is_plus_and_digits(written: str, number: str) -> None:
    assert instance(PhoneNumber=written).number == number


def test_a_target_may_be_a_bare_id_whose_kind_is_then_unknown() -> None:
    assert attendant(Operator=PERSON).operator == Target("unknown", PERSON)
    assert attendant(Operator="tel:+1 425 555 0100").operator == Target("number", "+14255550100")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        *[(f"Tone{digit}", str(digit)) for digit in range(10)],
        ("ToneStar", "*"),
        ("TonePound", "#"),
        ("Automatic", "automatic"),
        ("TONESTAR", "*"),
        (None, ""),
        ("", ""),
        (7, ""),
    ],
)
def test_a_key_is_what_the_caller_presses(written: object, key: str) -> None:
    assert option(Action="DisconnectCall", DtmfResponse=written).key == key


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ("DisconnectCall", "disconnect"),
        ("TransferCallToOperator", "operator"),
        ("transfercalltotarget", "target"),
        ("Announcement", "announcement"),
        ("AgentsAndQueues", "unknown"),
        (0, "unknown"),
        (2, "unknown"),
    ],
)
def test_an_option_does_what_is_known_and_nothing_by_default(written: object, action: str) -> None:
    assert option(Action=written).action == action


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ("Disconnect", "disconnect"),
        ("DisconnectWithBusy", "disconnect"),
        ("Queue", "queue"),
        ("FORWARD", "forward"),
        ("Voicemail", "voicemail"),
        ("SharedVoicemail", "shared_voicemail"),
        ("SomethingNew", "unknown"),
        (0, "unknown"),
        (10**30, "unknown"),
        (None, ""),
        ("", ""),
    ],
)
def test_each_exit_of_a_queue_does_what_is_known_and_nothing_by_default(written: object, action: str) -> None:
    found = queue(OverflowAction=written, TimeoutAction=written, NoAgentAction=written)
    assert [found.overflow.action, found.timeout.action, found.no_agent.action] == [action] * 3


@pytest.mark.parametrize("kind", ["User", "Phone", "ApplicationEndpoint", "Unknown", 4, None])
def test_a_queues_shared_voicemail_is_a_groups_whatever_its_type_says(kind: object) -> None:
    target = {"Id": GROUP.upper(), "Type": kind}
    found = queue(OverflowAction="SharedVoicemail", OverflowActionTarget=target)
    assert found.overflow == QueueExit("shared_voicemail", Target("voicemail", GROUP))
    assert queue(NoAgentAction="SharedVoicemail", NoAgentActionTarget=GROUP).no_agent == found.overflow
    assert queue(NoAgentAction="SharedVoicemail").no_agent == QueueExit("shared_voicemail")


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (0, "error"),
        (1, "pending"),
        (2, "unknown"),
        (3, "success"),
        (4, "unknown"),
        (-1, "unknown"),
        ("ERROR", "error"),
        ("success", "success"),
        ("Failure", "error"),
        ("ProvisioningFailed", "error"),
        ("ValidationError", "error"),
        ("Paused", "unknown"),
        ("4", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_associations_status_is_known_by_name_and_by_integer(written: object, status: str) -> None:
    (found,) = read(associationStatus=[{"Id": ACCOUNT, "Type": 0, "Status": written}]).statuses or ()
    assert (found.status.status, found.status.kind) == (status, "")


@pytest.mark.parametrize(("written", "status"), [("Failed", "error"), ("failure", "error"), ("Paused", "unknown")])
def test_an_attendants_status_tells_of_a_failure_by_whatever_word(written: str, status: str) -> None:
    assert attendant(Status=[{"Type": "AudioFile", "Status": written}]).statuses[0].status == status


@pytest.mark.parametrize("written", [0, 1, 2, 3])
def test_an_attendants_status_as_an_integer_is_unknown_since_it_is_not_documented(written: int) -> None:
    assert attendant(Status=[{"Type": "AudioFile", "Status": written}]).statuses[0].status == "unknown"


@pytest.mark.parametrize(
    ("written", "kind"), [("AutoAttendant", "attendant"), ("callqueue", "queue"), ("New", "unknown"), (1, "unknown")]
)
def test_an_association_says_what_kind_of_app_it_leads_to_or_that_it_is_unknown(written: object, kind: str) -> None:
    row = {"Id": ACCOUNT, "ConfigurationType": written, "ConfigurationId": QUEUE}
    (found,) = read(associations=row).associations or ()
    assert (found.account, found.app_kind, found.app) == (ACCOUNT, kind, QUEUE)


def test_an_association_with_no_app_is_none() -> None:
    assert read(associations=[{"Id": ACCOUNT, "ConfigurationId": None}]).associations == ()


def test_what_an_agent_chose_is_unknown_where_the_export_does_not_say() -> None:
    agents = [
        {"ObjectId": PERSON, "OptIn": None},
        {"ObjectId": None, "OptIn": True},
        {"ObjectId": OTHER, "OptIn": True},
    ]
    assert queue(Agents=agents).agents == (Agent(PERSON), Agent(OTHER, opted_in=True))


def test_an_agent_listed_twice_rings_once() -> None:
    agents = [{"ObjectId": PERSON, "OptIn": True}, {"ObjectId": OTHER}, {"ObjectId": PERSON.upper(), "OptIn": False}]
    assert queue(Agents=agents).agents == (Agent(PERSON, opted_in=True), Agent(OTHER))


@pytest.mark.parametrize(
    ("written", "deleted"),
    [
        ("2026-11-01T00:00:00Z", True),
        ({"value": "/Date(1793491200000)/", "DisplayHint": 2}, True),
        (None, False),
        ("", False),
        ("0001-01-01T00:00:00", False),
        ("/Date(-62135596800000)/", False),
    ],
)
def test_a_soft_deleted_account_is_told_by_its_time(written: object, deleted: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    assert instance(SoftDeletionTimestamp=written).deleted is deleted


def test_a_long_text_is_cut() -> None:
    found = queue(Name="x" * 1_000_000)
    assert found.name == "x" * 256
    status = attendant(Status=[{"Type": "T" * 1_000, "Status": "Error", "Message": "m" * 1_000}]).statuses[0]
    assert (len(status.kind), len(status.message)) == (256, 256)
    assert len(instance(PhoneNumber="+" + "1" * 1_000).number) == 256


def test_unknown_keys_are_ignored_at_every_level() -> None:
    new = {"New": [{"deep": [1, 2.5, None, True]}]}
    expected = queue(Users=[PERSON], TimeoutAction="Forward", TimeoutActionTarget={"Id": OTHER, "Type": "User"})
    target = {"Id": OTHER, "Type": "User", **new}
    assert (
        queue(Users={"ObjectId": PERSON, **new}, TimeoutAction="Forward", TimeoutActionTarget=target, **new) == expected
    )
    assert read(document(**new)) == read()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_taken(encoding: str) -> None:
    text = json.dumps(document(callQueues=[{"Id": QUEUE, "Name": "Empfang Köln 🏢"}]), ensure_ascii=False)
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    found = read_export((mark + text).encode(encoding), tenant=TENANT, now=NOW)
    assert [each.name for each in found.queues or ()] == ["Empfang Köln 🏢"]


def test_characters_of_utf_16_are_whole_wherever_the_text_is_divided() -> None:
    names = ["x" * shift + "🏢" * 120 for shift in range(2)]
    rows = [{"Id": f"q{each}", "Name": names[each % 2]} for each in range(20_000)]
    text = json.dumps(document(callQueues=rows), ensure_ascii=False)
    found = read_export(text.encode("utf-16"), tenant=TENANT, now=NOW)
    assert {each.name for each in found.queues or ()} == set(names)


def test_a_tenant_is_the_same_in_every_form_of_its_id() -> None:
    assert read(tenantId=f"{{{TENANT.upper()}}}").complete is True
