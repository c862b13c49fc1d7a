"""From what holds to what is sent: groups, announcements, hints, heartbeats and notices into the outbox. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.alerting import silences
from shared.alerting.allocation import allocation_changed, figures, qualifying_by_sku
from shared.alerting.calendar import is_due
from shared.alerting.catching_up import given_up, missed_ends, untold
from shared.alerting.digest import digest, heartbeat, lost
from shared.alerting.grouping import tell
from shared.alerting.muting import muted
from shared.alerting.routing import ALLOCATION_CHANGED, group_of
from shared.model.alert import Alert, Message, ReceiverState
from shared.model.finding import Severity
from shared.model.sources import REQUIRED
from shared.model.tenant import TenantState
from shared.monitor.occasion import Occasion, snapshot_of
from shared.monitor.outbox import posted, waits, without_the_unset
from shared.monitor.silences import called, names_of
from shared.rules.rule import LICENCE_RULE_PAGE
from shared.rules.snapshot import Snapshot


def told(state: TenantState, occasion: Occasion, ahead: timedelta = timedelta(0)) -> TenantState:
    """The document after a look at what is to be told; what falls due within `ahead` is due now."""
    state = _caught_up(without_the_unset(state, occasion), occasion)
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
        held={entry.message.group for entry in state.outbox if entry.message.kind == "alert" and not entry.refused},
    )
    state = msgspec.structs.replace(state, alerts=result.alerts, groups=result.groups)
    state = posted(state, result.messages, occasion)
    return _by_the_calendar(_with_notices(state, occasion), occasion)


def _caught_up(state: TenantState, occasion: Occasion) -> TenantState:
    """The document in which receivers that are reached again are told what was given up while they were not."""
    for receiver in occasion.routes.receivers:
        known = state.receivers.get(receiver, ReceiverState())
        lost_alerts = given_up(state.outbox, receiver, since=known.caught_up_at, until=known.delivered_at)
        if lost_alerts:
            after = msgspec.structs.replace(known, caught_up_at=known.delivered_at)
            ends = missed_ends(lost_alerts, state.groups)
            state = msgspec.structs.replace(
                state, groups=untold(state.groups, lost_alerts), receivers={**state.receivers, receiver: after}
            )
            state = posted(state, ends, occasion)
    return state


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
    receivers = occasion.routes.named(ALLOCATION_CHANGED, message.group, severity, state.tenant)
    each = (
        msgspec.structs.replace(message, group=group_of(receiver, message.group), tenant=state.tenant)
        for receiver in receivers
    )
    return posted(state, each, occasion)


def _by_the_calendar(state: TenantState, occasion: Occasion) -> TenantState:
    """The document with the heartbeats and digests that are due: none at the start, which begins to count."""
    for receiver in occasion.routes.receivers:
        known = state.receivers.get(receiver, ReceiverState())
        messages = tuple(_due_by_the_calendar(state, occasion, receiver, known))
        kinds = {message.kind for message in messages}
        after = msgspec.structs.replace(
            known,
            digest_at=occasion.now if "digest" in kinds else known.digest_at or occasion.now,
            heartbeat_at=occasion.now if "heartbeat" in kinds else known.heartbeat_at or occasion.now,
        )
        if after != known:
            state = msgspec.structs.replace(state, receivers={**state.receivers, receiver: after})
        news = [each for each in messages if each.kind != "heartbeat" or not waits(state, each)]
        state = posted(state, news, occasion)
    return state


def _due_by_the_calendar(
    state: TenantState, occasion: Occasion, receiver: str, known: ReceiverState
) -> Iterator[Message]:
    timing, now, calendar = occasion.timing, occasion.now, occasion.timing.calendar
    weekday = calendar.digest_day if calendar is not None else None
    wants_digest = is_due(known.digest_at, timing.digest, now, calendar, weekday)
    wants_heartbeat = receiver not in occasion.routes.quiet and is_due(
        known.heartbeat_at, timing.heartbeat, now, calendar
    )
    if not (wants_digest or wants_heartbeat):
        return
    firing = _firing_for(receiver, state, occasion)
    obstacles = _obstacles(snapshot_of(state, occasion))
    mine = (entry for entry in state.outbox if entry.receiver == receiver)
    notes = (*(f"{why[:1].upper()}{why[1:].rstrip('.')}." for why in obstacles), *lost(known, mine, now, timing.digest))
    if wants_digest:
        figures_now = _Figures(state, occasion).get("allocation", ())
        shown = {key: alert for key, alert in firing.items() if not alert.muted_by}
        yield digest(receiver, shown, tenant=state.tenant, facts=figures_now, as_of=_as_of(state), notes=notes)
    if wants_heartbeat:
        blind = bool(obstacles)
        yield heartbeat(receiver, firing, tenant=state.tenant, as_of=_as_of(state), blind=blind, notes=notes)


def _firing_for(receiver: str, state: TenantState, occasion: Occasion) -> dict[str, Alert]:
    receivers_of = occasion.routes.finder(state.tenant)
    return {
        key: alert for key, alert in state.alerts.items() if alert.phase == "firing" and receiver in receivers_of(alert)
    }


def _with_notices(state: TenantState, occasion: Occasion) -> TenantState:
    """The document with notices of silences that end soon or match nothing."""
    kept, notices = silences.noticed(silences.kept(state.silences, occasion.now), occasion.now)
    state = msgspec.structs.replace(state, silences=kept)
    if not notices:
        return state
    names, quiet = names_of(state), silences.InForce(kept.values(), occasion.now).quiet(state.alerts.values())
    each = (
        Message(
            kind="notice",
            group=receiver,
            severity="info",
            headline=notice.headline,
            text=notice.text,
            tenant=state.tenant,
        )
        for notice in (_named(notice, names, quiet.get(notice.silence.id, ())) for notice in notices)
        for receiver in occasion.routes.receivers
    )
    return posted(state, each, occasion)


def _named(notice: silences.Notice, names: Mapping[str, str], quiet: Iterable[Alert]) -> silences.Notice:
    """A notice that knows what its subjects are called, and whom its silence keeps quiet now."""
    ordered = sorted(quiet, key=lambda alert: alert.finding.order)
    return msgspec.structs.replace(
        notice,
        names={each: called(names, each) for each in notice.silence.subjects if each in names},
        quiet=tuple(dict.fromkeys(called(names, alert.finding.subject.id) for alert in ordered)),
    )


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
    return not _obstacles(snapshot)


def _obstacles(snapshot: Snapshot) -> tuple[str, ...]:
    """Why nothing can be said of the tenant now, if it cannot."""
    return tuple(why for source in REQUIRED if (why := snapshot.why_not_usable(source)))
