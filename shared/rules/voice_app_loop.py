"""Attendants and queues that send every caller round and round."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.finding import Evidence, Finding
from shared.rules.line_words import LISTED, VOICE_APPS_PAGE, LineWords, bounded, place
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot
from shared.voice.lines import Lines
from shared.voice.path import Circle


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Circles of steps that every caller is made to take; the app with the smallest id stands for all of a circle."""
    lines = snapshot.lines
    if lines is None:
        return
    words = LineWords(lines)
    for circle in lines.circles:
        app = lines.graph.apps[circle.apps[0]]
        reachable = any(lines.is_reachable(each) for each in circle.apps)
        who = "Callers go" if reachable else "Callers would go"
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity if reachable else "info",
            subject=words.subject(app),
            summary=f"{who} round in a circle and come to nobody: {bounded(lines.ways.round(circle))}. "
            f"{words.callers(app.id)}",
            remedy=f"{RULE.remedy} {place(app)}.",
            evidence=_evidence(lines, circle) | words.evidence(app.id),
        )


def _evidence(lines: Lines, circle: Circle) -> Evidence:
    return {
        "circle": list(circle.apps[:LISTED]),
        "circle_length": len(circle.apps),
        "round": bounded(lines.ways.round(circle)),
    }


RULE = Rule(
    id="voice-app-loop",
    family="lines",
    severity="critical",
    title="Callers who go round in a circle",
    holds_when="steps that every caller is made to take come back to where they began: the automatic transfer of an "
    "attendant's default menu, and what a queue without agents does with callers; a circle that leaves callers a "
    "choice, or that an agent can end, is none",
    reads=frozenset({"accounts", "voice"}),
    why="Callers hear greeting after greeting, and there is no key by which they could leave.",
    remedy="Let one of the circle lead to a person, to a voicemail or to the end of the call, or give a queue of it "
    "agents.",
    link=VOICE_APPS_PAGE,
    check=check,
    severity_varies="info where no call comes to the circle",
    sharpened_by=frozenset({"numbers"}),
)
