from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from kiota_abstractions.method import Method

from shared.graph.answers import decode
from shared.graph.credential import DEVELOPMENT_TOKEN, DevelopmentCredential
from shared.graph.reader import GraphReader
from shared.graph.transport import GraphTransport
from shared.graph.wire import Page, WireUser
from shared.model.directory import AssignedPlan
from shared.model.errors import Denied, LinekeeperError, SourceError
from simulator import SimulatorServer

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Pauses, ScriptedGraph

NAME = "Adele Archer"
MESSAGE = f"Insufficient privileges of {NAME}, adele.archer@contoso.example."


def error(code: str) -> bytes:
    return msgspec.json.encode({"error": {"code": code, "message": MESSAGE}})


async def failure_of(transport: GraphTransport, path: str = "/users") -> LinekeeperError:
    """The error of a request, after a look at what its text must never hold."""
    with pytest.raises(LinekeeperError) as raised:
        await transport.fetch(transport.request(Method.GET, f"{transport.url}{path}"), Page[WireUser])
    text = str(raised.value)
    for secret in (transport.url, "127.0.0.1", DEVELOPMENT_TOKEN, NAME, "contoso.example"):
        assert secret not in text
    return raised.value


@pytest.mark.parametrize("status", [500, 502])
async def test_an_outage_is_a_source_error(sim: SimulatorServer, transport: GraphTransport, status: int) -> None:
    sim.graph.outage = status
    assert str(await failure_of(transport)) == f"Microsoft Graph answered {status}, UnknownError."


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_request_is_denied(sim: SimulatorServer, transport: GraphTransport, status: int) -> None:
    sim.graph.outage = status
    denied = await failure_of(transport)
    assert isinstance(denied, Denied)
    assert denied.forbidden is (status == 403)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"<html><body>Adele Archer, adele.archer@contoso.example</body></html>", "its start"),
        (b'{"value": [{"id": "adele.archer@contoso.example", "displayName": "Adele Ar', "its start"),
        (b'["Adele Archer"]', "its start"),
        (b"", "its start"),
        (b'{"value": [{"id": "1"}, {"id": {"Adele Archer": 1}}]}', "`$.value[1].id`"),
        (b'{"value": [{"id": "1", "createdDateTime": "Adele Archer"}]}', "`$.value[0].createdDateTime`"),
        (b'{"value": [{"id": "1", "displayName": "Adele Archer \xff"}]}', "its start"),
    ],
    ids=["HTML", "truncated", "a list", "nothing", "a wrong type", "no date", "no UTF-8"],
)
async def test_a_body_of_another_shape_is_told_by_its_place_and_never_by_its_content(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], body: bytes, place: str
) -> None:
    scripted.answer("GET users", answer(body))
    problem = await failure_of(scripted_transport)
    assert type(problem) is SourceError
    assert str(problem) == f"Microsoft Graph answered something unexpected, at {place}."
    assert problem.__cause__ is None


def test_what_graph_may_say_tomorrow_is_no_error() -> None:
    body = b'{"@odata.context": "x", "value": [{"id": "1", "userType": 7, "assignedPlans": [%s]}]}'
    plan = b'{"servicePlanId": "AB", "capabilityStatus": "Invented", "more": {}}'
    (user,) = decode(body % plan, Page[WireUser]).value
    assert user.change().plans == (AssignedPlan("ab", "Invented"),)


async def test_a_request_carries_the_token(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer]
) -> None:
    scripted.answer("GET users", answer({"value": []}))
    await scripted_transport.fetch(scripted_transport.follow(f"{scripted.graph_url}/users"), Page[WireUser])
    assert [asked.authorization for asked in scripted.asked] == [f"Bearer {DEVELOPMENT_TOKEN}"]


async def test_a_request_to_another_host_would_carry_no_token(
    stranger: ScriptedGraph, scripted_transport: GraphTransport
) -> None:
    elsewhere = stranger.graph_url.replace("127.0.0.1", "localhost")
    await scripted_transport.send(scripted_transport.request(Method.GET, elsewhere))
    assert [asked.authorization for asked in stranger.asked] == [None]


@pytest.mark.parametrize("link", ["next", "delta"])
async def test_a_link_to_another_host_is_refused_and_nothing_is_sent_there(
    scripted: ScriptedGraph, stranger: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer], link: str
) -> None:
    leading_away = f"{stranger.graph_url}/users/delta?$skiptoken=1"
    scripted.answer("GET users/delta", answer({"value": [], f"@odata.{link}Link": leading_away}))
    with pytest.raises(SourceError, match="another host, which is not followed"):
        await scripted_reader.delta(await scripted_reader.delta_from_now())
    assert stranger.asked == []


async def test_a_redirection_to_another_host_takes_no_token_along(
    scripted: ScriptedGraph, stranger: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer]
) -> None:
    scripted.answer("GET users", answer(b"", 302, {"Location": f"{stranger.graph_url}/users"}))
    await failure_of(scripted_transport)
    assert [asked.authorization for asked in stranger.asked if asked.authorization] == []


@pytest.mark.parametrize(
    "link", ["https://127.0.0.1/v1.0/users", "http://127.0.0.1.example/v1.0/users", "/v1.0/users", "", "http://["]
)
async def test_a_link_that_does_not_lead_back_to_the_same_graph_is_refused(
    transport: GraphTransport, link: str
) -> None:
    with pytest.raises(SourceError, match="link"):
        transport.follow(link)


async def test_a_graph_that_refuses_connections_is_a_source_error(pauses: Pauses) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v1.0"
    async with GraphTransport(url, DevelopmentCredential(), sleep=pauses) as transport:
        problem = await failure_of(transport)
    assert str(problem) == "Microsoft Graph cannot be reached (ConnectError)."


async def test_a_graph_that_hangs_up_is_a_source_error(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer]
) -> None:
    scripted.answer("GET users", answer(hangs_up=True))
    assert isinstance(await failure_of(scripted_transport), SourceError)


class NoCredential:
    """A credential that fails as azure-identity's do, with more to say than may be told."""

    def __init__(self) -> None:
        self.closed = False

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's own shape
        raise ClientAuthenticationError(MESSAGE)

    async def close(self) -> None:
        self.closed = True


async def test_without_a_token_the_read_is_denied_and_nothing_is_asked(scripted: ScriptedGraph) -> None:
    credential = NoCredential()
    async with GraphTransport(scripted.graph_url, credential) as transport:
        denied = await failure_of(transport)
    assert isinstance(denied, Denied)
    assert not denied.forbidden
    assert scripted.asked == []
    assert credential.closed
