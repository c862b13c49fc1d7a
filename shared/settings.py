"""Settings: the environment (on Azure: application settings) and a TOML file. Read when asked, never at import."""

from __future__ import annotations

import difflib
import ipaddress
import re
import tomllib
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from shared.licensing.policy import CURRENT, POLICIES, Policy
from shared.model.errors import SettingsError
from shared.model.sources import Source
from shared.model.timing import Timing

DOCUMENTED = "docs/settings.md"
DEFAULT_GRAPH_URL = "https://graph.microsoft.com/v1.0"
CLIENT_STATE_LENGTH = range(32, 129)


class Secret:
    """A text that never shows itself: only `reveal()` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of the optional sources are read; what is switched off is absent, and what rests on it is skipped."""

    numbers: bool = True
    calling: bool = True

    def wants(self, source: Source) -> bool:
        """Whether a source is to be read; those without which nothing can be said always are."""
        return {"numbers": self.numbers, "calling": self.calling}.get(source, True)


class FileSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The TOML file: its tables and keys."""

    alerting: Timing = Timing()
    sources: SourceSettings = SourceSettings()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a site decides. `docs/settings.md` describes each."""

    tenant: str
    graph_url: str = DEFAULT_GRAPH_URL
    notification_url: str | None = None
    client_state: Secret | None = None
    previous_client_state: Secret | None = None
    teams_webhook: Secret | None = None
    store: str = "sqlite:linekeeper.db"
    policy: Policy = CURRENT
    file: FileSettings = FileSettings()

    @property
    def graph_is_local(self) -> bool:
        """Whether Graph is a stand-in on this machine: only then are plain http and a fixed token used."""
        return is_loopback(self.graph_url)


def load(environment: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: one is missing or wrong; the text names it, its form and where it is documented.
    """
    tenant = _tenant(environment)
    graph_url = _url(environment, "LINEKEEPER_GRAPH_URL", "https://HOST/v1.0", local=True) or DEFAULT_GRAPH_URL
    local = is_loopback(graph_url)
    notification_url = _url(environment, "LINEKEEPER_NOTIFICATION_URL", "https://HOST", local=local)
    return Settings(
        tenant=tenant,
        graph_url=graph_url.rstrip("/"),
        notification_url=notification_url.rstrip("/") if notification_url else None,
        client_state=_client_state(environment, "LINEKEEPER_CLIENT_STATE", required=notification_url is not None),
        previous_client_state=_client_state(environment, "LINEKEEPER_CLIENT_STATE_PREVIOUS", required=False),
        teams_webhook=_webhook(environment, local=local),
        store=_store(environment),
        policy=_policy(environment),
        file=_file(environment),
    )


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(name: str, form: str) -> SettingsError:
    return SettingsError(f"{name} must be {form}. See {DOCUMENTED}.")


def _text(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, "").strip()


def _tenant(environment: Mapping[str, str]) -> str:
    try:
        return str(uuid.UUID(_text(environment, "LINEKEEPER_TENANT_ID")))
    except ValueError:
        raise _wrong(
            "LINEKEEPER_TENANT_ID", "the tenant's id, a GUID such as 84bd8158-6d4d-4958-8b9f-9d6445542f95"
        ) from None


def _url(environment: Mapping[str, str], name: str, form: str, *, local: bool) -> str | None:
    text = _text(environment, name)
    if not text:
        return None
    if not _is_url(text, local=local):
        raise _wrong(name, f"a URL of the form {form}; plain http is taken only on loopback beside a loopback Graph")
    return text


def _is_url(text: str, *, local: bool) -> bool:
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return usable and (parts.scheme == "https" or (parts.scheme == "http" and local and is_loopback(text)))


def _client_state(environment: Mapping[str, str], name: str, *, required: bool) -> Secret | None:
    text = _text(environment, name)
    if not text and not required:
        return None
    if len(text) not in CLIENT_STATE_LENGTH:
        raise _wrong(
            name,
            f"a secret of {CLIENT_STATE_LENGTH.start} to {CLIENT_STATE_LENGTH.stop - 1} characters"
            + (", required with LINEKEEPER_NOTIFICATION_URL" if required else ""),
        )
    return Secret(text)


def _webhook(environment: Mapping[str, str], *, local: bool) -> Secret | None:
    text = _text(environment, "LINEKEEPER_TEAMS_WEBHOOK_URL")
    if not text:
        return None
    if not _is_url(text, local=local):
        raise _wrong(
            "LINEKEEPER_TEAMS_WEBHOOK_URL", "the https URL of a Teams Workflows webhook (its value is a secret)"
        )
    return Secret(text)


def _store(environment: Mapping[str, str]) -> str:
    text = _text(environment, "LINEKEEPER_STORE") or "sqlite:linekeeper.db"
    kind, _, rest = text.partition(":")
    if kind != "sqlite" or not rest:
        raise _wrong("LINEKEEPER_STORE", "sqlite:PATH")
    return text


def _policy(environment: Mapping[str, str]) -> Policy:
    text = _text(environment, "LINEKEEPER_POLICY") or CURRENT.id
    policy = POLICIES.get(text)
    if policy is None:
        raise _wrong("LINEKEEPER_POLICY", f"one of {', '.join(sorted(POLICIES))}")
    return policy


def _file(environment: Mapping[str, str]) -> FileSettings:
    text = _text(environment, "LINEKEEPER_CONFIG")
    if not text:
        return FileSettings()
    try:
        tables = tomllib.loads(Path(text).read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsError(f"LINEKEEPER_CONFIG: {text} cannot be read: {problem.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsError(f"LINEKEEPER_CONFIG: {text} is not TOML: {problem}.") from None
    try:
        return _consistent(
            msgspec.convert({**tables, "alerting": _durations(tables.get("alerting", {}))}, FileSettings)
        )
    except (msgspec.ValidationError, ValueError) as problem:
        raise SettingsError(f"LINEKEEPER_CONFIG: {text}: {_explained(str(problem))}. See {DOCUMENTED}.") from None


def _consistent(settings: FileSettings) -> FileSettings:
    """The settings, if their waits agree with each other."""
    timing = settings.alerting
    for severity in ("critical", "warning"):
        if timing.repeat.of(severity) < timing.group_interval:
            raise ValueError(f"alerting.repeat.{severity} is shorter than alerting.group_interval")
    return settings


def _durations(value: Any, path: str = "alerting") -> Any:  # noqa: ANN401 - a TOML value
    """The table with its texts read as durations: all that this table holds are such."""
    if isinstance(value, dict):
        return {key: _durations(each, f"{path}.{key}") for key, each in value.items()}
    if not isinstance(value, str):
        return value
    try:
        return duration(value)
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from None


def _explained(problem: str) -> str:
    """A decoding problem, with the nearest right name behind a wrong one."""
    match = re.search(r"unknown field `([^`]*)`", problem)
    if match is None:
        return problem
    nearest = difflib.get_close_matches(match[1], _known_keys(FileSettings), n=1)
    return problem + (f" (did you mean `{nearest[0]}`?)" if nearest else "")


def _known_keys(table: type[msgspec.Struct]) -> list[str]:
    keys: list[str] = []
    for field in msgspec.structs.fields(table):
        keys.append(field.encode_name)
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            keys.extend(_known_keys(field.type))
    return keys


_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """A duration such as `30s`, `5m`, `4h` or `7d`.

    Raises:
        ValueError: the text is none.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError("expected a duration such as 30s, 5m, 4h or 7d")
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise ValueError("expected a duration of less than a million years") from None
