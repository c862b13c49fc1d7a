"""What every store does: gives a document with its version, and saves it only on that version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.model.errors import Conflict, DocumentTooLarge
from shared.model.tenant import TenantState
from shared.state.document import LARGEST
from shared.state.store import ATTEMPTS, Loaded, Store, commit

if TYPE_CHECKING:
    from tests.state.conftest import Place

MakeState = Callable[..., TenantState]
Open = Callable[[], Store]

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
OTHER_TENANT = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"


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


async def test_another_instance_finds_what_was_saved(open_store: Open, make_state: MakeState) -> None:
    state = make_state(entitled=85)
    await open_store().save(state, "")
    assert (await open_store().load(TENANT)).state == state


async def test_two_instances_share_versions(open_store: Open) -> None:
    one, other = open_store(), open_store()
    await one.save(TenantState(tenant=TENANT, entitled=1), "")
    loaded = await other.load(TENANT)
    assert await one.save(TenantState(tenant=TENANT, entitled=2), loaded.version)
    assert not await other.save(TenantState(tenant=TENANT, entitled=3), loaded.version)
    assert (await other.load(TENANT)).state.entitled == 2
    assert (await one.load(TENANT)).state.entitled == 2


async def test_two_instances_lose_no_commit(open_store: Open) -> None:
    stores = (open_store(), open_store())
    await stores[0].load(TENANT)
    await asyncio.gather(*(commit(store, TENANT, one_more) for store in stores for _ in range(ATTEMPTS // 2)))
    assert (await stores[0].load(TENANT)).state.entitled == 2 * (ATTEMPTS // 2)


async def test_instances_of_different_tenants_share_a_store_and_never_a_document(open_store: Open) -> None:
    stores = {tenant: open_store() for tenant in (TENANT, OTHER_TENANT)}
    for count in range(3):
        await asyncio.gather(*(commit(store, tenant, one_more) for tenant, store in stores.items()))
        for tenant, store in stores.items():
            loaded = await store.load(tenant)
            assert (loaded.state.tenant, loaded.state.entitled) == (tenant, count + 1)


async def test_a_document_that_has_grown_too_large_is_not_saved_and_the_one_before_stays(
    place: Place, make_state: MakeState
) -> None:
    store = place.open()
    before = make_state(entitled=1)
    await store.save(before, "")
    loaded = await store.load(TENANT)
    with pytest.raises(DocumentTooLarge, match="at most"):
        await store.save(msgspec.structs.replace(before, voice_seen="v" * LARGEST), loaded.version)
    assert await store.load(TENANT) == loaded
