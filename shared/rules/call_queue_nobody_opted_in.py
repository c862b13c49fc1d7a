"""A call queue all of whose agents have opted out of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.model.finding import Finding
from shared.model.voice import CallQueue, VoiceExport
from shared.rules.call_queue_unanswered import EXCEPTIONS, severity_unanswered, strands_callers, what_callers_meet
from shared.rules.line_words import QUEUE_PAGE, LineWords, listed, place
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot
from shared.voice.opt_out import nobody_opted_in


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Queues of which the exports have told for long enough, and in business hours, that nobody takes their calls."""
    lines, voice = snapshot.lines, snapshot.voice
    if lines is None or voice is None or not _in_business_hours(snapshot, voice):
        return
    words = LineWords(lines)
    for queue in lines.queues:
        since = _since(snapshot, queue)
        if since is None or voice.exported_at - _counted_from(snapshot, since, voice) < _patience(snapshot):
            continue
        way = words.way_to_nobody(queue.id) if strands_callers(queue) else words.way_to(queue.id)
        yield Finding(
            rule=RULE.id,
            severity=severity_unanswered(lines, queue),
            subject=words.subject(queue),
            summary=f"{_everyone(queue)} opted out since {since:%Y-%m-%d %H:%M} UTC at the latest: "
            f"{what_callers_meet(queue)}. {words.callers(queue.id, way)}",
            remedy=f"{RULE.remedy} {place(queue)} > Agent selection; or send callers on under {EXCEPTIONS}.",
            evidence=words.evidence(queue.id, way)
            | {
                "agents": listed(agent.id for agent in queue.agents),
                "agents_opted_out": len({agent.id for agent in queue.agents}),
                "since": f"{since:%Y-%m-%dT%H:%M:%SZ}",
                "exported_at": f"{voice.exported_at:%Y-%m-%dT%H:%M:%SZ}",
                "no_agent_action": queue.no_agent.action,
            },
        )


def judged_in_part(snapshot: Snapshot) -> str:
    """Why the last export cannot show that somebody is back: nobody need be in while queues are not to be answered."""
    hours, voice = snapshot.thresholds.business_hours, snapshot.voice
    if hours is None or voice is None:
        return ""
    made = f"the last export was made at {voice.exported_at:%Y-%m-%d %H:%M} UTC"
    if not hours.cover(voice.exported_at):
        return f"{made}, outside business hours"
    if voice.exported_at - hours.opened(voice.exported_at) < _patience(snapshot):
        return f"{made}, when agents still had time to opt in after opening"
    return ""


def _in_business_hours(snapshot: Snapshot, voice: VoiceExport) -> bool:
    """Whether queues were meant to be answered when the last export was made."""
    hours = snapshot.thresholds.business_hours
    return hours is None or hours.cover(voice.exported_at)


def _counted_from(snapshot: Snapshot, since: datetime, voice: VoiceExport) -> datetime:
    """From when on it counts: who comes in at opening time needs a moment to opt in."""
    hours = snapshot.thresholds.business_hours
    return since if hours is None else max(since, hours.opened(voice.exported_at))


def _patience(snapshot: Snapshot) -> timedelta:
    return snapshot.thresholds.nobody_opted_in


def _since(snapshot: Snapshot, queue: CallQueue) -> datetime | None:
    return snapshot.state.opted_out_since.get(queue.id) if nobody_opted_in(queue) else None


def _everyone(queue: CallQueue) -> str:
    agents = len({agent.id for agent in queue.agents})
    return "Its one agent has" if agents == 1 else f"All {agents} agents have"


RULE = Rule(
    id="call-queue-nobody-opted-in",
    family="lines",
    severity="critical",
    title="Call queue whose agents have all opted out",
    holds_when="a call queue has agents, and by the exports of 15 minutes (`rules.nobody_opted_in`) every one of them "
    "has opted out; in business hours (`rules.business_hours`), where they are set",
    reads=frozenset({"voice"}),
    why="An agent who has opted out is not rung: with all of them out, the queue is as good as empty.",
    remedy="Ask its agents to opt in again (in Teams: Settings > Calls > Call queues), or do not let them opt out:",
    link=QUEUE_PAGE,
    check=check,
    severity_varies="critical where callers come to the queue and are left waiting or cut off, else warning",
    sharpened_by=frozenset({"accounts", "numbers"}),
    judged_in_part=judged_in_part,
)
