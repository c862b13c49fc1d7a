"""How a read of a whole source enters the document, and what a failed one leaves there.

Older never overwrites newer, and a failure overwrites nothing: what was read last is still what is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from shared.graph.reads import CallingRead, LicencesRead, NumbersRead
from shared.model.errors import Denied, OutOfTime, SourceError, Throttled
from shared.model.sources import PERMISSIONS, Source, SourceState
from shared.model.tenant import TenantState
from shared.model.voice import VoiceExport
from shared.monitor import referencing
from shared.voice.merge import merged
from shared.voice.opt_out import opted_out_since

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=5)
"""After how long a failed read is tried again: the longer it has failed, the later."""


REMEMBER_SUBSCRIPTIONS = timedelta(days=1)
"""How long the last subscriptions that could be read tell trials, while reading them is refused."""


def with_licences(state: TenantState, read: LicencesRead) -> TenantState:
    """The document with a read of SKUs, unless it already holds a later one."""
    known = state.source("licences").complete_as_of
    if known is not None and known >= read.begun:
        return state
    if not referencing.bring_phones_alike(state.skus, read.skus):
        # Of those whom call flows refer to, licences are not remembered.
        state = msgspec.structs.replace(state, look_ups=referencing.all_due(state.look_ups, read.begun))
    state = msgspec.structs.replace(state, skus=read.skus)
    return marked(_with_subscriptions(state, read), "licences", read.begun)


def _with_subscriptions(state: TenantState, read: LicencesRead) -> TenantState:
    """The document with the subscriptions read, or with the last ones that could be, while these are recent.

    One refusal must not make trials count, and the allocation rise and fall.
    """
    if read.subscriptions is not None:
        return msgspec.structs.replace(state, subscriptions=read.subscriptions, subscriptions_read=read.begun)
    if state.subscriptions_read is not None and read.begun - state.subscriptions_read <= REMEMBER_SUBSCRIPTIONS:
        return state
    return msgspec.structs.replace(state, subscriptions=None, subscriptions_read=None)


def with_numbers(state: TenantState, read: NumbersRead) -> TenantState:
    """The document with a read of numbers, unless it already holds a later one."""
    known = state.source("numbers").complete_as_of
    if known is not None and known >= read.begun:
        return state
    if read.numbers is None:
        return without_numbers(state)
    return marked(msgspec.structs.replace(state, numbers=read.numbers), "numbers", read.begun)


def with_calling(state: TenantState, read: CallingRead) -> TenantState:
    """The document with a read of people's calling state, unless it already holds a later one."""
    known = state.source("calling").complete_as_of
    if known is not None and known >= read.begun:
        return state
    if read.people is None:
        return without_calling(state)
    return marked(msgspec.structs.replace(state, calling=read.people), "calling", read.begun)


def with_voice(state: TenantState, read: VoiceExport, read_at: datetime | None = None) -> TenantState:
    """The document with a voice export, as of when it was made; an older one than it holds adds nothing.

    Args:
        state: the document.
        read: the export.
        read_at: when it was read; when it was made, where that is not known.
    """
    voice = merged(state.voice, read)
    if voice is not state.voice:
        since = opted_out_since(state.opted_out_since, voice)
        state = msgspec.structs.replace(state, voice=voice, opted_out_since=since)
    return _voice_known(msgspec.structs.replace(state, voice_seen=read.version), voice, read_at or read.exported_at)


def with_voice_again(state: TenantState, read_at: datetime) -> TenantState:
    """The document after the export was found as it was read last, and nothing else went wrong: no failure is left."""
    if state.voice is None or state.source("voice").retry_at is None:
        return state
    return _voice_known(state, state.voice, read_at)


def _voice_known(state: TenantState, voice: VoiceExport, read_at: datetime) -> TenantState:
    """The document with the source as good as what is known of it: nothing is confirmed by what cannot be looked up."""
    known = state.source("voice")
    if state.look_ups.have_failed_for_long(read_at):
        return state
    complete_as_of = max(voice.exported_at, known.complete_as_of or voice.exported_at)
    if voice.complete:
        source = SourceState(state="complete", tried_at=read_at, complete_as_of=complete_as_of)
    else:
        stages = f" (failed: {', '.join(voice.errors)})" if voice.errors else ""
        source = SourceState(
            state="partial",
            tried_at=read_at,
            complete_as_of=known.complete_as_of,
            failing_since=known.failing_since or voice.exported_at,
            problem=f"the export is not complete{stages}.",
        )
    return msgspec.structs.replace(state, sources={**state.sources, "voice": source})


def with_failure(state: TenantState, source: Source, problem: SourceError, now: datetime) -> TenantState:
    """The document with a failed read: what was known stays known, as of when it was read."""
    known = state.source(source)
    # When it was tried, not as of when: an export may be read hours after it was made.
    last = known.tried_at or known.complete_as_of
    if last is not None and last > now:
        return state
    since = known.failing_since or now
    asked = timedelta(seconds=problem.retry_after) if isinstance(problem, Throttled) else None
    forbidden = isinstance(problem, Denied) and problem.forbidden
    failed = msgspec.structs.replace(
        known,
        # What was read in part stays so until the rest of it is read, whatever fails in between.
        state="partial" if isinstance(problem, OutOfTime) or known.state == "partial" else "failed",
        tried_at=now,
        failing_since=since,
        not_before=now + asked if asked is not None else None,
        retry_at=now + min(LONGEST_PAUSE, max(FIRST_PAUSE, now - since)),
        problem=str(problem),
        permission=PERMISSIONS.get(source, "") if forbidden else "",
    )
    return msgspec.structs.replace(state, sources={**state.sources, source: failed})


def marked(state: TenantState, source: Source, as_of: datetime) -> TenantState:
    """The document with a source read completely; a read that began earlier than the last one sets nothing back."""
    known = state.source(source).complete_as_of
    as_of = max(as_of, known) if known is not None else as_of
    read = SourceState(state="complete", tried_at=as_of, complete_as_of=as_of)
    return msgspec.structs.replace(state, sources={**state.sources, source: read})


def partly(
    state: TenantState,
    source: Source,
    as_of: datetime,
    problem: str = "there was more to read than one read's time allows.",
) -> TenantState:
    """The document with a source read in part: the next read goes on from there."""
    known = state.source(source)
    read = msgspec.structs.replace(
        known,
        state="partial",
        tried_at=as_of,
        failing_since=known.failing_since or as_of,
        problem=problem,
    )
    return msgspec.structs.replace(state, sources={**state.sources, source: read})


def without_numbers(state: TenantState) -> TenantState:
    """The document without numbers: this cloud does not tell them, or they are not wanted."""
    return without_source(msgspec.structs.replace(state, numbers=()), "numbers")


def without_calling(state: TenantState) -> TenantState:
    """The document without calling states: this cloud does not tell them, or they are not wanted."""
    return without_source(msgspec.structs.replace(state, calling={}), "calling")


def without_source(state: TenantState, source: Source) -> TenantState:
    """The document with a source that this cloud does not have: absent, not failed."""
    sources = {key: value for key, value in state.sources.items() if key != source}
    return msgspec.structs.replace(state, sources=sources)
