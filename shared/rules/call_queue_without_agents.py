"""A call queue that nobody is meant to answer."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Finding
from shared.rules.call_queue_unanswered import EXCEPTIONS, severity_unanswered, strands_callers, what_callers_meet
from shared.rules.line_words import QUEUE_PAGE, LineWords, place
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Queues with no people, no lists, no channel and no shifts group."""
    if snapshot.lines is None:
        return
    words = LineWords(snapshot.lines)
    for queue in snapshot.lines.queues:
        if queue.has_members:
            continue
        way = words.way_to_nobody(queue.id) if strands_callers(queue) else words.way_to(queue.id)
        yield Finding(
            rule=RULE.id,
            severity=severity_unanswered(snapshot.lines, queue),
            subject=words.subject(queue),
            summary=f"It has no agents: {what_callers_meet(queue)}. {words.callers(queue.id, way)}",
            remedy=f"{RULE.remedy} {place(queue)} > Call answering; or send callers on under {EXCEPTIONS}.",
            evidence=words.evidence(queue.id, way)
            | {"no_agent_action": queue.no_agent.action, "timeout_action": queue.timeout.action},
        )


RULE = Rule(
    id="call-queue-without-agents",
    family="lines",
    severity="critical",
    title="Call queue without agents",
    holds_when="a call queue has no users, no lists, no channel and no shifts group",
    reads=frozenset({"voice"}),
    why="Nobody is ever rung: whoever comes to this queue waits in vain, unless something else takes the call.",
    remedy="Give it people, a group or a channel:",
    link=QUEUE_PAGE,
    check=check,
    severity_varies="critical where callers come to the queue and are left waiting or cut off, else warning",
    sharpened_by=frozenset({"accounts", "numbers"}),
)
