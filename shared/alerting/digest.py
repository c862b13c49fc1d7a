"""What is told by the calendar: hints once a week, and once a day that a receiver is still reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from shared.alerting.compose import MAX_ITEMS, item_of
from shared.model.alert import Alert, Message, Section
from shared.model.finding import SEVERITIES


def digest(
    receiver: str,
    alerts: Mapping[str, Alert],
    *,
    tenant: str,
    facts: tuple[tuple[str, str], ...] = (),
    as_of: datetime | None = None,
) -> Message:
    """The hints that hold now, with the ledger on top; `alerts` are those that the receiver is to know of."""
    ordered = sorted(alerts.items(), key=lambda pair: pair[1].finding.order)
    hints = [(key, alert) for key, alert in ordered if alert.finding.severity == "info"]
    worse = sum(alert.finding.severity != "info" for _, alert in ordered)
    count = f"{len(hints)} hint{'' if len(hints) == 1 else 's'}" if hints else "No hints"
    beside = f"; {worse} finding{'' if worse == 1 else 's'} told already" if worse else ""
    return Message(
        kind="digest",
        group=receiver,
        severity="info",
        headline=f"The week: {count}{beside}",
        text="Nothing here keeps callers from getting through.",
        sections=(
            (Section(kind="open", items=tuple(item_of(*each) for each in hints[:MAX_ITEMS]), total=len(hints)),)
            if hints
            else ()
        ),
        facts=facts,
        as_of=as_of,
        firing=len(hints),
        tenant=tenant,
    )


def heartbeat(receiver: str, alerts: Mapping[str, Alert], *, tenant: str, as_of: datetime | None = None) -> Message:
    """One quiet line that this receiver is reached, with what is open."""
    open_now = Counter(alert.finding.severity for alert in alerts.values() if alert.phase == "firing")
    said = ", ".join(f"{open_now[severity]} {severity}" for severity in SEVERITIES if open_now[severity])
    return Message(
        kind="heartbeat",
        group=receiver,
        severity="info",
        headline=f"Linekeeper is watching: {said or 'nothing is open'}",
        text="This message shows that this channel is reached. If it stays away, so may alerts.",
        as_of=as_of,
        firing=sum(open_now.values()),
        tenant=tenant,
    )
