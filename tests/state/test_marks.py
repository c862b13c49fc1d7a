"""What one of many instances takes on for a while, the others leave to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from shared.model.tenant import TenantState
from shared.state.store import Marks, Store
from shared.state.versions import SKEW

if TYPE_CHECKING:
    from tests.state.conftest import Container

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
OTHER_TENANT = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def marks(open_store: Callable[[], Store]) -> Callable[[], Marks]:
    def opened() -> Marks:
        store = open_store()
        assert isinstance(store, Marks)
        return store

    return opened


async def test_what_is_taken_on_is_taken_once_until_its_time_has_passed(marks: Callable[[], Marks]) -> None:
    one, other = marks(), marks()
    assert await one.claim(TENANT, "telling", now=NOW, until=NOW + DAY)
    assert not await other.claim(TENANT, "telling", now=NOW, until=NOW + DAY)
    assert not await one.claim(TENANT, "telling", now=NOW + DAY / 2, until=NOW + DAY * 1.5)
    assert await other.claim(TENANT, "telling", now=NOW + DAY, until=NOW + 2 * DAY)
    assert not await one.claim(TENANT, "telling", now=NOW + DAY, until=NOW + 2 * DAY)


async def test_of_many_at_once_one_takes_it(marks: Callable[[], Marks]) -> None:
    instances = [marks() for _ in range(8)]
    taken = await asyncio.gather(*(each.claim(TENANT, "telling", now=NOW, until=NOW + DAY) for each in instances))
    assert sum(taken) == 1


async def test_other_things_and_other_tenants_are_taken_apart(marks: Callable[[], Marks]) -> None:
    store = marks()
    assert await store.claim(TENANT, "telling", now=NOW, until=NOW + DAY)
    assert await store.claim(TENANT, "asking", now=NOW, until=NOW + DAY)
    assert await store.claim(OTHER_TENANT, "telling", now=NOW, until=NOW + DAY)


async def test_what_is_held_until_now_may_be_taken_again(marks: Callable[[], Marks]) -> None:
    store = marks()
    await store.claim(TENANT, "telling", now=NOW, until=NOW + DAY)
    await store.hold(TENANT, "telling", now=NOW, until=NOW)
    assert await store.claim(TENANT, "telling", now=NOW, until=NOW + DAY)


async def test_what_is_held_longer_may_be_taken_no_earlier(marks: Callable[[], Marks]) -> None:
    store = marks()
    await store.claim(TENANT, "telling", now=NOW, until=NOW + timedelta(minutes=1))
    await store.hold(TENANT, "telling", now=NOW, until=NOW + DAY)
    assert not await store.claim(TENANT, "telling", now=NOW + DAY / 2, until=NOW + DAY)


async def test_a_claim_by_a_clock_that_was_years_ahead_holds_nobody(marks: Callable[[], Marks]) -> None:
    store = marks()
    future = NOW + timedelta(days=3650)
    assert await store.claim(TENANT, "telling", now=future, until=future + DAY)
    assert await store.claim(TENANT, "telling", now=NOW, until=NOW + DAY)


async def test_a_claim_by_a_clock_that_is_a_little_ahead_holds_all(marks: Callable[[], Marks]) -> None:
    store = marks()
    assert await store.claim(TENANT, "telling", now=NOW + SKEW / 2, until=NOW + SKEW / 2 + DAY)
    assert not await store.claim(TENANT, "telling", now=NOW, until=NOW + DAY)


async def test_a_claim_is_no_document(open_store: Callable[[], Store], marks: Callable[[], Marks]) -> None:
    await marks().claim(TENANT, "telling", now=NOW, until=NOW + DAY)
    assert (await open_store().load(TENANT)).state == TenantState(tenant=TENANT)


@pytest.mark.parametrize("content", [b"", b"\xff", b"2099-01-01", b"tomorrow"])
async def test_a_mark_that_says_nothing_holds_nobody(container: Container, content: bytes) -> None:
    container.client.upload_blob(f"{TENANT}/marks/telling", content)
    assert await container.open().claim(TENANT, "telling", now=NOW, until=NOW + DAY)
