"""Findings over time: what is firing since when, what each group was last told, and what waits to be sent."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from shared.model.finding import Finding, Severity, Topic

Phase = Literal["firing", "resolved"]


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The life of one finding: since when it holds and, once mended, when it ended.

    A frozen one is neither confirmed nor mended, because what its rule reads could not be read.
    """

    finding: Finding
    topic: Topic
    phase: Phase = "firing"
    since: datetime
    ended: datetime | None = None
    frozen: bool = False


class GroupLog(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a group's receiver knows, and when the group is looked at next.

    `firing` and `resolved` are the finding keys of the last message, `critical` those of the firing ones that were
    told as critical; no `sent_at` means that none was ever sent.
    """

    firing: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    sent_at: datetime | None = None
    flush_at: datetime | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding as a message shows it."""

    rule: str
    severity: Severity
    title: str
    name: str
    summary: str
    remedy: str
    since: datetime
    ended: datetime | None = None


class Section(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Findings that share a fate in a message: `items` are the first of them, `total` is how many there are."""

    kind: Literal["new", "open", "resolved"]
    items: tuple[Item, ...] = ()
    total: int = 0


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be told, before any channel's format: the verdict first, then what changed, then the numbers."""

    kind: Literal["alert", "announcement"]
    group: str
    severity: Severity | Literal["resolved"]
    headline: str
    text: str = ""
    sections: tuple[Section, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    link: str = ""
    as_of: datetime | None = None


class OutboxEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message on its way to one receiver, committed together with the state that caused it.

    `claimed_until` keeps others off while one instance posts; an entry whose claim ran out is posted again.
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
    traceparent: str = ""


class Transition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step in the life of a finding, for the log and for the bounded history."""

    at: datetime
    to: Phase
    key: str
    severity: Severity
