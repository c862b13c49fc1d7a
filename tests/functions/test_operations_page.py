"""docs/operations.md reckons with the timers that there are, and names commands and pages that exist."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from functions import deliver, delta, licences, sweep, upkeep, voice
from shared.host import Schedule

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
TEXT = (DOCS / "operations.md").read_text(encoding="utf-8")
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC).timestamp()
DAY = 86_400.0
TIMERS = {each.__name__.rpartition(".")[2]: each.SCHEDULE for each in (deliver, licences, delta, voice, upkeep, sweep)}


def runs_a_day(schedule: str) -> int:
    """How often a timer runs from one midnight to the next."""
    known = Schedule(schedule)
    count, moment = 0, MIDNIGHT - 0.001
    while (moment := known.next_after(moment)) < MIDNIGHT + DAY:
        count += 1
    return count


def test_executions_a_day_are_those_of_the_schedules() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| ([\d,]+) \|$", TEXT, re.MULTILINE)
    stated = {name: (schedule, int(count.replace(",", ""))) for name, schedule, count in rows}
    assert stated == {name: (schedule, runs_a_day(schedule)) for name, schedule in TIMERS.items()}
    total = sum(count for _, count in stated.values())
    assert f"That is {total:,} a day, {30 * total:,} a month" in TEXT


def test_every_page_that_is_linked_exists_with_the_heading_that_is_named() -> None:
    for page, anchor in re.findall(r"\]\(([\w.]+\.md)?(?:#([\w-]+))?\)", TEXT):
        text = (DOCS / page).read_text(encoding="utf-8") if page else TEXT
        headings = {
            re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        }
        assert not anchor or anchor in headings, (page, anchor)
