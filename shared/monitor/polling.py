"""The sources that sharpen what is said and of which nothing notifies: numbers, and who can answer calls.

A tenant may not have granted them, and some clouds do not have them: what rests on them is then skipped, the rest goes
on.
"""

from __future__ import annotations

from shared.graph.reads import CallingRead, NumbersRead
from shared.model.errors import SourceError
from shared.model.sources import Source
from shared.model.tenant import TenantState
from shared.monitor import observation, source_reads
from shared.monitor.following import targets_of
from shared.monitor.judging import Commit, commit_judged, record_failure
from shared.monitor.monitor import Monitor
from shared.state.store import Step


async def read_optional_sources(monitor: Monitor, commit: Commit = commit_judged) -> None:
    """Read the sources that the settings leave on."""
    await _forget_unwanted(monitor, commit)
    await _read_numbers(monitor, commit)
    await _read_calling(monitor, commit)


async def _forget_unwanted(monitor: Monitor, commit: Commit) -> None:
    """Forget what was read of a source that has been switched off since: nothing rests on it any more."""
    wants = monitor.settings.file.sources.wants
    known = (await monitor.load()).sources
    if "numbers" in known and not wants("numbers"):
        await commit(monitor, source_reads.without_numbers)
    if "calling" in known and not wants("calling"):
        await commit(monitor, source_reads.without_calling)


async def _read_numbers(monitor: Monitor, commit: Commit) -> None:
    if not _is_due(monitor, "numbers", await monitor.load()):
        return
    try:
        with monitor.telemetry.span("read numbers"):
            read = await monitor.reader.numbers()
            steps = [_entering(read), *await _targets_read(monitor, read)]
    except SourceError as problem:
        await record_failure(monitor, problem, "numbers")
        return
    if read.numbers is not None:
        monitor.telemetry.count_read("numbers", "complete")
    await commit(monitor, lambda document: _all(steps, document))


async def _targets_read(monitor: Monitor, read: NumbersRead) -> list[Step]:
    """Read the accounts that numbers lead to and that are not followed: not known yet, or gone, if they still are."""
    state = _entering(read)(await monitor.load())
    unknown = sorted(targets_of(state) - state.accounts.keys())
    if not unknown:
        return []
    accounts = await monitor.reader.accounts(unknown)
    return [lambda document: observation.with_accounts(document, accounts)]


async def _read_calling(monitor: Monitor, commit: Commit) -> None:
    state = await monitor.load()
    if not _is_due(monitor, "calling", state):
        return
    targets = targets_of(state)
    followed = {
        account.id
        for account in state.accounts.values()
        if not account.has_department_marker and account.id not in targets
    }
    people = sorted(followed | _agents(state))
    try:
        with monitor.telemetry.span("read calling"):
            read = await monitor.reader.calling(people)
    except SourceError as problem:
        await record_failure(monitor, problem, "calling")
        return
    if read.people is not None:
        monitor.telemetry.count_read("calling", "complete")
    await commit(monitor, _entering(read))


def _agents(state: TenantState) -> frozenset[str]:
    """The users that answer a queue."""
    queues = state.voice.queues or () if state.voice is not None else ()
    agents = {agent.id for queue in queues for agent in queue.agents} | {user for each in queues for user in each.users}
    return frozenset(each for each in agents if (known := state.referenced.get(each)) and known.kind == "user")


def _is_due(monitor: Monitor, source: Source, state: TenantState) -> bool:
    """Whether a source is wanted, and Graph has not asked to be left alone with it."""
    not_before = state.source(source).not_before
    return monitor.settings.file.sources.wants(source) and (not_before is None or not_before <= monitor.clock())


def _entering(read: NumbersRead | CallingRead) -> Step:
    if isinstance(read, NumbersRead):
        return lambda document: source_reads.with_numbers(document, read)
    return lambda document: source_reads.with_calling(document, read)


def _all(steps: list[Step], document: TenantState) -> TenantState:
    for step in steps:
        document = step(document)
    return document
