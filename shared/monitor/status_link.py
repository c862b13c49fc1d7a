"""Who may look at the status page without the platform's key: whoever holds a card's link, for a day.

A link shows the page of one tenant and does nothing else. It is made like the links that silence findings, and signed
with a key of its own that is derived from theirs: so neither kind opens what the other does. A function key, which
opens more and does not expire, never stands on a card.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from urllib.parse import urlencode

from shared.monitor.silence_link import LIFETIME, Access, Grant, Refused, granted, sign

PATH = "/api/status/view"
PARAMETER = "token"
TENANT_PARAMETER = "tenant"

_PURPOSE = b"linekeeper status link, version 1"
_SUBJECT = ("status",)


def status_url(root: str, key: bytes, tenant: str, now: datetime) -> str:
    """The link to the status page; `root` is the public root of the service, `key` that of links to silences.

    The tenant is named beside the token, which is no good for any other: a service may watch several.
    """
    query = {TENANT_PARAMETER: tenant, PARAMETER: status_token(key, tenant, now)}
    return f"{root.rstrip('/')}{PATH}?{urlencode(query)}"


def status_token(key: bytes, tenant: str, now: datetime) -> str:
    """The token of a link that is made now."""
    return sign(_own(key), tenant, _SUBJECT, now + LIFETIME)


def may_view(access: Access, *, token: str, now: datetime) -> Grant | Refused:
    """Whether a token opens the page of a tenant; `access` is what its links to silences are checked against."""
    # Without its API key: that opens the silences, and the status has the platform's.
    own = Access(tenant=access.tenant, former_link_keys=tuple(_own(key) for key in access.link_keys))
    return granted(own, token=token, api_key="", now=now)


def _own(key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE, "sha256")
