"""What is special of the store in a SQLite file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from shared.model.errors import StoreError
from shared.model.tenant import TenantState
from shared.state.sqlite import SqliteStore
from shared.state.store import Loaded, Store, commit

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"


def one_more(state: TenantState) -> TenantState:
    return TenantState(tenant=state.tenant, entitled=(state.entitled or 0) + 1)


async def test_a_sqlite_file_may_be_made_by_three_at_once(tmp_path: Path) -> None:
    # They must meet within a moment to be in each other's way: often enough that one such meeting is certain.
    for number in range(100):
        store = SqliteStore(tmp_path / f"{number}.db")
        loaded = await asyncio.gather(*(store.load(TENANT) for _ in range(3)))
        assert loaded == [Loaded(TenantState(tenant=TENANT), "")] * 3


@pytest.mark.parametrize(
    "work",
    [
        lambda store: store.load(TENANT),
        lambda store: store.save(TenantState(tenant=TENANT), ""),
        lambda store: commit(store, TENANT, one_more),
    ],
    ids=["load", "save", "commit"],
)
async def test_a_path_that_cannot_be_written_is_named_with_its_setting(
    tmp_path: Path, work: Callable[[Store], Awaitable[object]]
) -> None:
    path = tmp_path / "no such folder" / "linekeeper.db"
    store = SqliteStore(path)
    with pytest.raises(StoreError, match="LINEKEEPER_STORE") as refused:
        await work(store)
    assert str(path) in str(refused.value)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(database: Path) -> None:
    content = b"minutes of a meeting, and no database\n" * 100
    database.write_bytes(content)
    with pytest.raises(StoreError, match="LINEKEEPER_STORE"):
        asyncio.run(commit(SqliteStore(database), TENANT, one_more))
    assert database.read_bytes() == content


@pytest.mark.parametrize(
    ("lay", "said"),
    [
        (lambda path: path.mkdir(), "is a folder: name a file in it, such as sqlite:"),
        (lambda path: path.write_bytes(b"minutes of a meeting\n" * 100), "is no SQLite database, and is left as it is"),
        (lambda path: path.parent.rmdir(), "there is no folder "),
    ],
    ids=["a folder", "no database", "no folder"],
)
def test_what_is_wrong_with_the_path_is_said_with_its_remedy(
    tmp_path: Path, lay: Callable[[Path], object], said: str
) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "linekeeper.db"
    lay(path)
    with pytest.raises(StoreError) as refused:
        asyncio.run(SqliteStore(path).load(TENANT))
    text = str(refused.value)
    assert text.startswith(f"LINEKEEPER_STORE: {path} ")
    assert said in text
    assert "another path" in text or "name a file" in text
