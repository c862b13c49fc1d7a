"""What a store must do: give a document with its version, and save it only if that version is still the current one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from shared.model.errors import Conflict
from shared.model.tenant import TenantState

ATTEMPTS = 10


class Loaded(msgspec.Struct, frozen=True):
    """A document and its version; "" where there was none and `state` is empty."""

    state: TenantState
    version: str


class Store(Protocol):
    """Keeps the documents of tenants."""

    async def load(self, tenant: str) -> Loaded:
        """The tenant's document; an empty one where none was saved yet."""
        ...

    async def save(self, state: TenantState, version: str) -> bool:
        """Save the document if its stored version is still this one; tell whether it was."""
        ...


Step = Callable[[TenantState], TenantState]


async def commit(store: Store, tenant: str, step: Step) -> TenantState:
    """Load, step, save; where somebody else saved in between, step again on the fresh document.

    The step is pure and may run several times. A step that changes nothing writes nothing.

    Raises:
        Conflict: others saved first each time.
        StoreError: the document cannot be read or written.
    """
    for _ in range(ATTEMPTS):
        loaded = await store.load(tenant)
        state = step(loaded.state)
        if state == loaded.state or await store.save(state, loaded.version):
            return state
    raise Conflict(f"the document of tenant {tenant} was saved by others {ATTEMPTS} times in a row; try again.")
