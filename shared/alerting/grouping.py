"""Groups of alerts: what broke together is told together, once, in order, and again only when something is new."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.alerting.compose import compose
from shared.alerting.group_look import Look, Members
from shared.alerting.muting import EXPLAINED
from shared.alerting.routing import Routes, group_of
from shared.model.alert import Alert, GroupLog, Message
from shared.model.timing import Timing

Facts = Mapping[str, tuple[tuple[str, str], ...]]


class Told(msgspec.Struct, frozen=True):
    """The groups and alerts after a look at every group, and the messages to send."""

    alerts: dict[str, Alert]
    groups: dict[str, GroupLog]
    messages: tuple[Message, ...]


def tell(
    alerts: Mapping[str, Alert],
    groups: Mapping[str, GroupLog],
    *,
    routes: Routes,
    tenant: str,
    timing: Timing,
    now: datetime,
    ahead: timedelta = timedelta(0),
    facts: Facts | None = None,
    as_of: datetime | None = None,
    held: Container[str] = (),
) -> Told:
    """Look at every group and compose what is due.

    Alerts that are no worse than info stay out of the stream, unless they were worse when they were told; so does what
    is pending, and what is muted is not shown. An ended alert is forgotten once all its receivers were told of the end,
    or were never told of the beginning. What a receiver knew that is no longer set is forgotten: should it come back,
    it is told anew.

    Args:
        alerts: all alerts by finding key.
        groups: what is known of each group's receiver, by the group.
        routes: the receivers, and which alerts go to each.
        tenant: whose alerts these are.
        timing: the waits.
        now: the time of the look.
        ahead: what falls due within this time goes now, because the next look comes no earlier.
        facts: figures to show, by rule family.
        as_of: how recent the data behind the alerts is.
        held: the groups of which a message is on its way still: what changes meanwhile is told after it, in one.
    """
    standing = {group: log for group, log in groups.items() if group.partition("/")[0] in routes.receivers}
    members = _by_group(alerts, standing, routes, tenant)
    logs: dict[str, GroupLog] = {}
    messages: list[Message] = []
    waiting: set[str] = set()
    for group in sorted(members.keys() | standing.keys()):
        receiver, _, family = group.partition("/")
        look = Look(
            members.get(group, Members()),
            standing.get(group, GroupLog()),
            wants_ends=receiver not in routes.without_resolved,
            is_forgetful=receiver in routes.forgetful,
        )
        reason = look.reason(timing, now)
        flush_at = look.flush_at(reason, timing, now)
        if reason is None or flush_at is None or flush_at > now + ahead or group in held:
            log = look.untold(None if reason == "repeat" else flush_at)
            waiting |= look.ended
        else:
            named = {key: look.alerts[key] for key in look.to_name}
            if named and not (reason == "some_resolved" and not look.wants_ends):
                messages.append(
                    compose(
                        group,
                        named,
                        look.told_log,
                        reason,
                        news=look.news,
                        tenant=tenant,
                        facts=(facts or {}).get(family, ()),
                        as_of=as_of,
                    )
                )
                log = look.told(now)
            else:  # it does not want to know, or the rules behind all that was told are no more
                log = look.told(look.log.sent_at)
        if look.firing or log.firing or log.flush_at:
            logs[group] = log
    kept = {key: alert for key, alert in alerts.items() if alert.phase != "resolved" or key in waiting}
    return Told(kept, logs, tuple(messages))


def _by_group(
    alerts: Mapping[str, Alert], groups: Mapping[str, GroupLog], routes: Routes, tenant: str
) -> dict[str, Members]:
    receivers_of = routes.finder(tenant)
    found: dict[str, Members] = {}
    for key, alert in alerts.items():
        if alert.phase != "pending" and alert.finding.severity != "info":
            for receiver in receivers_of(alert):
                members = found.setdefault(group_of(receiver, alert.topic.family), Members())
                members.alerts[key] = alert
                members.routed.add(key)
    for group, log in groups.items():
        # Who was told of a beginning is told of the end, whatever the routes and the severity are by then.
        members = found.setdefault(group, Members())
        members.alerts.update((key, alerts[key]) for key in log.firing if key in alerts)
    for group, members in found.items():
        _mute(members, group.partition("/")[0], alerts, receivers_of)
    return found


def _mute(
    members: Members, receiver: str, alerts: Mapping[str, Alert], receivers_of: Callable[[Alert], tuple[str, ...]]
) -> None:
    """Tell what is not to be shown; a finding explains nothing to a receiver that is not told of it."""
    for key, alert in members.alerts.items():
        if alert.muted_by.startswith(EXPLAINED):
            cause = alerts.get(alert.muted_by.removeprefix(EXPLAINED))
            if cause is not None and cause.finding.severity != "info" and receiver in receivers_of(cause):
                members.explained.add(key)
        elif alert.muted_by:
            members.muted.add(key)
    members.muted |= members.explained
