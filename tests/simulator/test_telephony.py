from typing import Any

import httpx
import msgspec
import pytest

from simulator import RefusedError, SimulatedTenant, SimulatorServer, contoso
from simulator.contoso import E5, RESOURCE_ACCOUNT, user_id
from simulator.telephony import AssignmentStatus, Capability, EffectivePolicy, NumberType, PolicyAssignment

NUMBERS = "admin/teams/telephoneNumberManagement/numberAssignments"
CONFIGURATIONS = "admin/teams/userConfigurations"
LINE = user_id("AA Main Line Seattle")
LINE_NUMBER = "+14255550100"
PERSON = user_id("Adele Archer")


async def listed(graph: httpx.AsyncClient, path: str, **options: str) -> list[dict[str, Any]]:
    answer = await graph.get(path, params={f"${name}": value for name, value in options.items()})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["value"]
    return rows


async def test_a_number_is_printed_with_every_property_of_the_metadata(graph: httpx.AsyncClient) -> None:
    [number] = await listed(graph, NUMBERS, filter=f"telephoneNumber eq '{LINE_NUMBER}'")
    assert number.pop("id")
    assert number.pop("operatorId")
    assert number == {
        "telephoneNumber": LINE_NUMBER,
        "numberType": "callingPlan",
        "activationState": "activated",
        "capabilities": ["conferenceAssignment", "voiceApplicationAssignment"],
        "locationId": None,
        "civicAddressId": None,
        "networkSiteId": None,
        "assignmentTargetId": LINE,
        "assignmentCategory": "primary",
        "portInStatus": None,
        "assignmentStatus": "voiceApplicationAssigned",
        "isoCountryCode": "US",
        "city": "Seattle",
        "numberSource": "online",
        "supportedCustomerActions": ["release"],
        "reverseNumberLookupOptions": [],
    }


@pytest.mark.parametrize(
    ("filter_", "count"),
    [
        ("assignmentStatus eq 'voiceApplicationAssigned'", 15),
        ("assignmentStatus eq 'unassigned' and capabilities/any(c:c eq 'userAssignment')", 0),
        ("assignmentStatus eq 'unassigned' and capabilities/any(c:c eq 'voiceApplicationAssignment')", 3),
        (f"assignmentTargetId eq '{LINE}' or assignmentTargetId eq '{PERSON}'", 2),
        ("assignmentTargetId eq null", 3),
        ("numberType eq 'DirectRouting' and isoCountryCode eq 'CH'", 4),
        ("capabilities/any(c:c eq 'userAssignment' or c eq 'voiceApplicationAssignment')", 66),
    ],
)
async def test_numbers_are_filtered(graph: httpx.AsyncClient, filter_: str, count: int) -> None:
    assert len(await listed(graph, NUMBERS, filter=filter_)) == count


@pytest.mark.parametrize(
    "query",
    [
        "$filter=city eq 'Seattle'",
        "$filter=id eq 'x'",
        "$filter=capabilities eq 'userAssignment'",
        "$filter=capabilities/any(c:c/skuId eq 'x')",
        "$filter=numberType ne 'callingPlan'",
        "$top=1001",
        "$top=0",
        "$skip=-1",
        "$select=id",
    ],
)
async def test_what_the_numbers_page_does_not_document_is_a_bad_request(graph: httpx.AsyncClient, query: str) -> None:
    assert (await graph.get(f"{NUMBERS}?{query}")).status_code == 400


async def test_numbers_follow_each_other_on_pages(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    seen: list[str] = []
    url = f"{NUMBERS}?$top=20&$filter=assignmentStatus eq 'userAssigned' or assignmentStatus eq 'unassigned'"
    pages = 0
    while url:
        body = (await graph.get(url)).json()
        seen += [number["telephoneNumber"] for number in body["value"]]
        url = body.get("@odata.nextLink", "")
        pages += 1
    assert (pages, len(seen), len(set(seen))) == (3, 51, 51)
    assert (await graph.get(f"{NUMBERS}?$top=5&$skip=64")).json().keys() == {"@odata.context", "value"}
    assert server.graph.requests == {f"GET {NUMBERS}": 4}


async def test_five_hundred_numbers_are_a_page_where_none_is_asked_for(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    for number in range(600):
        server.tenant.acquire_number(f"+44163296{number:04}", country="GB")
    assert len(await listed(graph, NUMBERS)) == 500
    assert len(await listed(graph, NUMBERS, top="1000")) == 666


async def test_contosos_main_lines_have_numbers_and_its_people_enterprise_voice(graph: httpx.AsyncClient) -> None:
    lines = await listed(graph, NUMBERS, filter="assignmentStatus eq 'voiceApplicationAssigned'")
    assert {line["assignmentTargetId"] for line in lines} == {user_id(f"AA Main Line {line['city']}") for line in lines}
    assert len({line["telephoneNumber"] for line in lines}) == 15
    people = await listed(graph, CONFIGURATIONS, top="999")
    assert len(people) == 48
    assert all(person["isEnterpriseVoiceEnabled"] and len(person["telephoneNumbers"]) == 1 for person in people)


def test_contosos_directory_is_what_it_was_before_it_had_numbers() -> None:
    tenant = contoso()
    assert len(tenant.users) == 138
    assert tenant.consumed() == {RESOURCE_ACCOUNT: 85, E5: 48}
    assert len(tenant.changes) == 138 + 85 + 48


async def test_assigning_and_unassigning_a_number_is_no_change_of_a_user(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    before = len(server.tenant.changes)
    server.tenant.unassign_number(LINE_NUMBER)
    [number] = await listed(graph, NUMBERS, filter=f"telephoneNumber eq '{LINE_NUMBER}'")
    assert (number["assignmentTargetId"], number["assignmentStatus"], number["assignmentCategory"]) == (
        None,
        "unassigned",
        None,
    )
    server.tenant.assign_number(LINE_NUMBER, LINE.upper(), activation="assignmentPending")
    [number] = await listed(graph, NUMBERS, filter=f"assignmentTargetId eq '{LINE}'")
    assert (number["activationState"], number["city"]) == ("assignmentPending", "Seattle")
    server.tenant.release_number(LINE_NUMBER)
    assert await listed(graph, NUMBERS, filter=f"assignmentTargetId eq '{LINE}'") == []
    assert len(server.tenant.changes) == before


@pytest.fixture
def tenant() -> SimulatedTenant:
    return contoso()


@pytest.mark.parametrize(
    ("number_type", "status", "capabilities"),
    [
        ("callingPlan", "voiceApplicationAssigned", ("conferenceAssignment", "voiceApplicationAssignment")),
        ("callingPlan", "userAssigned", ("userAssignment",)),
        (
            "directRouting",
            "userAssigned",
            ("conferenceAssignment", "voiceApplicationAssignment", "userAssignment"),
        ),
    ],
)
def test_a_new_number_can_do_what_its_kind_can(
    tenant: SimulatedTenant,
    number_type: NumberType,
    status: AssignmentStatus,
    capabilities: tuple[Capability, ...],
) -> None:
    made = tenant.assign_number("+441632960001", LINE, number_type=number_type, status=status, country="GB")
    assert (made.capabilities, made.iso_country_code) == (capabilities, "GB")
    narrowed = tenant.assign_number("+441632960001", LINE, capabilities=["teamsPhoneMobile"])
    assert (narrowed.capabilities, narrowed.number_type) == (("teamsPhoneMobile",), number_type)


def test_a_number_is_set_by_graphs_names_and_values(tenant: SimulatedTenant) -> None:
    assert tenant.set_number(LINE_NUMBER, "activationState", "assignmentFailed").activation_state == "assignmentFailed"
    with pytest.raises(msgspec.ValidationError):
        tenant.set_number(LINE_NUMBER, "activationState", "broken")
    for name in ("id", "shoeSize"):
        with pytest.raises(RefusedError):
            tenant.set_number(LINE_NUMBER, name, "x")
    with pytest.raises(RefusedError, match="no number"):
        tenant.unassign_number("+1")


async def test_a_configuration_is_printed_with_every_property(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    policy = EffectivePolicy(
        policy_type="TeamsCallingPolicy",
        policy_assignment=PolicyAssignment(display_name="AllOn", assignment_type="group", policy_id="p", group_id="g"),
    )
    server.tenant.configure_user(LINE, account_type="resourceAccount", feature_types=["VoiceApp"], policies=[policy])
    found = (await graph.get(f"{CONFIGURATIONS}/{LINE.upper()}")).json()
    assert found.pop("createdDateTime") == found.pop("modifiedDateTime")
    found.pop("@odata.context")
    assert found == {
        "id": LINE,
        "tenantId": server.tenant.tenant_id,
        "userPrincipalName": "aa-main-line-seattle@contoso.example",
        "accountType": "resourceAccount",
        "featureTypes": ["VoiceApp"],
        "isEnterpriseVoiceEnabled": False,
        "telephoneNumbers": [{"telephoneNumber": LINE_NUMBER, "assignmentCategory": "primary"}],
        "effectivePolicyAssignments": [
            {
                "policyType": "TeamsCallingPolicy",
                "policyAssignment": {
                    "displayName": "AllOn",
                    "assignmentType": "group",
                    "policyId": "p",
                    "groupId": "g",
                },
            }
        ],
    }


async def test_configurations_are_found_by_id_and_principal_name(graph: httpx.AsyncClient) -> None:
    by_id = await listed(graph, CONFIGURATIONS, filter=f"id eq '{PERSON}'")
    by_name = await listed(graph, CONFIGURATIONS, filter="userPrincipalName eq 'Adele.Archer@contoso.example'")
    assert [row["id"] for row in by_id] == [PERSON]
    assert by_id == by_name
    assert await listed(graph, CONFIGURATIONS, filter=f"id eq '{PERSON}'", select="id") == [{"id": PERSON}]
    assert (await graph.get(f"{CONFIGURATIONS}?$filter=accountType eq 'user'")).status_code == 400
    assert (await graph.get(f"{CONFIGURATIONS}/{LINE}")).status_code == 404


async def test_configurations_follow_each_other_on_pages(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.telephony.configuration_page_size = 30
    first = (await graph.get(CONFIGURATIONS)).json()
    second = (await graph.get(first["@odata.nextLink"])).json()
    assert (len(first["value"]), len(second["value"])) == (30, 18)
    assert "@odata.nextLink" not in second


async def test_a_deleted_user_has_no_configuration_and_keeps_its_number(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.tenant.soft_delete(PERSON)
    assert (await graph.get(f"{CONFIGURATIONS}/{PERSON}")).status_code == 404
    assert len(await listed(graph, NUMBERS, filter=f"assignmentTargetId eq '{PERSON}'")) == 1


async def test_the_last_account_type_is_told_to_those_who_ask(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.tenant.configure_user(PERSON, account_type="ineligibleUser")
    path = f"{CONFIGURATIONS}/{PERSON}?$select=accountType"
    assert (await graph.get(path)).json()["accountType"] == "unknownFutureValue"
    asked = await graph.get(path, headers={"Prefer": "include-unknown-enum-members"})
    assert asked.json()["accountType"] == "ineligibleUser"


@pytest.mark.parametrize("path", [NUMBERS, CONFIGURATIONS, f"{CONFIGURATIONS}/{PERSON}", NUMBERS.upper()])
async def test_a_national_cloud_has_no_teams_administration(
    server: SimulatorServer, graph: httpx.AsyncClient, path: str
) -> None:
    server.graph.without_teams_admin = True
    missing = await graph.get(path)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert (await graph.get("users")).status_code == 200
