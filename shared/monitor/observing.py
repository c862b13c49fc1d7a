"""What an evaluation and a delivery say of themselves: spans that are kept, a log line a step, and measurements."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from shared.model.alert import Transition
from shared.model.tenant import TenantState
from shared.monitor.cause import current_cause
from shared.monitor.evaluate import Judgement
from shared.monitor.measuring import how_alive, what_holds
from shared.monitor.monitor import Monitor
from shared.telemetry.keeping import NOTEWORTHY
from shared.telemetry.logs import event
from shared.telemetry.meters import Measurement
from shared.telemetry.telemetry import Telemetry

_logger = logging.getLogger("linekeeper.judging")


@contextmanager
def evaluation_observed(telemetry: Telemetry) -> Iterator[Callable[[Judgement, datetime], None]]:
    """Around an evaluation with its write; what is yielded is to be given what it came to, and its time."""
    cause = current_cause()
    attributes: dict[str, str] = {"trigger": cause.trigger}
    begun = time.perf_counter()
    with telemetry.span("evaluate", attributes={"linekeeper.trigger": cause.trigger}) as span:

        def observed(judgement: Judgement, now: datetime) -> None:
            span.set_attribute("linekeeper.transitions", len(judgement.steps))
            if judgement.steps:
                span.set_attribute(NOTEWORTHY, value=True)
            for step in judgement.steps:
                _tell(telemetry, step, judgement.state)
                if cause.heard is not None and _is_found_now(step, judgement.state):
                    telemetry.record("linekeeper.detection.lag", (now - cause.heard).total_seconds(), attributes)

        try:
            yield observed
        except BaseException as problem:
            attributes = {**attributes, "error.type": type(problem).__name__}
            raise
        finally:
            telemetry.record("linekeeper.evaluation.duration", time.perf_counter() - begun, attributes)


def measure(monitor: Monitor, judgement: Judgement) -> None:
    """State what holds after an evaluation, where anybody hears it."""
    if monitor.telemetry.is_sent:
        _state(monitor.telemetry, "what holds", what_holds(judgement))
        measure_life(monitor, judgement.state)


def measure_life(monitor: Monitor, state: TenantState) -> None:
    """State how alive the service is: ages, and what waits."""
    if monitor.telemetry.is_sent:
        receivers = tuple(monitor.senders)
        alive = how_alive(
            state,
            monitor.clock(),
            receivers,
            quiet=monitor.routes.quiet,
            sees_queue=monitor.queues is not None,
            subscribes=monitor.subscription is not None,
        )
        _state(monitor.telemetry, "how alive", alive)


def _state(telemetry: Telemetry, section: str, measurements: Iterator[Measurement]) -> None:
    # What was judged is written by now and waits to be told: nothing that is only measured may be in its way.
    try:
        telemetry.state(section, measurements)
    except Exception as problem:  # noqa: BLE001 - telemetry never fails an invocation
        _logger.error("%s could not be measured (%s)", section, type(problem).__name__)  # noqa: TRY400 - values may name


def _is_found_now(step: Transition, state: TenantState) -> bool:
    """Whether a finding fires that was not seen before: one that waited did so on purpose."""
    alert = state.alerts.get(step.key)
    return step.to == "firing" and alert is not None and alert.since == step.at


def _tell(telemetry: Telemetry, step: Transition, state: TenantState) -> None:
    """Log a step with the ids that metrics must not carry, and count it with those that they may."""
    rule, subject, _ = step.key.split("|", 2)
    alert = state.alerts.get(step.key)
    telemetry.add("linekeeper.finding.transitions", 1, {"rule.id": rule, "to": step.to})
    event(
        _logger,
        "finding.transition",
        rule_id=rule,
        to=step.to,
        severity=step.severity,
        tenant_id=state.tenant,
        subject_kind=alert.finding.subject.kind if alert is not None else "",
        subject_id=subject,
        finding=hashlib.sha256(step.key.encode()).hexdigest()[:12],
        muted_by=alert.muted_by.partition(":")[0] if alert is not None else "",
    )
