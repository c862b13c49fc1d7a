"""The life of a finding: it fires when a rule says so, and ends only when a rule that could see says so no longer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from shared.model.alert import Alert, Transition
from shared.model.finding import Finding, Topic


class Lives(msgspec.Struct, frozen=True):
    """All alerts after a step, by finding key, and what changed in it."""

    alerts: dict[str, Alert]
    transitions: tuple[Transition, ...]


def step(
    alerts: Mapping[str, Alert],
    findings: Iterable[Finding],
    *,
    topics: Mapping[str, Topic],
    silent_rules: frozenset[str],
    now: datetime,
) -> Lives:
    """Carry every alert one evaluation further.

    Args:
        alerts: the alerts so far, by finding key.
        findings: what the rules found now.
        topics: the rules' topics by rule id; an alert of a rule that no longer exists is dropped.
        silent_rules: rules that could not judge: their alerts freeze, since absence is no evidence.
        now: the time of this evaluation.
    """
    found = {finding.key: finding for finding in findings}
    lives: dict[str, Alert] = {}
    transitions: list[Transition] = []
    for key, finding in found.items():
        before = alerts.get(key)
        if before is not None and before.phase == "firing":
            lives[key] = msgspec.structs.replace(before, finding=finding, frozen=False)
        else:
            lives[key] = Alert(finding=finding, topic=topics[finding.rule], since=now)
            transitions.append(Transition(at=now, to="firing", key=key, severity=finding.severity))
    for key, before in alerts.items():
        if key in found or before.finding.rule not in topics:
            continue
        if before.phase == "resolved":
            lives[key] = before
        elif before.finding.rule in silent_rules:
            lives[key] = msgspec.structs.replace(before, frozen=True)
        else:
            lives[key] = msgspec.structs.replace(before, phase="resolved", ended=now, frozen=False)
            transitions.append(Transition(at=now, to="resolved", key=key, severity=before.finding.severity))
    return Lives(lives, tuple(transitions))


def ended(alerts: Mapping[str, Alert], key: str, now: datetime) -> Lives:
    """The alerts after one of them was ended by a person's word; nothing changes where it does not fire."""
    before = alerts.get(key)
    if before is None or before.phase == "resolved":
        return Lives(dict(alerts), ())
    after = msgspec.structs.replace(before, phase="resolved", ended=now, frozen=False)
    transition = Transition(at=now, to="resolved", key=key, severity=before.finding.severity)
    return Lives({**alerts, key: after}, (transition,))
