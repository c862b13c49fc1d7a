"""What hides what: of two findings with one cause, the cause is told. What is hidden still shows on status and audit.

Money never hides an outage: nothing is hidden by what is milder. A source that cannot be read hides nothing: what rests
on it is frozen instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.model.alert import Alert
from shared.model.finding import severity_rank

SUSPENDED = "licence-subscription-suspended"
UNUSABLE = "resource-account-plan-unusable"
DELETED = "resource-account-deleted-with-number"
TARGET_MISSING = "voice-app-target-missing"


def inhibited(alerts: Mapping[str, Alert]) -> dict[str, str]:
    """The keys of alerts that are hidden, each with the key of the alert that hides it; only what fires hides."""
    firing = {key: alert for key, alert in alerts.items() if alert.phase == "firing"}
    causes = {cause: key for key, alert in firing.items() for cause in _causes_in(alert)}
    hidden: dict[str, str] = {}
    if not causes:
        return hidden
    for key, alert in firing.items():
        for cause in _causes_of(alert):
            found = causes.get(cause)
            if found is not None and _is_as_bad(firing[found], alert):
                hidden[key] = found
                break
    return hidden


def _causes_in(alert: Alert) -> Iterable[tuple[str, str]]:
    """What an alert is the cause of: the rule that it hides, and what findings of that rule refer to."""
    rule, subject = alert.finding.rule, alert.finding.subject.id
    if rule == SUSPENDED and alert.finding.evidence.get("state") != "Warning":
        yield UNUSABLE, subject
    if rule == DELETED:
        yield TARGET_MISSING, subject


def _causes_of(alert: Alert) -> Iterable[tuple[str, str]]:
    """What an alert may be caused by, in the same terms."""
    rule, evidence = alert.finding.rule, alert.finding.evidence
    licences = evidence.get("licences")
    if rule == UNUSABLE and isinstance(licences, list):
        yield from ((rule, licence) for licence in licences)
    target = evidence.get("target")
    if rule == TARGET_MISSING and isinstance(target, str):
        yield rule, target


def _is_as_bad(cause: Alert, effect: Alert) -> bool:
    return severity_rank(cause.finding.severity) <= severity_rank(effect.finding.severity)
