"""Findings over time: what is firing since when, what each group was last told, and what waits to be sent."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from shared.model.finding import Commands, Finding, Severity, Topic
from shared.model.sources import Source

Phase = Literal["pending", "firing", "resolved"]
MessageKind = Literal["alert", "announcement", "digest", "heartbeat", "notice", "test"]


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The life of one finding: since when it holds and, once mended, when it ended.

    `fired` is when it had held for as long as its rule waits. `evidence` is how recent the reads are that last
    confirmed it, or that last counted against it; `absences` counts the complete evaluations, each on newer reads, that
    no longer found it, and `doubted` are the sources that first did not: only their next reads prove it. A frozen one
    is neither confirmed nor mended, because what its rule reads could not be read. `muted_by` says why it is not told:
    `silence:ID`, or `inhibited:KEY` with the finding that explains it.
    """

    finding: Finding
    topic: Topic
    phase: Phase = "firing"
    since: datetime
    fired: datetime | None = None
    ended: datetime | None = None
    evidence: datetime | None = None
    absences: int = 0
    doubted: tuple[Source, ...] = ()
    frozen: bool = False
    muted_by: str = ""


class GroupLog(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a group's receiver knows, and when the group is looked at next.

    `firing` and `resolved` are the finding keys of the last message, `critical` those of the firing ones that were
    told as critical, `muted` those that fired and were not shown, `explained` those of them that another finding
    explained; no `sent_at` means that none was ever sent.
    """

    firing: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    explained: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    sent_at: datetime | None = None
    flush_at: datetime | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding as a message shows it.

    `worse` tells that it has become critical since it was told. `numbers` are telephone numbers whose callers notice.
    """

    key: str = ""
    rule: str
    subject_kind: str = ""
    subject_id: str = ""
    severity: Severity
    title: str
    name: str
    summary: str
    remedy: str
    commands: Commands | None = None
    numbers: tuple[str, ...] = ()
    since: datetime
    ended: datetime | None = None
    worse: bool = False


class Section(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Findings that share a fate in a message: `items` are the first of them, `total` is how many there are."""

    kind: Literal["new", "open", "resolved"]
    items: tuple[Item, ...] = ()
    total: int = 0


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be told, before any channel's format: the verdict first, then what changed, then the numbers.

    `group` is `RECEIVER/FAMILY`; of a digest, a heartbeat and other messages of one receiver, the receiver alone. An
    alert's `firing` counts what its receiver takes for firing: all that is shown, and what was before it was silenced.
    `links` are titles with URLs, made when it is posted, since some do not live long. `trace` is the id of the trace
    that led to it.
    """

    kind: MessageKind
    group: str
    severity: Severity | Literal["resolved"]
    headline: str
    text: str = ""
    sections: tuple[Section, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    link: str = ""
    links: tuple[tuple[str, str], ...] = ()
    as_of: datetime | None = None
    firing: int = 0
    tenant: str = ""
    trace: str = ""


class OutboxEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message on its way to one receiver, committed together with the state that caused it.

    `claimed_until` keeps others off while one instance posts; an entry whose claim ran out is posted again. `refused`
    says why it was given up, at `refused_at`.
    """

    id: str
    receiver: str
    message: Message
    created: datetime
    due: datetime
    attempts: int = 0
    claimed_until: datetime | None = None
    claimed_by: str = ""
    refused: str = ""
    refused_at: datetime | None = None
    traceparent: str = ""


class Transition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step in the life of a finding, for the log and for the bounded history."""

    at: datetime
    to: Phase
    key: str
    severity: Severity


class ReceiverState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one receiver.

    `sent` are the times of the posts within the last hour, for keeping to its rate. `delivered_at` is the last post
    that it took, `failing_since` the first failure since then. `threads` are the receipts of the cards that stand there
    by group, where a card can be updated in place. `heartbeat_at` and `digest_at` are when these were last put into the
    outbox. `dropped` counts messages that were never posted, because too many waited; `dropped_at` is when the
    last of them was dropped. `caught_up_at` is when it was last told anew what had been in
    messages that were given up.
    """

    sent: tuple[datetime, ...] = ()
    delivered_at: datetime | None = None
    failing_since: datetime | None = None
    threads: dict[str, str] = {}
    heartbeat_at: datetime | None = None
    digest_at: datetime | None = None
    dropped: int = 0
    dropped_at: datetime | None = None
    caught_up_at: datetime | None = None
