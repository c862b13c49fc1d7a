"""The function app as Azure would see it: its functions, their bindings, and what importing the webhook costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import httpx
import msgspec
import pytest

from functions import (
    changes,
    deliver,
    delta,
    health,
    jobs,
    licences,
    notifications,
    notifications_hub,
    runbooks,
    silences,
    status,
    sweep,
    upkeep,
    voice,
)
from shared.host import HostSettings, LocalHost, SqliteQueueStore, read_functions, read_host_settings
from shared.host.bindings import HttpRoute, QueueTrigger, TimerTrigger
from shared.model.change_message import ChangeMessage
from shared.monitor.runtime import Runtime

ROOT = Path(__file__).resolve().parent.parent.parent
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
USER = "5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11"
CLIENT_STATE = "a client state of forty characters, fully"
ENVIRONMENT = {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_CLIENT_STATE": CLIENT_STATE}


def app(environment: dict[str, str] | None = None) -> func.FunctionApp:
    made = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    runtime = Runtime(environment or ENVIRONMENT)
    for trigger in (
        notifications,
        changes,
        licences,
        delta,
        voice,
        sweep,
        upkeep,
        deliver,
        health,
        silences,
        status,
        runbooks,
    ):
        made.register_functions(trigger.blueprint(runtime))
    return made


def notification(**differently: object) -> dict[str, object]:
    return {
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "clientState": CLIENT_STATE,
        "changeType": "updated",
        "resource": f"Users/{USER}",
        "tenantId": TENANT,
        "resourceData": {"id": USER},
    } | differently


def test_every_function_has_the_name_and_the_trigger_that_others_rely_on() -> None:
    found = {function.name: function.trigger for function in read_functions(app(), {})}
    assert set(found) == {
        "notifications",
        "changes",
        "licences",
        "delta",
        "voice",
        "sweep",
        "upkeep",
        "deliver",
        "health",
        "silences",
        "runbooks",
        "status",
        "status_json",
        "status_view",
    }
    webhook, queue = found["notifications"], found["changes"]
    assert isinstance(webhook, HttpRoute)
    assert (webhook.template, webhook.methods) == ("notifications", frozenset({"POST"}))
    assert webhook.auth_level == "anonymous"
    assert isinstance(queue, QueueTrigger)
    assert queue.queue == "changes"
    assert all(
        isinstance(found[name], TimerTrigger) for name in ("licences", "delta", "voice", "sweep", "upkeep", "deliver")
    )


def test_the_module_that_azure_loads_registers_the_same_functions() -> None:
    import function_app  # noqa: PLC0415

    loaded = {function.name for function in read_functions(function_app.app, {})}
    assert loaded == {function.name for function in read_functions(app(), {})}


def test_host_json_is_read_by_the_local_host_as_it_is() -> None:
    settings = read_host_settings(ROOT / "host.json")
    assert settings.route_prefix == "api"
    assert settings.batch_size + settings.refill_at == 24


OPTIONAL = {"LINEKEEPER_CONFIG": (jobs, "jobs"), "LINEKEEPER_EVENT_HUB": (notifications_hub, "notifications_hub")}


@pytest.mark.parametrize("setting", OPTIONAL)
def test_what_only_some_sites_need_is_registered_where_its_setting_is_set(setting: str) -> None:
    code = "import function_app; print(*sorted(each.get_function_name() for each in function_app.app.get_functions()))"
    run = [sys.executable, "-c", code]
    without, with_it = (
        set(subprocess.check_output(run, cwd=ROOT, env=environment, text=True).split())  # noqa: S603
        for environment in (CLEAN, {**CLEAN, setting: "set"})
    )
    assert with_it - without == {OPTIONAL[setting][1]}
    assert without < with_it


CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("LINEKEEPER_", "OTEL_"))}
HEAVY = {
    "aiohttp",
    "azure.identity",
    "azure.storage",
    "httpx",
    "kiota_http",
    "msgraph",
    "opentelemetry.sdk",
    "rich",
    "simulator",
    "sqlite3",
}
"""What takes long to load, and has nothing to do with saying that a notification has come."""

ANSWERING = """
import asyncio, json, sys
from types import SimpleNamespace
import azure.functions as func
import function_app

asked = json.loads(sys.argv[1])
(answering,) = [each for each in function_app.app.get_functions() if each.get_function_name() == "notifications"]
queued = []
request = func.HttpRequest(method="POST", url="/api/notifications", body=json.dumps(asked).encode(), params={})
context = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=""))
answer = asyncio.run(answering.get_user_function()(request, SimpleNamespace(set=queued.extend), context))
print(json.dumps([answer.status_code, queued, sorted(sys.modules)]))
"""


@pytest.mark.parametrize("module", ["functions.notifications", "function_app"])
def test_the_webhook_loads_neither_the_sdk_nor_an_identity_nor_an_exporter(module: str) -> None:
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    loaded: list[str] = json.loads(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT))  # noqa: S603
    assert HEAVY.isdisjoint(loaded)


def test_a_notification_is_answered_with_the_tracer_alone() -> None:
    run = [sys.executable, "-c", ANSWERING, json.dumps({"value": [notification()]})]
    output = subprocess.check_output(run, cwd=ROOT, env={**CLEAN, **ENVIRONMENT})  # noqa: S603
    status_code, queued, loaded = json.loads(output)
    assert (status_code, len(queued)) == (202, 1)
    assert USER in queued[0]
    assert {each for each in HEAVY & set(loaded) if each != "opentelemetry.sdk"} == set()
    assert not any(name.startswith("opentelemetry.exporter") for name in loaded)


@pytest.fixture
async def host(tmp_path: Path) -> Any:  # noqa: ANN401 - an async generator fixture
    with SqliteQueueStore(tmp_path / "queue.db") as queues:
        running = LocalHost(app=app_without_timers(), settings=HostSettings(), queue_store=queues, environment={})
        await running.start()
        yield running, queues
        await running.stop()


def app_without_timers() -> func.FunctionApp:
    """The webhook alone, so that what it queues stays in the queue to be looked at."""
    made = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    made.register_functions(notifications.blueprint(Runtime(ENVIRONMENT)))
    return made


async def post(host: LocalHost, body: object, **parameters: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with httpx.AsyncClient() as client:
        return await client.post(f"{host.url}/api/notifications", content=content, params=parameters)


async def test_the_validation_handshake_gives_the_token_back_as_it_was_decoded_once(host: Any) -> None:  # noqa: ANN401
    running, queues = host
    answer = await post(running, b"", validationToken="a b+c%20d/<&>")
    assert (answer.status_code, answer.text) == (200, "a b+c%20d/<&>")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert queues.depth("changes") == 0


async def test_a_notification_becomes_one_message_of_the_agreed_form(host: Any) -> None:  # noqa: ANN401
    running, queues = host
    body = {
        "value": [notification(), notification(), notification(resource="Users/" + USER.upper(), resourceData=None)]
    }
    assert (await post(running, body)).status_code == 202
    (queued,) = queues.get("changes", 10)
    message = msgspec.json.decode(queued.body, type=ChangeMessage)
    assert (message.v, message.tenant, message.users, message.lifecycle) == (1, TENANT, (USER,), ())
    assert message.traceparent.startswith("00-")
    assert queued.body == msgspec.json.encode(message)


@pytest.mark.parametrize(("hosted", "bears_the_hosts"), [({"FUNCTIONS_WORKER_RUNTIME": "python"}, True), ({}, False)])
async def test_where_the_host_has_a_span_of_its_own_messages_lead_back_to_it_and_else_to_ours(
    hosted: dict[str, str], *, bears_the_hosts: bool
) -> None:
    of_the_host = f"00-{'a' * 32}-{'b' * 16}-01"
    made = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    made.register_functions(notifications.blueprint(Runtime(ENVIRONMENT | hosted)))
    (function,) = made.get_functions()
    queued: list[str] = []
    request = func.HttpRequest(
        method="POST", url="/api/notifications", params={}, body=json.dumps({"value": [notification()]}).encode()
    )
    context = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=of_the_host))
    await function.get_user_function()(request, SimpleNamespace(set=queued.extend), context)
    message = msgspec.json.decode(queued[0], type=ChangeMessage)
    assert message.traceparent.startswith(f"00-{'a' * 32}-")
    assert (message.traceparent == of_the_host) is bears_the_hosts


async def test_a_large_batch_is_queued_as_several_messages_each_as_it_was_written(host: Any) -> None:  # noqa: ANN401
    running, queues = host
    users = [f"5b6a1a40-8d2e-4f5e-9c61-{number:012x}" for number in range(1201)]
    body = {"value": [notification(resource=f"Users/{user}", resourceData=None) for user in users]}
    assert (await post(running, body)).status_code == 202
    messages = [(each.body, msgspec.json.decode(each.body, type=ChangeMessage)) for each in queues.get("changes", 10)]
    assert len(messages) == 3
    assert sorted(user for _, message in messages for user in message.users) == users
    assert all(written == msgspec.json.encode(message) for written, message in messages)


@pytest.mark.parametrize(
    "body",
    [
        {"value": [notification(clientState="another")]},
        {"value": [notification(clientState=None)]},
        {"value": [notification(tenantId="00000000-0000-4000-8000-000000000000")]},
        {"value": [notification(resource="Groups/1")]},
        {"value": [notification(resource="Users/not-a-guid", resourceData={"id": "not-a-guid"})]},
        {"value": ["text", 7, None]},
        {"value": {}},
        [],
        b"not json",
        b"\xff\xfe",
        b"",
    ],
)
async def test_what_is_no_notification_of_ours_is_taken_and_never_queued(host: Any, body: object) -> None:  # noqa: ANN401
    running, queues = host
    assert (await post(running, body)).status_code == 202
    assert queues.depth("changes") == 0


async def test_when_the_queue_cannot_be_written_graph_is_asked_to_send_again(tmp_path: Path) -> None:
    queues = SqliteQueueStore(tmp_path / "queue.db")
    running = LocalHost(app=app_without_timers(), settings=HostSettings(), queue_store=queues, environment={})
    await running.start()
    try:
        queues.close()
        assert (await post(running, {"value": [notification()]})).status_code == 503
    finally:
        await running.stop()
