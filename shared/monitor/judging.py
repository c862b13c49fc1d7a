"""The end of every read: what it brought enters the document together with what the rules say of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Literal

from shared.model.errors import Denied, OutOfTime, SourceError
from shared.model.sources import Source
from shared.model.tenant import TenantState
from shared.monitor import source_reads
from shared.monitor.evaluate import Judgement, evaluated
from shared.monitor.monitor import Monitor
from shared.monitor.observing import evaluation_observed, measure
from shared.state.store import Step

_logger = logging.getLogger("linekeeper.judging")

FailedRead = Literal["failed", "partial", "denied"]
Commit = Callable[[Monitor, Step], Awaitable[TenantState]]
"""How a read enters the document: judged at once, or with what is read after it."""


async def commit_judged(monitor: Monitor, step: Step) -> TenantState:
    """Carry the document one step further and evaluate it, in one write."""
    judgements: list[Judgement] = []
    with evaluation_observed(monitor.telemetry) as observed:
        occasion = monitor.occasion()

        def judged(document: TenantState) -> TenantState:
            judgements[:] = [evaluated(step(document), occasion, monitor.telemetry.around_rule)]
            return judgements[0].state

        state = await monitor.commit(judged)
        observed(judgements[0], occasion.now)
    measure(monitor, judgements[0])
    return state


async def commit_unjudged(monitor: Monitor, step: Step) -> TenantState:
    """Carry the document one step further; what is read next is judged together with it."""
    return await monitor.commit(step)


async def record_failure(
    monitor: Monitor,
    problem: SourceError,
    *sources: Source,
    also: Callable[[TenantState], TenantState] = lambda document: document,
) -> None:
    """Remember a failed read, and evaluate: what rests on it freezes, and in time the source is a finding itself.

    `also` is what else enters the document with it.
    """
    _logger.warning("%s could not be read: %s", " and ".join(sources), problem)
    now = monitor.clock()
    for source in sources:
        monitor.telemetry.count_read(source, _outcome(problem))

    def step(document: TenantState) -> TenantState:
        document = also(document)
        for source in sources:
            document = source_reads.with_failure(document, source, problem, now)
        return document

    await commit_judged(monitor, step)


def _outcome(problem: SourceError) -> FailedRead:
    if isinstance(problem, OutOfTime):
        return "partial"
    return "denied" if isinstance(problem, Denied) and problem.forbidden else "failed"
