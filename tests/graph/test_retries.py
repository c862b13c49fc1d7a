"""What is sent again, how often, and after which pause: nothing here takes time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kiota_abstractions.method import Method

from shared.graph.transport import PATIENCE_SECONDS, GraphTransport, Request, backoff
from shared.graph.wire import Page, WireUser
from shared.model.errors import Denied, NotThere, SourceError, Throttled

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Pauses, ScriptedGraph

BUSY = {"error": {"code": "Busy"}}
NOBODY: dict[str, object] = {"value": []}
UNCERTAIN = [500, 502, 503, 504]


def read(transport: GraphTransport) -> Request:
    return transport.request(Method.GET, f"{transport.url}/users")


def write(transport: GraphTransport) -> Request:
    return transport.request(Method.POST, f"{transport.url}/things", {"name": "one"})


def are_backoffs(pauses: Pauses) -> bool:
    """Whether they are the first pauses without a Retry-After: half a second, then twice as long, each by a quarter."""
    return all(0.375 * 2**turn <= pause <= 0.625 * 2**turn for turn, pause in enumerate(pauses))


@pytest.mark.parametrize("status", [429, *UNCERTAIN])
async def test_a_read_that_fails_once_is_sent_again_and_succeeds(
    scripted: ScriptedGraph,
    scripted_transport: GraphTransport,
    answer: type[Answer],
    pauses: Pauses,
    *,
    status: int,
) -> None:
    scripted.answer("GET users", answer(BUSY, status), answer(NOBODY))
    assert (await scripted_transport.fetch(read(scripted_transport), Page[WireUser])).value == ()
    assert (len(scripted.asked), len(pauses), are_backoffs(pauses)) == (2, 1, True)


async def test_a_read_whose_connection_breaks_is_sent_again_and_succeeds(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], pauses: Pauses
) -> None:
    scripted.answer("GET users", answer(hangs_up=True), answer(hangs_up=True), answer(NOBODY))
    assert (await scripted_transport.fetch(read(scripted_transport), Page[WireUser])).value == ()
    assert (len(scripted.asked), len(pauses), are_backoffs(pauses)) == (3, 2, True)


@pytest.mark.parametrize("status", UNCERTAIN)
async def test_a_read_is_sent_three_times_before_it_fails(
    scripted: ScriptedGraph,
    scripted_transport: GraphTransport,
    answer: type[Answer],
    pauses: Pauses,
    *,
    status: int,
) -> None:
    scripted.answer("GET users", answer(BUSY, status))
    with pytest.raises(SourceError) as raised:
        await scripted_transport.fetch(read(scripted_transport), Page[WireUser])
    assert type(raised.value) is SourceError
    assert (len(scripted.asked), len(pauses), are_backoffs(pauses)) == (3, 2, True)


async def test_a_broken_connection_is_a_failure_after_three_attempts(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], pauses: Pauses
) -> None:
    scripted.answer("GET users", answer(hangs_up=True))
    with pytest.raises(SourceError, match="cannot be reached"):
        await scripted_transport.fetch(read(scripted_transport), Page[WireUser])
    assert (len(scripted.asked), len(pauses)) == (3, 2)


@pytest.mark.parametrize(("status", "seconds"), [(429, "1"), (503, "7"), (504, "10"), (429, "0")])
async def test_a_short_retry_after_is_waited_for_as_long_as_it_says(
    scripted: ScriptedGraph,
    scripted_transport: GraphTransport,
    answer: type[Answer],
    pauses: Pauses,
    status: int,
    *,
    seconds: str,
) -> None:
    scripted.answer("GET users", answer(BUSY, status, {"Retry-After": seconds}), answer(NOBODY))
    await scripted_transport.fetch(read(scripted_transport), Page[WireUser])
    assert pauses == [float(seconds)]


async def test_a_retry_after_that_is_a_date_is_waited_for_by_graphs_clock(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], pauses: Pauses
) -> None:
    headers = {"Date": "Sat, 20 Nov 1999 12:00:00 GMT", "Retry-After": "Sat, 20 Nov 1999 12:00:06 GMT"}
    scripted.answer("GET users", answer(BUSY, 429, headers), answer(NOBODY))
    await scripted_transport.fetch(read(scripted_transport), Page[WireUser])
    assert pauses == [6.0]


@pytest.mark.parametrize("status", [429, 503])
async def test_one_that_stays_busy_is_throttled_after_three_attempts(
    scripted: ScriptedGraph,
    scripted_transport: GraphTransport,
    answer: type[Answer],
    pauses: Pauses,
    *,
    status: int,
) -> None:
    scripted.answer("GET users", answer(BUSY, status, {"Retry-After": "4"}))
    with pytest.raises(Throttled) as raised:
        await scripted_transport.fetch(read(scripted_transport), Page[WireUser])
    assert (raised.value.retry_after, len(scripted.asked), pauses) == (4, 3, [4, 4])


@pytest.mark.parametrize("status", [429, 503, 504])
@pytest.mark.parametrize("seconds", [int(PATIENCE_SECONDS) + 1, 600])
async def test_a_long_retry_after_is_told_at_once_and_not_waited_for(
    scripted: ScriptedGraph,
    scripted_transport: GraphTransport,
    answer: type[Answer],
    pauses: Pauses,
    status: int,
    *,
    seconds: int,
) -> None:
    scripted.answer("GET users", answer(BUSY, status, {"Retry-After": str(seconds)}), answer(NOBODY))
    with pytest.raises(Throttled) as raised:
        await scripted_transport.fetch(read(scripted_transport), Page[WireUser])
    assert (raised.value.retry_after, len(scripted.asked), pauses) == (seconds, 1, [])


@pytest.mark.parametrize("status", UNCERTAIN)
async def test_a_write_that_may_have_been_done_is_not_sent_again(
    scripted: ScriptedGraph,
    scripted_transport: GraphTransport,
    answer: type[Answer],
    pauses: Pauses,
    *,
    status: int,
) -> None:
    scripted.answer("POST things", answer(BUSY, status, {"Retry-After": "1"}), answer({}, 201))
    response = await scripted_transport.send(write(scripted_transport), repeatable=False)
    assert (response.status_code, len(scripted.asked), pauses) == (status, 1, [])


async def test_a_write_whose_connection_breaks_is_not_sent_again(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], pauses: Pauses
) -> None:
    scripted.answer("POST things", answer(hangs_up=True), answer({}, 201))
    with pytest.raises(SourceError, match="cannot be reached"):
        await scripted_transport.send(write(scripted_transport), repeatable=False)
    assert (len(scripted.asked), pauses) == (1, [])


async def test_a_write_that_was_throttled_was_not_done_and_is_sent_again_as_it_was(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], pauses: Pauses
) -> None:
    scripted.answer("POST things", answer(BUSY, 429, {"Retry-After": "2"}), answer({}, 201))
    response = await scripted_transport.send(write(scripted_transport), repeatable=False)
    assert (response.status_code, pauses) == (201, [2.0])
    assert [asked.body for asked in scripted.asked] == [b'{"name":"one"}'] * 2


@pytest.mark.parametrize(
    ("status", "kind"), [(400, SourceError), (401, Denied), (403, Denied), (404, NotThere), (409, SourceError)]
)
async def test_what_another_attempt_would_not_change_is_not_sent_again(
    scripted: ScriptedGraph,
    scripted_transport: GraphTransport,
    answer: type[Answer],
    pauses: Pauses,
    status: int,
    *,
    kind: type[SourceError],
) -> None:
    scripted.answer("GET users", answer(BUSY, status, {"Retry-After": "1"}), answer(NOBODY))
    with pytest.raises(SourceError) as raised:
        await scripted_transport.fetch(read(scripted_transport), Page[WireUser])
    assert type(raised.value) is kind
    assert (len(scripted.asked), pauses) == (1, [])


def test_pauses_grow_and_are_not_all_alike() -> None:
    for attempt in (1, 2, 3):
        drawn = [backoff(attempt) for _ in range(200)]
        assert min(drawn) >= 0.375 * 2 ** (attempt - 1)
        assert max(drawn) <= 0.625 * 2 ** (attempt - 1)
        assert len(set(drawn)) > 1
