"""What the tenant's tables held before each change, so that a reader can be shown an earlier moment.

Graph's replicas lag: what was just written is not in every answer yet ("Use delta query to track changes in Microsoft
Graph data", section "Replication delays").
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

Clock = Callable[[], datetime]
Record = TypeVar("Record")


def utc_now() -> datetime:
    """The time now in UTC."""
    return datetime.now(UTC)


class _Entry(NamedTuple):
    at: datetime
    table: dict[str, Any]
    key: str
    before: Any


class Journal:
    """The changes of some tables, in their order."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []

    def note(self, table: dict[str, Record], key: str, at: datetime) -> None:
        """Remember what a table holds under a key that changes at this moment."""
        self._entries.append(_Entry(at, table, key, table.get(key)))

    def settle(self) -> None:
        """Let everything so far be seen by every reader: for a tenant that was just built."""
        self._entries.clear()

    def as_of(self, table: dict[str, Record], moment: datetime) -> Mapping[str, Record]:
        """A table without the changes since a moment."""
        earlier: dict[str, Record] | None = None
        for entry in reversed(self._entries):
            if entry.at <= moment:
                break
            if entry.table is not table:
                continue
            earlier = dict(table) if earlier is None else earlier
            earlier.pop(entry.key, None)
            if entry.before is not None:
                earlier[entry.key] = entry.before
        return table if earlier is None else earlier
