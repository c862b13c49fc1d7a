"""Many reads in few requests, each of which may be throttled alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.graph.batch import LIMIT, error_in, get_all
from shared.graph.reader import GraphReader
from shared.graph.transport import GraphTransport
from shared.graph.wire import WireBatchAnswer
from shared.model.errors import NotThere, SourceError, Throttled

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Asked, Pauses, ScriptedGraph

Inner = dict[str, object]
BUSY = {"error": {"code": "Busy"}}


class _Request(msgspec.Struct, frozen=True):
    id: str
    method: str
    url: str


class _Requests(msgspec.Struct, frozen=True):
    requests: tuple[_Request, ...]


def requests_in(asked: Asked) -> tuple[_Request, ...]:
    return msgspec.json.decode(asked.body, type=_Requests).requests


def ids_in(asked: Asked) -> list[str]:
    return [each.id for each in requests_in(asked)]


def found(request_id: str) -> Inner:
    return {"id": request_id, "status": 200, "body": {"id": request_id}}


def busy(request_id: str, seconds: str = "", status: int = 429) -> Inner:
    headers = {"retry-AFTER": seconds} if seconds else {}
    return {"id": request_id, "status": status, "headers": headers, "body": BUSY}


@pytest.fixture
def answering(answer: type[Answer]) -> Callable[..., Callable[[Asked], Answer]]:
    """An answer to a batch that finds everything but what is named, in another order than asked."""

    def make(*exceptions: Inner) -> Callable[[Asked], Answer]:
        named = {str(each["id"]): each for each in exceptions}
        return lambda asked: answer({"responses": [named.get(each, found(each)) for each in ids_in(asked)[::-1]]})

    return make


MakeAnswer = Callable[..., "Callable[[Asked], Answer]"]


async def test_each_path_is_asked_for_by_its_own_id_and_answered_by_it(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answering: MakeAnswer
) -> None:
    scripted.answer("POST $batch", answering(busy("b", status=404)))
    answers = await get_all(scripted_transport, {"a": "/users/a", "b": "/users/b"})
    assert {key: each.status for key, each in answers.items()} == {"a": 200, "b": 404}
    (asked,) = scripted.asked
    assert requests_in(asked) == (_Request("a", "GET", "/users/a"), _Request("b", "GET", "/users/b"))


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (20, [20]), (21, [20, 1]), (45, [20, 20, 5])])
async def test_twenty_are_asked_for_in_one_request(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answering: MakeAnswer, count: int, sizes: list[int]
) -> None:
    scripted.answer("POST $batch", answering())
    paths = {str(number): f"/users/{number}" for number in range(count)}
    answers = await get_all(scripted_transport, paths)
    assert answers.keys() == paths.keys()
    assert [len(ids_in(asked)) for asked in scripted.asked] == sizes
    assert max(sizes, default=0) <= LIMIT


async def test_one_that_is_throttled_inside_a_batch_is_asked_for_again_alone(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answering: MakeAnswer, pauses: Pauses
) -> None:
    scripted.answer("POST $batch", answering(busy("b", "3")), answering())
    answers = await get_all(scripted_transport, {key: f"/users/{key}" for key in "abc"})
    assert {each.status for each in answers.values()} == {200}
    assert [ids_in(asked) for asked in scripted.asked] == [["a", "b", "c"], ["b"]]
    assert pauses == [3.0]


async def test_several_that_are_throttled_wait_for_the_longest_of_them(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answering: MakeAnswer, pauses: Pauses
) -> None:
    scripted.answer("POST $batch", answering(busy("a", "2"), busy("c", "9")), answering(busy("c", "1")), answering())
    await get_all(scripted_transport, {key: f"/users/{key}" for key in "abc"})
    assert [sorted(ids_in(asked)) for asked in scripted.asked] == [["a", "b", "c"], ["a", "c"], ["c"]]
    assert pauses == [9.0, 1.0]


async def test_one_that_names_no_time_is_asked_for_again_after_a_short_pause(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answering: MakeAnswer, pauses: Pauses
) -> None:
    scripted.answer("POST $batch", answering(busy("a")), answering())
    await get_all(scripted_transport, {"a": "/users/a"})
    (pause,) = pauses
    assert 0.375 <= pause <= 0.625


async def test_one_that_stays_throttled_is_throttled_after_three_attempts(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answering: MakeAnswer, pauses: Pauses
) -> None:
    scripted.answer("POST $batch", answering(busy("b", "1")))
    with pytest.raises(Throttled) as raised:
        await get_all(scripted_transport, {key: f"/users/{key}" for key in "ab"})
    assert raised.value.retry_after == 1
    assert (len(scripted.asked), pauses) == (3, [1.0, 1.0])


async def test_a_date_inside_a_batch_is_seen_from_the_clock_of_the_answer_that_it_came_in(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], pauses: Pauses
) -> None:
    dated = {"Date": "Fri, 20 Nov 2020 10:00:00 GMT"}
    busy_until = busy("a", "Fri, 20 Nov 2020 10:00:03 GMT")
    scripted.answer(
        "POST $batch", answer({"responses": [busy_until]}, headers=dated), answer({"responses": [found("a")]})
    )
    answers = await get_all(scripted_transport, {"a": "/users/a"})
    assert (answers["a"].status, pauses) == (200, [3.0])


async def test_one_that_wants_a_long_wait_is_throttled_at_once(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answering: MakeAnswer, pauses: Pauses
) -> None:
    scripted.answer("POST $batch", answering(busy("a", "2"), busy("b", "600")))
    with pytest.raises(Throttled):
        await scripted_reader.accounts(["a", "b", "c"])
    assert ([ids_in(asked) for asked in scripted.asked], pauses) == ([["a", "b", "c"]], [])


async def test_the_longest_wait_inside_a_batch_is_the_one_that_is_told(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    scripted.answer("POST $batch", answer({"responses": [busy("a", "2"), busy("b", "600")]}))
    with pytest.raises(Throttled) as raised:
        await scripted_reader.accounts(["a", "b"])
    assert raised.value.retry_after == 600


@pytest.mark.parametrize("answered", [[], ["a"], ["a", "b", "c"], ["a", "B"]])
async def test_an_answer_to_other_requests_than_were_asked_is_an_error(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], answered: list[str]
) -> None:
    scripted.answer("POST $batch", answer({"responses": [found(each) for each in answered]}))
    with pytest.raises(SourceError, match="did not answer every request"):
        await get_all(scripted_transport, {"a": "/users/a", "b": "/users/b"})


async def test_a_batch_that_is_throttled_as_a_whole_is_throttled(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], pauses: Pauses
) -> None:
    scripted.answer("POST $batch", answer(BUSY, 429, {"Retry-After": "600"}))
    with pytest.raises(Throttled) as raised:
        await get_all(scripted_transport, {"a": "/users/a"})
    assert (raised.value.retry_after, len(scripted.asked), pauses) == (600, 1, [])


async def test_a_batch_only_reads_and_is_sent_again_where_nobody_knows_whether_it_was_answered(
    scripted: ScriptedGraph, scripted_transport: GraphTransport, answer: type[Answer], answering: MakeAnswer
) -> None:
    scripted.answer("POST $batch", answer(hangs_up=True), answer(BUSY, 502), answering())
    assert (await get_all(scripted_transport, {"a": "/users/a"}))["a"].status == 200


def test_an_error_inside_a_batch_means_what_it_means_alone() -> None:
    inner = WireBatchAnswer(id="a", status=429, headers={"retry-after": "45"}, body=msgspec.Raw(b'{"error": null}'))
    throttled = error_in(inner)
    assert isinstance(throttled, Throttled)
    assert throttled.retry_after == 45
    assert isinstance(error_in(WireBatchAnswer(id="a", status=404)), NotThere)
