"""What is remembered of an account's licences: what is broken by the way it was changed looks right afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Held = Literal["nothing", "phone", "resource_account", "both"]
"""Which of the two kinds of phone plan an account held."""


class HeldSince(msgspec.Struct, frozen=True, gc=False):
    """What an account held, from the first observation that saw it so.

    `licences` is a checksum of its licences then: where it is the same, nobody changed the account.
    """

    held: Held
    since: datetime
    licences: int = 0


class Swap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A phone licence that was exchanged for the resource-account licence with a gap between.

    `nothing_since` is when the account was first seen with neither, `licensed_at` when it was first seen with the
    resource-account plan. `numbers` have led to the account since, and it has stood for `apps` (ids). It is over once
    somebody `confirmed` that calls get through.
    """

    nothing_since: datetime
    licensed_at: datetime
    numbers: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    confirmed: datetime | None = None


class LicenceHistory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account's licences over time: the last changes, the newest last, and the last swap that left a gap."""

    changes: tuple[HeldSince, ...] = ()
    swap: Swap | None = None
