"""A source that has not been read completely for too long: nothing that rests on it is confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.model.finding import Finding, Severity, Subject
from shared.model.sources import FRESH_INTERVALS, REQUIRED, Source, SourceState
from shared.rules.rule import PERMISSIONS_PAGE, Rule
from shared.rules.snapshot import Snapshot

CRITICAL_INTERVALS = 10


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Sources that are read, and were last read completely too long ago, or never."""
    for source, interval in sorted(snapshot.intervals.items()):
        known = snapshot.state.source(source)
        if known.state == "absent" or known.is_fresh(snapshot.now, interval):
            continue
        if _was_never_permitted(source, known):
            continue
        yield Finding(
            rule=RULE.id,
            severity=_severity(known, snapshot.now, interval),
            subject=Subject("source", source, source),
            summary=_summary(source, known),
            remedy=_remedy(source, known),
            evidence={
                "state": known.state,
                "complete_as_of": f"{known.complete_as_of:%Y-%m-%dT%H:%M:%SZ}" if known.complete_as_of else "never",
                "problem": known.problem,
            },
        )


def _was_never_permitted(source: Source, known: SourceState) -> bool:
    """Whether an optional source lacks nothing but its permission: `permission-missing` says it better."""
    return source not in REQUIRED and known.complete_as_of is None and bool(known.permission)


def _remedy(source: Source, known: SourceState) -> str:
    if source != "voice":
        return f"{RULE.remedy} Last problem: {known.problem or 'none; no read has run'}"
    problem = f" Last problem: {known.problem}" if known.problem else ""
    return f"Run the exporter, see why its job failed, and that LINEKEEPER_VOICE_EXPORT leads to its file.{problem}"


def _summary(source: Source, known: SourceState) -> str:
    if source == "voice":
        return _summary_of_export(known)
    if known.complete_as_of is None:
        return f"We have not been able to read the {source} of this tenant: nothing that rests on them is known."
    since = f"{known.complete_as_of:%Y-%m-%d %H:%M} UTC"
    return f"We could not read the {source} of this tenant since {since}: nothing that rests on them is confirmed."


def _summary_of_export(known: SourceState) -> str:
    if known.complete_as_of is None:
        return "The voice export could not be read: nothing is known of attendants and queues."
    made = f"{known.complete_as_of:%Y-%m-%d %H:%M} UTC"
    return f"The last complete voice export was made at {made}: nothing about attendants and queues is confirmed."


def _severity(known: SourceState, now: datetime, interval: timedelta) -> Severity:
    good = known.complete_as_of or known.failing_since
    return "critical" if good is not None and now - good > CRITICAL_INTERVALS * interval else RULE.severity


RULE = Rule(
    id="source-stale",
    family="monitor",
    severity="warning",
    title="A source is not being read",
    holds_when="a source's last complete read is older than three of its intervals",
    reads=frozenset(),
    why=f"After {FRESH_INTERVALS} missed reads, what the monitor says of a source is the past, not the present.",
    remedy="Check that Microsoft Graph is reachable and that the identity and its permissions are valid.",
    link=PERMISSIONS_PAGE,
    check=check,
    severity_varies="critical after ten intervals",
)
