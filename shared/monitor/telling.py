"""From what holds to what is sent: groups, announcements, hints, heartbeats and notices into the outbox. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.alerting import silences
from shared.alerting.allocation import allocation_changed, figures, qualifying_by_sku
from shared.alerting.digest import digest, heartbeat
from shared.alerting.grouping import tell
from shared.alerting.muting import muted
from shared.alerting.routing import group_of
from shared.model.alert import Message, OutboxEntry, ReceiverState
from shared.model.finding import Severity
from shared.model.sources import REQUIRED
from shared.model.tenant import TenantState
from shared.monitor.occasion import Occasion, snapshot_of
from shared.rules.rule import LICENCE_RULE_PAGE
from shared.rules.snapshot import Snapshot

OUTBOX_LIMIT = 200
"""Messages that wait at most for one receiver: where none can be reached, the oldest make room, and are counted."""

ANNOUNCED = "allocation-changed"


def told(state: TenantState, occasion: Occasion, ahead: timedelta = timedelta(0)) -> TenantState:
    """The document after a look at what is to be told; what falls due within `ahead` is due now."""
    state = msgspec.structs.replace(
        state,
        alerts=muted(state.alerts, state.silences, occasion.now),
        silences=silences.matched(state.silences, state.alerts, occasion.now),
    )
    result = tell(
        state.alerts,
        state.groups,
        routes=occasion.routes,
        tenant=state.tenant,
        timing=occasion.timing,
        now=occasion.now,
        ahead=ahead,
        facts=_Figures(state, occasion),
        as_of=_as_of(state),
    )
    state = msgspec.structs.replace(state, alerts=result.alerts, groups=result.groups)
    state = posted(state, result.messages, occasion)
    return _by_the_calendar(_with_notices(state, occasion), occasion)


def announced(state: TenantState, snapshot: Snapshot, occasion: Occasion) -> TenantState:
    """The document that remembers the allocation, and tells of it where it moved since the last complete read."""
    if not _is_sound(snapshot):
        return state
    ledger = snapshot.allocation
    before, counted_before = state.entitled, state.qualifying_by_sku
    unread = state.subscriptions is None and not state.entitled_with_trials
    state = msgspec.structs.replace(
        state,
        entitled=ledger.entitled,
        entitled_with_trials=state.subscriptions is None,
        qualifying_by_sku=qualifying_by_sku(ledger),
    )
    if before is None or before == ledger.entitled:
        return state
    message = allocation_changed(
        before,
        ledger,
        counted_before,
        now=snapshot.now,
        link=LICENCE_RULE_PAGE,
        price=snapshot.price,
        unread=unread,
    )
    severity: Severity = message.severity if message.severity != "resolved" else "info"
    receivers = occasion.routes.named(ANNOUNCED, message.group, severity, state.tenant)
    each = (
        msgspec.structs.replace(message, group=group_of(receiver, message.group), tenant=state.tenant)
        for receiver in receivers
    )
    return posted(state, each, occasion)


def posted(state: TenantState, messages: Iterable[Message], occasion: Occasion) -> TenantState:
    """The document with messages in its outbox, oldest first; what makes room for others is counted."""
    stamp = occasion.now.isoformat()
    added = [
        OutboxEntry(
            id=f"{stamp}/{message.kind}/{message.group}",
            receiver=message.group.partition("/")[0],
            message=message,
            created=occasion.now,
            due=occasion.now,
            traceparent=occasion.traceparent,
        )
        for message in messages
    ]
    if not added:
        return state
    outbox = [*state.outbox, *added]
    waiting = Counter(entry.receiver for entry in outbox)
    kept: list[OutboxEntry] = []
    receivers = dict(state.receivers)
    for entry in outbox:
        if waiting[entry.receiver] > OUTBOX_LIMIT:
            waiting[entry.receiver] -= 1
            known = receivers.get(entry.receiver, ReceiverState())
            receivers[entry.receiver] = msgspec.structs.replace(known, dropped=known.dropped + 1)
        else:
            kept.append(entry)
    return msgspec.structs.replace(state, outbox=tuple(kept), receivers=receivers)


def _by_the_calendar(state: TenantState, occasion: Occasion) -> TenantState:
    """The document with the heartbeats and digests that are due: the first of each an interval after the start."""
    for receiver in occasion.routes.receivers:
        known = state.receivers.get(receiver, ReceiverState())
        mine = {
            key: alert for key, alert in state.alerts.items() if receiver in occasion.routes.of(alert, state.tenant)
        }
        firing = {key: alert for key, alert in mine.items() if alert.phase == "firing" and not alert.muted_by}
        messages: list[Message] = []
        if _is_due(known.digest_at, occasion.timing.digest, occasion.now):
            figures_now = _Figures(state, occasion).get("allocation", ())
            messages.append(digest(receiver, firing, tenant=state.tenant, facts=figures_now, as_of=_as_of(state)))
        if receiver not in occasion.routes.quiet and _is_due(
            known.heartbeat_at, occasion.timing.heartbeat, occasion.now
        ):
            messages.append(heartbeat(receiver, firing, tenant=state.tenant, as_of=_as_of(state)))
        kinds = {message.kind for message in messages}
        after = msgspec.structs.replace(
            known,
            digest_at=occasion.now if "digest" in kinds else known.digest_at or occasion.now,
            heartbeat_at=occasion.now if "heartbeat" in kinds else known.heartbeat_at or occasion.now,
        )
        if after != known:
            state = msgspec.structs.replace(state, receivers={**state.receivers, receiver: after})
        state = posted(state, messages, occasion)
    return state


def _is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is not None and now - last >= every


def _with_notices(state: TenantState, occasion: Occasion) -> TenantState:
    """The document with notices of silences that end soon or match nothing."""
    kept, notices = silences.noticed(silences.kept(state.silences, occasion.now), occasion.now)
    state = msgspec.structs.replace(state, silences=kept)
    each = (
        Message(
            kind="notice",
            group=receiver,
            severity="info",
            headline=notice.headline,
            text=notice.text,
            tenant=state.tenant,
        )
        for notice in notices
        for receiver in occasion.routes.receivers
    )
    return posted(state, each, occasion)


class _Figures(Mapping[str, tuple[tuple[str, str], ...]]):
    """The ledger's figures for the messages that show them; worked out only when one is due."""

    def __init__(self, state: TenantState, occasion: Occasion) -> None:
        self._snapshot = snapshot_of(state, occasion)

    def __getitem__(self, family: str) -> tuple[tuple[str, str], ...]:
        if family != "allocation" or not _is_sound(self._snapshot):
            raise KeyError(family)
        return figures(self._snapshot.allocation)

    def __iter__(self) -> Iterator[str]:
        return iter(("allocation",) if _is_sound(self._snapshot) else ())

    def __len__(self) -> int:
        return 1 if _is_sound(self._snapshot) else 0


def _as_of(state: TenantState) -> datetime | None:
    return min((known.complete_as_of for known in state.sources.values() if known.complete_as_of), default=None)


def _is_sound(snapshot: Snapshot) -> bool:
    return all(not snapshot.why_not_usable(source) for source in REQUIRED)
