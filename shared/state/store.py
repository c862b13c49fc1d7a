"""What a store must do: give a document with its version, and save it only if that version is still the current one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from shared.model.errors import Conflict
from shared.model.tenant import TenantState
from shared.state.versions import KeptVersion

ATTEMPTS = 10

FIRST_PAUSE = 0.005
LONGEST_PAUSE = 0.1
"""Seconds that one who lost waits at most before it tries again, a random part of them: those who met part company."""


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


class Stored(msgspec.Struct, frozen=True):
    """What is stored as a tenant's document, whether it can be read or not, and its version."""

    content: bytes
    version: str


class Archive(Store, Protocol):
    """A store that also keeps the last few documents that were replaced."""

    async def stored(self, tenant: str) -> Stored | None:
        """What is stored now; None where nothing is."""
        ...

    async def kept(self, tenant: str) -> tuple[KeptVersion, ...]:
        """The documents that are kept, the newest first."""
        ...

    async def kept_content(self, tenant: str, name: str) -> bytes:
        """A kept document's bytes.

        Raises:
            StoreError: there is none of that name.
        """
        ...

    async def replace(self, state: TenantState, version: str) -> bool:
        """Save a document in place of one that need not be readable, and keep that one, whatever the hour."""
        ...


@runtime_checkable
class Marks(Protocol):
    """Remembers, beside documents and apart from them, what only one of all instances shall do for a while."""

    async def claim(self, tenant: str, name: str, *, now: datetime, until: datetime) -> bool:
        """Take a thing on until a time, unless somebody has; tell whether it was taken."""
        ...

    async def hold(self, tenant: str, name: str, *, now: datetime, until: datetime) -> None:
        """Keep what was claimed until another time; one that has passed lets go of it."""
        ...


Step = Callable[[TenantState], TenantState]


async def commit(store: Store, tenant: str, step: Step) -> TenantState:
    """Load, step, save; where somebody else saved in between, step again on the fresh document.

    The step is pure and may run several times. A step that changes nothing writes nothing.

    Raises:
        Conflict: others saved first each time.
        StoreError: the document cannot be read or written.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            longest = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
            await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - no secret
        loaded = await store.load(tenant)
        state = step(loaded.state)
        if state == loaded.state or await store.save(state, loaded.version):
            return state
    raise Conflict(f"the document of tenant {tenant} was saved by others {ATTEMPTS} times in a row; try again.")
