"""Silences at work: which findings one covers, when one is worth a word, and when it is forgotten.

Findings of the monitor itself are never silenced: whoever cannot see must be told so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from shared.model.alert import Alert
from shared.model.finding import Finding
from shared.model.silence import Silence

MONITOR = "monitor"
"""The family of rules about the monitor itself."""

ENDS_SOON = timedelta(hours=24)
TOO_SHORT_TO_ANNOUNCE = timedelta(days=2)
IDLE_AFTER = timedelta(days=7)
KEPT_AFTER_END = timedelta(days=30)
MATCH_RESOLUTION = timedelta(hours=1)
"""How finely it is remembered when a silence last matched: a look every half minute must not write the document."""

Standing = Literal["active", "coming", "ended"]
NoticeKind = Literal["ending", "idle"]


class Notice(msgspec.Struct, frozen=True):
    """What is to be said of a silence, once: that it ends soon, or that it has matched nothing for a week.

    Author and reason are as somebody typed them: a channel must show them as plain text.
    """

    kind: NoticeKind
    silence: Silence

    @property
    def headline(self) -> str:
        """The notice in half a sentence."""
        if self.kind == "ending":
            return f"A silence ends on {_at(self.silence.ends)}"
        return f"A silence has matched nothing for {IDLE_AFTER.days} days"

    @property
    def text(self) -> str:
        """What is silenced, by whom and why, and what can be done."""
        silence = self.silence
        why = f"{coverage(silence)}. By {silence.author}: {silence.reason}"
        if self.kind == "ending":
            return f"{why}\nWhat still fires then is told again. To keep it quiet, add another silence."
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


def silence_of(silences: Mapping[str, Silence], alert: Alert, now: datetime) -> Silence | None:
    """The silence in force for an alert, the longest-lasting where there are several; None where there is none."""
    if alert.topic.family == MONITOR:
        return None
    found = [each for each in silences.values() if standing(each, now) == "active" and matches(each, alert.finding)]
    return max(found, key=lambda each: (each.ends, each.id), default=None)


def silenced(silence: Silence, alerts: Iterable[Alert], now: datetime) -> list[Alert]:
    """The firing alerts that a silence keeps quiet now; none where it is not in force."""
    if standing(silence, now) != "active":
        return []
    return [alert for alert in alerts if alert.phase == "firing" and covers(silence, alert)]


def matched(silences: Mapping[str, Silence], alerts: Mapping[str, Alert], now: datetime) -> dict[str, Silence]:
    """The silences, those in force that cover something firing with the time of it, to `MATCH_RESOLUTION`."""
    return {key: _with_match(silence, alerts, now) for key, silence in silences.items()}


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
    """The silences without those that ended long ago."""
    return {key: silence for key, silence in silences.items() if now - silence.ends <= KEPT_AFTER_END}


def coverage(silence: Silence, names: Mapping[str, str] | None = None) -> str:
    """What a silence covers, in words; subjects by name where `names` has one by their id."""
    known = names or {}
    parts = [", ".join(silence.rules) or "every rule"]
    if silence.subjects:
        parts.append(f"for {', '.join(known.get(each) or each for each in silence.subjects)}")
    if silence.severities:
        parts.append(f"where {' or '.join(silence.severities)}")
    return " ".join(parts)


def _with_match(silence: Silence, alerts: Mapping[str, Alert], now: datetime) -> Silence:
    last = silence.last_matched
    if (last is not None and now - last < MATCH_RESOLUTION) or not silenced(silence, alerts.values(), now):
        return silence
    return msgspec.structs.replace(silence, last_matched=now)


def _due(silence: Silence, now: datetime) -> NoticeKind | None:
    if standing(silence, now) != "active":
        return None
    if silence.ends - now <= ENDS_SOON:
        long_enough = silence.ends - silence.starts >= TOO_SHORT_TO_ANNOUNCE
        return "ending" if long_enough and "ending" not in silence.told else None
    quiet = now - max(silence.starts, silence.last_matched or silence.starts)
    return "idle" if quiet >= IDLE_AFTER and "idle" not in silence.told else None


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
