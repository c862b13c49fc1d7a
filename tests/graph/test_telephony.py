"""Numbers and calling state, as Graph's v1.0 reference shapes them; in some clouds there is neither."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from shared.graph.reader import GraphReader
from shared.graph.reads import CallingRead, NumbersRead
from shared.model.errors import Denied, SourceError, Throttled
from shared.model.numbers import CallingState, PhoneNumber

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Asked, Clock, ScriptedGraph

NUMBERS = "GET admin/teams/telephoneNumberManagement/numberAssignments"
CONFIGURATIONS = "GET admin/teams/userConfigurations"
TARGET = "5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11"
ADELE, ALEX, DIEGO = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(3))
DOCUMENTED = {
    "id": "YWJj",
    "telephoneNumber": "+4930901820",
    "operatorId": "7a205197-8e59-487d-b9fa-3fc1b108f1e5",
    "numberType": "callingPlan",
    "activationState": "activated",
    "capabilities": ["conferenceAssignment", "voiceApplicationAssignment"],
    "locationId": None,
    "civicAddressId": None,
    "networkSiteId": None,
    "assignmentTargetId": TARGET.upper(),
    "assignmentCategory": "primary",
    "portInStatus": None,
    "assignmentStatus": "voiceApplicationAssigned",
    "isoCountryCode": "DE",
    "city": "Berlin",
    "numberSource": "online",
    "supportedCustomerActions": ["release"],
    "reverseNumberLookupOptions": [],
}


def error(code: str) -> dict[str, object]:
    return {"error": {"code": code, "message": "Adele Archer"}}


def inner(user: str, status: int = 200, **body: object) -> dict[str, object]:
    return {"id": user, "status": status, "body": {"id": user, **body} if status == 200 else error("Code")}


def query(asked: Asked) -> dict[str, list[str]]:
    return parse_qs(urlsplit(asked.path).query)


async def test_a_number_is_read_as_it_is_documented(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer], clock: Clock
) -> None:
    scripted.answer(NUMBERS, answer({"value": [DOCUMENTED]}))
    (number,) = (await scripted_reader.numbers()).numbers or ()
    assert number == PhoneNumber(
        number="+4930901820",
        target=TARGET,
        status="voiceApplicationAssigned",
        activation="activated",
        kind="callingPlan",
        country="DE",
    )
    assert number.reaches_an_account
    assert (await scripted_reader.numbers()).begun == clock.now


async def test_numbers_that_are_answered_or_failed_on_the_way_are_asked_for_in_pages_as_large_as_graph_gives(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    scripted.answer(NUMBERS, answer({"value": []}))
    assert (await scripted_reader.numbers()).numbers == ()
    assert [query(asked) for asked in scripted.asked] == [
        {"$filter": [condition], "$top": ["1000"]}
        for condition in (
            "assignmentStatus eq 'voiceApplicationAssigned'",
            "activationState eq 'assignmentFailed'",
            "activationState eq 'updateFailed'",
        )
    ]


async def test_numbers_are_followed_over_their_pages_and_given_in_order(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    more = f"{scripted.graph_url}/{NUMBERS.removeprefix('GET ')}?$skip=1000"
    scripted.answer(
        NUMBERS,
        answer({"value": [{"telephoneNumber": "+3"}, {"telephoneNumber": "+1"}], "@odata.nextLink": more}),
        answer({"value": [], "@odata.nextLink": more}),
        answer({"value": [{"telephoneNumber": " +2 "}]}),
    )
    numbers = (await scripted_reader.numbers()).numbers or ()
    assert [number.number for number in numbers] == ["+1", "+2", "+3"]
    assert [query(asked).get("$skip") for asked in scripted.asked[:3]] == [None, ["1000"], ["1000"]]


async def test_what_graph_may_say_of_numbers_tomorrow_is_carried(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    invented = {"numberType": "satellite", "activationState": "dreaming", "assignmentStatus": "unknownFutureValue"}
    row: dict[str, object] = {
        "telephoneNumber": "+1",
        "assignmentTargetId": TARGET,
        "isoCountryCode": None,
        **invented,
        "more": [{}],
    }
    scripted.answer(NUMBERS, answer({"value": [row, {"telephoneNumber": "+2", "assignmentTargetId": ""}]}))
    first, second = (await scripted_reader.numbers()).numbers or ()
    assert (first.kind, first.activation, first.status) == ("satellite", "dreaming", "unknownFutureValue")
    assert (first.target, first.country, first.reaches_an_account) == (TARGET, None, False)
    assert second == PhoneNumber(number="+2")


async def test_a_cloud_without_numbers_has_none_to_tell_of(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer], clock: Clock
) -> None:
    scripted.answer(NUMBERS, answer(error("ResourceNotFound"), 404))
    assert await scripted_reader.numbers() == NumbersRead(begun=clock.now, numbers=None)


@pytest.mark.parametrize("route", [NUMBERS, CONFIGURATIONS])
@pytest.mark.parametrize(
    ("status", "kind"), [(401, Denied), (403, Denied), (400, SourceError), (500, SourceError), (429, Throttled)]
)
async def test_what_graph_refuses_to_tell_of_telephony_is_an_error_and_never_an_absence(
    scripted: ScriptedGraph,
    scripted_reader: GraphReader,
    answer: type[Answer],
    route: str,
    status: int,
    *,
    kind: type[SourceError],
) -> None:
    scripted.answer(route, answer(error("Code"), status))
    with pytest.raises(kind):
        await (scripted_reader.numbers() if route == NUMBERS else scripted_reader.calling([ADELE]))


async def test_the_calling_state_of_people_is_read_and_who_is_unknown_to_teams_is_left_out(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer], clock: Clock
) -> None:
    answers = [
        inner(ADELE, isEnterpriseVoiceEnabled=True, featureTypes=["Teams", "PhoneSystem"], accountType="user"),
        inner(ALEX, isEnterpriseVoiceEnabled=None, featureTypes=None),
        inner(DIEGO, 404),
    ]
    scripted.answer(CONFIGURATIONS, answer({"value": []}))
    scripted.answer("POST $batch", answer({"responses": answers}))
    assert await scripted_reader.calling([ADELE, ALEX, DIEGO]) == CallingRead(
        begun=clock.now,
        people={
            ADELE: CallingState(enterprise_voice=True, features=("Teams", "PhoneSystem")),
            ALEX: CallingState(),
        },
    )
    probe, batch = scripted.asked
    assert query(probe) == {"$top": ["1"]}
    assert [each["url"] for each in msgspec.json.decode(batch.body)["requests"]] == [
        f"/admin/teams/userConfigurations/{user}" for user in (ADELE, ALEX, DIEGO)
    ]


async def test_where_nobody_is_to_be_asked_about_it_still_shows_whether_the_state_may_be_read(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    scripted.answer(CONFIGURATIONS, answer({"value": [{"id": ADELE}]}), answer(error("Forbidden"), 403))
    assert (await scripted_reader.calling([])).people == {}
    with pytest.raises(Denied):
        await scripted_reader.calling([])


async def test_a_cloud_without_calling_states_has_none_and_is_asked_about_nobody(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer], clock: Clock
) -> None:
    scripted.answer(CONFIGURATIONS, answer(error("ResourceNotFound"), 404))
    assert await scripted_reader.calling([ADELE]) == CallingRead(begun=clock.now, people=None)
    assert len(scripted.asked) == 1


@pytest.mark.parametrize(("status", "kind"), [(403, Denied), (500, SourceError)])
async def test_a_person_about_whom_the_answer_is_refused_is_not_taken_for_unknown(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer], status: int, kind: type[SourceError]
) -> None:
    scripted.answer(CONFIGURATIONS, answer({"value": []}))
    scripted.answer("POST $batch", answer({"responses": [inner(ADELE), inner(ALEX, status)]}))
    with pytest.raises(kind):
        await scripted_reader.calling([ADELE, ALEX])
