"""Where knowledge comes from, and how good it is: absence is evidence only after a complete, fresh read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

Source = Literal["licences", "accounts", "numbers", "voice", "calling"]
SOURCES: tuple[Source, ...] = ("licences", "accounts", "numbers", "voice", "calling")
ReadState = Literal["absent", "complete", "partial", "failed"]

GRAPH_URL = "https://graph.microsoft.com/v1.0"
"""Where Microsoft Graph is for most tenants; the national clouds have roots of their own."""

INTERVALS: dict[Source, timedelta] = {
    "licences": timedelta(minutes=5),
    "accounts": timedelta(minutes=5),
    "numbers": timedelta(minutes=5),
    "calling": timedelta(minutes=5),
    "voice": timedelta(hours=26) / 3,
}
"""How often each source is read. The export is looked for every five minutes, and made far more rarely."""

PERMISSIONS: dict[Source, str] = {
    "licences": "Organization.Read.All",
    "accounts": "User.Read.All",
    "numbers": "TeamsTelephoneNumber.Read.All",
    "calling": "TeamsUserConfiguration.Read.All",
}
"""The application permission that each source needs (Microsoft Graph permissions reference)."""

REQUIRED: tuple[Source, ...] = ("licences", "accounts")
"""The sources without which nothing can be said; the others sharpen what is said."""

FRESH_INTERVALS = 3
"""A source is fresh while its last complete read is no older than this many of its intervals."""


class SourceState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the last read of a source went, and when it was last read completely (times UTC).

    `complete_as_of` outlives later failures: what was read then is still what the document holds. `failing_since` is
    the first of the failures in a row. `not_before` is when Graph wants to be asked again at the earliest, `retry_at`
    when it is worth while after a failure: timers heed the first, what follows at once heeds both. `permission` is the
    application permission that the last read was refused for.
    """

    state: ReadState = "absent"
    tried_at: datetime | None = None
    complete_as_of: datetime | None = None
    failing_since: datetime | None = None
    not_before: datetime | None = None
    retry_at: datetime | None = None
    problem: str = ""
    permission: str = ""

    def is_fresh(self, now: datetime, interval: timedelta) -> bool:
        """Whether findings may be opened and resolved on what this source last gave."""
        return self.complete_as_of is not None and now - self.complete_as_of <= FRESH_INTERVALS * interval


ABSENT = SourceState()
