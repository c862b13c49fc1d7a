"""The timers' jobs of several tenants, as one process works on them: each at most once at a time, and none too late.

The queue gives a process only so many messages at once (host.json). So a tenant that keeps its jobs waiting must not
gather more and more of them: what it holds is bounded here, and how long by the invocation.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime, timedelta

from shared.model.errors import LinekeeperError, UnreadableMessage
from shared.model.job import Job, JobName, decode_job

SLOW = timedelta(seconds=20)
"""A tenant one of whose reads has been under way for so long gets no other until that one has ended."""

READS: frozenset[JobName] = frozenset({"licences", "delta", "voice"})
"""Jobs that come again within minutes, and that the tenant's own reads would keep waiting anyway."""

TAKES_ITS_TIME: JobName = "deliver"
"""The job that may take long without any trouble: it keeps each receiver's pace."""

_FAILED = "job %s of tenant %s failed, and the next tick does it again: %s"

_logger = logging.getLogger("linekeeper.jobs")


def jobs_for(tenants: Iterable[str], job: JobName, *, at: datetime, traceparent: str) -> tuple[Job, ...]:
    """One job for each tenant."""
    return tuple(Job(tenant=tenant, job=job, at=at, traceparent=traceparent) for tenant in tenants)


class Docket:
    """Which jobs are under way in this process and since when, and how many were left to the next tick."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._under_way: dict[tuple[str, JobName], datetime] = {}
        self.dropped = 0

    async def take(self, message: bytes, tenants: Collection[str], work: Callable[[Job], Awaitable[None]]) -> None:
        """Do what a message says. What cannot be read is logged: it is of another version, and says nothing lasting."""
        try:
            job = decode_job(message)
        except UnreadableMessage as problem:
            self.dropped += 1
            _logger.error("%s It is dropped (%d so far)", problem, self.dropped)  # noqa: TRY400 - nothing to trace
            return
        await self.run(job, tenants, lambda: work(job))

    async def run(self, job: Job, tenants: Collection[str], work: Callable[[], Awaitable[None]]) -> None:
        """Do a job, unless there is no need to; one that fails is logged and not an error.

        An error would make the queue try again five times and then put the message by as poison, which is for what
        nobody else will do. Here the next tick does the same anyway, and what must not wait for it (an overdue sweep, a
        subscription that could not be kept, whom a failed read left waiting) is remembered in the document.
        """
        why_not = self._why_not(job, tenants)
        if why_not:
            self.dropped += 1
            _logger.warning("job %s of tenant %s dropped: %s (%d so far)", job.job, job.tenant, why_not, self.dropped)
            return
        mine = (job.tenant, job.job)
        self._under_way[mine] = self._clock()
        try:
            await work()
        except LinekeeperError as problem:
            _logger.error(_FAILED, job.job, job.tenant, problem)  # noqa: TRY400 - the sentence says it all
        except Exception as problem:
            _logger.exception(_FAILED, job.job, job.tenant, type(problem).__name__)
        finally:
            del self._under_way[mine]

    def _why_not(self, job: Job, tenants: Collection[str]) -> str:
        """Why a job is not to be done; "" where it is."""
        if job.tenant not in tenants:
            return "the tenant is not watched"
        now = self._clock()
        if job.is_superseded(now):
            return f"the next has superseded it, {(now - job.at).total_seconds():.0f} s after its timer"
        # As a timer's run that lasts too long delays the next, and does not overlap it.
        if (job.tenant, job.job) in self._under_way:
            return "the last one is still under way"
        return self._what_is_slow(job, now) if job.job in READS else ""

    def _what_is_slow(self, job: Job, now: datetime) -> str:
        """Which other job of the tenant has kept it for too long; "" where none has."""
        for (tenant, name), since in self._under_way.items():
            if tenant == job.tenant and name != TAKES_ITS_TIME and now - since > SLOW:
                return f"{name} has been under way for {(now - since).total_seconds():.0f} s"
        return ""
