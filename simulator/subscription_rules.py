"""What a subscription to changes of users may look like, and how Graph says that one may not.

Imitates "Create subscription", "Update subscription" and "Change notifications overview". Documented: the lifetimes,
the change types of users, the length of clientState, and a 403 whose message names the quota that is used up; its code
is an assumption. "Update subscription" names ``expirationDateTime`` alone as what can be changed; that
``notificationUrl`` can be changed too, after a handshake, and that anything else is a 400, are assumptions.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from simulator.exchange import GraphError

_LONGEST = timedelta(minutes=41_760)
_SHORTEST = timedelta(minutes=45)
_LONGEST_CLIENT_STATE = 128
_CHANGE_TYPES = frozenset({"updated", "deleted"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TLS_VERSIONS = frozenset({"v1_0", "v1_1", "v1_2", "v1_3"})


class Wanted(msgspec.Struct, rename="camel", kw_only=True):
    """The body of a POST."""

    change_type: str
    resource: str
    notification_url: str
    expiration_date_time: datetime
    lifecycle_notification_url: str | None = None
    client_state: str | None = None
    latest_supported_tls_version: str = "v1_2"
    include_resource_data: bool | None = None


class Renewal(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The body of a PATCH: the only properties that may change here."""

    expiration_date_time: datetime | None = None
    notification_url: str | None = None


def check_wanted(wanted: Wanted) -> str:
    """Refuse what Graph refuses before it sends anything; returns the change types in one spelling."""
    change_type = _checked_change_type(wanted.change_type)
    if wanted.resource.strip("/").lower() != "users":
        raise _invalid(f"The resource '{wanted.resource}' is not supported by this stand-in.")
    if wanted.include_resource_data:
        raise _invalid("Users have no notifications with resource data.")
    if len(wanted.client_state or "") > _LONGEST_CLIENT_STATE:
        raise _invalid(f"clientState is longer than {_LONGEST_CLIENT_STATE} characters.")
    if wanted.latest_supported_tls_version not in _TLS_VERSIONS:
        raise _invalid("latestSupportedTlsVersion is unknown.")
    check_url("notificationUrl", wanted.notification_url)
    if wanted.lifecycle_notification_url is not None:
        check_url("lifecycleNotificationUrl", wanted.lifecycle_notification_url)
    return change_type


def check_url(name: str, url: str) -> None:
    """Refuse a URL that no notification is sent to.

    The real one takes https alone; plain http to this machine is what makes a local run possible.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise _invalid(f"{name} must be an https URL.")


def checked_expiration(asked: datetime, now: datetime) -> datetime:
    """The end of a subscription's life: not past, not too far ahead, and raised to the shortest life."""
    when = asked.replace(tzinfo=UTC) if asked.tzinfo is None else asked.astimezone(UTC)
    if when <= now:
        raise _invalid("Subscription expiration can only be in the future.")
    if when - now > _LONGEST:
        raise _invalid(f"Subscription expiration can only be {int(_LONGEST.total_seconds() // 60)} minutes ahead.")
    return max(when, now + _SHORTEST)


def quota_reached() -> GraphError:
    """The 403 for one subscription too many."""
    return GraphError(
        403, "Forbidden", "Operation: Create; The number of subscriptions per app and tenant has reached its limit."
    )


def _checked_change_type(text: str) -> str:
    names = [name.strip().lower() for name in text.split(",")]
    for name in names:
        if name not in _CHANGE_TYPES:
            raise _invalid(f"The change type '{name}' is not supported for the resource 'users'.")
    return ",".join(sorted(set(names), reverse=True))


def _invalid(message: str) -> GraphError:
    return GraphError(400, "InvalidRequest", message)
