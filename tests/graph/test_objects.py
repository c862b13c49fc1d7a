"""Users and groups by their ids: what is not answered is never taken for missing, and one refusal hides nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.graph.reader import OBJECTS_AT_ONCE, OBJECTS_ONE_BY_ONE, GraphReader
from shared.model.errors import SourceError, Throttled

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Asked, Clock, Pauses, ScriptedGraph

LOOK_UP = "POST directoryObjects/getByIds"
BATCH = "POST $batch"
REFUSED = {"error": {"code": "Authorization_RequestDenied"}}


def some(count: int, kind: str = "a") -> list[str]:
    return [f"{kind * 8}-0000-4000-8000-{number:012d}" for number in range(count)]


def user(each: str) -> dict[str, object]:
    return {"@odata.type": "#microsoft.graph.user", "id": each, "displayName": "Ann", "accountEnabled": True}


def ids_in(asked: Asked) -> list[str]:
    return list(msgspec.json.decode(asked.body)["ids"])


async def test_all_pages_of_an_answer_are_read(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    first, second, gone = some(3)
    link = f"{scripted.graph_url}/more"
    scripted.answer(LOOK_UP, answer({"value": [user(first)], "@odata.nextLink": link}))
    scripted.answer("GET more", answer({"value": [user(second)]}))
    read = await scripted_reader.objects([first, second, gone])
    assert {each.id for each in read.found} == {first, second}
    assert read.missing == (gone,)


async def test_who_stands_on_a_page_that_was_not_read_is_not_missing(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer], clock: Clock
) -> None:
    first, second = some(2)

    def slowly(_: Asked) -> Answer:
        clock.now += timedelta(minutes=5)
        return answer({"value": [user(first)], "@odata.nextLink": f"{scripted.graph_url}/more"})

    scripted.answer(LOOK_UP, slowly)
    read = await scripted_reader.objects([first, second])
    assert ([each.id for each in read.found], read.missing) == ([first], ())


async def test_a_portion_that_is_refused_does_not_lose_the_others(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    ids = some(OBJECTS_AT_ONCE + 2)
    scripted.answer(LOOK_UP, answer({"error": {"code": "Request_BadRequest"}}, 400), answer({"value": [user(ids[-1])]}))
    read = await scripted_reader.objects(ids)
    assert ([each.id for each in read.found], read.missing) == ([ids[-1]], (ids[-2],))
    assert "400" in str(read.failed)


async def test_where_every_portion_is_refused_the_read_has_failed(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    scripted.answer(LOOK_UP, answer({"error": {"code": "Request_BadRequest"}}, 400))
    with pytest.raises(SourceError, match="400"):
        await scripted_reader.objects(some(OBJECTS_AT_ONCE + 2))


async def test_who_is_asked_to_come_back_later_asks_for_no_further_portion(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer], pauses: Pauses
) -> None:
    scripted.answer(LOOK_UP, answer({"value": []}), answer(status=429, headers={"Retry-After": "300"}))
    read = await scripted_reader.objects(some(3 * OBJECTS_AT_ONCE))
    assert len(read.missing) == OBJECTS_AT_ONCE
    assert isinstance(read.failed, Throttled)
    assert (len(scripted.asked), pauses) == (2, [])


def one_by_one(answer: type[Answer], *, live: set[str], deleted: set[str]) -> object:
    def respond(asked: Asked) -> Answer:
        requests = msgspec.json.decode(asked.body)["requests"]
        told = []
        for each in requests:
            there = live if each["url"].startswith("/users/") else deleted
            status = 200 if each["id"] in there else 404
            body = user(each["id"]) if status == 200 else {"error": {"code": "Request_ResourceNotFound"}}
            told.append({"id": each["id"], "status": status, "body": body})
        return answer({"responses": told})

    return respond


async def test_one_by_one_a_user_who_is_not_there_is_missing_and_what_may_be_a_group_only_where_it_was_deleted(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    there, gone, either, deleted, group = some(5)
    scripted.answer(LOOK_UP, answer(REFUSED, 403))
    scripted.answer(BATCH, one_by_one(answer, live={there}, deleted={deleted}))  # type: ignore[arg-type]
    ids = [there, gone, either, deleted, group]
    read = await scripted_reader.objects(ids, users=ids[:4], groups=ids[2:])
    assert [each.id for each in read.found] == [there]
    assert read.missing == (gone, deleted)
    assert read.unjudged == (either, group)
    assert read.refused


async def test_one_by_one_groups_take_no_turn_from_users(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    groups, users = some(OBJECTS_ONE_BY_ONE, "b"), some(2)
    scripted.answer(LOOK_UP, answer(REFUSED, 403))
    scripted.answer(BATCH, one_by_one(answer, live=set(users), deleted=set()))  # type: ignore[arg-type]
    read = await scripted_reader.objects([*groups, *users], users=users, groups=groups)
    assert {each.id for each in read.found} == set(users)
    assert set(read.unjudged) == set(groups)


async def test_one_by_one_those_beyond_one_read_are_left_for_the_next(
    scripted: ScriptedGraph, scripted_reader: GraphReader, answer: type[Answer]
) -> None:
    users = some(OBJECTS_ONE_BY_ONE + 1)
    scripted.answer(LOOK_UP, answer(REFUSED, 403))
    scripted.answer(BATCH, one_by_one(answer, live=set(), deleted=set()))  # type: ignore[arg-type]
    read = await scripted_reader.objects(users, users=users)
    assert set(users) - set(read.missing) - set(read.unjudged) == {users[-1]}
