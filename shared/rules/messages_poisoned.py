"""Messages that failed too often and were put aside: what they told of was not read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from shared.model.change_message import QUEUE
from shared.model.finding import Finding, Subject
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot

POISON_QUEUE = f"{QUEUE}-poison"
"""Where the Functions host, and the local one, put a message that failed `maxDequeueCount` times."""

LOOK_LASTS = timedelta(hours=1)
"""For how long a look at the queue that found it empty is worth something; it is looked at every five minutes."""

_PAGE = "https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#poison-messages"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """The poison queue as a whole, while it is not empty.

    Its depth is that of the queue: where several tenants share one, each of them is told of all its messages, and each
    message names its tenant.
    """
    state = snapshot.state
    if not state.poisoned:
        return
    one = state.poisoned == 1
    since = state.poisoned_since
    found = f", {'' if one else 'the first '}found at {since:%Y-%m-%d %H:%M} UTC" if since else ""
    yield Finding(
        rule=RULE.id,
        severity=RULE.severity,
        subject=Subject("queue", POISON_QUEUE, POISON_QUEUE),
        summary=f"{state.poisoned} {'message' if one else 'messages'} could not be worked off and "
        f"{'lies' if one else 'lie'} in queue {POISON_QUEUE}{found}. The changes that {'it' if one else 'they'} told "
        "of were not read at once: the next delta reads find them, at the latest the daily sweep.",
        remedy=RULE.remedy,
        evidence={"messages": state.poisoned, "since": f"{since:%Y-%m-%dT%H:%M:%SZ}" if since else "unknown"},
    )


def _judged_in_part(snapshot: Snapshot) -> str:
    """Why an empty queue is not known to be empty."""
    seen = snapshot.state.poisoned_seen
    if not snapshot.expects_queue:
        return ""
    if seen is None:
        return f"queue {POISON_QUEUE} was not looked at"
    if snapshot.now - seen > LOOK_LASTS:
        return f"queue {POISON_QUEUE} was last looked at {seen:%Y-%m-%dT%H:%M:%SZ}"
    return ""


RULE = Rule(
    id="messages-poisoned",
    family="monitor",
    severity="warning",
    title="Messages could not be worked off",
    holds_when="the poison queue is not empty",
    reads=frozenset(),
    why="A message that failed five times is put aside unread: what it told of waits for a timer, and what made it "
    "fail may make others fail.",
    remedy="See in the log why the function changes failed, and mend it. linekeeper poison list shows the messages; "
    "linekeeper poison requeue then has them worked off again, and linekeeper poison clear drops them. On Azure the "
    "portal shows them too (the storage account, Queues), and so does az storage message peek --queue-name "
    f"{POISON_QUEUE} --account-name ACCOUNT --auth-mode login; az storage message clear, with the same options, drops "
    "them.",
    link=_PAGE,
    check=check,
    judged_in_part=_judged_in_part,
)
