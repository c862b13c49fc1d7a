"""A subscription under bad weather: never two, never a creation that is sent twice, and a text that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.graph.subscription import ChangeSubscription, Kept
from shared.graph.transport import GraphTransport
from shared.model.errors import SourceError

if TYPE_CHECKING:
    from tests.graph.conftest import Answer, Clock, Pauses, ScriptedGraph

URL = "https://lk.test/api"
SECRET = "a-client-state-of-at-least-32-characters"
NONE: dict[str, object] = {"value": []}


def listed(*ids: str, url: str = URL) -> dict[str, object]:
    ends = "2026-12-15T10:00:00Z"
    return {
        "value": [{"id": each, "resource": "users", "notificationUrl": url, "expirationDateTime": ends} for each in ids]
    }


def error(code: str) -> dict[str, object]:
    return {"error": {"code": code, "message": f"{URL} {SECRET}"}}


def asked_for(scripted: ScriptedGraph) -> list[str]:
    return [f"{asked.method} {asked.path.removeprefix('/v1.0/')}" for asked in scripted.asked]


@pytest.fixture
def subscription(scripted_transport: GraphTransport, clock: Clock) -> ChangeSubscription:
    return ChangeSubscription(scripted_transport, notification_url=URL, client_state=SECRET, clock=clock)


@pytest.mark.parametrize("status", [409, 500, 502, 503, 504])
async def test_a_creation_that_failed_and_was_done_all_the_same_is_found_and_not_repeated(
    scripted: ScriptedGraph, subscription: ChangeSubscription, answer: type[Answer], pauses: Pauses, status: int
) -> None:
    scripted.answer("GET subscriptions", answer(NONE), answer(listed("made")))
    scripted.answer("POST subscriptions", answer(error("ServiceUnavailable"), status, {"Retry-After": "1"}))
    kept = await subscription.keep()
    assert (kept.id, kept.created) == ("made", True)
    assert asked_for(scripted) == ["GET subscriptions", "POST subscriptions", "GET subscriptions"]
    assert pauses == []


@pytest.mark.parametrize("status", [500, 503])
async def test_a_creation_that_failed_and_was_not_done_is_an_error(
    scripted: ScriptedGraph, subscription: ChangeSubscription, answer: type[Answer], status: int
) -> None:
    scripted.answer("GET subscriptions", answer(NONE))
    scripted.answer("POST subscriptions", answer(error("UnknownError"), status))
    with pytest.raises(SourceError) as raised:
        await subscription.keep()
    assert str(raised.value) == f"no subscription could be made: Microsoft Graph answered {status}, UnknownError."
    assert asked_for(scripted).count("POST subscriptions") == 1


async def test_a_creation_whose_answer_was_lost_is_not_repeated(
    scripted: ScriptedGraph, subscription: ChangeSubscription, answer: type[Answer], pauses: Pauses
) -> None:
    scripted.answer("GET subscriptions", answer(NONE))
    scripted.answer("POST subscriptions", answer(hangs_up=True))
    with pytest.raises(SourceError, match="cannot be reached"):
        await subscription.keep()
    assert (asked_for(scripted).count("POST subscriptions"), pauses) == (1, [])


async def test_a_creation_that_was_throttled_was_not_done_and_is_sent_again(
    scripted: ScriptedGraph, subscription: ChangeSubscription, answer: type[Answer], pauses: Pauses
) -> None:
    scripted.answer("GET subscriptions", answer(NONE))
    scripted.answer("POST subscriptions", answer(error("Busy"), 429, {"Retry-After": "2"}), answer({"id": "new"}, 201))
    assert await subscription.keep() == Kept(id="new", expires=None, created=True)
    assert pauses == [2.0]


async def test_a_subscription_of_the_same_application_with_another_url_is_named_as_what_is_in_the_way(
    scripted: ScriptedGraph, subscription: ChangeSubscription, answer: type[Answer]
) -> None:
    scripted.answer("GET subscriptions", answer(listed("theirs", url="https://old.test/api")))
    scripted.answer("POST subscriptions", answer(error("Conflict"), 409))
    with pytest.raises(SourceError) as raised:
        await subscription.keep()
    assert str(raised.value) == (
        "no subscription could be made: this application has another one on users, with another notification URL; "
        "delete it first."
    )
    assert not any(asked.startswith("DELETE") for asked in asked_for(scripted))


async def test_a_creation_that_is_forbidden_names_the_permission_and_nothing_secret(
    scripted: ScriptedGraph, subscription: ChangeSubscription, answer: type[Answer]
) -> None:
    scripted.answer("GET subscriptions", answer(NONE))
    scripted.answer("POST subscriptions", answer(error("Forbidden"), 403))
    with pytest.raises(SourceError) as raised:
        await subscription.keep()
    assert str(raised.value) == (
        "no subscription could be made: Microsoft Graph refuses it (403): the permission User.Read.All is missing, "
        "or a quota is used up."
    )


async def test_one_that_is_to_be_replaced_is_deleted_and_made_anew_once(
    scripted: ScriptedGraph, subscription: ChangeSubscription, answer: type[Answer]
) -> None:
    scripted.answer("GET subscriptions", answer(listed("one", "two")))
    scripted.answer("DELETE subscriptions/one", answer(b"", 204))
    scripted.answer("DELETE subscriptions/two", answer(error("ResourceNotFound"), 404))
    scripted.answer("POST subscriptions", answer({"id": "new"}, 201))
    assert await subscription.keep(anew=True) == Kept(id="new", expires=None, created=True)
    assert sorted(asked_for(scripted)) == [
        "DELETE subscriptions/one",
        "DELETE subscriptions/two",
        "GET subscriptions",
        "POST subscriptions",
    ]
    assert SECRET.encode() in scripted.asked[-1].body
