"""Groups over time, against a plain model of the facts' table with the waits around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model.finding import Finding

GROUP_WAIT, GROUP_INTERVAL, REPEAT = 30, 300, 4 * 3600
LETTERS = "abcd"

MakeFinding = Callable[..., Finding]
NewDesk = Callable[..., Any]


class Model:
    """What the receiver of one group of critical findings is told, look after look."""

    def __init__(self) -> None:
        self.known: set[str] = set()  # what the receiver takes for firing
        self.sent: int | None = None
        self.due: int | None = None
        self.ended: set[str] = set()  # what has ended since, of what it knows

    def look(self, now: int, firing: set[str]) -> dict[str, set[str]] | None:
        self.ended = self.known - firing
        if not self._worth_telling(now, firing):
            self.due = None
            return None
        if not self._is_reminder(firing):
            wait = now + GROUP_WAIT
            if self.sent is not None and self.known:
                wait = max(wait, self.sent + GROUP_INTERVAL)
            self.due = wait if self.due is None else min(self.due, wait)
            if self.due > now:
                return None
        told = {"new": firing - self.known, "resolved": self.ended, "open": firing & self.known}
        self.known, self.due = set(firing), None
        self.sent = now if firing else None  # a group in which nothing fires any more is forgotten
        return {kind: names for kind, names in told.items() if names}

    def _worth_telling(self, now: int, firing: set[str]) -> bool:
        if self.sent is None:  # rows 1 and 2
            return bool(firing)
        if firing - self.known:  # rows 3 and 4
            return True
        if not firing:  # rows 5 and 6
            return bool(self.known)
        return bool(self.ended) or self.sent < now - REPEAT  # rows 7 and 8

    def _is_reminder(self, firing: set[str]) -> bool:
        return self.sent is not None and firing == self.known and bool(firing)


steps = st.lists(
    st.tuples(st.sampled_from([10, 20, 30, 60, 270, 300, 3600, REPEAT, REPEAT + 1]), st.sets(st.sampled_from(LETTERS))),
    max_size=40,
)


@settings(max_examples=300)
@given(steps)
def test_a_receiver_is_told_what_the_table_says_and_when(
    new_desk: NewDesk, make_finding: MakeFinding, steps: list[tuple[int, set[str]]]
) -> None:
    desk, model, now = new_desk(), Model(), 0
    findings = {letter: make_finding("unlicensed", letter, name=letter) for letter in LETTERS}
    for pause, firing in steps:
        now += pause
        messages = desk.look(now, *(findings[letter] for letter in sorted(firing)))
        told = [
            {section.kind: {item.name for item in section.items} for section in message.sections}
            for message in messages
        ]
        expected = model.look(now, firing)
        assert told == ([] if expected is None else [expected])
