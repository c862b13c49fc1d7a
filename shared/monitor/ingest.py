"""Changes into the document: after a notification, by timer, or what still waits. Each read ends in an evaluation."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from shared.graph.reads import AccountsRead, DeltaRead, LicencesRead
from shared.model.change_message import ChangeMessage
from shared.model.errors import DeltaExpired, SourceError
from shared.model.sources import Source
from shared.model.tenant import TenantState
from shared.monitor import observation, referencing, source_reads
from shared.monitor.baseline import has_unlisted_licence, read_everything
from shared.monitor.direct import applied, to_read_directly
from shared.monitor.judging import commit_judged, record_failure
from shared.monitor.monitor import FoundBy, Monitor
from shared.monitor.polling import read_optional_sources
from shared.monitor.upkeep import answer_lifecycle
from shared.monitor.voice import read_voice

LICENCES_AT_MOST_EVERY = timedelta(minutes=1)
"""How recent a read of the SKUs must be for a change not to cause another."""

AWAITED_AT_ONCE = 400
"""How many of those that are waited for one read asks for: what takes too long as a whole is done in parts."""

_logger = logging.getLogger("linekeeper.ingest")


async def take_message(monitor: Monitor, message: ChangeMessage) -> None:
    """Act on a queue message.

    A message whose users a read begun after its receipt has already brought costs nothing, so that a storm costs one
    read. Where Graph is not to be asked now, the document remembers the users until it may be.
    """
    if message.tenant != monitor.tenant:
        _logger.warning("a message of another tenant was dropped")
        return
    if await answer_lifecycle(monitor, message.lifecycle):
        await sweep(monitor)
    if not message.users:
        return
    async with monitor.reading:
        state = await monitor.load()
        brought = state.delta.brought
        waiting = [user for user in message.users if user not in brought or brought[user] <= message.received]
        if waiting and _may_follow(monitor, state):
            await _read_changes(monitor, waiting, "notification")
        elif waiting:
            await monitor.commit(lambda document: observation.awaiting(document, waiting))


async def read_licences(monitor: Monitor) -> None:
    """Read the SKUs and the optional sources, of which nothing notifies; where the document is empty, everything."""
    async with monitor.reading:
        state = await monitor.load()
        if not _may_ask(monitor, state, "licences"):
            return
        if not state.delta.link:
            if _may_ask(monitor, state):
                await read_everything(monitor)
            return
        try:
            with monitor.telemetry.span("read licences"):
                read = await monitor.reader.licences()
        except SourceError as problem:
            await record_failure(monitor, problem, "licences")
        else:
            monitor.telemetry.count_read("licences", "complete")
            if has_unlisted_licence(state, read):
                await read_everything(monitor, read)
                return
            await commit_judged(monitor, lambda document: source_reads.with_licences(document, read))
        await read_optional_sources(monitor)


async def read_lines(monitor: Monitor) -> None:
    """Read the voice export if it has changed; where the document is empty, everything."""
    async with monitor.reading:
        state = await monitor.load()
        if state.delta.link:
            await read_voice(monitor)
        elif _may_ask(monitor, state):
            await read_everything(monitor)


async def read_changes(monitor: Monitor) -> None:
    """Read what changed since the last delta read, and whoever is still waited for."""
    async with monitor.reading:
        state = await monitor.load()
        if _may_ask(monitor, state):
            await _read_changes(monitor, state.delta.awaited[:AWAITED_AT_ONCE], "delta")


async def catch_up(monitor: Monitor) -> None:
    """Read what a failed read left waiting, once Graph may be asked again; nothing where nothing waits."""
    state = await monitor.load()
    if not _may_follow(monitor, state):
        return
    if state.delta.sweep_due:
        await sweep(monitor)
    elif state.delta.awaited or state.source("accounts").state in {"failed", "partial"} or _awaits_proof(state):
        await read_changes(monitor)


async def sweep(monitor: Monitor) -> None:
    """Read all accounts anew, and count what notifications and delta had missed.

    What delta can still tell is not missed yet: it is read first. A sweep that cannot be done now stays due.
    """
    async with monitor.reading:
        first = await monitor.commit(observation.sweep_due)
        if not _may_ask(monitor, first):
            return
        await _read_changes(monitor, first.delta.awaited[:AWAITED_AT_ONCE], "delta")
        before = await monitor.load()
        if before.delta.baseline != first.delta.baseline:
            return  # the chain was broken, and everything has just been read anew
        await read_everything(monitor)
        missed = observation.changed_accounts(before, await monitor.load())
        monitor.telemetry.count_changes("sweep", missed)
        if missed:
            _logger.warning("the sweep found %d accounts that no notification and no delta had told of", missed)


async def _read_changes(monitor: Monitor, users: Iterable[str], found_by: FoundBy) -> None:
    users = tuple(users)
    state = await monitor.load()
    if not state.delta.link:
        await read_everything(monitor)
        return
    begun = monitor.clock()
    try:
        read, wanted, direct = await _delta_and_direct(monitor, state, users)
    except DeltaExpired:
        monitor.telemetry.count_read("accounts", "failed")
        await monitor.commit(lambda document: observation.without_delta(document, state.delta.link, begun))
        await read_everything(monitor)
        return
    except SourceError as problem:
        await record_failure(monitor, problem, "accounts", also=lambda document: observation.awaiting(document, users))
        return
    if isinstance(direct, SourceError):
        # What delta told is kept, or the next read would ask for all of it, and for the same accounts, again.
        await record_failure(
            monitor,
            direct,
            "accounts",
            also=lambda document: observation.awaiting(observation.with_delta(document, read), wanted),
        )
        return
    monitor.telemetry.count_read("accounts", "complete" if read.complete else "partial")
    after = applied(state, read, direct)
    moved = observation.changed_accounts(state, after)
    licences = await _recent_licences(monitor, state) if moved else None
    if licences is not None and has_unlisted_licence(state, licences):
        await read_everything(monitor, licences)
        return

    def step(document: TenantState) -> TenantState:
        fresh = observation.no_longer_awaiting(applied(document, read, direct), begun)
        return source_reads.with_licences(fresh, licences) if licences is not None else fresh

    if moved or referencing.differ(state, after) or after.departed != state.departed or _was_in_doubt(state):
        monitor.telemetry.count_changes(found_by, moved)
        await commit_judged(monitor, step)
    else:
        await monitor.commit(step)


async def _delta_and_direct(
    monitor: Monitor, state: TenantState, users: Iterable[str]
) -> tuple[DeltaRead, list[str], AccountsRead | SourceError | None]:
    """A delta read, whom to read directly because of it, and what that gave: nobody, accounts, or a failure.

    Raises:
        SourceError: the delta could not be read.
    """
    with monitor.telemetry.span("read users"):
        read = await monitor.reader.delta(state.delta.link)
        wanted = to_read_directly(state, read, users)
        try:
            return read, wanted, await monitor.reader.accounts(wanted) if wanted else None
        except SourceError as problem:
            return read, wanted, problem


def _may_ask(monitor: Monitor, state: TenantState, source: Source = "accounts") -> bool:
    """Whether a timer may ask Graph for a source now: not while Graph wants to be left alone."""
    not_before = state.source(source).not_before
    return not_before is None or not_before <= monitor.clock()


def _may_follow(monitor: Monitor, state: TenantState) -> bool:
    """Whether accounts may be asked for beside the timers: not right after a failure either."""
    retry_at = state.source("accounts").retry_at
    return _may_ask(monitor, state) and (retry_at is None or retry_at <= monitor.clock())


async def _recent_licences(monitor: Monitor, state: TenantState) -> LicencesRead | None:
    """The SKUs, where what is known of them is old enough to be read again."""
    known = state.source("licences").complete_as_of
    if known is not None and monitor.clock() - known < LICENCES_AT_MOST_EVERY:
        return None
    try:
        read = await monitor.reader.licences()
    except SourceError as problem:
        _logger.warning("licences could not be read beside a change: %s", problem)
        return None
    monitor.telemetry.count_read("licences", "complete")
    return read


def _was_in_doubt(state: TenantState) -> bool:
    waits = any(alert.frozen or alert.phase == "pending" for alert in state.alerts.values())
    return state.source("accounts").state != "complete" or waits or _awaits_proof(state)


def _awaits_proof(state: TenantState) -> bool:
    """Whether an end was seen that must be seen once more before it is believed."""
    return any(alert.absences and alert.phase == "firing" for alert in state.alerts.values())
