"""What fires and is not told: silenced by somebody, or explained by another finding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from shared.alerting.inhibition import inhibited
from shared.alerting.silences import silence_of
from shared.model.alert import Alert
from shared.model.silence import Silence


def muted(alerts: Mapping[str, Alert], silences: Mapping[str, Silence], now: datetime) -> dict[str, Alert]:
    """The alerts, each with why it is not told now, if it is not."""
    hidden = inhibited(alerts)
    return {key: _with(alert, _why(key, alert, hidden, silences, now)) for key, alert in alerts.items()}


def _why(key: str, alert: Alert, hidden: Mapping[str, str], silences: Mapping[str, Silence], now: datetime) -> str:
    if alert.phase != "firing":
        return alert.muted_by
    silence = silence_of(silences, alert, now)
    if silence is not None:
        return f"silence:{silence.id}"
    return f"inhibited:{hidden[key]}" if key in hidden else ""


def _with(alert: Alert, why: str) -> Alert:
    return alert if alert.muted_by == why else msgspec.structs.replace(alert, muted_by=why)
