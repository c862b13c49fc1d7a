"""People and groups that call flows refer to, as far as it matters whether a call reaches them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shared.model.directory import AssignedLicence

ReferencedKind = Literal["user", "group", "nobody"]

LOOK_UPS_MAY_FAIL = timedelta(hours=3)
"""For how long nobody may be looked up before what rests on the look-ups is in doubt."""


class DirectoryObject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A user or group as a look-up by ids gives it; what the directory kept back is None or empty."""

    id: str
    kind: Literal["user", "group"]
    name: str = ""
    enabled: bool | None = None
    licences: tuple[AssignedLicence, ...] | None = None


class Referenced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A directory object by an id that a call flow holds; `nobody` where the directory has none.

    `enabled` and `phone` are a user's: whether sign-in is allowed, and whether an assigned licence brings a phone plan
    that is not switched off; None where that is not known. `read_at` is when the read that told of it began (UTC).
    """

    kind: ReferencedKind
    name: str = ""
    enabled: bool | None = None
    phone: bool | None = None
    read_at: datetime


class LookUps(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the look-ups of whom call flows refer to went (times UTC).

    `succeeded` is when the last one did, `failing_since` the first of the failures in a row, `not_before` when Graph
    wants to be asked again at the earliest. Who was read before `due_since` is to be asked for anew. `missed` is when
    an id was first not found, for as long as it is asked for more often because of that; `unjudged` is when an id was
    asked for, or could not be, without learning whether it is there.
    """

    succeeded: datetime | None = None
    failing_since: datetime | None = None
    not_before: datetime | None = None
    due_since: datetime | None = None
    missed: dict[str, datetime] = {}
    unjudged: dict[str, datetime] = {}

    def have_failed_for_long(self, now: datetime) -> bool:
        """Whether what rests on them is in doubt."""
        return self.failing_since is not None and now - self.failing_since >= LOOK_UPS_MAY_FAIL
