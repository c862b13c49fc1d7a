"""What a card's link reaches: the rules and subjects of its findings, and the silences that cover them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.alerting.silences import covers, matches, standing
from shared.model.finding import SEVERITIES, Finding, Subject
from shared.model.silence import Silence
from shared.model.tenant import TenantState


def named(key: str) -> tuple[str, str]:
    """Rule and subject of a finding's key."""
    rule, subject, _ = key.split("|", 2)
    return rule, subject


def subjects_by_rule(keys: Iterable[str]) -> dict[str, dict[str, None]]:
    """The subjects of findings by their rules, each once and in order."""
    subjects: dict[str, dict[str, None]] = {}
    for rule, subject in map(named, keys):
        subjects.setdefault(rule, {})[subject] = None
    return subjects


def is_own(silence: Silence, keys: Iterable[str]) -> bool:
    """Whether a silence covers rules and subjects of findings and nothing beside."""
    if len(silence.rules) != 1 or not silence.subjects or silence.severities:
        return False
    return set(silence.subjects) <= subjects_by_rule(keys).get(silence.rules[0], {}).keys()


def covering_any(state: TenantState, keys: Iterable[str], now: datetime) -> list[Silence]:
    """The silences that have not ended and cover one of the findings."""
    running = [each for each in state.silences.values() if standing(each, now) != "ended"]
    wanted = list(keys)
    return [each for each in running if any(_covers(each, state, key) for key in wanted)]


def _covers(silence: Silence, state: TenantState, key: str) -> bool:
    """Whether a silence covers a finding; one that is not known any more, whatever its severity was."""
    alert = state.alerts.get(key)
    if alert is not None:
        return covers(silence, alert)
    rule, subject = named(key)
    return any(
        matches(silence, Finding(rule=rule, severity=each, subject=Subject("tenant", subject), summary="", remedy=""))
        for each in SEVERITIES
    )
