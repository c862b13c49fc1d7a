"""Whether a group's receiver must be told, as a pure function of what it was last told and what holds now.

The table is Alertmanager's (its deduplication stage), evaluated from the top.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Literal

from shared.model.alert import GroupLog

Reason = Literal["first", "new", "all_resolved", "some_resolved", "repeat", "unmuted"]
"""`unmuted` is not of the table: a silence ended over what still fires."""


def reason_to_send(
    log: GroupLog | None,
    *,
    firing: AbstractSet[str],
    resolved: AbstractSet[str],
    repeat: timedelta,
    now: datetime,
    send_resolved: bool = True,
) -> Reason | None:
    """Why to send a group's message now, or None.

    Args:
        log: what the receiver was last told; None or one never sent: nothing.
        firing: keys that fire now.
        resolved: keys that the receiver may have been told of and that have ended.
        repeat: after how long an unchanged group is told again.
        now: the time of the decision.
        send_resolved: whether the receiver wants to know of ends. That all has ended is a reason whether or not it
            does, so that it is forgotten: the message is then not sent.
    """
    if log is None or log.sent_at is None:
        return "first" if firing else None
    told_firing = frozenset(log.firing)
    if not firing <= told_firing:
        return "new" if told_firing else "first"
    if not firing:
        return "all_resolved" if told_firing else None
    if send_resolved and not resolved <= frozenset(log.resolved):
        return "some_resolved"
    # A time that lies as far ahead was set by a clock that went wrong.
    return "repeat" if abs(now - log.sent_at) > repeat else None
