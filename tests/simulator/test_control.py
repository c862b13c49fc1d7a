from typing import Any

import httpx
import pytest

from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id

LINE = user_id("AA Main Line Seattle")

EVERY_KIND: list[dict[str, Any]] = [
    {"kind": "status", "route": "GET users", "status": 429, "retryAfter": 7, "retryAfterAs": "date", "times": 2},
    {"kind": "hang", "route": "GET users/delta", "where": "alone", "seconds": 1.5},
    {"kind": "lostAnswer", "times": 1},
    {"kind": "foreignNextLink", "host": "https://elsewhere.example"},
    {"kind": "reset", "skip": 3},
    {"kind": "truncated"},
    {"kind": "html", "status": 200},
    {"kind": "clockSkew", "seconds": -300},
    {"kind": "deltaExpired", "form": "resyncRequired"},
    {"kind": "denied", "permission": "User.Read.All"},
    {"kind": "quota"},
]


async def asked(server: SimulatorServer, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's options
    async with httpx.AsyncClient() as person:
        return await person.request(method, f"{server.control_url}/{path}", **options)


async def test_a_document_of_faults_comes_back_as_it_was_given(server: SimulatorServer) -> None:
    given = {"faults": EVERY_KIND}
    assert (await asked(server, "PUT", "faults", json=given)).json() == given
    assert (await asked(server, "GET", "faults")).json() == given
    assert (await asked(server, "DELETE", "faults")).status_code == 204
    assert (await asked(server, "GET", "faults")).json() == {"faults": []}


async def test_a_list_of_faults_shows_what_is_left_of_their_counts(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    fault = {"kind": "status", "route": "GET users", "status": 500, "times": 2, "skip": 1}
    await asked(server, "PUT", "faults", json={"faults": [fault]})
    assert [(await graph.get("users")).status_code for _ in range(2)] == [200, 500]
    [left] = (await asked(server, "GET", "faults")).json()["faults"]
    assert left == {"kind": "status", "route": "GET users", "status": 500, "times": 1}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"faults": [{"kind": "status", "status": 9}]}', "$.faults[0].status"),
        (b'{"faults": [{"kind": "quota"}, {"kind": "flood"}]}', "$.faults[1].kind"),
        (b'{"faults": [{"status": 500}]}', "$.faults[0]"),
        (b'{"faults": [{"kind": "hang", "seconds": "1"}]}', "$.faults[0].seconds"),
        (b'{"faults": [{"kind": "hang", "seconds": 1, "minutes": 1}]}', "$.faults[0]"),
        (b'{"faults": [{"kind": "quota", "times": 0}]}', "$.faults[0].times"),
        (b'{"faults": [{"kind": "reset", "route": "GET user"}]}', "$.faults[0].route"),
        (b'{"faults": [{"kind": "denied", "permission": "All"}]}', "$.faults[0].permission"),
        (b'{"faults": [{"kind": "foreignNextLink", "host": "elsewhere"}]}', "$.faults[0].host"),
        (b'{"fault": []}', "$"),
        (b"[]", "$"),
        (b"{", "$"),
        (b"", "$"),
        (b'{"faults": [{"kind": "denied", "permission": "\xff"}]}', "$"),
    ],
)
async def test_a_wrong_document_is_refused_with_one_sentence_that_names_the_place(
    server: SimulatorServer, body: bytes, path: str
) -> None:
    await asked(server, "PUT", "faults", json={"faults": [{"kind": "quota"}]})
    refused = await asked(server, "PUT", "faults", content=body)
    assert refused.status_code == 400
    sentence = refused.json()["error"]
    assert sentence.startswith(f"At {path}: ")
    assert sentence.endswith(".")
    assert (await asked(server, "GET", "faults")).json() == {"faults": [{"kind": "quota"}]}


async def test_requests_and_their_cost_are_counted_until_they_are_reset(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    await graph.get("users")
    await graph.get("users")
    assert (await asked(server, "GET", "requests")).json() == {"requests": {"GET users": 2}, "units": {"GET users": 4}}
    assert (await asked(server, "DELETE", "requests")).status_code == 204
    assert (await asked(server, "GET", "requests")).json() == {"requests": {}, "units": {}}


async def act(server: SimulatorServer, action: str, **values: object) -> str:
    answer = await asked(server, "POST", "tenant", json={"action": action, **values})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["done"])


async def test_a_person_takes_and_gives_a_licence_by_names(server: SimulatorServer) -> None:
    done = await act(server, "takeLicence", user="AA Main Line Seattle")
    assert done == "AA Main Line Seattle no longer has PHONESYSTEM_VIRTUALUSER."
    assert server.tenant.users[LINE].assigned_licenses == ()
    await act(server, "giveLicence", user="aa-main-line-seattle@contoso.example", sku="mcocap")
    assert len(server.tenant.users[LINE].assigned_licenses) == 1


async def test_a_person_deletes_and_restores_a_user(server: SimulatorServer) -> None:
    await act(server, "softDelete", user="AA Main Line Seattle")
    assert LINE in server.tenant.deleted
    assert await act(server, "restore", user="aa main line seattle") == "AA Main Line Seattle is back."
    assert LINE in server.tenant.users


async def test_a_person_sets_units_and_moves_numbers(server: SimulatorServer) -> None:
    await act(server, "setUnits", units=90)
    assert server.tenant.skus[RESOURCE_ACCOUNT].units == 90
    await act(server, "assignNumber", number="+14255550150", user="CQ Reception Seattle")
    assert server.tenant.numbers["+14255550150"].assignment_target_id == user_id("CQ Reception Seattle")
    assert await act(server, "unassignNumber", number="+14255550150") == "+14255550150 leads nowhere."


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "takeLicence", "user": "Nobody"}, 409),
        ({"action": "takeLicence", "user": "AA Main Line Seattle", "sku": "NOTHING"}, 409),
        ({"action": "giveLicence", "user": "CQ Reception Lisbon"}, 409),
        ({"action": "restore", "user": "AA Main Line Seattle"}, 409),
        ({"action": "unassignNumber", "number": "+14255550177"}, 409),
        ({"action": "unassignNumber", "number": "777"}, 400),
        ({"action": "setUnits", "units": -1}, 400),
        ({"action": "dismiss", "user": "Nobody"}, 400),
        ({"user": "Nobody"}, 400),
    ],
)
async def test_an_action_that_is_not_possible_changes_nothing(
    server: SimulatorServer, body: dict[str, object], status: int
) -> None:
    before = len(server.tenant.changes)
    refused = await asked(server, "POST", "tenant", json=body)
    assert refused.status_code == status
    assert refused.json()["error"].endswith(".")
    assert len(server.tenant.changes) == before


@pytest.mark.parametrize(
    "headers", [{"Host": "rebound.example"}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}]
)
async def test_a_page_of_another_site_can_change_nothing(server: SimulatorServer, headers: dict[str, str]) -> None:
    body = {"action": "takeLicence", "user": "AA Main Line Seattle"}
    assert (await asked(server, "POST", "tenant", json=body, headers=headers)).status_code == 403
    assert len(server.tenant.users[LINE].assigned_licenses) == 1
    own = {"Origin": server.url}
    assert (await asked(server, "POST", "tenant", json=body, headers=own)).status_code == 200
