"""How patient alerting is. The defaults are Alertmanager's where they fit a licence monitor."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from shared.model.finding import Severity

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


class Repeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After how long an open group is told again, by its worst severity."""

    critical: timedelta = timedelta(hours=4)
    warning: timedelta = timedelta(hours=24)

    def of(self, severity: Severity) -> timedelta:
        """The interval of a severity; what is milder than a warning repeats like one."""
        return self.critical if severity == "critical" else self.warning


class Calendar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At which hour of which place heartbeats and digests come, and on which day of the week digests do."""

    at: time
    digest_day: Weekday = "mon"
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse a time with a zone of its own, and places without a clock."""
        if self.at.tzinfo is not None:
            raise ValueError("`at` is a time of the day in `time_zone`, without a zone of its own")
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, KeyError):
            raise ValueError(f"`time_zone` {self.time_zone!r} is not known; it is one such as Europe/Berlin") from None


class Timing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a finding is told, and when its end is.

    `group_wait` gathers what breaks together before the first message, `group_interval` spaces the later ones.
    `pending` is for how long a rule's findings must hold before they count, where it is to be another time than the
    rule's own; `hold` how many complete evaluations, each on newer reads, must find one absent before it has ended.
    `heartbeat` is how often a receiver is told that it is still reached, `digest` how often the hints are; at the hours
    of `calendar`, if there is one, else so long after the last.
    """

    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat: Repeat = Repeat()
    pending: dict[str, timedelta] = {}
    hold: Annotated[int, msgspec.Meta(ge=1)] = 2
    heartbeat: timedelta = timedelta(days=1)
    digest: timedelta = timedelta(days=7)
    calendar: Calendar | None = None

    def __post_init__(self) -> None:
        """Refuse intervals that contradict each other."""
        for shorter, longer in _IN_ORDER:
            if self._of(shorter) > self._of(longer):
                raise ValueError(
                    f"`{longer}` ({_shown(self._of(longer))}) is shorter than `{shorter}` "
                    f"({_shown(self._of(shorter))}): make it at least as long"
                )
        for name, unit, word in (("heartbeat", _DAY, "days"), ("digest", _WEEK, "weeks")):
            if self._of(name) < _HOUR:
                raise ValueError(f"`{name}` ({_shown(self._of(name))}) is shorter than an hour: make it longer")
            if self.calendar is not None and self._of(name) % unit:
                raise ValueError(f"`{name}` is no number of whole {word}, which it must be where there is a `calendar`")

    def _of(self, name: str) -> timedelta:
        """The interval of a name such as `repeat.critical`."""
        table, _, key = name.rpartition(".")
        found: timedelta = getattr(self.repeat if table else self, key)
        return found


_IN_ORDER = (
    ("group_wait", "group_interval"),
    ("group_interval", "repeat.critical"),
    ("repeat.critical", "repeat.warning"),
)
"""Intervals of which the first is no longer than the second."""


def _shown(duration: timedelta) -> str:
    """A duration as the settings spell it, in the largest unit that it is a whole number of."""
    for unit, letter in ((_DAY, "d"), (_HOUR, "h"), (timedelta(minutes=1), "m")):
        if duration and not duration % unit:
            return f"{duration // unit}{letter}"
    return f"{duration.total_seconds():g}s"
