"""`linekeeper poison`: what was put aside is seen, put back or dropped, on this machine and in Azure's queue."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest
from azure.core.exceptions import ResourceNotFoundError

from shared.cli.main import main, parser
from shared.cli.poison import AT_ONCE, SHOWN, run_clear, run_list, run_requeue
from shared.cli.poison_place import Held
from shared.host import SqliteQueueStore
from shared.model.change_message import ChangeMessage, Lifecycle
from shared.model.errors import LinekeeperError
from shared.model.secret import Secret
from shared.settings_storage import StorageConnection
from shared.storage.connection import queue_service
from tests.azurite.server import Azurite

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
RECEIVED = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MESSAGE = msgspec.json.encode(
    ChangeMessage(
        tenant=TENANT,
        users=("5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11",),
        lifecycle=(Lifecycle("7f105c7d-2dc5-4530-97cd-4e7ae6534c07", "missed"),),
        received=RECEIVED,
    )
)
OTHER = b'{"v": 2, "tenant": "somebody", "received": "2026-11-20T10:00:00Z"}'


class Queues(Protocol):
    """Both queues, seen from the triggers; and the settings by which the command finds them."""

    environment: dict[str, str]
    name: str

    def poison(self, body: bytes) -> None: ...

    def waiting(self) -> list[bytes]: ...

    def poisoned(self) -> int: ...


class LocalQueues:
    name = "changes-poison in "

    def __init__(self, folder: Path) -> None:
        self.environment = {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": f"sqlite:{folder / 'linekeeper.db'}"}
        self._store = SqliteQueueStore(folder / "linekeeper.queue.db")

    def poison(self, body: bytes) -> None:
        """As the host does it: a message that was taken goes over."""
        self._store.put("changes", body)
        (taken,) = self._store.get("changes")
        assert self._store.move_to_poison("changes", taken.id, taken.pop_receipt)

    def waiting(self) -> list[bytes]:
        return [each.body for each in self._store.peek("changes", 1000)]

    def poisoned(self) -> int:
        return self._store.depth("changes-poison")

    def close(self) -> None:
        self._store.close()


class AzureQueues:
    name = "changes-poison in Azure Storage"

    def __init__(self, connection_string: str) -> None:
        self.environment = {
            "LINEKEEPER_TENANT_ID": TENANT,
            "LINEKEEPER_STORE": "blob:linekeeper",
            "AzureWebJobsStorage": connection_string,
        }
        service = queue_service(StorageConnection(connection_string=Secret(connection_string)))
        self._changes, self._poison = service.get_queue_client("changes"), service.get_queue_client("changes-poison")
        for queue in (self._changes, self._poison):
            queue.create_queue()

    def remove(self) -> None:
        self._changes.delete_queue()
        with suppress(ResourceNotFoundError):
            self.remove_poison()

    def remove_poison(self) -> None:
        self._poison.delete_queue()

    def poison(self, body: bytes) -> None:
        """In Base64, as the Functions host writes it."""
        self._poison.send_message(base64.b64encode(body).decode())

    def waiting(self) -> list[bytes]:
        return [base64.b64decode(each.content) for each in self._changes.receive_messages(visibility_timeout=1)]

    def poisoned(self) -> int:
        return self._poison.get_queue_properties().approximate_message_count or 0


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalQueues]:
    made = LocalQueues(tmp_path)
    yield made
    made.close()


@pytest.fixture
def on_azure(azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureQueues]:
    monkeypatch.chdir(tmp_path)  # a queue file of `linekeeper serve` would be looked for here
    made = AzureQueues(azurite.connection_string)
    yield made
    made.remove()


@pytest.fixture(params=["local", "on_azure"])
def queues(request: pytest.FixtureRequest) -> Queues:
    """Each of the two places."""
    found: Queues = request.getfixturevalue(request.param)
    return found


def printed(capsysbinary: pytest.CaptureFixture[bytes]) -> dict[str, Any]:
    captured = capsysbinary.readouterr()
    assert captured.err == b""
    document: dict[str, Any] = json.loads(captured.out)
    return document


def test_an_empty_queue_is_told_as_empty_and_is_no_failure(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_list(queues.environment) == 0
    assert run_requeue(queues.environment) == 0
    assert run_clear(queues.environment) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith(queues.name)
    assert first.endswith(": 0 messages.")
    assert second.endswith(": 0 messages put back.")
    assert third.endswith(": 0 messages dropped.")


def test_what_lies_there_is_listed_by_what_it_says_or_why_it_says_nothing_and_stays(
    queues: Queues, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for body in (MESSAGE, OTHER, b"\xff not json"):
        queues.poison(body)
    assert run_list(queues.environment, as_json=True) == 1
    document = printed(capsysbinary)
    readable, newer, unreadable = document["messages"]
    assert (document["schema"], document["depth"]) == (1, 3)
    assert document["queue"].startswith(queues.name)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z", readable.pop("put_aside"))
    assert readable.pop("id")
    assert readable == {
        "problem": "",
        "tenant": TENANT,
        "received": "2026-11-20T10:00:00Z",
        "users": ["5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11"],
        "lifecycle": ["missed"],
    }
    assert newer["problem"] == "a message on queue changes has version 2, this service reads 1."
    assert unreadable["problem"].startswith("a message on queue changes cannot be read:")
    assert queues.poisoned() == 3
    assert queues.waiting() == []


def test_for_people_a_message_is_a_line(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.poison(MESSAGE)
    queues.poison(OTHER)
    assert run_list(queues.environment) == 1
    heading, readable, newer = capsys.readouterr().out.splitlines()
    assert heading.endswith(": 2 messages.")
    assert readable.endswith(f"  tenant {TENANT}, received 2026-11-20 10:00:00 UTC, 1 user, missed")
    assert newer.endswith("  a message on queue changes has version 2, this service reads 1.")


def test_of_many_the_oldest_are_listed_and_the_rest_is_counted(
    queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(SHOWN + 2):
        queues.poison(OTHER)
    assert run_list(queues.environment) == 1
    heading, *rows, more = capsys.readouterr().out.splitlines()
    assert heading.endswith(f": {SHOWN + 2} messages.")
    assert len(rows) == SHOWN
    assert more == "  and 2 more, some of which may be in work"


def test_what_is_put_back_is_the_message_as_it_was_and_is_told_to_people(
    queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.poison(MESSAGE)
    queues.poison(b"\xff\x00 not json")
    assert run_requeue(queues.environment) == 0
    counted, when = capsys.readouterr().out.splitlines()
    assert counted.endswith(": 2 messages put back.")
    assert when == "The service sees it within five minutes."
    assert queues.poisoned() == 0
    assert sorted(queues.waiting()) == sorted([MESSAGE, b"\xff\x00 not json"])


def test_all_of_them_are_put_back_however_many_there_are(
    queues: Queues, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    bodies = [b"%d" % number for number in range(2 * AT_ONCE + 1)]
    for body in bodies:
        queues.poison(body)
    assert run_requeue(queues.environment, as_json=True) == 0
    document = printed(capsysbinary)
    assert document.pop("queue").startswith(queues.name)
    assert document == {"schema": 1, "done": "put back", "messages": len(bodies)}
    assert sorted(queues.waiting()) == sorted(bodies)


def test_what_is_dropped_is_gone_from_both_queues(queues: Queues, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for _ in range(AT_ONCE + 1):
        queues.poison(OTHER)
    assert run_clear(queues.environment, as_json=True) == 0
    assert printed(capsysbinary)["messages"] == AT_ONCE + 1
    assert (queues.poisoned(), queues.waiting()) == (0, [])


class Returning:
    """A place into which whatever is put back comes again at once, as it does where the cause was not mended."""

    name = "changes-poison"

    def __init__(self) -> None:
        self.put = 0

    def depth(self) -> int:
        return 3

    def peek(self, count: int) -> list[Held]:
        return self.take(count)

    def take(self, count: int) -> list[Held]:
        return [Held(id=str(number), put_aside=RECEIVED, content=OTHER) for number in range(min(count, 2))]

    def put_back(self, held: Held) -> None:
        assert held.content == OTHER
        self.put += 1

    def drop(self, held: Held) -> None:
        raise AssertionError(held)


def test_what_fails_again_at_once_is_not_put_back_for_ever() -> None:
    place = Returning()
    environment = {"LINEKEEPER_TENANT_ID": TENANT}
    assert run_requeue(environment, as_json=True, opened=lambda *_: nullcontext(place)) == 0
    assert place.put == 3


def test_a_poison_queue_that_nobody_has_made_yet_is_empty(
    on_azure: AzureQueues, capsys: pytest.CaptureFixture[str]
) -> None:
    on_azure.remove_poison()
    for run in (run_list, run_requeue, run_clear):
        assert run(on_azure.environment) == 0
    assert capsys.readouterr().out.count(": 0 messages") == 3


def test_a_queue_file_of_this_machine_goes_first_unless_azure_is_asked_for(
    local: LocalQueues, on_azure: AzureQueues, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    local.poison(OTHER)
    environment = on_azure.environment | local.environment
    assert run_list(environment, as_json=True) == 1
    assert "linekeeper.queue.db" in printed(capsysbinary)["queue"]
    assert run_list(environment, as_json=True, azure=True) == 0
    assert printed(capsysbinary)["queue"] == "changes-poison in Azure Storage"


def test_where_there_is_neither_a_file_nor_a_connection_it_is_said_how_to_give_one(tmp_path: Path) -> None:
    environment = {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}"}
    with pytest.raises(LinekeeperError, match=r"no queue file .*linekeeper\.queue\.db.* AzureWebJobsStorage"):
        run_list(environment)
    with pytest.raises(LinekeeperError, match="is needed by linekeeper poison --azure"):
        run_list(environment, azure=True)
    assert not list(tmp_path.iterdir())


def test_a_queue_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "linekeeper.queue.db").write_text("nothing of the kind, at some length" * 100)
    environment = {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}"}
    with pytest.raises(LinekeeperError, match=r"linekeeper\.queue\.db"):
        run_list(environment)


def test_a_refusal_of_azure_names_the_role_and_no_secret(on_azure: AzureQueues) -> None:
    known = on_azure.environment["AzureWebJobsStorage"]
    key = known.partition("AccountKey=")[2].partition(";")[0]
    environment = on_azure.environment | {"AzureWebJobsStorage": known.replace(key, "c2VjcmV0c2VjcmV0c2VjcmV0")}
    for run in (run_list, run_requeue, run_clear):
        with pytest.raises(LinekeeperError, match="Storage Queue Data Contributor") as refused:
            run(environment)
        assert str(refused.value).startswith("the poison queue cannot be used: Azure Storage refused it (403")
        assert not any(word in str(refused.value) for word in ("c2VjcmV0", "http", "timer"))


def test_without_an_action_it_is_listed() -> None:
    options = parser().parse_args(["poison"])
    assert (options.action, options.azure, options.json) == ("list", False, False)
    options = parser().parse_args(["poison", "requeue", "--azure", "--json"])
    assert (options.action, options.azure, options.json) == ("requeue", True, True)


@pytest.mark.parametrize(("action", "code"), [("list", 1), ("requeue", 0), ("clear", 0)])
def test_each_action_is_the_one_that_was_typed(
    local: LocalQueues,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    action: str,
    code: int,
) -> None:
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    local.poison(OTHER)
    assert main(["poison", action]) == code
    said = {"list": "1 message.", "requeue": "1 message put back.", "clear": "1 message dropped."}
    assert said[action] in capsys.readouterr().out
    assert (local.poisoned(), len(local.waiting())) == {"list": (1, 0), "requeue": (0, 1), "clear": (0, 0)}[action]
