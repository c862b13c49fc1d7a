"""A store that forgets: for a one-shot read of a tenant, which keeps nothing."""

from __future__ import annotations

from datetime import datetime

from shared.model.tenant import TenantState
from shared.state.store import Loaded
from shared.state.versions import is_held


class MemoryStore:
    """Documents in this process alone, under the same compare-and-swap as every store."""

    def __init__(self) -> None:
        self._documents: dict[str, tuple[TenantState, int]] = {}
        self._marks: dict[tuple[str, str], datetime] = {}

    async def load(self, tenant: str) -> Loaded:
        """The tenant's document; an empty one where none was saved yet."""
        if tenant not in self._documents:
            return Loaded(TenantState(tenant=tenant), "")
        state, version = self._documents[tenant]
        return Loaded(state, str(version))

    async def save(self, state: TenantState, version: str) -> bool:
        """Save the document if its stored version is still this one; tell whether it was."""
        _, current = self._documents.get(state.tenant, (None, 0))
        if (version or "0") != str(current):
            return False
        self._documents[state.tenant] = (state, current + 1)
        return True

    async def claim(self, tenant: str, name: str, *, now: datetime, until: datetime) -> bool:
        """Take a thing on until a time, unless somebody has; tell whether it was taken."""
        held = self._marks.get((tenant, name))
        if held is not None and is_held(held, now=now):
            return False
        self._marks[tenant, name] = until
        return True

    async def hold(self, tenant: str, name: str, *, now: datetime, until: datetime) -> None:  # noqa: ARG002 - as all
        """Keep what was claimed until another time; one that has passed lets go of it."""
        self._marks[tenant, name] = until
