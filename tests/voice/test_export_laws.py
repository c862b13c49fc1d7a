"""Whatever PowerShell makes of a tenant, the reader gives the tenant back; whatever bytes come, it reads or refuses."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.model.errors import ExportUnreadable
from shared.model.voice import (
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
LISTS = ("autoAttendants", "callQueues", "applicationInstances", "associations", "associationStatus")

TARGETS = {
    "user": ["User"],
    "account": ["ApplicationEndpoint", "ApplicationEndPoint"],
    "app": ["ConfigurationEndpoint", "ConfigurationEndPoint"],
    "number": ["ExternalPstn", "Phone"],
    "voicemail": ["SharedVoicemail"],
    "unknown": ["SomethingNew"],
}
OPTIONS = {
    "disconnect": ["DisconnectCall"],
    "operator": ["TransferCallToOperator"],
    "target": ["TransferCallToTarget"],
    "announcement": ["Announcement"],
    "unknown": ["AgentsAndQueues"],
}
EXITS = {
    "disconnect": ["Disconnect", "DisconnectWithBusy"],
    "queue": ["Queue"],
    "forward": ["Forward"],
    "voicemail": ["Voicemail"],
    "shared_voicemail": ["SharedVoicemail"],
    "unknown": ["SomethingNew"],
}
KEYS = {"*": ["ToneStar"], "#": ["TonePound"], "automatic": ["Automatic"], **{str(n): [f"Tone{n}"] for n in range(10)}}
HANDLINGS = {"after_hours": ["AfterHours"], "holiday": ["Holiday"], "unknown": ["SomethingNew"]}
APPS = {"attendant": ["AutoAttendant"], "queue": ["CallQueue"], "unknown": ["SomethingNew"]}
OUTCOMES = {"success": ["Success"], "pending": ["Pending"], "error": ["Error"], "unknown": ["Unknown", "New"]}
OUTCOME_INTEGERS = {"success": [3], "pending": [1], "error": [0], "unknown": [2, 4, 99]}

guids = st.uuids(allow_nil=False).map(str)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(str.strip)
kinds = st.sampled_from(["", "SipProvisioning", "AudioFile"])
id_lists = st.lists(guids, max_size=3, unique=True).map(tuple)
numbers = st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True)
targets = st.one_of(
    st.builds(Target, st.sampled_from([kind for kind in TARGETS if kind != "number"]), guids),
    st.builds(Target, st.just("number"), numbers),
)
group_voicemails = st.builds(Target, st.just("voicemail"), guids)
options = st.builds(
    MenuOption, key=st.sampled_from(["", *KEYS]), action=st.sampled_from(list(OPTIONS)), target=st.none() | targets
)
flows = st.builds(CallFlow, id=st.just("") | guids, name=texts, options=st.lists(options, max_size=3).map(tuple))
handlings = st.builds(
    CallHandling, kind=st.sampled_from(list(HANDLINGS)), schedule=guids, flow=guids, enabled=st.booleans()
)
statuses = st.builds(ProvisioningStatus, kind=kinds, status=st.sampled_from(list(OUTCOMES)), message=texts)
attendants = st.builds(
    AutoAttendant,
    id=guids,
    name=texts,
    default_flow=flows,
    flows=st.lists(flows, max_size=2).map(tuple),
    schedules=id_lists,
    handlings=st.lists(handlings, max_size=2).map(tuple),
    operator=st.none() | targets,
    accounts=id_lists,
    authorised_users=id_lists,
    scope_groups=id_lists,
    statuses=st.lists(statuses, max_size=2).map(tuple),
)
exits = st.one_of(
    st.builds(
        QueueExit, st.sampled_from(["", *[each for each in EXITS if each != "shared_voicemail"]]), st.none() | targets
    ),
    st.builds(QueueExit, st.just("shared_voicemail"), st.none() | group_voicemails),
)
queues = st.builds(
    CallQueue,
    id=guids,
    name=texts,
    users=id_lists,
    groups=id_lists,
    agents=st.lists(st.builds(Agent, guids, st.none() | st.booleans()), max_size=3, unique_by=lambda each: each.id).map(
        tuple
    ),
    channel=st.sampled_from(["", "19:AbC@thread.tacv2"]),
    shifts_team=st.just("") | guids,
    shifts_group=st.just("") | guids,
    overflow=exits,
    timeout=exits,
    no_agent=exits,
    accounts=id_lists,
    calling_id_accounts=id_lists,
    authorised_users=id_lists,
)
instances = st.builds(
    ApplicationInstance,
    id=guids,
    name=texts,
    upn=texts,
    application=st.just("") | guids,
    number=st.just("") | numbers,
    deleted=st.booleans(),
)
associations = st.builds(Association, account=guids, app_kind=st.sampled_from(list(APPS)), app=guids)
association_statuses = st.builds(AssociationStatus, account=guids, status=statuses)


ROWS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], str]]] = {
    "attendants": (attendants, lambda row: row.id),
    "queues": (queues, lambda row: row.id),
    "instances": (instances, lambda row: row.id),
    "associations": (associations, lambda row: row.account),
    "statuses": (association_statuses, lambda row: row.account),
}


@st.composite
def exports(draw: st.DrawFn) -> VoiceExport:
    stages = draw(st.lists(st.sampled_from(["connect", "callQueues", "disconnect"]), max_size=2, unique=True))
    complete = draw(st.booleans()) and "callQueues" not in stages
    lists: dict[str, Any] = {}
    for key, (row, identity) in ROWS.items():
        if complete or draw(st.booleans()):
            lists[key] = tuple(draw(st.lists(row, max_size=2, unique_by=identity)))
    exported_at = NOW - timedelta(milliseconds=draw(st.integers(0, 10**9)))
    return VoiceExport(exported_at=exported_at, complete=complete, errors=tuple(stages), **lists)


class PowerShell:
    """Writes values as the module and `ConvertTo-Json` may: each time in any of their forms."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw

    def any(self, *forms: object) -> object:
        return forms[self.draw(st.integers(0, len(forms) - 1))]

    def coin(self) -> bool:
        return bool(self.draw(st.booleans()))

    def many(self, elements: Sequence[object]) -> object:
        if not elements:
            return self.any(None, [], [None])
        alone = self.any(list(elements), elements[0]) if len(elements) == 1 else list(elements)
        return self.any(alone, [None, *elements])

    def id(self, name: str) -> object:
        if not name:
            return self.any(None, "", "00000000-0000-0000-0000-000000000000")
        spelled = self.any(name, name.upper(), f"{{{name}}}", f" {name}", name.replace("-", ""))
        return self.any(spelled, {"ObjectId": spelled}, {"Guid": spelled, "New": 1}, {"Id": {"Guid": spelled}})

    def ids(self, names: Sequence[str]) -> object:
        repeated = [*names, names[0]] if names and self.coin() else names
        return self.many([self.id(name) for name in repeated])

    def text(self, value: str) -> object:
        return self.any(None, "") if not value else self.any(value, f" {value}\n")

    def enum(self, names: dict[str, list[str]], value: str) -> object:
        if value not in names:
            return self.any(None, "")
        name = str(self.any(*names[value]))
        return self.any(name, name.upper(), name.lower(), *([12345] if value == "unknown" else []))

    def number(self, number: str) -> object:
        spaced = f"{number[:3]} ({number[3:5]}) {number[5:]}"
        return self.any(f"tel:{number}", number, f"TEL:{number}", spaced, f"tel:{number};ext=123", f"{number} x7")

    def target(self, target: Target | None) -> object:
        if target is None:
            return self.any(None, {}, {"Id": None, "Type": "User"})
        written = self.number(target.id) if target.kind == "number" else self.id(target.id)
        object_form = {"Id": written, "Type": self.enum(TARGETS, target.kind), "CallPriority": 3}
        if target.kind == "unknown" and isinstance(written, str):
            return self.any(object_form, written, {"Id": written})
        return object_form

    def flow(self, flow: CallFlow) -> dict[str, object]:
        written: list[object] = [
            {
                "Action": self.enum(OPTIONS, option.action),
                "DtmfResponse": self.enum(KEYS, option.key),
                "CallTarget": self.target(option.target),
                "VoiceResponses": None,
            }
            for option in flow.options
        ]
        menu = None if not written and self.coin() else {"MenuOptions": self.many(written)}
        return {"Id": self.id(flow.id), "Name": self.text(flow.name), "Menu": menu}

    def status(self, status: ProvisioningStatus, *, integers: bool) -> dict[str, object]:
        outcome = self.any(self.enum(OUTCOMES, status.status), *(OUTCOME_INTEGERS[status.status] if integers else ()))
        return {
            "Type": self.any(status.kind) or self.any(None, 7),
            "Status": outcome,
            "Message": self.text(status.message),
        }

    def attendant(self, row: AutoAttendant) -> dict[str, object]:
        scopes = [
            {"GroupScope": {"GroupIds": self.ids(names)}} for names in (row.scope_groups[:1], row.scope_groups[1:])
        ]
        handlings: list[object] = [
            {
                "Type": self.enum(HANDLINGS, each.kind),
                "ScheduleId": self.id(each.schedule),
                "CallFlowId": self.id(each.flow),
                "Enabled": self.any(None, each.enabled) if each.enabled else False,
            }
            for each in row.handlings
        ]
        return {
            str(self.any("Identity", "Id")): self.id(row.id),
            "Name": self.text(row.name),
            "DefaultCallFlow": self.flow(row.default_flow),
            "CallFlows": self.many([self.flow(each) for each in row.flows]),
            "Schedules": self.ids(row.schedules),
            "CallHandlingAssociations": self.many(handlings),
            "Operator": self.target(row.operator),
            "ApplicationInstances": self.ids(row.accounts),
            "AuthorizedUsers": self.ids(row.authorised_users),
            "DirectoryLookupScope": {"InclusionScope": scopes[0], "ExclusionScope": scopes[1]},
            "Status": self.many([self.status(each, integers=False) for each in row.statuses]),
        }

    def exit(self, name: str, way: QueueExit) -> dict[str, object]:
        target = self.target(way.target)
        if way.action == "shared_voicemail" and way.target is not None:
            target = {"Id": self.id(way.target.id), "Type": self.any("User", "Phone", "Unknown", 4, None)}
        return {f"{name}Action": self.enum(EXITS, way.action), f"{name}ActionTarget": target}

    def queue(self, row: CallQueue) -> dict[str, object]:
        agents = [
            self.id(each.id) if each.opted_in is None else {"ObjectId": self.id(each.id), "OptIn": each.opted_in}
            for each in row.agents
        ]
        obo = row.calling_id_accounts
        return {
            str(self.any("Identity", "Id")): self.id(row.id),
            "Name": self.text(row.name),
            "Users": self.ids(row.users),
            "DistributionLists": self.ids(row.groups),
            "Agents": self.many(agents),
            "ChannelId": row.channel or None,
            "ShiftsTeamId": self.id(row.shifts_team),
            "ShiftsSchedulingGroupId": self.id(row.shifts_group),
            **self.exit("Overflow", row.overflow),
            **self.exit("Timeout", row.timeout),
            **self.exit("NoAgent", row.no_agent),
            "ApplicationInstances": self.ids(row.accounts),
            "OboResourceAccounts": self.ids(obo[:2]),
            "OboResourceAccountIds": self.ids(obo),
            "AuthorizedUsers": self.ids(row.authorised_users),
            "Statistics": [{"new": True}],
        }

    def instance(self, row: ApplicationInstance) -> dict[str, object]:
        gone = ("2026-11-01T00:00:00Z", {"value": "/Date(1793491200000)/"})
        return {
            str(self.any("ObjectId", "Identity", "Id")): self.id(row.id),
            "DisplayName": self.text(row.name),
            "UserPrincipalName": self.text(row.upn),
            "ApplicationId": self.id(row.application),
            "PhoneNumber": self.number(row.number) if row.number else self.any(None, ""),
            "SoftDeletionTimestamp": self.any(*(gone if row.deleted else (None, "0001-01-01T00:00:00"))),
        }

    def association(self, row: Association) -> dict[str, object]:
        kind = self.enum(APPS, row.app_kind)
        return {"Id": self.id(row.account), "ConfigurationType": kind, "ConfigurationId": self.id(row.app)}

    def association_status(self, row: AssociationStatus) -> dict[str, object]:
        return {"Id": self.id(row.account), **self.status(row.status, integers=True)}

    def time(self, instant: datetime) -> object:
        milliseconds = round(instant.timestamp() * 1000)
        there = instant.astimezone(timezone(timedelta(hours=-7)))
        seven_digits = instant.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
        return self.any(instant.isoformat(), there.isoformat(), seven_digits, f"/Date({milliseconds})/")

    def document(self, export: VoiceExport) -> bytes:
        lists: dict[str, list[dict[str, object]] | None] = {
            "autoAttendants": None
            if export.attendants is None
            else [self.attendant(each) for each in export.attendants],
            "callQueues": None if export.queues is None else [self.queue(each) for each in export.queues],
            "applicationInstances": None
            if export.instances is None
            else [self.instance(each) for each in export.instances],
            "associations": None
            if export.associations is None
            else [self.association(each) for each in export.associations],
            "associationStatus": None
            if export.statuses is None
            else [self.association_status(each) for each in export.statuses],
        }
        written: dict[str, object] = {
            "schemaVersion": 1,
            "tenantId": self.any(TENANT, TENANT.upper()),
            "exportedAt": self.time(export.exported_at),
            "moduleVersion": "7.4.0",
            "complete": export.complete,
            "errors": self.many([{"stage": stage, "message": "timeout"} for stage in export.errors]),
        }
        for key, rows in lists.items():
            if rows is None:
                if self.coin():  # missing and null are the same where not all was read
                    written[key] = None
            elif not rows and not export.complete:
                written[key] = []
            else:
                written[key] = self.many(rows)
        text = json.dumps(written, ensure_ascii=self.coin(), indent=self.draw(st.sampled_from([None, 2])))
        return text.encode(str(self.any("utf-8", "utf-8-sig", "utf-16")))


@given(st.data(), exports())
def test_what_powershell_writes_of_a_tenant_is_read_as_that_tenant(data: st.DataObject, export: VoiceExport) -> None:
    content = PowerShell(data.draw).document(export)
    assert read_export(content, tenant=TENANT, now=NOW) == export


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(TENANT),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Id", "Identity", "Menu", "MenuOptions", "CallTarget", "Type"]), inner)
    ),
    max_leaves=8,
)
ROW_KEYS = [
    "Id",
    "Identity",
    "ObjectId",
    "Name",
    "DefaultCallFlow",
    "CallFlows",
    "Schedules",
    "CallHandlingAssociations",
    "Operator",
    "Status",
    "Users",
    "Agents",
    "ChannelId",
    "NoAgentAction",
    "NoAgentActionTarget",
    "OverflowAction",
    "OverflowActionTarget",
    "PhoneNumber",
    "ApplicationId",
    "ConfigurationId",
    "ConfigurationType",
    "SoftDeletionTimestamp",
    "DirectoryLookupScope",
]
any_rows = st.lists(st.dictionaries(st.sampled_from(ROW_KEYS), json_values, max_size=4), max_size=2)


@given(st.dictionaries(st.sampled_from([*LISTS, "errors"]), json_values | any_rows))
def test_any_json_is_read_or_refused(lists: dict[str, object]) -> None:
    head = {"schemaVersion": 1, "tenantId": TENANT, "exportedAt": "2026-11-20T08:00:05Z", "complete": True}
    with contextlib.suppress(ExportUnreadable):
        read_export(json.dumps({**head, **lists}).encode(), tenant=TENANT, now=NOW)


@given(st.binary(max_size=64) | st.binary(max_size=64).map(lambda content: b'{"schemaVersion":1,"tenantId":' + content))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(ExportUnreadable):
        read_export(content, tenant=TENANT, now=NOW)
