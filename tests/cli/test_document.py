"""`linekeeper document`: listed, shown and put back, for people and programs, in a file and on Azurite."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.cli.document import run_list, run_restore, run_show
from shared.cli.main import main, parser
from shared.model.directory import Account
from shared.model.errors import DocumentUnreadable, LinekeeperError, StoreError
from shared.model.secret import Secret
from shared.model.tenant import SCHEMA, TenantState
from shared.settings_storage import StorageConnection
from shared.state.blob import BlobStore
from shared.state.document import encode, pack
from shared.state.sqlite import SqliteStore
from shared.state.store import commit
from shared.storage.connection import blob_service
from tests.azurite.server import Azurite

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
KEPT = "20261120T100000Z-1"


def clock() -> datetime:
    return NOW + timedelta(hours=1)


def emptied(state: TenantState) -> TenantState:
    return msgspec.structs.replace(state, accounts={})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "linekeeper.db"


@pytest.fixture
def environment(
    path: Path, make_state: Callable[..., TenantState], make_account: Callable[..., Account]
) -> dict[str, str]:
    """A store whose document lost its only account, and that keeps the one before."""
    store = SqliteStore(path, lambda: NOW)
    asyncio.run(store.save(make_state(make_account(1)), ""))
    asyncio.run(commit(store, TENANT, emptied))
    return {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": f"sqlite:{path}"}


def accounts(path: Path) -> int:
    return len(asyncio.run(SqliteStore(path).load(TENANT)).state.accounts)


def spoil(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE documents SET content = ?", (b"spoilt",))


def printed(capsysbinary: pytest.CaptureFixture[bytes]) -> dict[str, Any]:
    captured = capsysbinary.readouterr()
    assert captured.err == b""
    document: dict[str, Any] = json.loads(captured.out)
    return document


def test_people_are_told_what_is_stored_and_what_is_kept(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_list(environment) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Stored: ")
    assert lines[0].endswith(f" bytes, schema {SCHEMA}, 0 accounts.")
    assert lines[2].split()[:3] == [KEPT, "2026-11-20", "10:00:00"]


def test_programs_are_told_the_same(environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run_list(environment, as_json=True) == 0
    found = printed(capsysbinary)
    assert found["schema"] == 1
    assert (found["stored"]["schema"], found["stored"]["accounts"], found["stored"]["problem"]) == (SCHEMA, 0, "")
    (kept,) = found["kept"]
    assert (kept["name"], kept["saved"]) == (KEPT, "2026-11-20T10:00:00Z")


def test_a_document_that_cannot_be_read_is_listed_with_the_reason_and_exit_code_1(
    environment: dict[str, str], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(path)
    assert run_list(environment) == 1
    out = capsys.readouterr().out
    assert out.startswith("Stored: 6 bytes. It cannot be read: the stored document cannot be read (")
    assert KEPT in out


def test_the_stored_document_and_a_kept_one_are_shown_as_json(
    environment: dict[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run_show(environment) == 0
    assert printed(capsysbinary)["accounts"] == {}
    assert run_show(environment, name="20261120") == 0
    shown = printed(capsysbinary)
    assert (shown["tenant"], shown["schema"], len(shown["accounts"])) == (TENANT, SCHEMA, 1)


def test_what_is_no_json_is_shown_raw_or_not_at_all(
    environment: dict[str, str], path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    spoil(path)
    with pytest.raises(LinekeeperError, match=r"the document is no JSON \(.*\); --raw gives its 6 bytes as they are"):
        run_show(environment)
    assert run_show(environment, raw=True) == 0
    assert capsysbinary.readouterr().out == b"spoilt"


def test_a_document_is_moved_from_a_file_to_a_container_as_the_page_says(
    environment: dict[str, str], path: Path, azurite: Azurite, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run_show(environment, raw=True) == 0
    packed = gzip.compress(capsysbinary.readouterr().out)
    connection = StorageConnection(connection_string=Secret(azurite.connection_string))
    container = blob_service(connection).create_container("command-moved")
    container.upload_blob(f"{TENANT}.json.gz", packed)
    moved = asyncio.run(BlobStore(lambda: blob_service(connection), "command-moved").load(TENANT))
    assert moved.state == asyncio.run(SqliteStore(path).load(TENANT)).state


def test_a_kept_document_is_put_back_and_the_replaced_one_is_kept(
    environment: dict[str, str], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_restore(environment, name=KEPT, yes=True, clock=clock) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"In place now: {KEPT}, saved 2026-11-20 10:00:00 UTC.",
        "What was told, and what waits to be sent, is taken from the one that it replaced.",
        "The replaced one is kept. The service reads the whole tenant anew within five minutes.",
    ]
    assert accounts(path) == 1
    kept = asyncio.run(SqliteStore(path).kept(TENANT))
    assert len(kept) == 2
    assert run_restore(environment, name=kept[0].name, yes=True, clock=clock) == 0
    assert accounts(path) == 0


def test_a_document_that_cannot_be_read_is_replaced_and_that_is_said(
    environment: dict[str, str], path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    spoil(path)
    assert run_restore(environment, name=KEPT, yes=True, as_json=True, clock=clock) == 0
    done = printed(capsysbinary)
    assert (done["schema"], done["restored"]["name"], done["replaced_was_readable"]) == (1, KEPT, False)
    assert accounts(path) == 1
    assert run_list(environment, as_json=True) == 0


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 1), ("YES\n", 0, 1), ("\n", 1, 0), ("no\n", 1, 0)])
def test_it_is_asked_with_what_would_be_put_in_place_of_what(
    environment: dict[str, str],
    path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    answer: str,
    code: int,
    left: int,
) -> None:
    assert run_restore(environment, name=KEPT, clock=clock, ask=lambda: answer) == code
    err = capsys.readouterr().err.splitlines()
    assert err[0] == f"Kept:   {KEPT}, saved 2026-11-20 10:00:00 UTC, 1 account."
    assert err[1].startswith("Stored: ")
    assert (err[-1] == "Nothing was changed.") == bool(code)
    assert accounts(path) == left


def test_where_nobody_can_be_asked_yes_is_needed(
    environment: dict[str, str], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LinekeeperError, match="give --yes"):
        run_restore(environment, name=KEPT)
    assert capsys.readouterr().out == ""
    assert accounts(path) == 0


@pytest.mark.parametrize("yes", [True, False])
def test_a_kept_document_that_cannot_be_read_is_refused_before_anything_is_asked(
    environment: dict[str, str], path: Path, *, yes: bool
) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE kept SET content = ?", (b"spoilt",))
    with pytest.raises(DocumentUnreadable, match="cannot be unpacked"):
        run_restore(environment, name=KEPT, yes=yes, ask=lambda: "y")
    assert accounts(path) == 0


@pytest.mark.parametrize("run", [run_restore, run_show])
def test_a_name_that_nothing_is_kept_by_is_refused(environment: dict[str, str], run: Callable[..., int]) -> None:
    options = {"yes": True} if run is run_restore else {}
    with pytest.raises(StoreError, match="none of the 1 kept documents begin with 'x': see linekeeper document list"):
        run(environment, name="x", **options)


def test_where_nothing_is_stored_nothing_is_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    environment = {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": f"sqlite:{path}"}
    for run in (run_list, run_show):
        with pytest.raises(LinekeeperError, match="holds nothing of this tenant yet"):
            run(environment)
    assert not path.exists()


def test_of_a_tenant_that_was_never_watched_nothing_is_shown(environment: dict[str, str]) -> None:
    other = {**environment, "LINEKEEPER_TENANT_ID": "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"}
    for run in (run_list, run_show):
        with pytest.raises(LinekeeperError, match="holds nothing of this tenant yet"):
            run(other)


def test_in_a_container_it_is_the_same(
    azurite: Azurite,
    capsysbinary: pytest.CaptureFixture[bytes],
    make_state: Callable[..., TenantState],
    make_account: Callable[..., Account],
) -> None:
    connection = StorageConnection(connection_string=Secret(azurite.connection_string))
    container = blob_service(connection).create_container("command-document")
    environment = {
        "LINEKEEPER_TENANT_ID": TENANT,
        "LINEKEEPER_STORE": "blob:command-document",
        "AzureWebJobsStorage": azurite.connection_string,
    }
    with pytest.raises(LinekeeperError, match="holds nothing of this tenant yet"):
        run_list(environment)
    blob = container.get_blob_client(f"{TENANT}.json.gz")
    blob.upload_blob(b"spoilt")
    container.upload_blob(f"{TENANT}/versions/{KEPT}.json.gz", pack(encode(make_state(make_account(1)))))
    assert run_list(environment, as_json=True) == 1
    assert printed(capsysbinary)["kept"][0]["name"] == KEPT
    assert run_restore(environment, name=KEPT, yes=True, as_json=True, clock=clock) == 0
    assert not printed(capsysbinary)["replaced_was_readable"]
    assert run_list(environment, as_json=True) == 0
    found = printed(capsysbinary)
    assert found["stored"]["accounts"] == 1
    assert len(found["kept"]) == 2


@pytest.mark.parametrize(
    ("typed", "action"),
    [
        (["document"], "list"),
        (["document", "list", "--json"], "list"),
        (["document", "show"], "show"),
        (["document", "show", "2026"], "show"),
        (["document", "restore", "2026", "--yes"], "restore"),
    ],
)
def test_an_action_is_understood_and_the_list_is_the_default(typed: list[str], action: str) -> None:
    assert parser().parse_args(typed).action == action


def test_what_is_typed_is_done(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["document"]) == 0
    assert main(["document", "show", KEPT]) == 0
    assert main(["document", "restore", "--yes", KEPT]) == 0
    assert main(["document", "restore", "--yes", "x"]) == 2
    assert capsys.readouterr().err == (
        "linekeeper: none of the 2 kept documents begin with 'x': see linekeeper document list.\n"
    )
