"""A read ends within its time: a delta read keeps what it has, a listing that is not whole is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.graph.reader import BUDGET, GraphReader
from shared.graph.transport import GraphTransport
from shared.model.errors import OutOfTime
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, line_names, user_id

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Asked, Clock, ScriptedGraph

SECONDS = timedelta(seconds=10)
FUNCTION_LIMIT = timedelta(minutes=5)


@pytest.fixture
def slow_reader(scripted_transport: GraphTransport, clock: Clock) -> GraphReader:
    return GraphReader(scripted_transport, clock, SECONDS)


@pytest.fixture
def taking(answer: type[Answer], clock: Clock) -> Callable[..., Callable[[Asked], Answer]]:
    """An answer that comes after some seconds of the test's clock."""

    def make(seconds: float, body: object) -> Callable[[Asked], Answer]:
        def late(_: Asked) -> Answer:
            clock.advance(seconds=seconds)
            return answer(body)

        return late

    return make


Taking = Callable[..., "Callable[[Asked], Answer]"]


def test_two_reads_in_a_row_end_before_the_function_does() -> None:
    assert 2 * BUDGET <= FUNCTION_LIMIT


async def test_a_delta_read_beyond_its_time_keeps_what_it_has_and_the_link_to_the_rest(
    scripted: ScriptedGraph, slow_reader: GraphReader, taking: Taking, clock: Clock
) -> None:
    root = f"{scripted.graph_url}/users/delta"
    scripted.answer(
        "GET users/delta",
        taking(10, {"value": [{"id": "A"}], "@odata.nextLink": f"{root}?$skiptoken=1"}),
        taking(1, {"value": [{"id": "B"}], "@odata.nextLink": f"{root}?$skiptoken=2"}),
        taking(1, {"value": [{"id": "C"}], "@odata.deltaLink": f"{root}?$deltatoken=3"}),
    )
    begun = clock.now
    read = await slow_reader.delta(f"{root}?$deltatoken=0")
    assert ([change.id for change in read.changes], read.complete) == (["a", "b"], False)
    assert (read.begun, read.base, read.link) == (begun, f"{root}?$deltatoken=0", f"{root}?$skiptoken=2")
    rest = await slow_reader.delta(read.link)
    assert ([change.id for change in rest.changes], rest.complete) == (["c"], True)
    assert (rest.base, rest.link) == (read.link, f"{root}?$deltatoken=3")


async def test_a_delta_read_that_ends_with_its_last_page_is_complete_however_long_it_took(
    scripted: ScriptedGraph, slow_reader: GraphReader, taking: Taking
) -> None:
    root = f"{scripted.graph_url}/users/delta"
    scripted.answer(
        "GET users/delta", taking(99, {"value": [{"id": "A"}], "@odata.deltaLink": f"{root}?$deltatoken=1"})
    )
    read = await slow_reader.delta(f"{root}?$deltatoken=0")
    assert (read.complete, read.link) == (True, f"{root}?$deltatoken=1")


async def test_a_delta_read_of_many_pages_is_continued_without_a_gap(
    sim: SimulatorServer, transport: GraphTransport, clock: Clock
) -> None:
    def each_look_takes_a_second() -> object:
        clock.advance(seconds=1)
        return clock.now

    reader = GraphReader(transport, each_look_takes_a_second, timedelta(seconds=3))  # type: ignore[arg-type]
    link = await reader.delta_from_now()
    sim.graph.delta.page_size = 2
    ids = [user_id(name) for name in line_names()[:20]]
    for each in ids:
        sim.tenant.remove_license(each, RESOURCE_ACCOUNT)
    changes: list[str] = []
    parts = 0
    complete = False
    while not complete:
        read = await reader.delta(link)
        changes.extend(change.id for change in read.changes)
        link, complete, parts = read.link, read.complete, parts + 1
    assert (changes, parts) == (ids, 3)


@pytest.mark.parametrize(
    ("route", "begin"),
    [
        ("users", lambda reader: reader.resource_accounts([])),
        ("subscribedSkus", lambda reader: reader.licences()),
        ("admin/teams/telephoneNumberManagement/numberAssignments", lambda reader: reader.numbers()),
    ],
    ids=["accounts", "licences", "numbers"],
)
async def test_a_listing_beyond_its_time_is_no_listing(
    scripted: ScriptedGraph,
    slow_reader: GraphReader,
    taking: Taking,
    route: str,
    begin: Callable[[GraphReader], Awaitable[object]],
) -> None:
    more = {"value": [], "@odata.nextLink": f"{scripted.graph_url}/{route}?$skiptoken=1"}
    scripted.answer(f"GET {route}", taking(6, more))
    with pytest.raises(OutOfTime, match="longer than its 10 seconds"):
        await begin(slow_reader)
    assert len(scripted.asked) == 2


async def test_a_listing_that_ends_with_its_last_page_is_whole_however_long_it_took(
    scripted: ScriptedGraph, slow_reader: GraphReader, taking: Taking
) -> None:
    scripted.answer("GET users", taking(99, {"value": [{"id": "A"}]}))
    assert [account.id for account in await slow_reader.resource_accounts([])] == ["a"]


async def test_reading_many_accounts_ends_within_its_time_too(
    scripted: ScriptedGraph, slow_reader: GraphReader, answer: type[Answer], clock: Clock
) -> None:
    def late(asked: Asked) -> Answer:
        clock.advance(seconds=6)
        found = range(20 * (len(scripted.asked) - 1), 20 * len(scripted.asked))
        assert asked.body
        return answer({"responses": [{"id": str(each), "status": 200, "body": {"id": str(each)}} for each in found]})

    scripted.answer("POST $batch", late)
    with pytest.raises(OutOfTime):
        await slow_reader.accounts([str(number) for number in range(80)])
    assert len(scripted.asked) == 2
