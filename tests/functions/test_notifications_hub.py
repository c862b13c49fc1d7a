"""Graph's notifications from an event hub, at the binding: what the host hands over, and what is queued of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import azure.functions as func
import msgspec
import pytest
from azure.functions.eventhub import EventHubTriggerConverter
from azure.functions.meta import Datum

from functions import notifications_hub
from shared.host import InvocationContext
from shared.model.change_message import ChangeMessage, Lifecycle, decode_message
from shared.model.secret import Secret
from shared.monitor.runtime import Runtime
from shared.settings_tenants import derived_state
from tests.functions.conftest import CONTOSO, FABRIKAM

ROOT = Path(__file__).resolve().parent.parent.parent
CLIENT_STATE = "hush-" * 8
SUBSCRIPTION = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
HUB = "EventHub:https://lines.servicebus.windows.net/eventhubname/graph?tenantId=contoso.com"
BY_HUB = {
    "LINEKEEPER_NOTIFICATION_URL": HUB,
    "LINEKEEPER_EVENT_HUB": "graph",
    "LINEKEEPER_CLIENT_STATE": CLIENT_STATE,
}
ONE_TENANT = BY_HUB | {"LINEKEEPER_TENANT_ID": CONTOSO}

MakeRuntime = Callable[[dict[str, str]], Runtime]
Handed = Callable[..., Awaitable[list[ChangeMessage]]]


class Queue(func.Out[list[str]]):
    """The output, as the worker gives it."""

    def __init__(self) -> None:
        self.messages: list[str] | None = None

    def set(self, val: list[str]) -> None:
        self.messages = val

    def get(self) -> list[str]:
        return self.messages or []


def function_of(runtime: Runtime) -> Any:  # noqa: ANN401 - the library's own
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    app.register_functions(notifications_hub.blueprint(runtime))
    (function,) = app.get_functions()
    return function


@pytest.fixture
def handed(make_runtime: MakeRuntime) -> Handed:
    """Hands one batch to the function, as the worker does, and gives what it queued."""

    async def hand(environment: dict[str, str], bodies: Sequence[bytes]) -> list[ChangeMessage]:
        context = InvocationContext("id", "notifications_hub", "", threading.local())
        queue = Queue()
        await function_of(make_runtime(environment)).get_user_function()(
            events=as_the_worker_gives_them(bodies), changes=queue, context=context
        )
        return [decode_message(text.encode()) for text in queue.get()]

    return hand


class Collection:
    """A batch as it comes from the host: the bodies, and beside them what the hub knows of each."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self.bytes = list(bodies)

    @property
    def metadata(self) -> dict[str, Datum]:
        known = [
            {"EnqueuedTimeUtc": "2026-11-20T10:00:00Z", "SequenceNumber": number, "Offset": str(number)}
            for number, _ in enumerate(self.bytes)
        ]
        return {"SystemPropertiesArray": Datum(json.dumps(known), "json")}


def as_the_worker_gives_them(bodies: Sequence[bytes]) -> list[func.EventHubEvent]:
    batch = Collection(bodies)
    converter: Any = EventHubTriggerConverter
    events: list[func.EventHubEvent] = converter.decode(
        Datum(batch, "collection_bytes"), trigger_metadata=batch.metadata
    )
    return events


def event(*items: object) -> bytes:
    return json.dumps({"value": items}).encode()


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def change(user: int, tenant: str = CONTOSO, state: str = CLIENT_STATE, **differently: object) -> dict[str, object]:
    return {
        "subscriptionId": SUBSCRIPTION,
        "clientState": state,
        "changeType": "updated",
        "resource": f"Users/{guid(user)}",
        "tenantId": tenant,
        "resourceData": {"id": guid(user)},
    } | differently


def lifecycle(name: str, **differently: object) -> dict[str, object]:
    return {
        "subscriptionId": SUBSCRIPTION,
        "clientState": CLIENT_STATE,
        "tenantId": CONTOSO,
        "lifecycleEvent": name,
    } | differently


TRIED = change(
    1, subscriptionId="NA", clientState="NA", changeType="Validation: Testing client application reachability"
)
"""What Graph puts into the hub to see whether it can."""


def test_the_trigger_takes_batches_of_bytes_from_the_hub_that_a_setting_names() -> None:
    function = function_of(Runtime({}))
    bindings = {each["name"]: each for each in function.get_bindings_dict()["bindings"]}
    assert bindings.keys() == {"events", "changes"}
    trigger = bindings["events"]
    assert (trigger["type"], trigger["eventHubName"], trigger["connection"]) == (
        "eventHubTrigger",
        "%LINEKEEPER_EVENT_HUB%",
        "EventHubConnection",
    )
    assert (trigger["cardinality"], trigger["dataType"]) == (func.Cardinality.MANY, func.DataType.BINARY)
    assert (bindings["changes"]["type"], bindings["changes"]["queueName"]) == ("queue", "changes")


def test_the_worker_takes_the_annotation_of_the_batch() -> None:
    annotation = get_type_hints(function_of(Runtime({})).get_user_function())["events"]
    assert EventHubTriggerConverter.check_input_type_annotation(annotation)
    assert not EventHubTriggerConverter.check_input_type_annotation(list)


def test_a_batch_that_could_not_be_queued_is_tried_again_for_half_a_minute() -> None:
    described = function_of(Runtime({})).get_settings_dict("retry_policy")
    policy = {"strategy": "fixed_delay", "max_retry_count": "5", "delay_interval": "00:00:05"}
    assert described == {"setting_name": "retry_policy"} | policy


@pytest.mark.parametrize(("setting", "there"), [("", False), (" ", False), ("graph", True)])
def test_the_function_exists_only_where_a_hub_is_named(setting: str, there: bool) -> None:  # noqa: FBT001
    code = "import function_app; print([each.get_function_name() for each in function_app.app.get_functions()])"
    named = {name: value for name, value in os.environ.items() if not name.startswith("LINEKEEPER_")}
    said = subprocess.check_output(  # noqa: S603
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, env=named | {"LINEKEEPER_EVENT_HUB": setting}, text=True
    )
    assert ("'notifications_hub'" in said) == there
    assert "'notifications'" in said


async def test_a_batch_becomes_one_message_with_everybody_in_the_order_of_the_hub(handed: Handed) -> None:
    (message,) = await handed(ONE_TENANT, [event(change(3), change(1)), event(change(2)), event(change(1))])
    assert (message.tenant, message.users) == (CONTOSO, (guid(3), guid(1), guid(2)))
    assert message.traceparent.startswith("00-")


@pytest.mark.parametrize(
    "garbage",
    [b"", b"not json", b"\xff\xfe", b"[]", b'{"value": 7}', b'{"value": ["text", null, {}]}', b"[" * 200_000],
    ids=lambda body: repr(body[:12]),
)
async def test_garbage_between_good_events_is_counted_and_harms_none(handed: Handed, garbage: bytes) -> None:
    (message,) = await handed(ONE_TENANT, [event(change(1)), garbage, event(change(2))])
    assert message.users == (guid(1), guid(2))


async def test_a_batch_of_nothing_but_garbage_queues_nothing_and_fails_nothing(handed: Handed) -> None:
    assert await handed(ONE_TENANT, [b"x", event("x"), event(), event(TRIED)]) == []


async def test_what_graph_tries_the_hub_with_is_no_notification(handed: Handed) -> None:
    (message,) = await handed(ONE_TENANT, [event(TRIED), event(change(2))])
    assert message.users == (guid(2),)


async def test_lifecycle_events_come_through_in_their_order(handed: Handed) -> None:
    told = ["reauthorizationRequired", "missed", "subscriptionRemoved"]
    (message,) = await handed(ONE_TENANT, [event(*(lifecycle(name) for name in told[:2])), event(lifecycle(told[2]))])
    assert message.lifecycle == tuple(Lifecycle(SUBSCRIPTION, name) for name in told)


@pytest.mark.parametrize(
    "state", ["", "NA", "forged", CLIENT_STATE[:-1], derived_state(Secret(CLIENT_STATE), CONTOSO).reveal()]
)
async def test_who_may_write_into_the_hub_may_not_forge_a_notification(handed: Handed, state: str) -> None:
    forged = [change(1, state=state), lifecycle("subscriptionRemoved", clientState=state)]
    (message,) = await handed(ONE_TENANT, [event(*forged), event(change(2))])
    assert (message.users, message.lifecycle) == ((guid(2),), ())


async def test_a_hub_of_several_tenants_gives_each_its_own_message(handed: Handed, two_tenants: dict[str, str]) -> None:
    states = {tenant: derived_state(Secret(CLIENT_STATE), tenant).reveal() for tenant in (CONTOSO, FABRIKAM)}
    mixed = [
        event(change(1, CONTOSO, states[CONTOSO]), change(2, FABRIKAM, states[FABRIKAM])),
        event(change(3, FABRIKAM, states[CONTOSO]), change(4, CONTOSO, CLIENT_STATE)),
        event(change(5, CONTOSO, states[CONTOSO])),
    ]
    found = await handed(BY_HUB | two_tenants, mixed)
    assert {each.tenant: each.users for each in found} == {CONTOSO: (guid(1), guid(5)), FABRIKAM: (guid(2),)}


async def test_a_large_batch_is_split_into_messages_that_a_queue_takes(handed: Handed) -> None:
    found = await handed(ONE_TENANT, [event(*(change(10 * row + each) for each in range(10))) for row in range(120)])
    assert [user for message in found for user in message.users] == [guid(number) for number in range(1200)]
    assert max(len(msgspec.json.encode(message)) for message in found) < 48 * 1024
