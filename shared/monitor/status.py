"""What stands in a tenant's document, for whoever asks how it is now. Pure: Graph is not asked, nothing is kept.

The rules judge the document here as they do in an audit, and its alerts are carried on as the next evaluation would
carry them: so the status, an audit of the same document and the channel say the same, and what has gone stale since
the last evaluation is stale here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from shared.alerting.compose import item_of
from shared.model.alert import Alert, Item, Phase
from shared.model.finding import Finding, Severity, Topic
from shared.model.sources import Source
from shared.model.tenant import SubscriptionState, TenantState
from shared.monitor.evaluate import evaluate
from shared.monitor.occasion import Occasion, snapshot_of
from shared.monitor.report import Report, SourceReport, report, to_builtins
from shared.monitor.silences import Named, SilenceView, names_of, views
from shared.monitor.status_delivery import ReceiverStatus, Told, receivers_of, told_last
from shared.monitor.status_verdict import Verdict, verdict_of
from shared.rules.catalogue import RULES
from shared.rules.naming import one_line

Disposition = Literal["pending", "firing", "frozen", "silenced", "inhibited"]

_SILENCE, _INHIBITED = "silence:", "inhibited:"


class StatusFinding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding, since when it holds, and what becomes of it.

    `state` is `frozen` where what it rests on cannot be judged now, whatever else holds; `silence` is the id of the
    silence that keeps it quiet, `inhibited_by` the key of the finding that explains it. `mending` is one that the last
    look no longer found, and that has ended once another look on newer reads finds it gone too.
    """

    finding: Finding
    topic: Topic
    state: Disposition
    since: datetime
    silence: str = ""
    inhibited_by: str = ""
    mending: bool = False


class SourceStatus(SourceReport, frozen=True, kw_only=True, omit_defaults=True):
    """How well a source is known, and how fresh: `age` is that of its last complete read, in whole seconds."""

    fresh: bool
    age: int | None = None
    tried_at: datetime | None = None
    failing_since: datetime | None = None


class SubscriptionStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The change subscription: `wanted` where there is a URL to notify, `live` where it has not ended."""

    wanted: bool
    live: bool
    expires: datetime | None = None
    checked_at: datetime | None = None
    problem: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that began to hold, or ended."""

    at: datetime
    to: Phase
    severity: Severity
    rule: str
    title: str
    subject: Named


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known, worst first: an audit of the document, and what has become of its findings.

    `findings` are those of `audit` and, beside them, those that hold although the rules do not say so now: frozen ones
    and mending ones. `told` and `recent` have the last first.
    """

    audit: Report
    verdict: Verdict
    findings: tuple[StatusFinding, ...]
    sources: dict[Source, SourceStatus]
    subscription: SubscriptionStatus
    delivery: tuple[ReceiverStatus, ...]
    told: tuple[Told, ...]
    silences: tuple[SilenceView, ...]
    recent: tuple[Change, ...]


def status(state: TenantState, occasion: Occasion) -> StatusReport:
    """The status of a document at a moment."""
    audit = report(state, occasion)
    findings = tuple(_findings(evaluate(state, occasion).alerts, audit, occasion.now))
    sources, why_not = _sources(state, audit, occasion)
    silences = views(state, state.silences.values(), occasion.now)
    return StatusReport(
        audit=audit,
        verdict=verdict_of(
            [_item(each) for each in findings if each.state != "pending"],
            audit,
            why_not,
            pending=sum(each.state == "pending" for each in findings),
            frozen=frozenset(each.finding.key for each in findings if each.state == "frozen"),
        ),
        findings=findings,
        sources=sources,
        subscription=_subscription(state.subscription, occasion),
        delivery=receivers_of(state, occasion),
        told=told_last(state),
        silences=tuple(each for each in silences if each.state != "ended"),
        recent=tuple(_recent(state)),
    )


def to_json(document: StatusReport) -> bytes:
    """The status as JSON: what `audit --json` has under the same keys, schema 1, and more beside it."""
    every = msgspec.structs.replace(document.audit, findings=tuple(each.finding for each in document.findings))
    body = to_builtins(every)
    pairs = zip(body["findings"], document.findings, strict=True)
    body |= {
        "findings": [shown | _beside(each) for shown, each in pairs],
        "verdict": document.verdict,
        "sources": document.sources,
        "subscription": document.subscription,
        "delivery": document.delivery,
        "told": document.told,
        "silences": document.silences,
        "recent": document.recent,
    }
    return msgspec.json.encode(_to_the_second(msgspec.to_builtins(body, builtin_types=(datetime,))))


def _beside(each: StatusFinding) -> dict[str, Any]:
    """What the status adds to a finding."""
    added: dict[str, Any] = {"title": each.topic.title, "since": each.since, "state": each.state}
    for name in ("silence", "inhibited_by", "mending"):
        if getattr(each, name):
            added[name] = getattr(each, name)
    return added


def _to_the_second(value: Any) -> Any:  # noqa: ANN401 - any JSON value, with times
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, dict):
        return {key: _to_the_second(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_to_the_second(each) for each in value]
    return value


def _findings(alerts: Mapping[str, Alert], audit: Report, now: datetime) -> list[StatusFinding]:
    """The findings of now with their alerts, and the alerts that hold without being found now."""
    found = {finding.key: finding for finding in audit.findings}
    topics = {rule.id: rule.topic for rule in RULES}
    held = {key: alert for key, alert in alerts.items() if alert.phase != "resolved"}
    shown = [_shown(alert, found=key in found) for key, alert in held.items()]
    shown += [
        StatusFinding(finding=finding, topic=topics[finding.rule], state="pending", since=now)
        for key, finding in found.items()
        if key not in held
    ]
    return sorted(shown, key=lambda each: each.finding.order)


def _shown(alert: Alert, *, found: bool) -> StatusFinding:
    state: Disposition = "pending" if alert.phase == "pending" else "firing"
    silence = inhibited_by = ""
    if state == "firing" and alert.muted_by.startswith(_SILENCE):
        state, silence = "silenced", alert.muted_by.removeprefix(_SILENCE)
    elif state == "firing" and alert.muted_by.startswith(_INHIBITED):
        state, inhibited_by = "inhibited", alert.muted_by.removeprefix(_INHIBITED)
    return StatusFinding(
        finding=alert.finding,
        topic=alert.topic,
        state="frozen" if alert.frozen else state,
        since=alert.since,
        silence=silence,
        inhibited_by=inhibited_by,
        mending=not found and not alert.frozen,
    )


def _item(each: StatusFinding) -> Item:
    return item_of(each.finding.key, Alert(finding=each.finding, topic=each.topic, since=each.since))


def _sources(
    state: TenantState, audit: Report, occasion: Occasion
) -> tuple[dict[Source, SourceStatus], dict[Source, str]]:
    """How fresh each source is, and why nothing may be concluded from those that are not."""
    snapshot = snapshot_of(state, occasion)
    shown: dict[Source, SourceStatus] = {}
    why_not: dict[Source, str] = {}
    for source, told in audit.sources.items():
        known = state.source(source)
        why = snapshot.why_not_usable(source)
        if why:
            why_not[source] = why
        shown[source] = SourceStatus(
            **msgspec.structs.asdict(told),
            fresh=not why,
            age=max(0, int((occasion.now - told.as_of).total_seconds())) if told.as_of else None,
            tried_at=known.tried_at,
            failing_since=known.failing_since,
        )
    return shown, why_not


def _subscription(known: SubscriptionState, occasion: Occasion) -> SubscriptionStatus:
    return SubscriptionStatus(
        wanted=occasion.expects_subscription,
        live=bool(known.id) and known.expires is not None and known.expires > occasion.now,
        expires=known.expires,
        checked_at=known.checked_at,
        problem=known.problem,
    )


def _recent(state: TenantState) -> Iterable[Change]:
    names = names_of(state)
    titles = {rule.id: rule.title for rule in RULES}
    for transition in reversed(state.recent):
        rule, subject, _ = transition.key.split("|", 2)
        yield Change(
            at=transition.at,
            to=transition.to,
            severity=transition.severity,
            rule=rule,
            title=titles.get(rule, rule),
            subject=Named(subject, one_line(names.get(subject, ""))),
        )
