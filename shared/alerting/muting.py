"""What fires and is not told: silenced by somebody, or explained by another finding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from shared.alerting.inhibition import inhibited
from shared.alerting.silences import InForce
from shared.model.alert import Alert
from shared.model.silence import Silence

SILENCED = "silence:"
EXPLAINED = "inhibited:"
"""What stands before the silence, or before the finding that explains another, in `Alert.muted_by`."""


def muted(alerts: Mapping[str, Alert], silences: Mapping[str, Silence], now: datetime) -> dict[str, Alert]:
    """The alerts, each with why it is not told now, if it is not."""
    hidden, in_force = inhibited(alerts), InForce(silences.values(), now)
    return {key: _with(alert, _why(key, alert, hidden, in_force)) for key, alert in alerts.items()}


def _why(key: str, alert: Alert, hidden: Mapping[str, str], in_force: InForce) -> str:
    if alert.phase != "firing":
        return alert.muted_by
    silence = in_force.longest(alert)
    if silence is not None:
        return f"{SILENCED}{silence.id}"
    return f"{EXPLAINED}{hidden[key]}" if key in hidden else ""


def _with(alert: Alert, why: str) -> Alert:
    return alert if alert.muted_by == why else msgspec.structs.replace(alert, muted_by=why)
