"""What is told by the calendar: hints once a week, and once a day that a receiver is still reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from shared.alerting.compose import MAX_ITEMS, item_of
from shared.alerting.muting import SILENCED
from shared.model.alert import Alert, Message, OutboxEntry, ReceiverState, Section
from shared.model.finding import SEVERITIES


def digest(
    receiver: str,
    alerts: Mapping[str, Alert],
    *,
    tenant: str,
    facts: tuple[tuple[str, str], ...] = (),
    as_of: datetime | None = None,
    notes: tuple[str, ...] = (),
) -> Message:
    """The hints that hold now, with the ledger on top.

    `alerts` are those that the receiver is to know of, `notes` sentences on what it could not be told.
    """
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
        text=" ".join(("Nothing here keeps callers from getting through.", *notes)),
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


def heartbeat(
    receiver: str,
    alerts: Mapping[str, Alert],
    *,
    tenant: str,
    as_of: datetime | None = None,
    blind: bool = False,
    notes: tuple[str, ...] = (),
) -> Message:
    """One quiet line that this receiver is reached, with what is open.

    Args:
        receiver: whom it goes to.
        alerts: those that it is to know of, with what is silenced.
        tenant: whose alerts these are.
        as_of: how recent the data behind them is.
        blind: whether what is needed for any judgement cannot be read: that nothing is open is not known then.
        notes: sentences on what it could not be told.
    """
    firing = [alert for alert in alerts.values() if alert.phase == "firing"]
    open_now = Counter(alert.finding.severity for alert in firing if not alert.muted_by)
    silenced = sum(alert.muted_by.startswith(SILENCED) for alert in firing)
    counts = [f"{open_now[severity]} {severity}" for severity in SEVERITIES if open_now[severity]]
    counts += [f"{silenced} silenced"] if silenced else []
    said = ", ".join(counts) or ("what is open is not known" if blind else "nothing is open")
    state = "is running, and does not see everything" if blind else "is watching"
    return Message(
        kind="heartbeat",
        group=receiver,
        severity="info",
        headline=f"Linekeeper {state}: {said}",
        text=" ".join(("This message shows that this channel is reached. If it stays away, so may alerts.", *notes)),
        as_of=as_of,
        firing=sum(open_now.values()),
        tenant=tenant,
    )


def lost(known: ReceiverState, outbox: Iterable[OutboxEntry], now: datetime, within: timedelta) -> tuple[str, ...]:
    """What to say to a receiver of messages that it never got, for a while after the last of them.

    Args:
        known: what is known of the receiver.
        outbox: its messages, those that were given up among them.
        now: the time.
        within: for how long it is said.
    """
    said = []
    if known.dropped and known.dropped_at is not None and now - known.dropped_at <= within:
        why = f"because too many waited; the last {known.dropped_at:%Y-%m-%d}"
        said.append(f"{_many(known.dropped)} never posted here, {why}.")
    refused = [
        entry.refused_at for entry in outbox if entry.refused_at is not None and now - entry.refused_at <= within
    ]
    if refused:
        why = f"refused here or put off for too long; the last {max(refused):%Y-%m-%d}"
        said.append(f"{_many(len(refused))} given up, {why}.")
    return tuple(said)


def _many(messages: int) -> str:
    return f"{messages} messages were" if messages > 1 else "1 message was"
