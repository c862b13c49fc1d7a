"""How it stands with those who are told, and what they were told last, as the document knows it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from shared.model.alert import OutboxEntry, ReceiverState
from shared.model.tenant import TenantState
from shared.monitor.occasion import Occasion


class ReceiverStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How it stands with one receiver; `configured` is one that the settings name now.

    `waiting` messages are to be posted, the oldest since `waiting_since`; `refused` ones were given up within the last
    week, the last of them for `refusal`; `dropped` ones made room. `heartbeat_at` is when the last heartbeat was due.
    """

    receiver: str
    configured: bool
    waiting: int
    refused: int
    dropped: int
    waiting_since: datetime | None = None
    failing_since: datetime | None = None
    delivered_at: datetime | None = None
    heartbeat_at: datetime | None = None
    refusal: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The last message of one family of rules to one receiver, and when it was put on its way.

    `firing` and `resolved` count the findings that it told of as open and as ended, by rule.
    """

    receiver: str
    family: str
    at: datetime
    firing: dict[str, int]
    resolved: dict[str, int]


def receivers_of(state: TenantState, occasion: Occasion) -> tuple[ReceiverStatus, ...]:
    """How it stands with every receiver that is set, or that something of is still known."""
    return tuple(_receivers(state, occasion))


def told_last(state: TenantState) -> tuple[Told, ...]:
    """What each receiver was told last of each family of rules, the newest first."""
    found = []
    for group, log in state.groups.items():
        receiver, _, family = group.partition("/")
        if log.sent_at is not None:
            firing, resolved = _by_rule(log.firing), _by_rule(log.resolved)
            found.append(Told(receiver=receiver, family=family, at=log.sent_at, firing=firing, resolved=resolved))
    return tuple(sorted(found, key=lambda each: (-each.at.timestamp(), each.receiver, each.family)))


def _by_rule(keys: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(key.partition("|")[0] for key in keys).items()))


def _receivers(state: TenantState, occasion: Occasion) -> Iterable[ReceiverStatus]:
    configured = frozenset(occasion.routes.receivers if occasion.expects_delivery else ())
    waiting_for = {entry.receiver for entry in state.outbox}
    for name in sorted(configured | waiting_for | state.receivers.keys()):
        mine = [entry for entry in state.outbox if entry.receiver == name]
        known = state.receivers.get(name, ReceiverState())
        yield _receiver(name, known, mine, configured=name in configured)


def _receiver(name: str, known: ReceiverState, mine: list[OutboxEntry], *, configured: bool) -> ReceiverStatus:
    waiting = [entry for entry in mine if not entry.refused]
    refused = [entry for entry in mine if entry.refused]
    return ReceiverStatus(
        receiver=name,
        configured=configured,
        waiting=len(waiting),
        refused=len(refused),
        dropped=known.dropped,
        waiting_since=min((entry.created for entry in waiting), default=None),
        failing_since=known.failing_since,
        delivered_at=known.delivered_at,
        heartbeat_at=known.heartbeat_at,
        refusal=refused[-1].refused if refused else "",
    )
