from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model.errors import Conflict, StoreError
from shared.model.tenant import SCHEMA, TenantState
from shared.state.document import decode, encode
from shared.state.memory import MemoryStore
from shared.state.sqlite import SqliteStore
from shared.state.store import ATTEMPTS, Loaded, Store, commit

MakeState = Callable[..., TenantState]

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
OTHER_TENANT = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
NEWER = msgspec.json.encode({"tenant": TENANT, "schema": SCHEMA + 1, "invented": True})
UNREADABLE = {
    "a newer schema": NEWER,
    "another tenant": encode(TenantState(tenant=OTHER_TENANT)),
    "no JSON": b"not a document",
    "no text": b'{"tenant": "\xff", "schema": 1}',
    "no schema": b"{}",
    "another shape": msgspec.json.encode({"tenant": TENANT, "schema": SCHEMA, "accounts": 7}),
}


class ContendedStore:
    """A store in which somebody else saves between a load and the save after it, the first so many times."""

    def __init__(self, store: Store, times: int) -> None:
        self._store = store
        self._times = times
        self.saves = 0

    async def load(self, tenant: str) -> Loaded:
        loaded = await self._store.load(tenant)
        if self._times:
            self._times -= 1
            await commit(self._store, tenant, one_more)
        return loaded

    async def save(self, state: TenantState, version: str) -> bool:
        self.saves += 1
        return await self._store.save(state, version)


def one_more(state: TenantState) -> TenantState:
    return msgspec.structs.replace(state, entitled=(state.entitled or 0) + 1)


def put(database: Path, content: bytes) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, 7)", (TENANT, content))


def stored(database: Path) -> tuple[bytes, int]:
    with closing(sqlite3.connect(database)) as connection:
        row: tuple[bytes, int] = connection.execute("SELECT content, version FROM documents").fetchone()
    return row


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "linekeeper.db"


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, database: Path) -> Store:
    return SqliteStore(database) if request.param == "sqlite" else MemoryStore()


async def test_a_tenant_that_was_never_saved_has_an_empty_document(store: Store) -> None:
    assert await store.load(TENANT) == Loaded(TenantState(tenant=TENANT), "")


async def test_what_was_saved_is_loaded_with_a_version(store: Store, make_state: MakeState) -> None:
    state = make_state(entitled=85)
    assert await store.save(state, "")
    loaded = await store.load(TENANT)
    assert loaded.state == state
    assert loaded.version


async def test_the_documents_of_two_tenants_are_kept_apart(store: Store) -> None:
    await store.save(TenantState(tenant=TENANT, entitled=1), "")
    await store.save(TenantState(tenant=OTHER_TENANT, entitled=2), "")
    assert (await store.load(TENANT)).state.entitled == 1
    assert (await store.load(OTHER_TENANT)).state.entitled == 2


async def test_every_save_makes_a_new_version(store: Store) -> None:
    versions = {""}
    for entitled in range(3):
        loaded = await store.load(TENANT)
        assert await store.save(TenantState(tenant=TENANT, entitled=entitled), loaded.version)
        versions.add((await store.load(TENANT)).version)
    assert len(versions) == 4


async def test_a_save_on_a_stale_version_is_refused_and_writes_nothing(store: Store) -> None:
    await store.save(TenantState(tenant=TENANT, entitled=1), "")
    stale = await store.load(TENANT)
    await store.save(TenantState(tenant=TENANT, entitled=2), stale.version)
    current = await store.load(TENANT)
    assert not await store.save(TenantState(tenant=TENANT, entitled=3), stale.version)
    assert await store.load(TENANT) == current


async def test_a_first_save_is_refused_where_somebody_saved_first(store: Store) -> None:
    await store.save(TenantState(tenant=TENANT, entitled=1), "")
    assert not await store.save(TenantState(tenant=TENANT, entitled=2), "")
    assert (await store.load(TENANT)).state.entitled == 1


async def test_a_save_on_a_version_of_a_document_that_is_not_there_is_refused(store: Store) -> None:
    assert not await store.save(TenantState(tenant=TENANT, entitled=1), "3")
    assert await store.load(TENANT) == Loaded(TenantState(tenant=TENANT), "")


async def test_a_commit_saves_the_step_and_returns_what_it_saved(store: Store) -> None:
    state = await commit(store, TENANT, one_more)
    assert state.entitled == 1
    assert (await store.load(TENANT)).state == state


async def test_a_commit_steps_again_on_the_fresh_document_after_a_conflict(store: Store) -> None:
    contended = ContendedStore(store, times=2)
    state = await commit(contended, TENANT, one_more)
    assert state.entitled == 3
    assert contended.saves == 3


async def test_a_commit_whose_step_changes_nothing_writes_nothing(store: Store) -> None:
    await commit(store, TENANT, one_more)
    before = await store.load(TENANT)
    watched = ContendedStore(store, times=0)
    assert await commit(watched, TENANT, msgspec.structs.replace) == before.state
    assert watched.saves == 0
    assert await store.load(TENANT) == before


async def test_a_commit_gives_up_after_ten_conflicts(store: Store) -> None:
    contended = ContendedStore(store, times=ATTEMPTS)
    with pytest.raises(Conflict, match=f"{TENANT}.*10 times in a row; try again"):
        await commit(contended, TENANT, one_more)
    assert contended.saves == 10
    assert (await store.load(TENANT)).state.entitled == 10


async def test_a_commit_succeeds_on_its_tenth_attempt(store: Store) -> None:
    state = await commit(ContendedStore(store, times=ATTEMPTS - 1), TENANT, one_more)
    assert state.entitled == 10


async def test_commits_at_once_lose_nothing(store: Store) -> None:
    await store.load(TENANT)
    # No more than one loses to each of the others, so that nobody runs out of attempts.
    for _ in range(4):
        await asyncio.gather(*(commit(store, TENANT, one_more) for _ in range(ATTEMPTS)))
    assert (await store.load(TENANT)).state.entitled == 4 * ATTEMPTS


@cache
def values_of(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - any annotation that the model uses
    """Values of a type of the model, told by its annotations, so that a new field is tried as well."""
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, **{field.name: values_of(field.type) for field in msgspec.structs.fields(kind)})
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, UnionType}:
        return st.one_of(*map(values_of, arguments))
    if origin is dict:
        return st.dictionaries(*map(values_of, arguments), max_size=2)
    if origin is list or arguments[1:] == (...,):
        lists = st.lists(values_of(arguments[0]), max_size=2)
        return lists.map(tuple) if origin is tuple else lists
    if origin is tuple:
        return st.tuples(*map(values_of, arguments))
    return PLAIN[kind]


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=5),
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    NoneType: st.none(),
    datetime: st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - with a zone of its own
}


@settings(max_examples=60)
@given(values_of(TenantState))
def test_a_document_is_the_same_after_it_was_written_and_read(state: TenantState) -> None:
    state = msgspec.structs.replace(state, schema=SCHEMA)
    assert decode(encode(state), state.tenant) == state


@settings(max_examples=20)
@given(values_of(TenantState))
def test_equal_documents_have_equal_bytes(state: TenantState) -> None:
    turned = msgspec.structs.replace(state, accounts=dict(reversed(state.accounts.items())))
    assert encode(turned) == encode(state)


async def test_a_sqlite_store_finds_its_documents_after_it_is_opened_again(
    database: Path, make_state: MakeState
) -> None:
    state = make_state(entitled=85)
    await SqliteStore(database).save(state, "")
    assert (await SqliteStore(database).load(TENANT)).state == state


async def test_two_sqlite_stores_on_one_file_share_versions(database: Path) -> None:
    one, other = SqliteStore(database), SqliteStore(database)
    await one.save(TenantState(tenant=TENANT, entitled=1), "")
    loaded = await other.load(TENANT)
    assert await one.save(TenantState(tenant=TENANT, entitled=2), loaded.version)
    assert not await other.save(TenantState(tenant=TENANT, entitled=3), loaded.version)
    assert (await other.load(TENANT)).state.entitled == 2


async def test_two_sqlite_stores_on_one_file_lose_no_commit(database: Path) -> None:
    stores = (SqliteStore(database), SqliteStore(database))
    await stores[0].load(TENANT)
    await asyncio.gather(*(commit(store, TENANT, one_more) for store in stores for _ in range(ATTEMPTS // 2)))
    assert (await stores[0].load(TENANT)).state.entitled == 2 * (ATTEMPTS // 2)


async def test_a_sqlite_file_may_be_made_by_three_at_once(tmp_path: Path) -> None:
    # They must meet within a moment to be in each other's way: often enough that one such meeting is certain.
    for number in range(100):
        store = SqliteStore(tmp_path / f"{number}.db")
        loaded = await asyncio.gather(*(store.load(TENANT) for _ in range(3)))
        assert loaded == [Loaded(TenantState(tenant=TENANT), "")] * 3


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_a_document_that_cannot_be_read_is_refused_and_left_as_it_is(database: Path, content: bytes) -> None:
    store = SqliteStore(database)
    await store.load(TENANT)
    put(database, content)
    with pytest.raises(StoreError, match="stored document") as refused:
        await store.load(TENANT)
    assert "\n" not in str(refused.value)
    with pytest.raises(StoreError):
        await commit(store, TENANT, lambda _: TenantState(tenant=TENANT, entitled=1))
    assert not await store.save(TenantState(tenant=TENANT, entitled=1), "")
    assert stored(database) == (content, 7)


async def test_a_newer_documents_refusal_says_which_schema_it_has_and_to_upgrade(database: Path) -> None:
    await SqliteStore(database).load(TENANT)
    put(database, NEWER)
    with pytest.raises(StoreError, match=rf"schema {SCHEMA + 1}, this version reads up to {SCHEMA}: upgrade"):
        await SqliteStore(database).load(TENANT)


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
