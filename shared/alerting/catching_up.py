"""What a receiver is told that is reached again after alerts to it were given up: what is open, and what has ended.

A group's log takes what entered the outbox for told. What was given up there makes it wrong: a beginning would come
with its repetition only, hours later, and an end never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from shared.alerting.compose import MAX_ITEMS
from shared.model.alert import GroupLog, Item, Message, OutboxEntry, Section

MISSED = "Mended while this channel could not be reached"


def given_up(
    outbox: Iterable[OutboxEntry], receiver: str, *, since: datetime | None, until: datetime | None
) -> tuple[Message, ...]:
    """The alerts to a receiver that were given up since it last caught up, oldest first.

    None as long as it has taken nothing since: `until` is when it last took a message.
    """
    return tuple(
        entry.message
        for entry in outbox
        if entry.receiver == receiver
        and entry.message.kind == "alert"
        and entry.refused_at is not None
        and until is not None
        and entry.refused_at <= until
        and (since is None or entry.refused_at > since)
    )


def untold(groups: Mapping[str, GroupLog], messages: Iterable[Message]) -> dict[str, GroupLog]:
    """The groups' logs, those of given-up messages as if nothing had been sent: what is open there is told anew."""
    again = {message.group for message in messages}
    return {
        group: msgspec.structs.replace(log, sent_at=None) if group in again else log for group, log in groups.items()
    }


def missed_ends(messages: Iterable[Message], groups: Mapping[str, GroupLog]) -> tuple[Message, ...]:
    """A message for each group on the ends that given-up messages would have told.

    The end of what fires again is none; one whose beginning was given up too is not missed. Ends that those messages
    counted and did not name stay untold.
    """
    by_group: dict[str, list[Message]] = {}
    for message in messages:
        by_group.setdefault(message.group, []).append(message)
    return tuple(
        _message(lost[-1], ends, firing=len(groups.get(group, GroupLog()).firing))
        for group, lost in by_group.items()
        if (ends := _ends(lost, groups.get(group, GroupLog())))
    )


def _ends(messages: Iterable[Message], log: GroupLog) -> tuple[Item, ...]:
    unheard: set[str] = set()
    ends: dict[str, Item] = {}
    for message in messages:
        for section in message.sections:
            for item in section.items:
                if section.kind == "new":
                    # Whoever did not hear of the end before, or knows it as a milder one, takes it for firing still.
                    if ends.pop(item.key, None) is None and not item.worse:
                        unheard.add(item.key)
                elif section.kind == "resolved" and item.key not in unheard:
                    ends[item.key] = item
                elif section.kind == "resolved":
                    unheard.discard(item.key)
    return tuple(item for key, item in ends.items() if key not in log.firing)


def _message(last: Message, ends: tuple[Item, ...], *, firing: int) -> Message:
    whose = ends[0].name or ends[0].title if len(ends) == 1 else f"{len(ends)} findings"
    return msgspec.structs.replace(
        last,
        severity="resolved",
        headline=f"{MISSED}: {whose}",
        text=f"{MISSED}.",
        sections=(Section(kind="resolved", items=ends[:MAX_ITEMS], total=len(ends)),),
        firing=firing,
    )
