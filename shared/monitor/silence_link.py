"""Who may look at silences and add some: a link of a card, signed and short-lived, or the service's own key.

A link stands for the findings that its card is about and works for a day. Whoever holds it can silence those and
nothing else, so it is as good as the channel that it was posted to. Its token is `base64url(expiry, 8 bytes of Unix
seconds, big-endian; HMAC, 32 bytes; finding keys, UTF-8, a NUL between two of them, compressed by zlib)`; the
HMAC-SHA256 covers tenant, expiry and keys as they stand (RFC 2104). It travels in the query, because a path segment of
more than 260 characters is refused by some front ends.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec

from shared.model.secret import Secret
from shared.settings import Settings

LIFETIME = timedelta(hours=24)
PATH = "/api/silences"
PARAMETER = "token"
MAX_TOKEN = 4096

_PURPOSE = b"linekeeper silence link, version 2"
_EXPIRY_BYTES = 8
_MAC_BYTES = hashlib.sha256().digest_size
_BETWEEN = "\0"


class Grant(msgspec.Struct, frozen=True):
    """What a request may do: everything, or only what concerns some findings, by their keys."""

    findings: tuple[str, ...] | None = None


class Refused(msgspec.Struct, frozen=True):
    """A request that may do nothing; `expired` where its link was good once."""

    expired: bool = False


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What requests are checked against. Without a link key no link works, without an API key no key does.

    New links are signed with `link_key`; those that were signed with one of `former_link_keys` are good for their day.
    """

    tenant: str
    link_key: bytes | None = None
    former_link_keys: tuple[bytes, ...] = ()
    api_key: Secret | None = None

    @property
    def link_keys(self) -> tuple[bytes, ...]:
        """The keys by which a link may be signed."""
        return (*([self.link_key] if self.link_key is not None else []), *self.former_link_keys)


def access_of(settings: Settings) -> Access:
    """What the settings let in: links by a key of their own, else by one that is derived from the client state.

    Where links have a key of their own, no client state opens anything: Graph knows it too.
    """
    secret = settings.link_key or settings.client_state
    former = settings.previous_client_state if settings.link_key is None else None
    return Access(
        tenant=settings.tenant,
        link_key=_key(secret) if secret is not None else None,
        former_link_keys=(_key(former),) if former is not None else (),
        api_key=settings.api_key,
    )


def link_key(secret: bytes) -> bytes:
    """A key for links alone, from a secret that serves something else too.

    Raises:
        ValueError: the secret is empty.
    """
    if not secret:
        raise ValueError("an empty secret makes no key")
    return hmac.digest(secret, _PURPOSE, "sha256")


def silence_url(root: str, key: bytes, tenant: str, findings: Iterable[str], now: datetime) -> str:
    """The link by which people silence findings; `root` is the public root of the service."""
    return f"{root.rstrip('/')}{PATH}?{urlencode({PARAMETER: sign(key, tenant, findings, now + LIFETIME)})}"


def sign(key: bytes, tenant: str, findings: Iterable[str], expires: datetime) -> str:
    """The token of a link for findings, by their keys, that works before `expires`."""
    expiry = int(expires.timestamp()).to_bytes(_EXPIRY_BYTES, "big")
    named = zlib.compress(_BETWEEN.join(findings).encode(), 9)
    return base64.urlsafe_b64encode(expiry + _mac(key, tenant, expiry, named) + named).decode().rstrip("=")


def granted(access: Access, *, token: str, api_key: str, now: datetime) -> Grant | Refused:
    """What a request with this token and this key, either of which may be empty, may do."""
    if _is_key(access.api_key, api_key):
        return Grant()
    return _read(access, token, now) if token else Refused()


def _read(access: Access, token: str, now: datetime) -> Grant | Refused:
    raw = _decoded(token)
    expiry, mac, named = raw[:_EXPIRY_BYTES], raw[_EXPIRY_BYTES:][:_MAC_BYTES], raw[_EXPIRY_BYTES + _MAC_BYTES :]
    signed = [hmac.compare_digest(mac, _mac(key, access.tenant, expiry, named)) for key in access.link_keys]
    if not any(signed):
        return Refused()
    if datetime.fromtimestamp(int.from_bytes(expiry, "big"), UTC) <= now:
        return Refused(expired=True)
    # What is unpacked is our own: strangers cannot sign.
    return Grant(tuple(zlib.decompress(named).decode().split(_BETWEEN)))


def _decoded(token: str) -> bytes:
    """The bytes of a token; none where it is no base64url."""
    if len(token) > MAX_TOKEN or not token.isascii():
        return b""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return b""


def _mac(key: bytes, tenant: str, expiry: bytes, findings: bytes) -> bytes:
    # Tenant and expiry are of fixed length, so that no two triples are the same text.
    return hmac.digest(key, tenant.encode() + b"\0" + expiry + findings, "sha256")


def _key(secret: Secret) -> bytes:
    return link_key(secret.reveal().encode())


def _is_key(expected: Secret | None, given: str) -> bool:
    if expected is None or not expected.reveal():
        return False
    return hmac.compare_digest(expected.reveal().encode(), given.encode("utf-8", "surrogatepass"))
