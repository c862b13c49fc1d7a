"""Settings: the environment (on Azure: application settings) and a TOML file. Read when asked, never at import."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from shared.licensing.policy import CURRENT, POLICIES, Policy, PolicyOverrides
from shared.model.errors import SettingsError
from shared.model.secret import Secret
from shared.model.sources import GRAPH_URL
from shared.settings_file import DOCUMENTED, ROUTING_TABLES, FileSettings, checked, read_tables
from shared.settings_receivers import Routing, receivers_of

__all__ = ["Secret", "Settings", "is_loopback", "load"]

CLIENT_STATE_LENGTH = range(32, 129)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a site decides. `docs/settings.md` describes each."""

    tenant: str
    graph_url: str = GRAPH_URL
    notification_url: str | None = None
    client_state: Secret | None = None
    previous_client_state: Secret | None = None
    routing: Routing = Routing()
    store: str = "sqlite:linekeeper.db"
    voice_export: Path | None = None
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
    graph_url = _url(environment, "LINEKEEPER_GRAPH_URL", "https://HOST/v1.0", local=True) or GRAPH_URL
    local = is_loopback(graph_url)
    notification_url = _url(environment, "LINEKEEPER_NOTIFICATION_URL", "https://HOST", local=local)
    file, routing = _file(environment, local=local)
    return Settings(
        tenant=tenant,
        graph_url=graph_url.rstrip("/"),
        notification_url=notification_url.rstrip("/") if notification_url else None,
        client_state=_client_state(environment, "LINEKEEPER_CLIENT_STATE", required=notification_url is not None),
        previous_client_state=_client_state(environment, "LINEKEEPER_CLIENT_STATE_PREVIOUS", required=False),
        routing=routing,
        store=_store(environment),
        voice_export=_voice_export(environment),
        policy=_policy(environment, file.policy),
        file=file,
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


def _store(environment: Mapping[str, str]) -> str:
    text = _text(environment, "LINEKEEPER_STORE") or "sqlite:linekeeper.db"
    kind, _, rest = text.partition(":")
    if kind != "sqlite" or not rest:
        raise _wrong("LINEKEEPER_STORE", "sqlite:PATH")
    return text


def _voice_export(environment: Mapping[str, str]) -> Path | None:
    text = _text(environment, "LINEKEEPER_VOICE_EXPORT")
    if not text:
        return None
    kind, _, rest = text.partition(":")
    if kind != "file" or not rest:
        raise _wrong("LINEKEEPER_VOICE_EXPORT", "file:PATH")
    return Path(rest)


def _policy(environment: Mapping[str, str], overrides: PolicyOverrides) -> Policy:
    text = _text(environment, "LINEKEEPER_POLICY") or CURRENT.id
    policy = POLICIES.get(text)
    if policy is None:
        raise _wrong("LINEKEEPER_POLICY", f"one of {', '.join(sorted(POLICIES))}")
    return overrides.applied_to(policy)


def _file(environment: Mapping[str, str], *, local: bool) -> tuple[FileSettings, Routing]:
    path = _text(environment, "LINEKEEPER_CONFIG")
    tables = read_tables(path) if path else {}
    file = checked(path, tables) if path else FileSettings()
    try:
        return file, receivers_of(tables, environment, local=local)
    except ValueError as problem:
        where = f"LINEKEEPER_CONFIG: {path}: " if path and ROUTING_TABLES & tables.keys() else ""
        raise SettingsError(f"{where}{problem}. See {DOCUMENTED}.") from None
