"""What the service remembers of a tenant, as an extra: a command that keeps nothing goes on without it."""

from __future__ import annotations

import sys

from shared.cli.terminal import harmless
from shared.model.errors import StoreError
from shared.monitor.assembly import remembered
from shared.settings import Settings
from shared.state.memory import MemoryStore


async def remembered_if_readable(settings: Settings) -> MemoryStore:
    """The stored document in a store that forgets; an empty one, with a line on standard error, if it is unreadable."""
    try:
        return await remembered(settings)
    except StoreError as problem:
        unset = "" if settings.store_is_set else " It was looked for because LINEKEEPER_STORE is not set."
        sys.stderr.write(
            harmless(
                "linekeeper: what the service remembers is left out, and with it what shows in the past of an account "
                f"alone, such as licences swapped in two saves: {problem}{unset}\n"
            )
        )
        return MemoryStore()
