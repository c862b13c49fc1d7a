"""Who may look at silences and add some: a link of a card, signed and short-lived, or the service's own key.

A link stands for one finding and works for a day. Whoever holds it can silence that finding and nothing else, so it is
as good as the channel that it was posted to. Its token is `base64url(expiry, 8 bytes of Unix seconds, big-endian; HMAC,
32 bytes; finding key, UTF-8)`; the HMAC-SHA256 covers tenant, expiry and finding key (RFC 2104). It travels in the
query, because a path segment of more than 260 characters is refused by some front ends.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec

from shared.settings import Secret, Settings

LIFETIME = timedelta(hours=24)
PATH = "/api/silences"
PARAMETER = "token"
MAX_TOKEN = 4096

_PURPOSE = b"linekeeper silence link, version 1"
_EXPIRY_BYTES = 8
_MAC_BYTES = hashlib.sha256().digest_size


class Grant(msgspec.Struct, frozen=True):
    """What a request may do: everything, or only what concerns one finding, by its key."""

    finding: str | None = None


class Refused(msgspec.Struct, frozen=True):
    """A request that may do nothing; `expired` where its link was good once."""

    expired: bool = False


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What requests are checked against. Without a link key no link works, without an API key no key does."""

    tenant: str
    link_key: bytes | None = None
    api_key: Secret | None = None


def access_of(settings: Settings) -> Access:
    """What the settings let in: links, where there is a client state to derive their key from."""
    return Access(
        tenant=settings.tenant,
        link_key=link_key(settings.client_state.reveal().encode()) if settings.client_state is not None else None,
    )


def link_key(secret: bytes) -> bytes:
    """A key for links alone, from a secret that serves something else too.

    Raises:
        ValueError: the secret is empty.
    """
    if not secret:
        raise ValueError("an empty secret makes no key")
    return hmac.digest(secret, _PURPOSE, "sha256")


def silence_url(root: str, key: bytes, tenant: str, finding: str, now: datetime) -> str:
    """The link by which people silence a finding; `root` is the public root of the service."""
    return f"{root.rstrip('/')}{PATH}?{urlencode({PARAMETER: sign(key, tenant, finding, now + LIFETIME)})}"


def sign(key: bytes, tenant: str, finding: str, expires: datetime) -> str:
    """The token of a link for a finding, by its key, that works before `expires`."""
    expiry = int(expires.timestamp()).to_bytes(_EXPIRY_BYTES, "big")
    named = finding.encode()
    return base64.urlsafe_b64encode(expiry + _mac(key, tenant, expiry, named) + named).decode().rstrip("=")


def granted(access: Access, *, token: str, api_key: str, now: datetime) -> Grant | Refused:
    """What a request with this token and this key, either of which may be empty, may do."""
    if _is_key(access.api_key, api_key):
        return Grant()
    if access.link_key is None or not token:
        return Refused()
    return _read(access.link_key, access.tenant, token, now)


def _read(key: bytes, tenant: str, token: str, now: datetime) -> Grant | Refused:
    raw = _decoded(token)
    expiry, mac, named = raw[:_EXPIRY_BYTES], raw[_EXPIRY_BYTES:][:_MAC_BYTES], raw[_EXPIRY_BYTES + _MAC_BYTES :]
    if not hmac.compare_digest(mac, _mac(key, tenant, expiry, named)):
        return Refused()
    if datetime.fromtimestamp(int.from_bytes(expiry, "big"), UTC) <= now:
        return Refused(expired=True)
    return Grant(named.decode())


def _decoded(token: str) -> bytes:
    """The bytes of a token; none where it is no base64url."""
    if len(token) > MAX_TOKEN or not token.isascii():
        return b""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return b""


def _mac(key: bytes, tenant: str, expiry: bytes, finding: bytes) -> bytes:
    # Tenant and expiry are of fixed length, so that no two triples are the same text.
    return hmac.digest(key, tenant.encode() + b"\0" + expiry + finding, "sha256")


def _is_key(expected: Secret | None, given: str) -> bool:
    if expected is None or not expected.reveal():
        return False
    return hmac.compare_digest(expected.reveal().encode(), given.encode("utf-8", "surrogatepass"))
