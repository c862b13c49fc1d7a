"""What callers meet in a queue that nobody answers, and how bad that is: shared by the rules about such queues."""

from __future__ import annotations

from shared.model.finding import Severity
from shared.model.voice import CallQueue, ExitAction
from shared.voice.lines import Lines
from shared.voice.references import leaves_waiting

_ENDS: dict[ExitAction, str] = {
    "disconnect": "callers are cut off",
    "forward": "callers are sent on",
    "voicemail": "callers come to voicemail",
    "shared_voicemail": "callers come to voicemail",
}
_WAITS: dict[ExitAction, str] = {
    "disconnect": "callers wait until they are cut off",
    "forward": "callers wait until the timeout sends them on",
    "voicemail": "callers wait until the timeout sends them to voicemail",
    "shared_voicemail": "callers wait until the timeout sends them to voicemail",
}

EXCEPTIONS = "Exception handling > No agents"
"""Where the admin center sets what becomes of callers while nobody can answer."""


def strands_callers(queue: CallQueue) -> bool:
    """Whether callers are left waiting or cut off while nobody answers: nothing else takes the call."""
    return queue.no_agent.action == "disconnect" or leaves_waiting(queue.no_agent)


def severity_unanswered(lines: Lines, queue: CallQueue) -> Severity:
    """How bad it is that nobody answers a queue: critical where calls come to it and nothing else takes them."""
    return "critical" if lines.is_reachable(queue.id) and strands_callers(queue) else "warning"


def what_callers_meet(queue: CallQueue) -> str:
    """What becomes of callers while nobody answers, as the end of a sentence."""
    if leaves_waiting(queue.no_agent):
        return _WAITS.get(queue.timeout.action, "callers wait, and nobody comes")
    return _ENDS.get(queue.no_agent.action, "what becomes of callers is not known here")
