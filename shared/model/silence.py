"""A silence: findings that somebody does not want to be told of for a while, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from shared.model.finding import Severity

LONGEST = timedelta(days=90)
"""No silence lasts for ever: what is silenced for longer is a decision, and belongs into the settings."""


class Silence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is silenced: findings that match every matcher that is given, of which one at least is.

    `rules` are rule ids, in which `*` stands for anything; `subjects` are subject ids; `severities` are such. From
    `starts` until `ends` (UTC). `last_matched` is when it last silenced something, `told` are the notices that were
    given of it (`ending`, `idle`).
    """

    id: str
    rules: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    starts: datetime
    ends: datetime
    author: str
    reason: str
    created: datetime
    last_matched: datetime | None = None
    told: tuple[str, ...] = ()
