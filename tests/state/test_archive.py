"""The last few documents that were replaced are kept: one an hour, and whatever must not be lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.errors import StoreError
from shared.model.tenant import TenantState
from shared.state.blob import BlobStore
from shared.state.document import decode
from shared.state.sqlite import SqliteStore
from shared.state.store import commit
from shared.state.versions import EVERY, KEEP, SKEW, KeptVersion, is_due, stamp, stamped, the_one

if TYPE_CHECKING:
    from tests.state.conftest import Clock, Container, Place

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
OTHER_TENANT = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
FIRST_SCHEMA = (Path(__file__).parent / "schema-1.json").read_bytes()
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def one_more(state: TenantState) -> TenantState:
    return msgspec.structs.replace(state, entitled=(state.entitled or 0) + 1)


async def kept_entitled(store: SqliteStore | BlobStore) -> list[int | None]:
    kept = await store.kept(TENANT)
    return [decode(await store.kept_content(TENANT, each.name), TENANT).entitled for each in kept]


async def test_nothing_is_stored_or_kept_of_a_tenant_that_was_never_saved(place: Place) -> None:
    store = place.open()
    assert await store.stored(TENANT) is None
    assert await store.kept(TENANT) == ()


async def test_what_is_stored_is_told_with_the_version_that_a_load_has(place: Place) -> None:
    store = place.open()
    await commit(store, TENANT, one_more)
    stored = await store.stored(TENANT)
    assert stored is not None
    assert decode(stored.content, TENANT) == (await store.load(TENANT)).state
    assert stored.version == (await store.load(TENANT)).version


async def test_a_first_save_keeps_nothing_and_the_next_what_it_replaces(place: Place) -> None:
    store = place.open()
    await commit(store, TENANT, one_more)
    assert await store.kept(TENANT) == ()
    await commit(store, TENANT, one_more)
    assert await kept_entitled(store) == [1]


async def test_one_document_an_hour_is_kept(place: Place) -> None:
    store = place.open()
    for _ in range(5):
        await commit(store, TENANT, one_more)
    place.let_pass(hours=1)
    for _ in range(3):
        await commit(store, TENANT, one_more)
    assert sorted(each or 0 for each in await kept_entitled(store)) in ([1, 5], [1, 6])


async def test_no_more_are_kept_than_a_day_of_them(place: Place) -> None:
    store = place.open()
    for _ in range(KEEP + 3):
        await commit(store, TENANT, one_more)
        place.let_pass(hours=1)
    assert len(await store.kept(TENANT)) == KEEP


async def test_the_oldest_make_room_in_a_file(database: Path, clock: Clock) -> None:
    store = SqliteStore(database, clock)
    for _ in range(KEEP + 3):
        await commit(store, TENANT, one_more)
        clock.now += timedelta(hours=1)
    assert await kept_entitled(store) == list(range(KEEP + 2, 2, -1))


async def test_the_oldest_make_room_in_a_container(container: Container) -> None:
    names = [stamp(NOW - timedelta(days=300 + age), "1") for age in range(KEEP)]
    for name in names:
        container.client.upload_blob(f"{TENANT}/versions/{name}.json.gz", b"")
    store = container.open()
    for _ in range(2):
        await commit(store, TENANT, one_more)
    kept = [each.name for each in await store.kept(TENANT)]
    assert kept[1:] == names[:-1]


async def test_what_is_kept_says_when_it_was_saved_and_how_large_it_is(place: Place) -> None:
    store = place.open()
    for _ in range(2):
        await commit(store, TENANT, one_more)
    (kept,) = await store.kept(TENANT)
    assert stamped(kept.name) == kept.saved.replace(microsecond=0)
    assert kept.saved.tzinfo is not None
    assert 0 < kept.size < 10_000


async def test_a_kept_document_is_found_by_the_beginning_of_its_name(place: Place) -> None:
    store = place.open()
    for _ in range(2):
        await commit(store, TENANT, one_more)
    (kept,) = await store.kept(TENANT)
    assert decode(await store.kept_content(TENANT, kept.name[:8]), TENANT).entitled == 1
    with pytest.raises(StoreError, match="none of the 1 kept documents begin with '1999'"):
        await store.kept_content(TENANT, "1999")


async def test_the_kept_documents_of_two_tenants_are_kept_apart(place: Place) -> None:
    store = place.open()
    for tenant in (TENANT, OTHER_TENANT):
        for _ in range(2):
            await commit(store, tenant, one_more)
    (one,), (other,) = await store.kept(TENANT), await store.kept(OTHER_TENANT)
    assert decode(await store.kept_content(TENANT, one.name), TENANT).tenant == TENANT
    assert decode(await store.kept_content(OTHER_TENANT, other.name), OTHER_TENANT).tenant == OTHER_TENANT


async def test_a_document_of_an_older_schema_is_kept_when_it_is_first_replaced_whatever_the_hour(place: Place) -> None:
    store = place.open()
    for _ in range(2):
        await commit(store, TENANT, one_more)
    place.lay(FIRST_SCHEMA)
    await commit(store, TENANT, one_more)
    contents = [await store.kept_content(TENANT, each.name) for each in await store.kept(TENANT)]
    assert FIRST_SCHEMA in contents
    await commit(store, TENANT, one_more)
    assert len(await store.kept(TENANT)) == len(contents)


async def test_what_is_put_in_place_of_a_document_keeps_it_whatever_the_hour(place: Place) -> None:
    store = place.open()
    for _ in range(3):
        await commit(store, TENANT, one_more)
    stored = await store.stored(TENANT)
    assert stored is not None
    assert await store.replace(TenantState(tenant=TENANT, entitled=85), stored.version)
    assert (await store.load(TENANT)).state.entitled == 85
    assert set(await kept_entitled(store)) == {1, 3}


async def test_a_document_that_cannot_be_read_is_kept_as_it_is_when_another_is_put_in_its_place(place: Place) -> None:
    store = place.open()
    place.lay(b"spoilt")
    stored = await store.stored(TENANT)
    assert stored is not None
    assert stored.content == b"spoilt"
    assert not await store.replace(TenantState(tenant=TENANT, entitled=85), "")
    assert await store.replace(TenantState(tenant=TENANT, entitled=85), stored.version)
    (kept,) = await store.kept(TENANT)
    assert await store.kept_content(TENANT, kept.name) == b"spoilt"
    assert (await store.load(TENANT)).state.entitled == 85


async def test_nothing_is_put_in_place_of_a_document_that_has_moved_on(place: Place) -> None:
    store = place.open()
    await commit(store, TENANT, one_more)
    stored = await store.stored(TENANT)
    assert stored is not None
    await commit(store, TENANT, one_more)
    assert not await store.replace(TenantState(tenant=TENANT, entitled=85), stored.version)
    assert (await store.load(TENANT)).state.entitled == 2


async def test_a_blob_that_is_none_of_ours_among_the_kept_ones_is_left_alone(container: Container) -> None:
    store = container.open()
    container.client.upload_blob(f"{TENANT}/versions/readme.txt", b"hello")
    for _ in range(2):
        await commit(store, TENANT, one_more)
    assert len(await store.kept(TENANT)) == 1
    assert container.client.download_blob(f"{TENANT}/versions/readme.txt").readall() == b"hello"


async def test_a_clock_that_went_back_does_not_stop_documents_from_being_kept(place: Place, clock: Clock) -> None:
    store = place.open()
    for _ in range(2):
        await commit(store, TENANT, one_more)
    clock.now -= timedelta(days=30)
    place.let_pass(hours=-30)
    for _ in range(2):
        await commit(store, TENANT, one_more)
    assert len(await store.kept(TENANT)) == 2


@given(st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)), st.text(max_size=5))  # noqa: DTZ001 - with a zone of its own
def test_a_name_tells_when_its_document_was_saved_and_names_sort_by_it(saved: datetime, version: str) -> None:
    assert stamped(stamp(saved, version)) == saved.replace(microsecond=0)
    assert stamp(saved, "") < stamp(saved + timedelta(seconds=1), "")


@pytest.mark.parametrize(
    ("ago", "due"),
    [
        (timedelta(0), False),
        (EVERY - timedelta(seconds=1), False),
        (EVERY, True),
        (-SKEW + timedelta(seconds=1), False),
        (-SKEW, True),
    ],
)
def test_a_document_is_kept_an_hour_after_the_last_and_where_that_was_named_by_a_wrong_clock(
    ago: timedelta, *, due: bool
) -> None:
    assert is_due(NOW - ago, NOW) == due


def test_a_name_that_several_begin_with_means_none_of_them() -> None:
    kept = [KeptVersion(stamp(NOW, version), NOW, 1) for version in ("1", "12")]
    assert the_one(kept, kept[0].name) == kept[0]
    with pytest.raises(StoreError, match="2 of the 2 kept documents begin with '2026'"):
        the_one(kept, "2026")
