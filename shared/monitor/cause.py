"""Why work is done: what it was told by, and when that was. Known to all that is done for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Literal

import msgspec

Trigger = Literal["notification", "timer", "manual"]


class Cause(msgspec.Struct, frozen=True):
    """What led to work; `heard` is when a change was heard of, None where nobody told of one."""

    trigger: Trigger = "manual"
    heard: datetime | None = None


_BY_HAND = Cause()
_CAUSE: ContextVar[Cause] = ContextVar("cause", default=_BY_HAND)


@contextmanager
def caused_by(trigger: Trigger, heard: datetime) -> Iterator[None]:
    """Do work because of something."""
    token = _CAUSE.set(Cause(trigger, heard))
    try:
        yield
    finally:
        _CAUSE.reset(token)


def current_cause() -> Cause:
    """Why what is done now is done."""
    return _CAUSE.get()
