"""No function blocks the event loop that all of them share: files, databases and storage are used in threads."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.model.secret import Secret
from shared.settings_storage import StorageConnection
from shared.storage.connection import blob_service
from simulator import SimulatorServer, contoso
from simulator.contoso import user_id
from simulator.export import export_document

if TYPE_CHECKING:
    from tests.azurite.server import Azurite

ROOT = Path(__file__).resolve().parents[2]
CLIENT_STATE = "a client state of forty characters, fully"
API_KEY = "an-api-key-of-at-least-thirty-two-characters"

EVERY_FUNCTION = """
import asyncio, inspect, json, sys, threading, traceback
from datetime import UTC, datetime
from types import SimpleNamespace

import azure.functions as func
import function_app

BLOCKING = {
    "open", "os.listdir", "os.remove", "os.rename", "os.scandir", "shutil.copyfile", "socket.getaddrinfo",
    "sqlite3.connect", "subprocess.Popen", "time.sleep",
}
watching, blocked = False, []

def look(event, arguments):
    if watching and event in BLOCKING and threading.current_thread() is threading.main_thread():
        stack = [f"{frame.f_code.co_filename}:{line}" for frame, line in traceback.walk_stack(None)]
        # Modules are loaded once in a process, by whoever comes first.
        if not any("importlib" in each for each in stack):
            blocked.append([event, repr(arguments[:1]), *stack[1:9]])

sys.addaudithook(look)
asked = json.loads(sys.argv[1])
functions = {each.get_function_name(): each.get_user_function() for each in function_app.app.get_functions()}
context = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=""))
output = SimpleNamespace(set=lambda value: None)

def request(method="GET", body=b"", **parameters):
    headers = {"x-linekeeper-key": asked["key"], "accept": "application/json", "content-type": "application/json"}
    page = {"page": "messages-poisoned"}
    return func.HttpRequest(method=method, url="/", headers=headers, params=parameters, route_params=page, body=body)

async def every_function():
    answers = {}
    for name, function in functions.items():
        if name == "notifications":
            answer = await function(request("POST", json.dumps(asked["body"]).encode()), output, context)
        elif name == "changes":
            message = {**asked["message"], "received": datetime.now(UTC).isoformat()}
            answer = await function(func.QueueMessage(body=json.dumps(message).encode()), context)
        elif list(inspect.signature(function).parameters) == ["req"]:
            answer = await function(request())
        else:
            answer = await function(None, output, context)
        answers[name] = getattr(answer, "status_code", None)
    return answers

async def main():
    global watching
    await every_function()
    sys.stdout.write("warm\\n")
    sys.stdout.flush()
    sys.stdin.readline()
    watching = True
    answers = await every_function()
    watching = False
    print(json.dumps([answers, blocked]))

asyncio.run(main())
"""


class Storage:
    """Where documents and the export lie: files, or blobs."""

    def __init__(self, kind: str, folder: Path, connection: str) -> None:
        self._path = folder / "voice.json"
        self._connection = connection if kind == "blobs" else ""
        self.environment = {
            "LINEKEEPER_STORE": f"sqlite:{folder / 'linekeeper.db'}",
            "LINEKEEPER_VOICE_EXPORT": f"file:{self._path}",
        }
        if self._connection:
            blob_service(self._storage).create_container("blocking")
            self.environment = {
                "AzureWebJobsStorage": connection,
                "LINEKEEPER_STORE": "blob:blocking",
                "LINEKEEPER_VOICE_EXPORT": "blob:blocking/voice.json",
            }

    @property
    def _storage(self) -> StorageConnection:
        return StorageConnection(connection_string=Secret(self._connection))

    def export(self, content: bytes) -> None:
        if self._connection:
            blob_service(self._storage).get_blob_client("blocking", "voice.json").upload_blob(content, overwrite=True)
        else:
            self._path.write_bytes(content)


@pytest.fixture(params=["files", "blobs"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    azurite: Azurite | None = request.getfixturevalue("azurite") if request.param == "blobs" else None
    return Storage(request.param, tmp_path, azurite.connection_string if azurite is not None else "")


async def test_once_its_modules_are_loaded_no_function_blocks_the_loop(storage: Storage, tmp_path: Path) -> None:
    async with SimulatorServer(contoso()) as sim:
        tenant, user = sim.tenant.tenant_id, user_id("AA Main Line Seattle")
        item = {
            "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
            "clientState": CLIENT_STATE,
            "resource": f"Users/{user}",
            "tenantId": tenant,
        }
        message = {"v": 1, "tenant": tenant, "users": [user]}
        asked = {"key": API_KEY, "body": {"value": [item]}, "message": message}
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("LINEKEEPER_", "OTEL_"))},
            **storage.environment,
            "LINEKEEPER_TENANT_ID": tenant,
            "LINEKEEPER_GRAPH_URL": sim.graph_url,
            "LINEKEEPER_CLIENT_STATE": CLIENT_STATE,
            "LINEKEEPER_API_KEY": API_KEY,
            "LINEKEEPER_TEAMS_WEBHOOK_URL": sim.webhook_url,
            "PYTHONPATH": str(ROOT),
        }
        storage.export(msgspec.json.encode(export_document(sim.tenant)))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", EVERY_FUNCTION, json.dumps(asked)),
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"warm\n"
        # Now there is something to do for each of them: another export, and a line that was taken away.
        sim.tenant.remove_license(user, "440eaaa8-b3e0-484b-a8be-62870b9ba70a")
        storage.export(msgspec.json.encode(export_document(sim.tenant, exported_at=datetime.now(UTC))))
        output, _ = await process.communicate(b"\n")
    answers, blocked = json.loads(output)
    assert blocked == []
    assert answers["notifications"] == 202
    assert {answers[name] for name in ("health", "silences", "status", "status_json", "runbooks")} <= {200, 503}
