"""A timer's work on one tenant as a message: each of several tenants has its own, so that none waits for another."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shared.model.queue_message import decoded

QUEUE = "jobs"

JobName = Literal["licences", "delta", "voice", "sweep", "upkeep", "deliver"]

INTERVALS: dict[JobName, timedelta] = {
    "licences": timedelta(minutes=5),
    "delta": timedelta(minutes=5),
    "voice": timedelta(minutes=5),
    "sweep": timedelta(days=1),
    "upkeep": timedelta(hours=1),
    "deliver": timedelta(seconds=30),
}
"""How often each is due, as the timers' schedules have it."""

SUPERSEDED_AFTER = 2
"""Intervals after which a job that has not begun is left to those that came behind it."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `at` is when the timer ran (UTC), `traceparent` the span of its invocation."""

    v: int = 1
    tenant: str
    job: JobName
    at: datetime
    traceparent: str = ""

    def is_superseded(self, now: datetime) -> bool:
        """Whether a later job has been due for long, which does the same."""
        return now - self.at > SUPERSEDED_AFTER * INTERVALS[self.job]


def decode_job(content: bytes) -> Job:
    """Read a queue message.

    Raises:
        UnreadableMessage: it is none of version 1.
    """
    return decoded(content, Job, QUEUE)
