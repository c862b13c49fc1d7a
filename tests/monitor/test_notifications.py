"""What the webhook makes of a body: every item is judged alone, and nothing is an error."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.change_message import ChangeMessage, Lifecycle
from shared.model.secret import Secret
from shared.monitor.notifications import MAX_BODY_BYTES, OUTCOMES, USERS_IN_A_MESSAGE, Accepted, accept
from shared.settings import Settings

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
OTHER_TENANT = "11111111-6d4d-4958-8b9f-9d6445542f95"
CLIENT_STATE = "correct horse battery staple 1234"
SETTINGS = Settings(tenant=TENANT, client_state=Secret(CLIENT_STATE))
USER = "ab9a1c00-8d2e-4f5e-9c61-0e6f7b2f1a11"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MAX_MESSAGE_BYTES = 48 * 1024


def change(user: str = USER, **changed: object) -> dict[str, object]:
    return {
        "subscriptionId": "7f3a1b52-1c1c-4c56-9b8e-2f9df6a0d0aa",
        "clientState": CLIENT_STATE,
        "tenantId": TENANT,
        "changeType": "updated",
        "resource": f"Users/{user}",
        "resourceData": {"@odata.type": "#Microsoft.Graph.User", "id": user},
    } | changed


def lifecycle(event: str = "reauthorizationRequired", **changed: object) -> dict[str, object]:
    return {
        "subscriptionId": "7f3a1b52-1c1c-4c56-9b8e-2f9df6a0d0aa",
        "clientState": CLIENT_STATE,
        "tenantId": TENANT,
        "lifecycleEvent": event,
    } | changed


def judged(*items: object, settings: Settings = SETTINGS) -> Accepted:
    return taken(json.dumps({"value": items}).encode(), settings)


def taken(body: bytes, settings: Settings = SETTINGS) -> Accepted:
    return accept(body, settings, received=NOW, traceparent=TRACE)


def as_it_arrives(message: ChangeMessage) -> bytes:
    """A message that the host has parsed and written anew."""
    return json.dumps(json.loads(msgspec.json.encode(message)), indent=2).encode()


def test_a_notification_of_ours_becomes_a_message() -> None:
    accepted = judged(change())
    assert accepted.outcomes == {"accepted": 1}
    assert accepted.messages == (ChangeMessage(tenant=TENANT, users=(USER,), received=NOW, traceparent=TRACE),)


def test_a_message_on_the_queue_has_this_form() -> None:
    (message,) = judged(change(), lifecycle()).messages
    assert json.loads(msgspec.json.encode(message)) == {
        "v": 1,
        "tenant": TENANT,
        "users": [USER],
        "lifecycle": [{"subscription": "7f3a1b52-1c1c-4c56-9b8e-2f9df6a0d0aa", "event": "reauthorizationRequired"}],
        "received": "2026-11-20T10:00:00Z",
        "traceparent": TRACE,
    }


@pytest.mark.parametrize("given_state", ["", "wrong", CLIENT_STATE[:-1], CLIENT_STATE + " ", CLIENT_STATE.upper(), "é"])
def test_a_wrong_client_state_is_rejected(given_state: str) -> None:
    accepted = judged(change(clientState=given_state), lifecycle(clientState=given_state))
    assert (accepted.messages, accepted.outcomes) == ((), {"rejected_client_state": 2})


def test_a_missing_client_state_is_rejected() -> None:
    assert judged(change(clientState=None)).outcomes == {"rejected_client_state": 1}


def test_where_no_client_state_is_set_nothing_is_let_in() -> None:
    accepted = judged(change(clientState=""), change(clientState=None), settings=Settings(tenant=TENANT))
    assert (accepted.messages, accepted.outcomes) == ((), {"rejected_client_state": 2})


@pytest.mark.parametrize("tenant", [OTHER_TENANT, "", "contoso.com", None])
def test_another_tenants_notification_is_not_ours(tenant: str | None) -> None:
    accepted = judged(change(tenantId=tenant), lifecycle(tenantId=tenant))
    assert (accepted.messages, accepted.outcomes) == ((), {"unknown_subscription": 2})


def test_a_tenant_is_compared_as_a_guid() -> None:
    assert judged(change(tenantId=TENANT.upper())).outcomes == {"accepted": 1}


@pytest.mark.parametrize(
    "item",
    [
        change(resource="Groups/" + USER),
        change(resource=None),
        change(resource=""),
        change("not-a-guid"),
        change("../me"),
        change(resource=f"Users/{USER}/messages/1", resourceData=None),
        change(resourceData="x"),
        change(resourceData={"id": 7}),
        change(tenantId=7),
        change(clientState=["x"]),
        "a text",
        7,
        None,
        [],
        {"clientState": CLIENT_STATE, "tenantId": TENANT},
    ],
)
def test_an_item_of_another_shape_is_malformed_and_harms_no_other(item: object) -> None:
    accepted = judged(item, change())
    assert accepted.outcomes == {"malformed": 1, "accepted": 1}
    assert [message.users for message in accepted.messages] == [(USER,)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"<xml/>",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"{}",
        b'{"value": null}',
        b'{"value": {}}',
        b'{"value": [',
        b'{"value": [{"clientState": "\xff"}]}',
        b'{"value": [{"clientState": "\\ud800"}]}',
        b'{"value": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"value": [{"clientState": ' + b'{"a": ' * 50_000 + b"1" + b"}" * 50_000 + b"}]}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_no_collection_of_notifications_is_malformed(body: bytes) -> None:
    accepted = taken(body)
    assert (accepted.messages, accepted.outcomes) == ((), {"malformed": 1})


def test_a_body_beyond_the_limit_is_malformed_without_being_read() -> None:
    body = json.dumps({"value": [change()]}).encode()
    assert taken(body.ljust(MAX_BODY_BYTES)).outcomes == {"accepted": 1}
    assert taken(body.ljust(MAX_BODY_BYTES + 1)).outcomes == {"malformed": 1}


def test_an_empty_collection_is_nothing_at_all() -> None:
    assert judged() == Accepted((), {})


def test_a_mixed_batch_is_judged_item_by_item() -> None:
    accepted = judged(
        change(clientState="wrong"), change(), change(tenantId=OTHER_TENANT), "x", lifecycle("missed"), change("x")
    )
    assert accepted.outcomes == {
        "rejected_client_state": 1,
        "accepted": 2,
        "unknown_subscription": 1,
        "malformed": 2,
    }
    (message,) = accepted.messages
    assert message.users == (USER,)
    assert message.lifecycle == (Lifecycle("7f3a1b52-1c1c-4c56-9b8e-2f9df6a0d0aa", "missed"),)


def test_users_are_named_once_in_lower_case() -> None:
    accepted = judged(change(USER.upper()), change(USER), change(USER, changeType="created"))
    assert [message.users for message in accepted.messages] == [(USER,)]
    assert accepted.outcomes == {"accepted": 3}


@given(number=st.integers(0, 2**128 - 1), spelt=st.sampled_from(["{}", "{{{}}}", "urn:uuid:{}", "upper", "hex"]))
def test_an_id_is_the_same_however_it_is_spelt(number: int, spelt: str) -> None:
    made = uuid.UUID(int=number)
    text = {"upper": str(made).upper(), "hex": made.hex}.get(spelt, spelt.format(made))
    (message,) = judged(change(resourceData={"id": text})).messages
    assert message.users == (str(made),)


@pytest.mark.parametrize("text", [f"{USER}\n", f" {USER}", USER[:-1], USER.replace("a", "\u0430")])
def test_what_only_looks_like_an_id_is_none(text: str) -> None:
    assert judged(change(resourceData={"id": text})).outcomes == {"malformed": 1}


@pytest.mark.parametrize("resource", [f"Users/{USER}", f"users/{USER}", f"/users/{USER}/"])
def test_a_user_is_known_by_its_resource_where_no_data_names_it(resource: str) -> None:
    for data in (None, {}, {"id": None}):
        assert judged(change(resource=resource, resourceData=data)).messages[0].users == (USER,)


@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved", "missed", "somethingNew"])
def test_a_lifecycle_event_is_passed_on(event: str) -> None:
    (message,) = judged(lifecycle(event)).messages
    assert (message.users, [each.event for each in message.lifecycle]) == ((), [event])


@pytest.mark.parametrize("count", [500, 501, 1000, 2345])
def test_a_large_batch_is_split_into_messages_that_a_queue_takes(count: int, make_guid: Callable[[int], str]) -> None:
    users = [make_guid(number) for number in range(count)]
    accepted = judged(*(change(user) for user in users))
    assert [user for message in accepted.messages for user in message.users] == users
    assert len(accepted.messages) == -(-count // USERS_IN_A_MESSAGE)
    assert max(len(as_it_arrives(message)) for message in accepted.messages) < MAX_MESSAGE_BYTES
    assert {message.received for message in accepted.messages} == {NOW}


def test_a_message_full_of_users_and_lifecycle_events_still_fits(make_guid: Callable[[int], str]) -> None:
    items = [change(make_guid(number)) for number in range(1200)] + [lifecycle() for _ in range(450)]
    accepted = judged(*items)
    assert sum(len(message.users) for message in accepted.messages) == 1200
    assert sum(len(message.lifecycle) for message in accepted.messages) == 450
    assert max(len(as_it_arrives(message)) for message in accepted.messages) < MAX_MESSAGE_BYTES


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
items = st.one_of(
    json_values,
    st.builds(
        lambda key, value: change(**{key: value}),
        st.sampled_from(["clientState", "tenantId", "resource", "resourceData", "lifecycleEvent", "subscriptionId"]),
        json_values,
    ),
)


@given(st.lists(items, max_size=6))
def test_every_item_has_one_outcome_and_no_message_names_what_is_no_guid(batch: list[object]) -> None:
    accepted = judged(*batch)
    assert sum(accepted.outcomes.values()) == len(batch)
    assert accepted.outcomes.keys() <= set(OUTCOMES)
    assert {user for message in accepted.messages for user in message.users} <= {USER}


@given(st.binary(max_size=60))
def test_no_body_is_an_error(body: bytes) -> None:
    assert taken(body).messages == ()
