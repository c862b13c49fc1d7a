"""The life of findings, plainly: what fires, from the words of docs/alerting.md alone and not from its code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench.week.tenant import FAMILY, READS, SETTLES, SUSPENDED, UNUSABLE, Seen
from shared.model.finding import Severity
from shared.model.silence import Silence

SETTLING = timedelta(minutes=10)
FRESH = timedelta(minutes=15)
LONG_STALE = timedelta(minutes=50)
SOURCE_STALE = "source-stale"


def family_of(key: str) -> str:
    """The family of a finding, by its key: what is told together."""
    return FAMILY.get(key.partition("|")[0], "monitor")


@dataclass
class Life:
    """One finding that was seen: when first, when it fired, and how recent the reads are that last told of it."""

    severity: Severity
    since: datetime
    evidence: datetime
    fired: datetime | None = None
    doubted: frozenset[str] = frozenset()
    """The sources that first did not show it any more: another read of theirs proves its end."""


@dataclass
class Lives:
    """All findings but those of the monitor about itself, carried from evaluation to evaluation."""

    seen: Seen = field(default_factory=Seen)
    as_of: dict[str, datetime] = field(default_factory=dict)
    all: dict[str, Life] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    """The rules that could not judge at the last evaluation."""
    transitions: int = 0
    blips: int = 0
    """Findings that went before they counted."""

    @property
    def firing(self) -> dict[str, Severity]:
        """What fires now, with its severity."""
        return {key: life.severity for key, life in self.all.items() if life.fired is not None}

    def stale_sources(self, now: datetime) -> dict[str, Severity]:
        """What must be said of sources that were read, and not for too long."""
        late = {f"{SOURCE_STALE}|{name}|": now - read for name, read in self.as_of.items() if now - read > FRESH}
        return {key: "critical" if age > LONG_STALE else "warning" for key, age in late.items()}

    def evaluated(self, now: datetime, is_believed: Callable[[str], bool]) -> None:
        """Carry every finding over one evaluation of what was seen last.

        `is_believed` tells whether anybody still takes a finding for firing: then it has never ended for them.
        """
        found = dict(self.seen.findings())
        self.stale = frozenset(
            rule
            for rule, sources in READS.items()
            if any(source not in self.as_of or now - self.as_of[source] > FRESH for source in sources)
        )
        for key in self.all.keys() | found.keys():
            if key.partition("|")[0] not in self.stale:
                self._one(key, found.get(key), now, is_believed)

    def _one(self, key: str, severity: Severity | None, now: datetime, is_believed: Callable[[str], bool]) -> None:
        reads = {source: self.as_of[source] for source in READS[key.partition("|")[0]]}
        evidence = max(reads.values())
        life = self.all.get(key)
        if severity is not None:
            back = life is None and is_believed(key)
            life = self.all.setdefault(key, Life(severity, now, evidence))
            life.severity, life.evidence, life.doubted = severity, evidence, frozenset()
            settles = key.partition("|")[0] in SETTLES and severity != "critical" and not back
            if life.fired is None and now - life.since >= (SETTLING if settles else timedelta(0)):
                life.fired = now
                self.transitions += 1
        elif life is not None and life.fired is None:
            del self.all[key]
            self.blips += 1
        elif life is not None:
            self._gone(key, life, frozenset(source for source, read in reads.items() if read > life.evidence), evidence)

    def _gone(self, key: str, life: Life, anew: frozenset[str], evidence: datetime) -> None:
        if anew and not life.doubted:
            # A fault mostly shows in the accounts.
            life.doubted = frozenset({"accounts"}) & anew or anew
            life.evidence = evidence
        elif anew and life.doubted <= anew:
            del self.all[key]
            self.transitions += 1

    def silenced(self, firing: dict[str, Severity], now: datetime) -> set[str]:
        """What of that which fires somebody does not want to be told of now; never the monitor's own."""
        active = [each for each in self.silences.values() if each.starts <= now < each.ends]
        return {key for key in firing if family_of(key) != "monitor" and any(_is_covered(key, each) for each in active)}


def explained(firing: dict[str, Severity]) -> set[str]:
    """What of that which fires is explained by the suspended licence."""
    suspended = any(key.startswith(SUSPENDED) for key in firing)
    return {key for key in firing if suspended and key.startswith(UNUSABLE)}


def _is_covered(key: str, silence: Silence) -> bool:
    rule, subject, _ = key.split("|")
    return (not silence.rules or rule in silence.rules) and (not silence.subjects or subject in silence.subjects)
