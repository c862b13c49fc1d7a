"""Where a message may be posted: by https only, to hosts of the channel's own kind, and to nothing that is retired.

Sources: Microsoft 365 developer blog, "Retirement of Office 365 connectors within Microsoft Teams"; Microsoft Learn,
"Create incoming webhooks with Workflows", "Create chatMessage in a channel or a chat" (an app may only migrate with
it); Teams SDK, "Service URL validation" (the hosts of the bot connector by cloud). Hosts of webhooks are those that
Power Automate has given out; a site names others itself.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import SplitResult, urlsplit

Kind = Literal["workflows", "bot", "webhook", "alertmanager"]

WORKFLOWS_DOMAINS = (
    "environment.api.powerplatform.com",
    "logic.azure.com",
    "api.powerautomate.com",
    "flow.microsoft.com",
)
BOT_HOSTS = (
    "smba.trafficmanager.net",
    "smba.onyx.prod.teams.trafficmanager.net",
    "smba.infra.gcc.teams.microsoft.com",
    "smba.infra.gov.teams.microsoft.us",
    "smba.infra.dod.teams.microsoft.us",
)
"""Whole names: whoever has an Azure subscription may have a name under `trafficmanager.net`."""

BOT_DOMAINS = ("botframework.com", "botframework.azure.us")

_HOSTS: dict[Kind, tuple[str, ...]] = {"workflows": (), "bot": BOT_HOSTS}
_DOMAINS: dict[Kind, tuple[str, ...]] = {"workflows": WORKFLOWS_DOMAINS, "bot": BOT_DOMAINS}
_WHAT: dict[Kind, str] = {"workflows": "Workflows webhooks", "bot": "the bot connector"}
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_SUFFIX = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_CONNECTORS = ("outlook.office.com", "outlook.office365.com")
_GRAPH = ("graph.microsoft.com", "graph.microsoft.us", "microsoftgraph.chinacloudapi.cn")

CONNECTOR_IS_RETIRED = (
    "this is the URL of an Office 365 connector, and those are retired. Make a webhook with the Workflows app: the "
    'channel\'s menu, Workflows, "Send webhook alerts to a channel"'
)
GRAPH_ONLY_MIGRATES = (
    "an app may post channel messages through Microsoft Graph only to migrate them. Use a Workflows webhook, or a bot"
)


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_suffix(text: str) -> bool:
    """Whether a text is fit to extend an allow list: a domain of at least two labels, without a scheme or port."""
    return _SUFFIX.fullmatch(text) is not None


def why_not(url: str, kind: Kind, *, hosts: Iterable[str] = (), local: bool = False) -> str:
    """Why nothing may be posted to a URL; empty where it may. The text says nothing of the URL, which is a secret.

    Args:
        url: the whole URL.
        kind: what it leads to. A generic webhook and an Alertmanager may have any https host.
        hosts: domains that a site allows besides.
        local: whether Graph is a stand-in on this machine: only then is this machine an address, by plain http too.
    """
    parts = _parts(url)
    if parts is None:
        return "this is no URL of the form https://HOST/…"
    host = (parts.hostname or "").rstrip(".")
    if _within(host, ("webhook.office.com",)) or (host in _CONNECTORS and parts.path.startswith("/webhook")):
        return CONNECTOR_IS_RETIRED
    if host in _GRAPH and parts.path.rstrip("/").endswith("/messages"):
        return GRAPH_ONLY_MIGRATES
    if is_loopback(url) and local:
        return ""
    if parts.scheme != "https":
        return "only https is taken; plain http on loopback beside a loopback Graph"
    if kind not in _HOSTS:
        return ""
    if parts.username is not None or parts.password is not None:
        return "a user name has no place in this URL"
    domains = (*_DOMAINS[kind], *hosts)
    if host not in _HOSTS[kind] and not _within(host, domains):
        allowed = ", ".join((*_HOSTS[kind], *(f"*.{domain}" for domain in domains)))
        return (
            f'its host is none of {_WHAT[kind]} ({allowed}); allow another by hosts = ["DOMAIN"] under [receivers.NAME]'
        )
    return ""


def _parts(url: str) -> SplitResult | None:
    """The parts of a URL that every parser would read alike."""
    # What Python's parser drops or keeps silently, others do not: a host must not depend on who reads it.
    if any(character <= " " or character == "\x7f" for character in url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"https", "http"} and (parts.port or 1) > 0 and _is_host(parts.hostname or "")
    except ValueError:
        return None
    return parts if usable else None


def _is_host(host: str) -> bool:
    if _NAME.fullmatch(host):
        return True
    try:
        return ipaddress.ip_address(host).version > 0
    except ValueError:
        return False


def _within(host: str, suffixes: Iterable[str]) -> bool:
    return any(host == suffix or host.endswith(f".{suffix}") for suffix in suffixes)
