"""Who may read the status: whoever the platform's key lets in, or holds the service's own where no platform checks any.

On Azure the function key is checked before a request comes here. The local host checks none: there LINEKEEPER_API_KEY
is asked for; without one, only what this machine asks for itself is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from shared.model.addresses import is_loopback
from shared.model.secret import Secret
from shared.monitor.silence_link import Access, Grant, granted

KEY_PARAMETER = "code"
"""Where a browser, which cannot send a header, gives a key: in the query, as it gives Azure's."""

Door = Literal["platform", "machine", "outside"]
"""Who let a request in so far: the platform by a key of its own, this machine for itself, or nobody."""

_FROM_ELSEWHERE = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "origin"})


def door_of(url: str, headers: Mapping[str, str], *, keys_are_checked: bool) -> Door:
    """By which door a request came; `keys_are_checked` where the platform lets nobody through without a key.

    What a proxy or a tunnel passes on comes from outside, though its last step is on this machine.
    """
    if keys_are_checked:
        return "platform"
    passed_on = any(name.lower() in _FROM_ELSEWHERE for name in headers)
    return "machine" if is_loopback(url) and not passed_on else "outside"


def may_read(door: Door, keys: Iterable[str], api_key: Secret | None, now: datetime) -> bool:
    """Whether a request that came by a door with these keys, any of which may be empty, may read everything."""
    if door == "platform":
        return True
    if api_key is None:
        return door == "machine"
    access = Access(tenant="", api_key=api_key)
    return any(isinstance(granted(access, token="", api_key=key, now=now), Grant) for key in keys)
