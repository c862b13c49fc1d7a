"""The links that a message has when it is posted: made then, since some do not live long.

Source of the admin centres' addresses: Microsoft Learn, "Overview of the Microsoft 365 admin center" and "Manage Teams
in the Microsoft Teams admin center". Those of the national clouds are others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from shared.alerting.silences import MONITOR
from shared.delivery.card_verdict import news_of
from shared.model.alert import Message
from shared.model.sources import GRAPH_URL
from shared.monitor.runbooks import runbook_url
from shared.monitor.silence_link import access_of, silence_url
from shared.monitor.status_link import status_url
from shared.settings import Settings

LONGEST_URL = 1900
"""Some front ends refuse a query of more than 2,048 characters."""

MOST_RUNBOOKS = 2
"""Links to pages on one card: it has room for few buttons."""

_WITHOUT_STATUS = frozenset({"heartbeat", "test"})
"""Kinds of messages that are a line, or about the channel alone."""

_ADMIN_CENTRES = {
    "accounts": ("Admin centre", "https://admin.microsoft.com"),
    "allocation": ("Admin centre", "https://admin.microsoft.com"),
    "lines": ("Teams admin centre", "https://admin.teams.microsoft.com"),
}


def linked(message: Message, settings: Settings, now: datetime) -> Message:
    """The message with its links: to silence what an alert is about, to where it is mended, and to the status page.

    The first and the last of them work for a day. What is about the monitor itself leads to what is to be done.
    """
    links = (
        *message.links,
        *_runbooks(message, settings),
        *_silence(message, settings, now),
        *_admin_centre(message, settings),
        *_status(message, settings, now),
    )
    return msgspec.structs.replace(message, links=links)


def _silence(message: Message, settings: Settings, now: datetime) -> Iterator[tuple[str, str]]:
    """The link that silences what a card is about; none where it tells of an end, or of the monitor itself."""
    key = access_of(settings).link_key
    if message.kind != "alert" or message.severity == "resolved" or _family(message) == MONITOR:
        return
    if settings.public_url is None or key is None:
        return
    news = news_of(message)
    keys = tuple(dict.fromkeys(item.key for section in news for item in section.items if item.key))
    total = max(len(keys), sum(section.total for section in news))
    while keys:
        url = silence_url(settings.public_url, key, settings.tenant, keys, now)
        if len(url) <= LONGEST_URL:
            yield _label(len(keys), total), url
            return
        keys = keys[:-1]


def _label(count: int, total: int) -> str:
    if count < total:
        return f"Silence {count} of {total}"
    return "Silence this" if count == 1 else f"Silence these {count}"


def _runbooks(message: Message, settings: Settings) -> Iterator[tuple[str, str]]:
    """The pages on what a message about the monitor itself tells of."""
    if settings.public_url is None or _family(message) != MONITOR or message.severity == "resolved":
        return
    titles = {item.rule: item.title for section in news_of(message) for item in section.items}
    for rule, title in list(titles.items())[:MOST_RUNBOOKS]:
        label = "What to do" if len(titles) == 1 else f"What to do: {title}"
        yield label, runbook_url(settings.public_url, rule)


def _admin_centre(message: Message, settings: Settings) -> Iterator[tuple[str, str]]:
    """Where what an alert is about is mended by hand."""
    place = _ADMIN_CENTRES.get(_family(message))
    if place is not None and message.severity != "resolved" and _host(settings.graph_url) == _host(GRAPH_URL):
        yield place


def _status(message: Message, settings: Settings, now: datetime) -> Iterator[tuple[str, str]]:
    """Where all of it stands, with what a card has no room for."""
    key = access_of(settings).link_key
    if settings.public_url is not None and key is not None and message.kind not in _WITHOUT_STATUS:
        yield "Status page", status_url(settings.public_url, key, settings.tenant, now)


def _family(message: Message) -> str:
    return message.group.partition("/")[2]


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
