"""NCRONTAB, the schedule language of timer triggers."""

from __future__ import annotations

import re

from croniter import CroniterError, croniter

_FIELDS = 6
_FIELD = re.compile(r"[0-9A-Za-z*,/-]+\Z")
_WORD = re.compile(r"[A-Za-z]+")
_NAMES = frozenset(
    [
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
        "sun",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
    ]
)
_ANY_MOMENT = 0.0


class Schedule:
    """When a timer runs: `{second} {minute} {hour} {day} {month} {day-of-week}`, in UTC.

    As in NCRONTAB, and unlike cron, a day must match both the day and the day of the week.

    Args:
        expression: the six fields.

    Raises:
        ValueError: the expression is none, or no moment ever matches it.
    """

    def __init__(self, expression: str) -> None:
        self.expression = " ".join(expression.split())
        fields = self.expression.split(" ")
        well_formed = len(fields) == _FIELDS and all(_FIELD.match(field) for field in fields)
        if not well_formed or not {word.lower() for word in _WORD.findall(self.expression)} <= _NAMES:
            raise ValueError(f"{expression!r} is no schedule: six fields second minute hour day month day-of-week are")
        try:
            self.next_after(_ANY_MOMENT)
        except CroniterError as error:
            raise ValueError(f"{expression!r} is no schedule: {error}") from error

    def next_after(self, moment: float) -> float:
        """The first time after the moment, both in seconds since the epoch."""
        occurrences = croniter(self.expression, moment, ret_type=float, day_or=False, second_at_beginning=True)
        return float(occurrences.get_next())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and other.expression == self.expression

    def __hash__(self) -> int:
        return hash(self.expression)

    def __repr__(self) -> str:
        return f"Schedule({self.expression!r})"
