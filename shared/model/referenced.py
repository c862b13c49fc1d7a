"""People and groups that call flows refer to, as far as it matters whether a call reaches them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from shared.model.directory import AssignedLicence

ReferencedKind = Literal["user", "group", "nobody"]


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
    that is not switched off. `read_at` is when the read that told of it began (UTC).
    """

    kind: ReferencedKind
    name: str = ""
    enabled: bool | None = None
    phone: bool | None = None
    read_at: datetime
