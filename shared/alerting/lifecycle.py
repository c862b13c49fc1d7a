"""The life of a finding: it fires when it has held for as long as its rule waits, and ends when reads prove its end.

Nothing ends by the passing of time. What cannot be judged stays as it is, frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.model.alert import Alert, Transition
from shared.model.finding import Finding, Topic
from shared.model.sources import Source


class RuleLife(msgspec.Struct, frozen=True, kw_only=True):
    """How the findings of one rule live.

    `pending` is for how long one that is no outage must hold before it counts. `evidence` is how recent the newest of
    the reads is that the rule judges by, and `hold` how many evaluations on newer reads must find it absent before it
    has ended. `reads` are the times of the last reads of those sources of which one read alone proves no end: the ones
    that first showed it absent must show so again. `silent` tells that the rule could not judge.
    """

    topic: Topic
    pending: timedelta = timedelta(0)
    evidence: datetime | None = None
    reads: Mapping[Source, datetime] = {}
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
    # An end that is still remembered has not been told to all: what comes back before is open to them, and does not
    # wait anew.
    back = before is not None and before.phase == "resolved"
    if before is None or back:
        before = Alert(finding=finding, topic=rule.topic, phase="pending", since=now)
    evidence = _newest(rule.evidence, before.evidence)
    after = msgspec.structs.replace(before, finding=finding, evidence=evidence, absences=0, doubted=(), frozen=False)
    ripe = finding.severity == "critical" or back or now - after.since >= rule.pending
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
    if not _counts(rule, before):
        return msgspec.structs.replace(before, frozen=False)
    after = msgspec.structs.replace(
        before,
        absences=before.absences + 1,
        doubted=before.doubted if before.absences else _doubted(rule, before),
        evidence=_newest(rule.evidence, before.evidence),
        frozen=False,
    )
    if after.absences < rule.hold:
        return after
    return msgspec.structs.replace(after, phase="resolved", ended=now)


def _counts(rule: RuleLife, before: Alert) -> bool:
    """Whether an absence is seen on other reads than the last one that counts, where more than one must see it."""
    last = before.evidence
    if last is None or rule.evidence is None:
        return True
    if rule.hold == 1:
        return rule.evidence >= last
    newer = _newer(rule.reads, last)
    return rule.evidence > last and all(source in newer for source in before.doubted if source in rule.reads)


def _doubted(rule: RuleLife, before: Alert) -> tuple[Source, ...]:
    """Whose reads must show an end again: accounts, if they were read anew, since a fault mostly shows in them."""
    newer = _newer(rule.reads, before.evidence)
    return ("accounts",) if "accounts" in newer else newer


def _newer(reads: Mapping[Source, datetime], than: datetime | None) -> tuple[Source, ...]:
    return tuple(source for source, read in sorted(reads.items()) if than is None or read > than)


def _newest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _is_older(evidence: datetime | None, than: datetime | None) -> bool:
    return evidence is not None and than is not None and evidence < than


def _transitions(before: Mapping[str, Alert], after: Mapping[str, Alert], now: datetime) -> Iterable[Transition]:
    for key, alert in after.items():
        known = before.get(key)
        if alert.phase != "pending" and (known is None or known.phase != alert.phase):
            yield Transition(at=now, to=alert.phase, key=key, severity=alert.finding.severity)
