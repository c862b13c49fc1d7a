import asyncio
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator import TENANTS, RefusedError, SimulatedTenant, SimulatorServer, contoso, tenant
from simulator.contoso import TENANT_ID, line_names, user_id
from simulator.export import ExportFile, collapsed, export_document, write_whole
from simulator.voice_shapes import CallTarget, QueueTarget

Json = dict[str, Any]

AS_OF = datetime(2026, 11, 20, 8, 0, 5, tzinfo=UTC)
ATTENDANT, QUEUE = "ce933385-9390-45d1-9512-c8d228074e07", "11cd3e2e-fccb-42ad-ad00-878b93575e07"


@pytest.fixture
def made() -> SimulatedTenant:
    return contoso(lambda: AS_OF)


def named(document: Json, kind: str, name: str) -> Json:
    [found] = [row for row in document[kind] if row["Name"] == name]
    assert isinstance(found, dict)
    return found


def options(attendant: Json) -> Iterator[Json]:
    for flow in (attendant["DefaultCallFlow"], *attendant["CallFlows"]):
        yield from flow["Menu"]["MenuOptions"]


def targets(document: Json) -> Iterator[tuple[str, Json]]:
    """Everything that the apps of a document send calls to, by the name of the app."""
    for attendant in document["autoAttendants"]:
        for each in (attendant["Operator"], *(option["CallTarget"] for option in options(attendant))):
            if each is not None:
                yield attendant["Name"], each
    for queue in document["callQueues"]:
        for exit_ in ("Overflow", "Timeout", "NoAgent"):
            if queue[f"{exit_}ActionTarget"] is not None:
                yield queue["Name"], queue[f"{exit_}ActionTarget"]


def dangling(document: Json, made: SimulatedTenant) -> list[tuple[str, str]]:
    """The apps of a document that refer to what does not exist, with the kind of what is missing."""
    existing = {
        "ConfigurationEndpoint": {row["Identity"] for row in document["autoAttendants"] + document["callQueues"]},
        "ApplicationEndpoint": {row["Id"] for row in document["associations"]},
        "User": set(made.users),
        "SharedVoicemail": set(made.groups),
    }
    missing = [
        (name, each["Type"])
        for name, each in targets(document)
        if each["Type"] != "ExternalPstn" and each["Id"] not in existing[each["Type"]]
    ]
    for attendant in document["autoAttendants"]:
        flows = {flow["Id"] for flow in attendant["CallFlows"]}
        schedules = {schedule["Id"] for schedule in attendant["Schedules"]}
        missing += [
            (attendant["Name"], handling["Type"])
            for handling in attendant["CallHandlingAssociations"]
            if handling["CallFlowId"] not in flows or handling["ScheduleId"] not in schedules
        ]
    for queue in document["callQueues"]:
        people = {*queue["Users"], *(agent["ObjectId"] for agent in queue["Agents"]), *queue["AuthorizedUsers"]}
        if not (people <= made.users.keys() and set(queue["DistributionLists"]) <= made.groups.keys()):
            missing.append((queue["Name"], "people"))
    return missing


def test_the_export_has_the_keys_of_the_document(made: SimulatedTenant) -> None:
    document = export_document(made, exported_at=AS_OF)
    lists = ("autoAttendants", "callQueues", "applicationInstances", "associations", "associationStatus")
    assert {name: value for name, value in document.items() if name not in lists} == {
        "schemaVersion": 1,
        "tenantId": TENANT_ID,
        "exportedAt": "2026-11-20T08:00:05Z",
        "moduleVersion": "7.4.0",
        "complete": True,
        "errors": [],
    }
    assert document.keys() > set(lists)
    assert json.loads(json.dumps(document)) == document


def test_every_line_of_contoso_is_an_attendant_or_a_queue_of_its_name(made: SimulatedTenant) -> None:
    document = export_document(made)
    attendants = {row["Name"]: row for row in document["autoAttendants"]}
    queues = {row["Name"]: row for row in document["callQueues"]}
    assert sorted([*attendants, *queues]) == sorted(line_names())
    assert all(name.startswith("AA ") for name in attendants)
    assert all(name.startswith("CQ ") for name in queues)
    assert {row["ObjectId"]: row["ApplicationId"] for row in document["applicationInstances"]} == {
        user_id(name): ATTENDANT if name.startswith("AA ") else QUEUE for name in line_names()
    }
    apps = attendants | queues
    by_id = {row["Identity"]: name for name, row in apps.items()}
    assert {row["Id"]: by_id[row["ConfigurationId"]] for row in document["associations"]} == {
        user_id(name): name for name in line_names()
    }
    assert all(row["ApplicationInstances"] == [user_id(name)] for name, row in apps.items())
    assert {row["Status"] for row in document["associationStatus"]} == {"Success"}


def test_contosos_configuration_leads_nowhere_that_does_not_exist(made: SimulatedTenant) -> None:
    assert dangling(export_document(made), made) == []


@pytest.mark.parametrize("name", TENANTS)
def test_every_tenants_configuration_is_whole(name: str) -> None:
    other = tenant(name)
    document = export_document(other)
    assert dangling(document, other) == []
    ids = [row["Identity"] for row in document["autoAttendants"] + document["callQueues"]]
    assert len(ids) == len(set(ids)) == len(document["associations"])
    assert all(queue["Agents"] for queue in document["callQueues"])


def test_a_main_line_has_keys_an_operator_a_flow_for_the_night_and_one_for_holidays(made: SimulatedTenant) -> None:
    document = export_document(made)
    kinds, operators = set(), set()
    for row in document["autoAttendants"]:
        if not row["Name"].startswith("AA Main Line"):
            continue
        assert {"Tone1", "Tone0"} <= {option["DtmfResponse"] for option in options(row)} or "Lisbon" in row["Name"]
        assert [each["Type"] for each in row["CallHandlingAssociations"]] == ["AfterHours", "Holiday"]
        assert [each["Type"] for each in row["Schedules"]] == ["WeeklyRecurrence", "Fixed"]
        kinds |= {option["CallTarget"]["Type"] for option in options(row) if option["CallTarget"]}
        operators.add(row["Operator"]["Type"])
    assert kinds == {"ConfigurationEndpoint", "ApplicationEndpoint", "ExternalPstn"}
    assert operators == {"ConfigurationEndpoint", "ApplicationEndpoint", "User"}


def test_only_main_lines_whose_numbers_are_not_microsofts_call_outside(made: SimulatedTenant) -> None:
    callers = {name for name, each in targets(export_document(made)) if each["Type"] == "ExternalPstn"}
    assert callers == {"AA Main Line Zurich", "AA Main Line Sydney"}
    kinds = {
        number.city: number.number_type for number in made.numbers.values() if number.telephone_number.endswith("00")
    }
    assert (kinds["Zurich"], kinds["Sydney"]) == ("directRouting", "operatorConnect")


def test_agents_are_contosos_people_by_name_or_by_list_and_all_have_opted_in(made: SimulatedTenant) -> None:
    queues = export_document(made)["callQueues"]
    people = {user.id for user in made.users.values() if user.account_enabled}
    used = {agent["ObjectId"] for queue in queues for agent in queue["Agents"]}
    assert used == people
    assert all(agent["OptIn"] for queue in queues for agent in queue["Agents"])
    assert all(bool(queue["Users"]) != bool(queue["DistributionLists"]) for queue in queues)
    assert {bool(queue["DistributionLists"]) for queue in queues} == {True, False}
    assert {queue["NoAgentAction"] for queue in queues} == {"Forward", "SharedVoicemail"}


def test_ids_follow_from_names_and_not_from_the_day(made: SimulatedTenant) -> None:
    later = contoso(lambda: AS_OF + timedelta(days=40))
    assert made.voice.queues.keys() == later.voice.queues.keys()
    assert made.voice.attendant("aa main line berlin").identity == str(
        uuid.uuid5(uuid.UUID(TENANT_ID), "attendant AA Main Line Berlin")
    )


def test_a_deleted_queue_leaves_a_menu_that_leads_to_it(made: SimulatedTenant) -> None:
    gone = made.voice.delete_queue("CQ Reception London")
    document = export_document(made)
    assert gone.identity not in {row["Identity"] for row in document["callQueues"]}
    assert user_id(gone.name) in {row["ObjectId"] for row in document["applicationInstances"]}
    assert user_id(gone.name) not in {row["Id"] for row in document["associations"] + document["associationStatus"]}
    missing = dangling(document, made)
    assert ("AA Main Line London", "ConfigurationEndpoint") in missing or (
        "AA Main Line London",
        "ApplicationEndpoint",
    ) in missing
    assert all(name.endswith("London") for name, _ in missing)
    with pytest.raises(RefusedError, match="no call queue"):
        made.voice.delete_queue("CQ Reception London")


def test_a_deleted_attendant_leaves_its_account_standing_for_nothing(made: SimulatedTenant) -> None:
    gone = made.voice.delete_attendant("AA After Hours Berlin")
    document = export_document(made)
    assert {name for name, _ in dangling(document, made)} == {"AA Main Line Berlin"}
    assert made.voice.accounts_of(gone.identity) == ()


def test_agents_leave_one_by_one_or_all_at_once(made: SimulatedTenant) -> None:
    before = made.voice.queue("CQ Reception Berlin")
    first = before.agents[0].object_id
    after = made.voice.remove_agent(before.name, first)
    assert first not in after.users
    assert [agent.object_id for agent in after.agents] == [agent.object_id for agent in before.agents[1:]]
    with pytest.raises(RefusedError, match="no agent"):
        made.voice.remove_agent(before.name, first)
    made.voice.remove_agent(before.name)
    row = named(export_document(made), "callQueues", before.name)
    assert (row["Users"], row["DistributionLists"], row["Agents"]) == ([], [], [])


def test_agents_opt_out_and_in_again(made: SimulatedTenant) -> None:
    name = "CQ Sales Seattle"
    first = made.voice.queue(name).agents[0].object_id
    assert [agent.opt_in for agent in made.voice.opt_out(name, first).agents] == [False, True, True, True]
    assert not any(agent.opt_in for agent in made.voice.opt_out(name).agents)
    assert [agent.opt_in for agent in made.voice.opt_in(name, first).agents] == [True, False, False, False]
    assert [agent["OptIn"] for agent in named(export_document(made), "callQueues", name)["Agents"]][:2] == [True, False]


def test_two_attendants_can_be_made_to_send_callers_in_circles(made: SimulatedTenant) -> None:
    made.voice.circle("AA Main Line Paris", "AA After Hours Paris")
    document = export_document(made)
    one, other = (named(document, "autoAttendants", f"AA {name} Paris") for name in ("Main Line", "After Hours"))
    for here, there in ((one, other), (other, one)):
        [option] = here["DefaultCallFlow"]["Menu"]["MenuOptions"]
        assert (option["DtmfResponse"], option["Action"]) == ("Automatic", "TransferCallToTarget")
        assert option["CallTarget"]["Id"] == there["Identity"]


def test_a_key_and_an_exit_can_be_led_elsewhere(made: SimulatedTenant) -> None:
    outside = CallTarget(id="tel:+442079460999", type="ExternalPstn")
    made.voice.set_option("AA Main Line Madrid", "Tone1", outside)
    made.voice.forward_when_unstaffed("CQ Reception Madrid", QueueTarget(id="+442079460999", type="Phone"))
    document = export_document(made)
    menu = named(document, "autoAttendants", "AA Main Line Madrid")["DefaultCallFlow"]["Menu"]["MenuOptions"]
    assert [option["CallTarget"]["Id"] for option in menu if option["DtmfResponse"] == "Tone1"] == [outside.id]
    assert len(menu) > 1
    queue = named(document, "callQueues", "CQ Reception Madrid")
    assert (queue["NoAgentAction"], queue["NoAgentActionTarget"]["Type"]) == ("Forward", "Phone")


def test_an_account_can_stand_for_nothing_or_fail_to_be_set_up(made: SimulatedTenant) -> None:
    account, other = user_id("AA Main Line Milan"), user_id("CQ Reception Milan")
    made.voice.dissociate(account)
    made.voice.fail_provisioning(other, "The SIP address is taken.")
    document = export_document(made)
    assert account not in {row["Id"] for row in document["associations"]}
    assert named(document, "autoAttendants", "AA Main Line Milan")["ApplicationInstances"] == []
    [status] = [row for row in document["associationStatus"] if row["Status"] != "Success"]
    assert (status["Id"], status["Message"]) == (other, "The SIP address is taken.")
    for change in (made.voice.dissociate, lambda each: made.voice.fail_provisioning(f"{each} ", "")):
        with pytest.raises(RefusedError, match="stands for nothing"):
            change(account)


def test_the_export_follows_the_directory_and_the_numbers(made: SimulatedTenant) -> None:
    def instance() -> Json | None:
        rows = export_document(made)["applicationInstances"]
        return next((row for row in rows if row["ObjectId"] == account), None)

    account = user_id("AA Main Line Seattle")
    assert (instance() or {})["PhoneNumber"] == "tel:+14255550100"
    made.unassign_number("+14255550100")
    made.set_property(account, "displayName", "AA Renamed")
    assert ((instance() or {})["PhoneNumber"], (instance() or {})["DisplayName"]) == (None, "AA Renamed")
    assert "SoftDeletionTimestamp" not in (instance() or {})
    made.soft_delete(account)
    assert (instance() or {})["SoftDeletionTimestamp"] == "2026-11-20T08:00:05Z"
    made.purge(account)
    assert instance() is None


def test_an_export_that_met_errors_is_not_complete(made: SimulatedTenant) -> None:
    document = export_document(made, errors=[{"stage": "callQueues", "message": "The service timed out."}])
    assert (document["complete"], document["errors"]) == (
        False,
        [{"stage": "callQueues", "message": "The service timed out."}],
    )


def test_a_collapsed_document_has_lists_as_powershell_leaves_them(made: SimulatedTenant) -> None:
    document = collapsed(export_document(made))
    night = named(document, "autoAttendants", "AA After Hours Milan")
    assert night["ApplicationInstances"] == user_id("AA After Hours Milan")
    assert night["CallFlows"] is None
    assert len(night["DefaultCallFlow"]["Menu"]["MenuOptions"]) == 2
    assert len(document["callQueues"]) == 54


class Clock:
    def __init__(self) -> None:
        self.now = AS_OF

    def __call__(self) -> datetime:
        return self.now


def test_the_file_is_written_when_something_changed_or_half_an_hour_has_passed(tmp_path: Path) -> None:
    clock = Clock()
    other = contoso(clock)
    path = tmp_path / "voice.json"
    file = ExportFile(other, path)
    assert file.refresh()
    clock.now += timedelta(minutes=5)
    assert not file.refresh()
    other.voice.opt_out("CQ Sales Seattle")
    assert file.refresh()
    assert json.loads(path.read_bytes())["exportedAt"] == "2026-11-20T08:05:05Z"
    other.unassign_number("+14255550100")
    assert file.refresh()
    clock.now += timedelta(minutes=29)
    assert not file.refresh()
    clock.now += timedelta(minutes=1)
    assert file.refresh()
    assert json.loads(path.read_bytes())["exportedAt"] == "2026-11-20T08:35:05Z"
    assert [each.name for each in tmp_path.iterdir()] == ["voice.json"]


def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    place = tmp_path / "voice.json"
    place.mkdir()
    with pytest.raises(OSError, match=r"voice\.json"):
        write_whole(place, b"{}")
    assert [each.name for each in tmp_path.iterdir()] == ["voice.json"]


async def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path, stop = tmp_path / "voice.json", asyncio.Event()
    other = contoso()
    file = ExportFile(other, path)
    file.refresh()

    def read() -> int:
        for _ in range(200):
            json.loads(path.read_bytes())
        return 200

    reading = asyncio.create_task(asyncio.to_thread(read))
    while not reading.done():
        other.voice.opt_out("CQ Sales Seattle")
        file.refresh()
        other.voice.opt_in("CQ Sales Seattle")
        file.refresh()
        await asyncio.sleep(0)
    assert await reading == 200
    stop.set()
    await file.keep(stop)


async def act(server: SimulatorServer, action: str, **values: str) -> httpx.Response:
    async with httpx.AsyncClient() as person:
        return await person.post(f"{server.control_url}/tenant", json={"action": action, **values})


async def test_a_person_changes_the_voice_configuration_by_names(server: SimulatorServer) -> None:
    done = [
        (await act(server, action, **values)).json()["done"]
        for action, values in (
            ("deleteQueue", {"queue": "CQ Sales Berlin"}),
            (
                "removeAgent",
                {"queue": "CQ Reception Berlin", "user": server.tenant.voice.queue("CQ Reception Berlin").users[0]},
            ),
            ("removeAgent", {"queue": "cq reception munich"}),
            (
                "optOut",
                {"queue": "CQ Reception Paris", "user": server.tenant.voice.queue("CQ Reception Paris").users[0]},
            ),
            ("optOut", {"queue": "CQ Reception Madrid"}),
            ("optIn", {"queue": "CQ Reception Madrid"}),
            ("circle", {"first": "AA Main Line Paris", "second": "AA After Hours Paris"}),
        )
    ]
    assert done == [
        "CQ Sales Berlin is deleted.",
        "CQ Reception Berlin has 3 agents.",
        "CQ Reception Munich has 0 agents.",
        "CQ Reception Paris has 3 of 4 agents opted in.",
        "CQ Reception Madrid has 0 of 4 agents opted in.",
        "CQ Reception Madrid has 4 of 4 agents opted in.",
        "AA Main Line Paris and AA After Hours Paris send callers to each other.",
    ]


@pytest.mark.parametrize(
    ("action", "values", "status"),
    [
        ("deleteQueue", {"queue": "CQ Nowhere"}, 409),
        ("removeAgent", {"queue": "CQ Reception Berlin", "user": "Nobody"}, 409),
        ("optOut", {"queue": "CQ Reception Berlin", "user": "AA Main Line Berlin"}, 409),
        ("circle", {"first": "AA Main Line Berlin", "second": "CQ Reception Berlin"}, 409),
        ("optOut", {}, 400),
        ("deleteQueue", {"queue": "CQ Reception Berlin", "user": "Adele Archer"}, 400),
    ],
)
async def test_a_change_of_the_voice_configuration_that_is_not_possible_is_refused(
    server: SimulatorServer, action: str, values: dict[str, str], status: int
) -> None:
    before = export_document(server.tenant, exported_at=AS_OF)
    refused = await act(server, action, **values)
    assert refused.status_code == status
    assert refused.json()["error"].endswith(".")
    assert export_document(server.tenant, exported_at=AS_OF) == before
