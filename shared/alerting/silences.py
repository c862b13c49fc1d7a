"""Silences at work: which findings one covers, when one is worth a word, and when it is forgotten.

Findings of the monitor itself are never silenced: whoever cannot see must be told so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from shared.model.alert import Alert
from shared.model.finding import Finding, Severity
from shared.model.silence import Silence

MONITOR = "monitor"
"""The family of rules about the monitor itself."""

ENDS_SOON = timedelta(hours=24)
TOO_SHORT_TO_ANNOUNCE = timedelta(days=2)
IDLE_AFTER = timedelta(days=7)
KEPT_AFTER_END = timedelta(days=30)
MOST_KEPT = 200
"""How many that ended are remembered at most: the last ones."""

MATCH_RESOLUTION = timedelta(hours=1)
"""How finely it is remembered when a silence last matched: a look every half minute must not write the document."""

MAX_QUIET = 5
"""How many of those that a silence keeps quiet a notice names."""

Standing = Literal["active", "coming", "ended"]
NoticeKind = Literal["ending", "idle"]


class Notice(msgspec.Struct, frozen=True):
    """What is to be said of a silence, once: that it ends soon, or that it has matched nothing for a week.

    `names` are those of its subjects by their ids, as far as they have one, and `quiet` are the subjects of what it
    keeps quiet now. Author, reason and names are as somebody typed them: a channel must show them as plain text.
    """

    kind: NoticeKind
    silence: Silence
    names: Mapping[str, str] = {}
    quiet: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The notice in half a sentence, with whom it is about."""
        whose = [self.names[each] for each in self.silence.subjects if self.names.get(each)]
        which = f"A silence for {_first(whose, 1)}" if whose else "A silence"
        if self.kind == "ending":
            return f"{which} ends on {_at(self.silence.ends)}"
        return f"{which} has matched nothing for {IDLE_AFTER.days} days"

    @property
    def text(self) -> str:
        """What is silenced, by whom and why, and what can be done."""
        silence = self.silence
        why = f"{coverage(silence, self.names)}. By {silence.author}: {silence.reason}"
        if self.kind == "ending":
            quiet = f"Quiet now: {_first(self.quiet, MAX_QUIET)}. " if self.quiet else ""
            return f"{why}\n{quiet}What still fires then is told again. To keep it quiet, add another silence."
        return f"{why}\nIt stands until {_at(silence.ends)}. To end it: linekeeper silence end {silence.id}"


def standing(silence: Silence, now: datetime) -> Standing:
    """Whether it is in force, will be, or was. One that was ended before its start has ended."""
    if silence.ends <= now:
        return "ended"
    return "active" if silence.starts <= now else "coming"


def matches(silence: Silence, finding: Finding) -> bool:
    """Whether a finding is covered, at whatever time: by every matcher that is given, and one at least is."""
    if not (silence.rules or silence.subjects or silence.severities):
        return False
    return (
        (not silence.rules or any(fnmatchcase(finding.rule, pattern) for pattern in silence.rules))
        and (not silence.subjects or finding.subject.id.lower() in {each.lower() for each in silence.subjects})
        and (not silence.severities or finding.severity in silence.severities)
    )


def covers(silence: Silence, alert: Alert) -> bool:
    """Whether an alert is covered, at whatever time; one of the monitor itself never is."""
    return alert.topic.family != MONITOR and matches(silence, alert.finding)


class InForce:
    """The silences that are in force at a moment, arranged so that those of an alert are found at once."""

    def __init__(self, silences: Iterable[Silence], now: datetime) -> None:
        self._of_subject: dict[str, list[Silence]] = {}
        self._of_any: list[Silence] = []
        self._of_kind: dict[tuple[str, Severity], tuple[Silence, ...]] = {}
        for silence in silences:
            if standing(silence, now) == "active":
                for subject in {each.lower() for each in silence.subjects}:
                    self._of_subject.setdefault(subject, []).append(silence)
                if not silence.subjects:
                    self._of_any.append(silence)

    def covering(self, alert: Alert) -> tuple[Silence, ...]:
        """All that cover an alert, at whatever point of its life."""
        if not (self._of_any or self._of_subject) or alert.topic.family == MONITOR:
            return ()
        finding = alert.finding
        kind = finding.rule, finding.severity
        if kind not in self._of_kind:  # without a subject, a silence asks for nothing else
            self._of_kind[kind] = tuple(each for each in self._of_any if matches(each, finding))
        of_subject = self._of_subject.get(finding.subject.id.lower(), ())
        return self._of_kind[kind] + tuple(each for each in of_subject if matches(each, finding))

    def longest(self, alert: Alert) -> Silence | None:
        """The one that covers an alert for longest; None where none does."""
        covering = self.covering(alert)
        return max(covering, key=lambda each: (each.ends, each.id)) if covering else None

    def quiet(self, alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
        """The firing alerts that are kept quiet, by the ids of the silences; none for one that matches nothing."""
        found: dict[str, list[Alert]] = {}
        for alert in alerts:
            if alert.phase == "firing":
                for silence in self.covering(alert):
                    found.setdefault(silence.id, []).append(alert)
        return found


def matched(silences: Mapping[str, Silence], alerts: Mapping[str, Alert], now: datetime) -> dict[str, Silence]:
    """The silences, those in force that cover something firing with the time of it, to `MATCH_RESOLUTION`."""
    unsure = [
        each for each in silences.values() if not (each.last_matched and now - each.last_matched < MATCH_RESOLUTION)
    ]
    quiet = InForce(unsure, now).quiet(alerts.values()) if unsure else {}
    return {
        key: msgspec.structs.replace(silence, last_matched=now) if silence.id in quiet else silence
        for key, silence in silences.items()
    }


def noticed(silences: Mapping[str, Silence], now: datetime) -> tuple[dict[str, Silence], tuple[Notice, ...]]:
    """The silences that remember what was said of them, and what is to be said now, the next to end first."""
    told = tuple(
        Notice(kind, silence)
        for silence in sorted(silences.values(), key=lambda each: (each.ends, each.id))
        if (kind := _due(silence, now)) is not None
    )
    said = {notice.silence.id: notice.kind for notice in told}
    after = {
        key: msgspec.structs.replace(silence, told=(*silence.told, said[silence.id])) if silence.id in said else silence
        for key, silence in silences.items()
    }
    return after, told


def kept(silences: Mapping[str, Silence], now: datetime) -> dict[str, Silence]:
    """The silences without those that ended long ago, or before many others."""
    over = sorted((each.ends, key) for key, each in silences.items() if standing(each, now) == "ended")
    forgotten = {key for place, (ends, key) in enumerate(reversed(over)) if place >= MOST_KEPT or _is_old(ends, now)}
    return {key: silence for key, silence in silences.items() if key not in forgotten}


def _is_old(ends: datetime, now: datetime) -> bool:
    return now - ends > KEPT_AFTER_END


def coverage(silence: Silence, names: Mapping[str, str] | None = None) -> str:
    """What a silence covers, in words; subjects by name where `names` has one by their id."""
    known = names or {}
    parts = [", ".join(silence.rules) or "every rule"]
    if silence.subjects:
        parts.append(f"for {', '.join(known.get(each) or each for each in silence.subjects)}")
    if silence.severities:
        parts.append(f"where {' or '.join(silence.severities)}")
    return " ".join(parts)


def _due(silence: Silence, now: datetime) -> NoticeKind | None:
    if standing(silence, now) != "active":
        return None
    if silence.ends - now <= ENDS_SOON:
        long_enough = silence.ends - silence.starts >= TOO_SHORT_TO_ANNOUNCE
        return "ending" if long_enough and "ending" not in silence.told else None
    quiet = now - max(silence.starts, silence.last_matched or silence.starts)
    return "idle" if quiet >= IDLE_AFTER and "idle" not in silence.told else None


def _first(names: Sequence[str], most: int) -> str:
    more = f" (+{len(names) - most} more)" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
