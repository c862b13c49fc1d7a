"""The voice export into the document, and whom it refers to. Read when it has changed; the timer looks often."""

from __future__ import annotations

import asyncio
import logging

from shared.exports.place import ExportPlace
from shared.model.errors import SourceError
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
    try:
        with monitor.telemetry.span("read voice"):
            export = await _read_if_changed(monitor, monitor.export)
    except SourceError as problem:
        await record_failure(monitor, problem, "voice")
        return
    if export is not None:
        monitor.telemetry.count_read("voice", "complete" if export.complete else "partial")
    await _enter(monitor, export, commit)


async def _enter(monitor: Monitor, export: VoiceExport | None, commit: Commit) -> None:
    steps = [_entering(export)] if export is not None else []
    before = await monitor.load()
    try:
        with monitor.telemetry.span("look up call flows"):
            steps += await _looked_up(monitor, _all(steps, before))
    except SourceError as problem:
        # Who was not looked up is not judged; what is known of the others stays.
        _logger.warning("whom call flows refer to could not be looked up: %s", problem)
    after = _all(steps, before)
    if export is not None or after.accounts != before.accounts or referencing.differ(before, after):
        await commit(monitor, lambda document: _all(steps, document))
    elif steps:
        await commit_unjudged(monitor, lambda document: _all(steps, document))


async def _looked_up(monitor: Monitor, state: TenantState) -> list[Step]:
    steps: list[Step] = []
    ids = referencing.to_look_up(state, monitor.clock())
    if ids:
        objects = await monitor.reader.objects(ids)
        steps.append(lambda document: referencing.with_objects(document, objects))
    unknown = sorted(targets_of(state) - state.accounts.keys() - state.departed.keys())
    if unknown:
        accounts = await monitor.reader.accounts(unknown)
        steps.append(lambda document: observation.with_accounts(document, accounts))
    return steps


async def _read_if_changed(monitor: Monitor, place: ExportPlace) -> VoiceExport | None:
    state = await monitor.load()
    is_known = state.source("voice").state in {"complete", "partial"}
    found = await place.read(state.voice.version if state.voice is not None and is_known else "")
    if found is None:
        return None
    return await asyncio.to_thread(
        read_export, found.content, tenant=monitor.tenant, now=monitor.clock(), version=found.version
    )


def _entering(export: VoiceExport) -> Step:
    return lambda document: source_reads.with_voice(document, export)


def _all(steps: list[Step], document: TenantState) -> TenantState:
    for step in steps:
        document = step(document)
    return document
