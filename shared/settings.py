"""Settings: the environment (on Azure: application settings) and a TOML file. Read when asked, never at import."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from shared.licensing.policy import CURRENT, POLICIES, Policy, PolicyOverrides
from shared.model.addresses import is_loopback
from shared.model.errors import LinekeeperError, SettingsError
from shared.model.secret import Secret
from shared.model.sources import GRAPH_URL
from shared.settings_file import DOCUMENTED, TABLES_READ_ELSEWHERE, FileSettings, checked, read_tables
from shared.settings_receivers import Routing, receivers_of
from shared.settings_routes import nearest
from shared.settings_storage import (
    CONTAINER,
    StorageConnection,
    is_container,
    needed_by,
    refuse_unresolved,
    storage_of,
)
from shared.settings_tenants import (
    Tenant,
    check_routes,
    chosen,
    derived_state,
    guid,
    routing_of,
    tenants_of,
    with_untold,
)

SECRET_LENGTH = range(32, 129)
"""Characters of a secret: long enough not to be guessed, short enough for Graph and for a header."""

BLOB_NAME_LENGTH = range(1, 1025)
"""Characters of a blob's name (Azure Storage, "Naming and referencing containers, blobs, and metadata")."""


DEFAULT_STORE = "sqlite:linekeeper.db"

EVENT_HUB = re.compile(
    r"EventHub:https://([a-z0-9-]+\.servicebus\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)/eventhubname/(?P<hub>[\w.-]+)"
    r"|[a-z0-9-]+\.vault\.(azure\.net|usgovcloudapi\.net|azure\.cn)/secrets/[\w-]+)\?tenantId=[\w.-]+",
    re.ASCII,
)
"""How Graph is told to deliver to an event hub, by role or by a connection string in a key vault (Microsoft Graph,
"Receive change notifications through Azure Event Hubs")."""


class BlobName(msgspec.Struct, frozen=True):
    """A blob of the storage account, as it is written in a setting."""

    container: str
    name: str

    def __str__(self) -> str:
        return f"blob:{self.container}/{self.name}"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a site decides. `docs/settings.md` describes each.

    `tenant` is the one that is watched, and `tenants` the list of the TOML file, where it has one. While there are
    several and none of them is chosen (`of`), `tenant` is empty, and the client states are those that each tenant's
    own are derived from. `usual` is the one that commands are about unless they are told another. `watches_queues` is
    false for all of a list but one, which is told of what goes wrong with the queues that they share. `store_is_set` is
    false where the store is the default one, in the current folder, which nobody need have meant.
    """

    tenant: str
    tenants: tuple[Tenant, ...] = ()
    usual: str = ""
    watches_queues: bool = True
    app_id: str = ""
    managed_identity: str = ""
    graph_url: str = GRAPH_URL
    notification_url: str | None = None
    public_root: str | None = None
    client_state: Secret | None = None
    previous_client_state: Secret | None = None
    link_key: Secret | None = None
    api_key: Secret | None = None
    routing: Routing = Routing()
    store: str = DEFAULT_STORE
    store_is_set: bool = False
    storage: StorageConnection | None = None
    voice_export: Path | BlobName | None = None
    policy: Policy = CURRENT
    file: FileSettings = FileSettings()

    @property
    def graph_is_local(self) -> bool:
        """Whether Graph is a stand-in on this machine: only then are plain http and a fixed token used."""
        return is_loopback(self.graph_url)

    @property
    def by_event_hub(self) -> bool:
        """Whether Graph delivers its notifications to an event hub, and not to our webhook."""
        return self.notification_url is not None and is_event_hub(self.notification_url)

    @property
    def public_url(self) -> str | None:
        """The http root under which people and Graph reach the service, if it has one."""
        return self.public_root or (None if self.by_event_hub else self.notification_url)

    @property
    def tenant_ids(self) -> tuple[str, ...]:
        """All tenants that are watched, by their ids."""
        return tuple(each.id for each in self.tenants) or (self.tenant,)

    @property
    def label(self) -> str:
        """How the one tenant is called, for people: its name and id, or its id where it has no name."""
        return self.tenants[0].label if len(self.tenants) == 1 else self.tenant

    @property
    def several(self) -> bool:
        """Whether more than one tenant is watched."""
        return len(self.tenant_ids) > 1

    def of(self, tenant: str) -> Settings:
        """The settings by which one tenant is watched, by its id.

        Raises:
            LinekeeperError: it is not watched.
        """
        if tenant and tenant == self.tenant:
            return self
        for each in self.tenants:
            if each.id == tenant:
                return _of(self, each)
        raise LinekeeperError(f"tenant {tenant} is not watched by this service.")

    def chosen(self, named: str) -> Settings:
        """The settings of the tenant that somebody means by its id or name; "" is the usual one, or the only one.

        Raises:
            LinekeeperError: none is meant, or none is called so; the text lists them.
        """
        return self.of(chosen(self.tenants or [Tenant(id=self.tenant)], named or self.usual).id)

    def client_states(self, tenant: str) -> tuple[Secret, ...]:
        """The client states that are accepted of a tenant; of one that is not watched, those that nobody is given."""
        known = [each for each in (self.client_state, self.previous_client_state) if each is not None]
        return tuple(known if self.tenant else (derived_state(each, tenant) for each in known))


def load(environment: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: one is missing or wrong; the text names it, its form and where it is documented.
    """
    refuse_unresolved(environment)
    graph_url = _url(environment, "LINEKEEPER_GRAPH_URL", "https://HOST/v1.0", local=True) or GRAPH_URL
    local = is_loopback(graph_url)
    notification_url = _notification_url(environment, local=local)
    public_root = _url(environment, "LINEKEEPER_PUBLIC_URL", "https://HOST", local=local)
    file, routing, tenants = _file(environment, local=local)
    tenant = _tenant(environment, tenants)
    storage = storage_of(environment)
    settings = Settings(
        tenant="" if tenants else tenant,
        tenants=tenants,
        usual=tenant if tenants else "",
        app_id=_app_id(environment),
        managed_identity=_text(environment, "AZURE_CLIENT_ID"),
        graph_url=graph_url.rstrip("/"),
        notification_url=notification_url,
        public_root=public_root.rstrip("/") if public_root else None,
        client_state=_secret(environment, "LINEKEEPER_CLIENT_STATE", required=notification_url is not None),
        previous_client_state=_secret(environment, "LINEKEEPER_CLIENT_STATE_PREVIOUS"),
        link_key=_secret(environment, "LINEKEEPER_LINK_KEY"),
        api_key=_api_key(environment),
        routing=routing,
        store=_store(environment, storage),
        store_is_set=bool(_text(environment, "LINEKEEPER_STORE")),
        storage=storage,
        voice_export=_voice_export("LINEKEEPER_VOICE_EXPORT", _text(environment, "LINEKEEPER_VOICE_EXPORT"), storage),
        policy=_policy("LINEKEEPER_POLICY", _text(environment, "LINEKEEPER_POLICY") or CURRENT.id, file.policy),
        file=file,
    )
    return _of_list(settings, environment) if tenants else settings


def is_event_hub(url: str) -> bool:
    """Whether a notification URL is that of an event hub."""
    return url.startswith("EventHub:")


def _wrong(name: str, form: str) -> SettingsError:
    return SettingsError(f"{name} must be {form}. See {DOCUMENTED}.")


def _text(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, "").strip()


def _tenant(environment: Mapping[str, str], tenants: Collection[Tenant]) -> str:
    """The one tenant; beside a list the usual one of it, or ""."""
    text = _text(environment, "LINEKEEPER_TENANT_ID")
    if tenants and not text:
        return ""
    tenant = guid(text)
    if not text:
        raise SettingsError(
            "LINEKEEPER_TENANT_ID is missing: set it to the tenant's id, a GUID such as "
            "84bd8158-6d4d-4958-8b9f-9d6445542f95, or list tenants as [[tenants]] in the file of LINEKEEPER_CONFIG. "
            f"See {DOCUMENTED}."
        )
    if not tenant:
        raise _wrong("LINEKEEPER_TENANT_ID", "the tenant's id, a GUID such as 84bd8158-6d4d-4958-8b9f-9d6445542f95")
    if tenants and tenant not in {each.id for each in tenants}:
        raise _wrong("LINEKEEPER_TENANT_ID", "one of the [[tenants]] in LINEKEEPER_CONFIG, or not set beside them")
    return tenant


def _app_id(environment: Mapping[str, str]) -> str:
    text = _text(environment, "LINEKEEPER_APP_ID")
    if text and not guid(text):
        raise _wrong("LINEKEEPER_APP_ID", "the application (client) id of an app registration, a GUID")
    return guid(text)


def _of_list(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """Settings with a list of tenants, each of which has been tried; chosen already where the list has only one."""
    if settings.voice_export is not None and settings.several:
        raise _wrong(
            "LINEKEEPER_VOICE_EXPORT", "left out with several tenants: each has its own voice_export in [[tenants]]"
        )
    if _text(environment, "AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"):
        # The identity library would silently give tokens of its own tenant, whose lines would be taken for another's.
        raise _wrong("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "left out beside [[tenants]]")
    each_of = [_of(settings, tenant) for tenant in settings.tenants]
    return settings if settings.several else each_of[0]


def _of(settings: Settings, tenant: Tenant) -> Settings:
    """The settings by which a tenant of the list is watched: its own where it has some, else those of all."""
    own = [
        derived_state(each, tenant.id) if each is not None else None
        for each in (settings.client_state, settings.previous_client_state)
    ]
    export = _voice_export(f"LINEKEEPER_CONFIG: {tenant.place}.voice_export", tenant.voice_export, settings.storage)
    policy = settings.policy
    if tenant.policy:
        policy = _policy(f"LINEKEEPER_CONFIG: {tenant.place}.policy", tenant.policy, settings.file.policy)
    return msgspec.structs.replace(
        settings,
        tenant=tenant.id,
        tenants=(tenant,),
        watches_queues=tenant.id == (settings.usual or settings.tenant_ids[0]),
        client_state=own[0],
        previous_client_state=own[1],
        routing=routing_of(settings.routing, tenant.id),
        voice_export=export or settings.voice_export,
        policy=policy,
    )


def _notification_url(environment: Mapping[str, str], *, local: bool) -> str | None:
    """Where Graph is told to deliver: the root of our webhook, or an event hub, which the trigger must know too."""
    name = "LINEKEEPER_NOTIFICATION_URL"
    text = _text(environment, name)
    if not is_event_hub(text):
        url = _url(environment, name, "https://HOST", local=local)
        return url.rstrip("/") if url else None
    match = EVENT_HUB.fullmatch(text)
    if match is None:
        raise _wrong(name, "EventHub:https://NAMESPACE.servicebus.windows.net/eventhubname/HUB?tenantId=DOMAIN")
    hub = _text(environment, "LINEKEEPER_EVENT_HUB")
    if not hub or match["hub"] not in {None, hub}:
        raise _wrong("LINEKEEPER_EVENT_HUB", "the name of the event hub that LINEKEEPER_NOTIFICATION_URL leads to")
    return text


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


def _secret(environment: Mapping[str, str], name: str, *, required: bool = False) -> Secret | None:
    text = _text(environment, name)
    if not text and not required:
        return None
    if len(text) not in SECRET_LENGTH:
        raise _wrong(
            name,
            f"a secret of {SECRET_LENGTH.start} to {SECRET_LENGTH.stop - 1} characters"
            + (", required with LINEKEEPER_NOTIFICATION_URL" if required else ""),
        )
    return Secret(text)


def _api_key(environment: Mapping[str, str]) -> Secret | None:
    name = "LINEKEEPER_API_KEY"
    key = _secret(environment, name)
    if key is not None and re.search("[^!-~]", key.reveal()):
        raise _wrong(name, "a secret that fits into a header: letters, digits and signs of ASCII, without spaces")
    return key


def _store(environment: Mapping[str, str], storage: StorageConnection | None) -> str:
    text = _text(environment, "LINEKEEPER_STORE") or DEFAULT_STORE
    kind, _, rest = text.partition(":")
    if not ((kind == "sqlite" and rest) or (kind == "blob" and is_container(rest))):
        raise _wrong("LINEKEEPER_STORE", f"sqlite:PATH or blob:CONTAINER, where a container's name is {CONTAINER}")
    if kind == "blob" and storage is None:
        raise needed_by(f"LINEKEEPER_STORE={text}")
    return text


def _voice_export(name: str, text: str, storage: StorageConnection | None) -> Path | BlobName | None:
    if not text:
        return None
    kind, _, rest = text.partition(":")
    if kind == "file" and rest:
        return Path(rest)
    container, _, blob = rest.partition("/")
    # What sends the request would take a step upwards in the name for another container.
    steps = {".", ".."} & {*blob.replace("\\", "/").split("/")}
    is_name = len(blob) in BLOB_NAME_LENGTH and blob.isprintable() and not steps
    if kind != "blob" or not is_container(container) or not is_name:
        raise _wrong(name, f"file:PATH or blob:CONTAINER/NAME, where a container's name is {CONTAINER}")
    if storage is None:
        raise needed_by(f"{name}={text}")
    return BlobName(container, blob)


def _policy(name: str, text: str, overrides: PolicyOverrides) -> Policy:
    policy = POLICIES.get(text)
    if policy is None:
        raise _wrong(name, f"one of {', '.join(sorted(POLICIES))}{nearest(text, POLICIES)}")
    return overrides.applied_to(policy)


def _file(environment: Mapping[str, str], *, local: bool) -> tuple[FileSettings, Routing, tuple[Tenant, ...]]:
    path = _text(environment, "LINEKEEPER_CONFIG")
    tables = read_tables(path) if path else {}
    file = checked(path, tables) if path else FileSettings()
    try:
        tenants = tenants_of(tables)
        routing = receivers_of(tables, environment, local=local)
        if tenants:
            check_routes(routing.routes, tenants)
            routing = with_untold(routing, tenants)
    except ValueError as problem:
        where = f"LINEKEEPER_CONFIG: {path}: " if path and TABLES_READ_ELSEWHERE & tables.keys() else ""
        raise SettingsError(f"{where}{problem}. See {DOCUMENTED}.") from None
    return file, routing, tenants
