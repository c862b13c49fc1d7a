import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import httpx
import msgspec
import pytest

from simulator import (
    ClockSkewFault,
    DeltaExpiredFault,
    DeniedFault,
    Fault,
    ForeignNextLinkFault,
    HangFault,
    HtmlFault,
    QuotaFault,
    ResetFault,
    SimulatorServer,
    StatusFault,
    TruncatedFault,
)
from simulator.contoso import RESOURCE_ACCOUNT, user_id
from simulator.faults import DeltaExpiry

LINE = user_id("AA Main Line Seattle")
NUMBERS = "admin/teams/telephoneNumberManagement/numberAssignments"
BATCH = {"requests": [{"id": str(number), "method": "GET", "url": f"/users/{LINE}"} for number in range(3)]}


async def statuses(graph: httpx.AsyncClient, path: str, count: int) -> list[int]:
    return [(await graph.get(path)).status_code for _ in range(count)]


async def inner_answers(graph: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await graph.post("$batch", json=BATCH)
    assert answer.status_code == 200, answer.text
    answers: list[dict[str, Any]] = answer.json()["responses"]
    return answers


async def test_faults_of_one_route_are_met_one_after_the_other(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.graph.faults.add(
        StatusFault(route="GET subscribedSkus", status=429, retry_after=7, times=1),
        StatusFault(route="GET subscribedSkus", status=503, times=2, skip=1),
    )
    throttled = await graph.get("subscribedSkus")
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
    assert throttled.json()["error"]["code"] == "TooManyRequests"
    assert await statuses(graph, "subscribedSkus", 4) == [200, 503, 503, 200]
    assert server.graph.faults.listed == ()
    assert server.graph.requests["GET subscribedSkus"] == 5


async def test_a_fault_without_a_count_lasts_and_leaves_other_routes_alone(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.graph.faults.add(StatusFault(route="GET users", status=500))
    assert await statuses(graph, "users", 3) == [500] * 3
    assert await statuses(graph, "subscribedSkus", 1) == [200]
    server.graph.faults.clear()
    assert await statuses(graph, "users", 1) == [200]


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "UnknownError"), (502, "UnknownError"), (503, "ServiceUnavailable"), (504, "GatewayTimeout")],
)
async def test_every_failure_has_graphs_code(
    server: SimulatorServer, graph: httpx.AsyncClient, status: int, code: str
) -> None:
    server.graph.faults.add(StatusFault(status=status))
    answer = await graph.get("users")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "Retry-After" not in answer.headers


async def test_retry_after_may_be_a_date_of_the_servers_clock(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.graph.faults.add(StatusFault(status=429, retry_after=30, retry_after_as="date"), ClockSkewFault(seconds=600))
    answer = await graph.get("users")
    assert answer.headers["Retry-After"].endswith(" GMT")
    ahead = parsedate_to_datetime(answer.headers["Retry-After"]) - parsedate_to_datetime(answer.headers["Date"])
    assert timedelta(seconds=29) <= ahead <= timedelta(seconds=31)
    assert parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC) > timedelta(seconds=590)


async def test_a_single_request_of_a_batch_is_throttled(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.faults.add(StatusFault(status=429, retry_after=3, where="batch", times=1))
    assert await statuses(graph, "users", 1) == [200]
    answers = await inner_answers(graph)
    assert sorted(answer["status"] for answer in answers) == [200, 200, 429]
    [throttled] = [answer for answer in answers if answer["status"] == 429]
    assert throttled["headers"]["Retry-After"] == "3"


async def test_a_fault_of_requests_that_come_alone_leaves_batches_alone(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.graph.faults.add(StatusFault(route="GET users/{id}", status=503, where="alone"))
    assert [answer["status"] for answer in await inner_answers(graph)] == [200] * 3
    assert await statuses(graph, f"users/{LINE}", 1) == [503]


async def test_a_connection_is_reset(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.faults.add(ResetFault(route="GET users", times=1))
    with pytest.raises(httpx.ReadError):
        await graph.get("users")
    assert await statuses(graph, "users", 1) == [200]


async def test_a_whole_batch_is_lost_by_its_own_route_alone(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.faults.add(ResetFault(route="GET users/{id}"))
    assert len(await inner_answers(graph)) == 3
    server.graph.faults.replace([ResetFault(route="POST $batch")])
    with pytest.raises(httpx.ReadError):
        await graph.post("$batch", json=BATCH)


async def test_an_answer_hangs_and_then_comes(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.faults.add(HangFault(route="GET users", seconds=0.2, times=2), StatusFault(status=502, times=1))
    with pytest.raises(httpx.ReadTimeout):
        await graph.get("users", timeout=0.05)
    began = time.monotonic()
    assert await statuses(graph, "users", 1) == [200]
    assert time.monotonic() - began >= 0.2


async def test_the_server_ends_while_an_answer_hangs(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.faults.add(HangFault(seconds=600))
    asked = asyncio.ensure_future(graph.get("users"))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await server.__aexit__(None, None, None)
    with pytest.raises(httpx.HTTPError):
        await asked
    assert time.monotonic() - began < 5


async def test_a_body_ends_in_the_middle(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    whole = await graph.get("users")
    server.graph.faults.add(TruncatedFault(times=1))
    answer = await graph.get("users")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, whole.headers["Content-Type"])
    assert len(answer.content) == len(whole.content) // 2
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(answer.content)


@pytest.mark.parametrize("status", [200, 502])
async def test_a_page_for_people_comes_in_the_place_of_json(
    server: SimulatorServer,
    graph: httpx.AsyncClient,
    status: Literal[200, 502],
) -> None:
    server.graph.faults.add(HtmlFault(status=status))
    answer = await graph.get("users")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "<html>" in answer.text


@pytest.mark.parametrize("path", ["users?$top=2", "subscribedSkus", "users/delta?$deltatoken=latest", NUMBERS])
async def test_a_listing_goes_on_at_another_host(server: SimulatorServer, graph: httpx.AsyncClient, path: str) -> None:
    server.graph.faults.add(ForeignNextLinkFault(host="https://elsewhere.example", times=1))
    body = (await graph.get(path)).json()
    assert body["@odata.nextLink"].startswith(f"https://elsewhere.example/v1.0/{path.partition('?')[0]}?")
    assert "@odata.deltaLink" not in body


@pytest.mark.parametrize(
    ("form", "status", "code", "located"),
    [
        ("gone", 410, "syncStateNotFound", True),
        ("syncStateNotFound", 400, "syncStateNotFound", False),
        ("resyncRequired", 400, "resyncRequired", False),
    ],
)
async def test_a_delta_token_expires_in_every_documented_way(
    server: SimulatorServer,
    graph: httpx.AsyncClient,
    form: DeltaExpiry,
    status: int,
    code: str,
    *,
    located: bool,
) -> None:
    server.graph.faults.add(DeltaExpiredFault(form=form, times=1))
    link = (await graph.get("users/delta?$deltatoken=latest")).json()["@odata.deltaLink"]
    expired = await graph.get(link)
    assert (expired.status_code, expired.json()["error"]["code"]) == (status, code)
    assert ("Location" in expired.headers) == located
    assert (await graph.get(link)).status_code == status
    anew = (await graph.get("users/delta?$deltatoken=latest")).json()["@odata.deltaLink"]
    assert (await graph.get(anew)).status_code == 200


async def test_a_missing_permission_closes_its_routes_in_graphs_words(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    server.graph.faults.add(DeniedFault(permission="TeamsTelephoneNumber.Read.All"))
    error = (await graph.get(NUMBERS)).json()["error"]
    assert (error["code"], error["message"]) == (
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )
    assert await statuses(graph, "admin/teams/userConfigurations", 1) == [200]


@pytest.mark.parametrize("name", ["GET subscribedSkus", "Organization.Read.All"])
async def test_a_route_or_a_permission_is_denied_and_allowed(
    server: SimulatorServer, graph: httpx.AsyncClient, name: str
) -> None:
    server.graph.deny(name)
    denied = await graph.get("subscribedSkus")
    assert (denied.status_code, denied.json()["error"]["message"]) == (
        403,
        "Insufficient privileges to complete the operation.",
    )
    server.graph.allow(name)
    assert await statuses(graph, "subscribedSkus", 1) == [200]


def test_what_is_no_route_and_no_permission_cannot_be_denied(server: SimulatorServer) -> None:
    with pytest.raises(ValueError, match="GET nowhere"):
        server.graph.deny("GET nowhere")


async def test_a_wrong_clock_moves_what_happened_and_nothing_that_lies_ahead(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    paths = (f"users/{LINE}?$select=createdDateTime,assignedPlans", "directory/subscriptions", "users/nobody")
    before = [(await graph.get(path)).text for path in paths]
    server.graph.faults.add(ClockSkewFault(seconds=-3600))
    after = [(await graph.get(path)).text for path in paths]
    stamp = re.compile(r'"(\w*(?:DateTime|date))":"([^"]+)"')
    moved = {
        name: (datetime.fromisoformat(late) - datetime.fromisoformat(early)).total_seconds()
        for old, new in zip(before, after, strict=True)
        for (name, early), (_, late) in zip(stamp.findall(old), stamp.findall(new), strict=True)
    }
    assert moved.pop("date") == pytest.approx(-3600, abs=2)
    assert moved == {"createdDateTime": -3600, "assignedDateTime": -3600, "nextLifecycleDateTime": 0}


async def test_a_wrong_clock_moves_a_batch_once(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    step = {"id": "1", "method": "GET", "url": f"/users/{LINE}?$select=createdDateTime"}
    server.graph.faults.add(ClockSkewFault(seconds=60))
    [answer] = (await graph.post("$batch", json={"requests": [step]})).json()["responses"]
    assert datetime.fromisoformat(answer["body"]["createdDateTime"]) - server.tenant.users[
        LINE
    ].created_date_time == timedelta(seconds=60)


async def test_a_full_quota_is_a_403_that_names_it(server: SimulatorServer, graph: httpx.AsyncClient) -> None:
    server.graph.faults.add(QuotaFault(times=1))
    refused = await graph.post("subscriptions", json={})
    assert refused.status_code == 403
    assert "subscriptions per app and tenant" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        (StatusFault(route="GET user", status=500), r"\$\.faults\[0\]\.route"),
        (DeniedFault(permission="User.Read"), r"\$\.faults\[0\]\.permission"),
    ],
)
def test_a_fault_that_could_never_be_met_is_refused(server: SimulatorServer, fault: Fault, place: str) -> None:
    with pytest.raises(ValueError, match=place):
        server.graph.faults.add(fault)
    assert server.graph.faults.listed == ()


async def test_a_licence_is_taken_although_the_answer_says_that_it_failed(
    server: SimulatorServer, graph: httpx.AsyncClient
) -> None:
    document = {"faults": [{"kind": "lostAnswer", "route": "POST users/{id}/assignLicense", "status": 504}]}
    async with httpx.AsyncClient() as person:
        assert (await person.put(f"{server.control_url}/faults", json=document)).status_code == 200
    body = {"addLicenses": [], "removeLicenses": [RESOURCE_ACCOUNT]}
    assert (await graph.post(f"users/{LINE}/assignLicense", json=body)).status_code == 504
    assert server.tenant.users[LINE].assigned_licenses == ()
