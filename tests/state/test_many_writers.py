"""Eight instances write one tenant's document at once, and nothing that any of them did is lost or done twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from shared.model.errors import Conflict
from shared.model.tenant import TenantState
from shared.state.store import commit

if TYPE_CHECKING:
    from shared.state.blob import BlobStore
    from shared.state.sqlite import SqliteStore
    from tests.state.conftest import Place

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
INSTANCES = 8
EACH = 6


async def work(store: SqliteStore | BlobStore, name: str) -> None:
    """Count to `EACH` under this name, each count a commit; what others were faster at is tried again."""

    def step(state: TenantState) -> TenantState:
        counts = Counter(state.qualifying_by_sku)
        counts[name] += 1
        return msgspec.structs.replace(state, qualifying_by_sku=dict(counts), entitled=(state.entitled or 0) + 1)

    done = 0
    while done < EACH:
        try:
            await commit(store, TENANT, step)
        except Conflict:
            continue  # as a queue or the next timer does
        done += 1


async def test_eight_instances_lose_nothing_and_do_nothing_twice(place: Place) -> None:
    # Each with a store of its own, so that none knows what another has read or saved.
    stores = [place.open() for _ in range(INSTANCES)]
    await asyncio.gather(*(work(store, str(number)) for number, store in enumerate(stores)))
    state = (await place.open().load(TENANT)).state
    assert state.qualifying_by_sku == {str(number): EACH for number in range(INSTANCES)}
    assert state.entitled == INSTANCES * EACH
