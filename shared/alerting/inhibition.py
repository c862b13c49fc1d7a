"""What hides what: of two findings with one cause, the cause is told. What is hidden still shows on status and audit.

Money never hides an outage. A source that cannot be read hides nothing: what rests on it is frozen instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.model.alert import Alert

SUSPENDED = "licence-subscription-suspended"
UNUSABLE = "resource-account-plan-unusable"
DELETED = "resource-account-deleted-with-number"
TARGET_MISSING = "voice-app-target-missing"


def inhibited(alerts: Mapping[str, Alert]) -> dict[str, str]:
    """The keys of alerts that are hidden, each with the key of the alert that hides it; only what fires hides."""
    firing = {key: alert for key, alert in alerts.items() if alert.phase == "firing"}
    hidden: dict[str, str] = {}
    for key, cause in firing.items():
        hidden.update((each, key) for each in _hidden_by(cause, firing) if each != key)
    return hidden


def _hidden_by(cause: Alert, firing: Mapping[str, Alert]) -> Iterable[str]:
    rule, subject = cause.finding.rule, cause.finding.subject
    if rule == SUSPENDED and cause.finding.evidence.get("state") != "Warning":
        return [
            key
            for key, each in firing.items()
            if each.finding.rule == UNUSABLE and _names(each, "licences", subject.id)
        ]
    if rule == DELETED:
        return [
            key
            for key, each in firing.items()
            if each.finding.rule == TARGET_MISSING and each.finding.evidence.get("target") == subject.id
        ]
    return []


def _names(alert: Alert, evidence: str, wanted: str) -> bool:
    listed = alert.finding.evidence.get(evidence)
    return isinstance(listed, list) and wanted in listed
