"""A receiver that is not reached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.model.alert import OutboxEntry, ReceiverState
from shared.model.finding import Finding, Subject
from shared.model.tenant import TenantState
from shared.rules.rule import WORKFLOWS_PAGE, Rule
from shared.rules.snapshot import Snapshot

PATIENCE = timedelta(hours=1)
"""For how long nothing may be delivered while something is due."""


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Receivers that refused a message since they took one, or that have taken none for an hour while some wait."""
    if not snapshot.expects_delivery:
        return
    for receiver, problem in not_reached(snapshot.state, snapshot.now).items():
        known = snapshot.state.receivers.get(receiver, ReceiverState())
        mine = [entry for entry in snapshot.state.outbox if entry.receiver == receiver]
        waiting = sum(not entry.refused for entry in mine)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("receiver", receiver, receiver),
            summary=f"{problem} {waiting} messages wait for it.",
            remedy=RULE.remedy,
            evidence={
                "waiting": waiting,
                "refused": sum(bool(entry.refused) for entry in mine),
                "dropped": known.dropped,
                "delivered_at": f"{known.delivered_at:%Y-%m-%dT%H:%M:%SZ}" if known.delivered_at else "never",
            },
        )


def not_reached(state: TenantState, now: datetime) -> dict[str, str]:
    """The receivers that messages do not reach, and what is wrong with each, as a sentence."""
    found = {}
    for receiver in sorted({entry.receiver for entry in state.outbox}):
        mine = [entry for entry in state.outbox if entry.receiver == receiver]
        problem = _problem(now, state.receivers.get(receiver, ReceiverState()), mine)
        if problem:
            found[receiver] = problem
    return found


def _problem(now: datetime, known: ReceiverState, mine: list[OutboxEntry]) -> str:
    """What is wrong with a receiver, as a sentence; empty where nothing is."""
    since = known.delivered_at
    refused = [entry for entry in mine if entry.refused_at is not None and (since is None or entry.refused_at > since)]
    if refused:
        return f"A message was refused: {refused[-1].refused}."
    late = [entry for entry in mine if not entry.refused and now - entry.created >= PATIENCE]
    if late and (since is None or now - since >= PATIENCE):
        return f"Nothing has been delivered since {f'{since:%Y-%m-%d %H:%M} UTC' if since else 'the start'}."
    return ""


RULE = Rule(
    id="delivery-failing",
    family="monitor",
    severity="critical",
    title="Alerts do not arrive",
    holds_when="a receiver refused a message for good, or took none for an hour while some were due",
    reads=frozenset(),
    why="Who is not told of an outage hears of it from a caller; a Workflows webhook ends with its owner's account.",
    remedy="Send a test card (linekeeper test-card). If it does not arrive, make the webhook anew and give it a second "
    "owner.",
    link=WORKFLOWS_PAGE,
    check=check,
)
