"""The life of a finding: it fires when it has held for as long as its rule waits, and ends when reads prove its end.

Nothing ends by the passing of time. What cannot be judged stays as it is, frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.model.alert import Alert, Transition
from shared.model.finding import Finding, Topic


class RuleLife(msgspec.Struct, frozen=True, kw_only=True):
    """How the findings of one rule live.

    `pending` is for how long one that is no outage must hold before it counts. `evidence` is how recent the reads are
    that the rule judges by, and `hold` how many evaluations on newer reads must find it absent before it has ended.
    `silent` tells that the rule could not judge.
    """

    topic: Topic
    pending: timedelta = timedelta(0)
    evidence: datetime | None = None
    hold: int = 1
    silent: bool = False


class Lives(msgspec.Struct, frozen=True):
    """All alerts after a step, by finding key, and what changed in it."""

    alerts: dict[str, Alert]
    transitions: tuple[Transition, ...]


def step(
    alerts: Mapping[str, Alert], findings: Iterable[Finding], *, rules: Mapping[str, RuleLife], now: datetime
) -> Lives:
    """Carry every alert one evaluation further.

    Args:
        alerts: the alerts so far, by finding key.
        findings: what the rules found now.
        rules: how the findings of each rule live, by rule id; an alert of a rule that no longer exists is dropped.
        now: the time of this evaluation.
    """
    found = {finding.key: finding for finding in findings}
    lives: dict[str, Alert] = {}
    for key in alerts.keys() | found.keys():
        before = alerts.get(key)
        finding = found.get(key)
        if finding is not None:
            lives[key] = _present(before, finding, rules[finding.rule], now)
        elif before is not None and before.finding.rule in rules:
            after = _absent(before, rules[before.finding.rule], now)
            if after is not None:
                lives[key] = after
    ordered = {key: lives[key] for key in (*found, *(key for key in alerts if key not in found)) if key in lives}
    return Lives(ordered, tuple(_transitions(alerts, ordered, now)))


def ended(alerts: Mapping[str, Alert], key: str, now: datetime) -> Lives:
    """The alerts after one of them was ended by a person's word; nothing changes where it does not fire."""
    before = alerts.get(key)
    if before is None or before.phase != "firing":
        return Lives({each: alert for each, alert in alerts.items() if each != key or alert.phase != "pending"}, ())
    after = {**alerts, key: msgspec.structs.replace(before, phase="resolved", ended=now, frozen=False)}
    return Lives(after, tuple(_transitions(alerts, after, now)))


def _present(before: Alert | None, finding: Finding, rule: RuleLife, now: datetime) -> Alert:
    if before is not None and before.phase == "resolved" and _is_older(rule.evidence, before.evidence):
        return before  # what was seen mended is not raised again by what was read before
    if before is None or before.phase == "resolved":
        before = Alert(finding=finding, topic=rule.topic, phase="pending", since=now)
    after = msgspec.structs.replace(before, finding=finding, evidence=rule.evidence, absences=0, frozen=False)
    ripe = finding.severity == "critical" or now - after.since >= rule.pending
    if after.phase == "pending" and ripe:
        return msgspec.structs.replace(after, phase="firing", fired=now)
    return after


def _absent(before: Alert, rule: RuleLife, now: datetime) -> Alert | None:
    """The alert after an evaluation without it; None where nobody need know that there was one."""
    if before.phase == "resolved":
        return before
    if rule.silent:
        return msgspec.structs.replace(before, frozen=True)
    if before.phase == "pending":
        return None
    absences = before.absences + _counts(rule, before.evidence)
    after = msgspec.structs.replace(before, absences=absences, evidence=rule.evidence or before.evidence, frozen=False)
    if absences < rule.hold:
        return after
    return msgspec.structs.replace(after, phase="resolved", ended=now)


def _counts(rule: RuleLife, last: datetime | None) -> bool:
    """Whether an absence is seen on other reads than the last look, where more than one must see it."""
    if last is None or rule.evidence is None:
        return True
    return rule.evidence >= last if rule.hold == 1 else rule.evidence > last


def _is_older(evidence: datetime | None, than: datetime | None) -> bool:
    return evidence is not None and than is not None and evidence < than


def _transitions(before: Mapping[str, Alert], after: Mapping[str, Alert], now: datetime) -> Iterable[Transition]:
    for key, alert in after.items():
        known = before.get(key)
        if alert.phase != "pending" and (known is None or known.phase != alert.phase):
            yield Transition(at=now, to=alert.phase, key=key, severity=alert.finding.severity)
