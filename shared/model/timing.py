"""How patient alerting is. The defaults are Alertmanager's where they fit a licence monitor."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec

from shared.model.finding import Severity


class Repeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After how long an open group is told again, by its worst severity."""

    critical: timedelta = timedelta(hours=4)
    warning: timedelta = timedelta(hours=24)

    def of(self, severity: Severity) -> timedelta:
        """The interval of a severity; what is milder than a warning repeats like one."""
        return self.critical if severity == "critical" else self.warning


class Timing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a finding is told, and when its end is.

    `group_wait` gathers what breaks together before the first message, `group_interval` spaces the later ones.
    `pending` is for how long a rule's findings must hold before they count, where it is to be another time than the
    rule's own; `hold` how many complete evaluations, each on newer reads, must find one absent before it has ended.
    `heartbeat` is how often a receiver is told that it is still reached, `digest` how often the hints are.
    """

    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat: Repeat = Repeat()
    pending: dict[str, timedelta] = {}
    hold: Annotated[int, msgspec.Meta(ge=1)] = 2
    heartbeat: timedelta = timedelta(days=1)
    digest: timedelta = timedelta(days=7)
