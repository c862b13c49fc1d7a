"""A document that cannot be read is refused, and nothing is saved over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.model.errors import DocumentUnreadable, StoreError
from shared.model.tenant import SCHEMA, TenantState
from shared.state.document import encode
from shared.state.store import commit

if TYPE_CHECKING:
    from tests.state.conftest import Container, Place

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
OTHER_TENANT = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
NEWER = msgspec.json.encode({"tenant": TENANT, "schema": SCHEMA + 1, "invented": True})
UNREADABLE = {
    "a newer schema": NEWER,
    "a schema that never was": msgspec.json.encode({"tenant": TENANT, "schema": 0}),
    "another tenant": encode(TenantState(tenant=OTHER_TENANT)),
    "no JSON": b"not a document",
    "nothing": b"",
    "no text": b'{"tenant": "\xff", "schema": 1}',
    "no schema": b"{}",
    "a bottomless one": b'{"tenant": "' + TENANT.encode() + b'", "schema": 1, "alerts": ' + b"[" * 100_000,
    "another shape": msgspec.json.encode({"tenant": TENANT, "schema": SCHEMA, "accounts": 7}),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_a_document_that_cannot_be_read_is_refused_and_left_as_it_is(place: Place, content: bytes) -> None:
    place.lay(content)
    before = place.found()
    store = place.open()
    with pytest.raises(DocumentUnreadable, match="stored document") as refused:
        await store.load(TENANT)
    assert "\n" not in str(refused.value)
    with pytest.raises(DocumentUnreadable):
        await commit(store, TENANT, lambda _: TenantState(tenant=TENANT, entitled=1))
    assert not await store.save(TenantState(tenant=TENANT, entitled=1), "")
    assert place.found() == before


async def test_an_instance_that_read_it_before_it_was_spoilt_does_not_save_over_it(place: Place) -> None:
    store = place.open()
    await store.save(TenantState(tenant=TENANT, entitled=1), "")
    loaded = await store.load(TENANT)
    place.lay(b"spoilt")
    assert not await store.save(TenantState(tenant=TENANT, entitled=2), loaded.version)
    with pytest.raises(DocumentUnreadable):
        await store.load(TENANT)
    assert place.found()[0] == b"spoilt"


async def test_a_newer_documents_refusal_says_which_schema_it_has_and_to_upgrade(place: Place) -> None:
    place.lay(NEWER)
    with pytest.raises(StoreError, match=rf"schema {SCHEMA + 1}, this version reads up to {SCHEMA}: upgrade"):
        await place.open().load(TENANT)


async def test_another_tenants_document_beside_one_that_cannot_be_read_is_read_and_written(place: Place) -> None:
    store = place.open()
    await store.save(TenantState(tenant=OTHER_TENANT, entitled=1), "")
    place.lay(b"spoilt")
    loaded = await store.load(OTHER_TENANT)
    assert await store.save(TenantState(tenant=OTHER_TENANT, entitled=2), loaded.version)


async def test_a_blob_that_is_not_packed_is_refused_and_left_as_it_is(container: Container) -> None:
    name = f"{TENANT}.json.gz"
    container.client.upload_blob(name, encode(TenantState(tenant=TENANT)))
    with pytest.raises(DocumentUnreadable, match="cannot be unpacked"):
        await container.open().load(TENANT)
    assert container.client.download_blob(name).readall() == encode(TenantState(tenant=TENANT))


async def test_what_is_laid_there_while_a_document_is_known_is_read_anew(place: Place) -> None:
    store = place.open()
    await store.save(TenantState(tenant=TENANT, entitled=1), "")
    place.lay(encode(TenantState(tenant=TENANT, entitled=2)))
    assert (await store.load(TENANT)).state.entitled == 2
