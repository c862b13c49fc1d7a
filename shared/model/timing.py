"""How patient alerting is. The defaults are Alertmanager's where they fit a licence monitor."""

from __future__ import annotations

from datetime import timedelta

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
    """When a group's message goes out.

    `group_wait` gathers what breaks together before the first message, `group_interval` spaces the later ones.
    """

    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat: Repeat = Repeat()
