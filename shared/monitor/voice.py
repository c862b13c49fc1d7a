"""The voice export into the document, and whom it refers to. Read when it has changed; the timer looks often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.exports.place import ExportPlace
from shared.graph.reads import ObjectsRead
from shared.model.errors import SourceError, Throttled
from shared.model.tenant import TenantState
from shared.model.voice import VoiceExport
from shared.monitor import observation, referencing, source_reads
from shared.monitor.following import targets_of
from shared.monitor.judging import Commit, commit_judged, commit_unjudged, record_failure
from shared.monitor.monitor import Monitor
from shared.state.store import Step
from shared.voice.export import read_export

_logger = logging.getLogger("linekeeper.voice")


async def read_voice(monitor: Monitor, commit: Commit = commit_judged) -> None:
    """Read the export if it is another than the last, and look up whom it refers to, as far as that is due.

    A new export enters the document together with what was found, so that nobody is taken for missing who was not
    asked for.
    """
    if monitor.export is None:
        return
    begun = monitor.clock()
    try:
        with monitor.telemetry.span("read voice"):
            export = await _read_if_changed(monitor, monitor.export)
    except SourceError as problem:
        await record_failure(monitor, problem, "voice")
        return
    if export is not None:
        monitor.telemetry.count_read("voice", "complete" if export.complete else "partial")
    await _enter(monitor, export, begun, commit)


async def _enter(monitor: Monitor, export: VoiceExport | None, begun: datetime, commit: Commit) -> None:
    steps: list[Step] = []
    if export is not None:
        steps.append(lambda document: source_reads.with_voice(document, export, begun))
    before = await monitor.load()
    with monitor.telemetry.span("look up call flows"):
        looked_up = await _looked_up(monitor, _all(steps, before))
    steps += looked_up.steps
    steps.append(lambda document: source_reads.with_voice_again(document, begun))
    after = _all(steps, before)
    if looked_up.problem is not None and after.look_ups.have_failed_for_long(begun):
        await record_failure(
            monitor,
            _told(looked_up.problem, after.look_ups.failing_since),
            "voice",
            also=lambda document: _all(steps, document),
        )
    elif export is not None or _is_to_be_judged(before, after):
        await commit(monitor, lambda document: _all(steps, document))
    elif after is not before:
        await commit_unjudged(monitor, lambda document: _all(steps, document))


def _is_to_be_judged(before: TenantState, after: TenantState) -> bool:
    known = before.source("voice"), before.accounts
    return known != (after.source("voice"), after.accounts) or referencing.differ(before, after)


class _LookedUp(msgspec.Struct, frozen=True):
    """What a look-up gave, as steps of the document, and why a part or all of it failed."""

    steps: list[Step]
    problem: SourceError | None = None


async def _looked_up(monitor: Monitor, state: TenantState) -> _LookedUp:
    """Look up whom the call flows refer to, and the accounts that Teams lists and nobody has read; each for itself."""
    not_before = state.look_ups.not_before
    if state.voice is None or (not_before is not None and monitor.clock() < not_before):
        return _LookedUp([])
    steps: list[Step] = []
    problem: SourceError | None = None
    wait: SourceError | None = None
    ids = referencing.to_look_up(state, monitor.clock())
    unknown = sorted(targets_of(state) - state.accounts.keys() - state.departed.keys())
    try:
        if ids:
            objects = await _objects(monitor, ids, state.voice)
            steps.append(lambda document: _with_objects(document, objects))
            wait = objects.failed
    except SourceError as found:
        problem = wait = found
    try:
        if unknown and not isinstance(wait, Throttled):
            accounts = await monitor.reader.accounts(unknown)
            steps.append(lambda document: observation.with_accounts(document, accounts))
    except SourceError as found:
        problem = wait = found
    if problem is not None:
        # Who was not looked up is not judged; what is known of the others stays.
        _logger.warning("whom call flows refer to could not be looked up: %s", problem)
    now, asked = monitor.clock(), bool(ids)
    steps.append(lambda document: referencing.with_outcome(document, problem, now, asked=asked, wait=wait))
    return _LookedUp(steps, problem)


async def _objects(monitor: Monitor, ids: Sequence[str], export: VoiceExport) -> ObjectsRead:
    objects = await monitor.reader.objects(ids, referencing.users_in(export), referencing.groups_in(export))
    if objects.refused:
        _logger.warning(
            "groups that call flows refer to are not judged: this identity may not look up directory objects; grant it "
            "the application permission Directory.Read.All"
        )
    if objects.failed is not None:
        _logger.warning("some of those whom call flows refer to could not be looked up: %s", objects.failed)
    return objects


def _with_objects(document: TenantState, objects: ObjectsRead) -> TenantState:
    return referencing.with_objects(document, objects, observation.lately_told(document, objects.begun))


def _told(problem: SourceError, since: datetime | None) -> SourceError:
    """Why the export is in doubt that lies there as it should."""
    said = f"whom call flows refer to could not be looked up since {since:%Y-%m-%d %H:%M} UTC: {problem}"
    return Throttled(said, problem.retry_after) if isinstance(problem, Throttled) else SourceError(said)


async def _read_if_changed(monitor: Monitor, place: ExportPlace) -> VoiceExport | None:
    state = await monitor.load()
    seen = state.voice_seen or state.voice.version if state.voice is not None else ""
    found = await place.read(seen)
    if found is None:
        return None
    return await asyncio.to_thread(
        read_export, found.content, tenant=monitor.tenant, now=monitor.clock(), version=found.version
    )


def _all(steps: list[Step], document: TenantState) -> TenantState:
    for step in steps:
        document = step(document)
    return document
