"""How Azure Storage is reached: read from the variables that the Functions host reads itself, in the same order.

An account is reached by an identity alone. A connection string holds a key to everything in its account, so one is
taken only where it leads to an emulator on this machine, whose key everybody knows.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from shared.model.addresses import is_loopback
from shared.model.errors import SettingsError
from shared.model.secret import Secret
from shared.settings_file import DOCUMENTED

CONNECTION = "AzureWebJobsStorage"
"""An emulator's connection string; `__blobServiceUri` and the like after it name an identity's services instead."""

CONTAINER = "3 to 63 small letters, digits and single hyphens"
UNRESOLVED = "@microsoft.keyvault("
_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*\Z")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}\Z")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_EMULATOR = (
    "the connection string of an emulator on this machine: UseDevelopmentStorage=true for Azurite on its usual ports, "
    "or AccountName=…;AccountKey=…;BlobEndpoint=http://127.0.0.1:PORT/…;QueueEndpoint=http://127.0.0.1:PORT/…"
)
_IDENTITY = f"{CONNECTION}__accountName, or {CONNECTION}__blobServiceUri and {CONNECTION}__queueServiceUri"
_PROXY = "developmentstorageproxyuri"


class StorageConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A storage account by its services' URLs, for an identity; or an emulator on this machine by a connection string.

    `managed_identity` says that nothing but a managed identity is tried, of which `client_id` is the one that was
    assigned by a user; "" means the system's.
    """

    connection_string: Secret | None = None
    blob_url: str = ""
    queue_url: str = ""
    managed_identity: bool = False
    client_id: str = ""


def storage_of(environment: Mapping[str, str]) -> StorageConnection | None:
    """The storage connection; None where none is set. A connection string goes before an identity, as in the host.

    Raises:
        SettingsError: a part of it is missing or wrong.
    """
    text = environment.get(CONNECTION, "").strip()
    if text:
        _check_connection_string(text)
        return StorageConnection(connection_string=Secret(text))
    parts = {
        name.removeprefix(f"{CONNECTION}__"): value.strip()
        for name, value in environment.items()
        if name.startswith(f"{CONNECTION}__") and value.strip()
    }
    account = parts.get("accountName", "")
    if account and not _ACCOUNT.match(account):
        raise _wrong("__accountName", "a storage account's name, 3 to 24 small letters and digits")
    if not account and not {"blobServiceUri", "queueServiceUri"} & parts.keys():
        return None
    if parts.get("credential", "managedidentity").lower() != "managedidentity":
        raise _wrong("__credential", "managedidentity, or not set for azure-identity's default credentials")
    if not _GUID.match(parts.get("clientId", "00000000-0000-0000-0000-000000000000")):
        raise _wrong("__clientId", "the client id of a user-assigned identity, a GUID")
    return StorageConnection(
        blob_url=_service(parts, "blob", account),
        queue_url=_service(parts, "queue", account),
        managed_identity="credential" in parts,
        client_id=parts.get("clientId", ""),
    )


def is_container(name: str) -> bool:
    """Whether a container may be called so."""
    return _CONTAINER.match(name) is not None


def needed_by(setting: str) -> SettingsError:
    """The error of a setting that lies in Azure Storage, where no connection to it is set."""
    return SettingsError(
        f"a storage account is needed by {setting}: set {_IDENTITY}, and give the identity its roles; or set "
        f"{CONNECTION} to {_EMULATOR}. See {DOCUMENTED}."
    )


def refuse_unresolved(environment: Mapping[str, str]) -> None:
    """Stop at a Key Vault reference that the platform left as it is: what it stands for is not known.

    Raises:
        SettingsError: one of our variables holds such a reference.
    """
    for name, value in sorted(environment.items()):
        if name.startswith(("LINEKEEPER_", CONNECTION)) and value.strip().lower().startswith(UNRESOLVED):
            raise SettingsError(
                f"{name} holds a Key Vault reference that was not resolved: the app's identity may not read the "
                "secret, or the vault or the secret is not there. The portal says why beside the variable, under "
                f"Settings > Environment variables of the function app. See {DOCUMENTED}."
            )


def _wrong(part: str, form: str) -> SettingsError:
    return SettingsError(f"{CONNECTION}{part} must be {form}. See {DOCUMENTED}.")


def _check_connection_string(text: str) -> None:
    """See that a connection string leads to this machine and nowhere else.

    Raises:
        SettingsError: it does not, or it is none.
    """
    pairs = [part.partition("=") for part in text.rstrip(";").split(";")]
    # Read as the SDK does: in any case, and spaces belong to a name.
    named = {key.lower(): value for key, _, value in pairs}
    if all(equals for _, equals, _ in pairs) and _is_emulator(named):
        return
    if named.keys() & {"accountkey", "sharedaccesssignature"} and not _leads_here(named):
        raise SettingsError(
            f"{CONNECTION} is a connection string with a key or a signature, and those are not used: remove it, set "
            f"{_IDENTITY}, and give the identity its roles. See {DOCUMENTED}."
        )
    raise _wrong("", f"{_EMULATOR}; for a storage account, set {_IDENTITY} instead")


def _is_emulator(named: Mapping[str, str]) -> bool:
    """Whether a connection string leads to an emulator on this machine and nowhere else."""
    addresses = [value for key, value in named.items() if key.endswith("endpoint") or key == _PROXY]
    if not all(map(_is_here, addresses)):
        return False
    return named.get("usedevelopmentstorage") == "true" or (
        _leads_here(named) and bool(named.get("accountname")) and _is_base64(named.get("accountkey", ""))
    )


def _leads_here(named: Mapping[str, str]) -> bool:
    """Whether the two services that are used are on this machine."""
    return all(_is_here(named.get(f"{service}endpoint", "")) for service in ("blob", "queue"))


def _is_here(address: str) -> bool:
    try:
        return urlsplit(address).scheme in {"http", "https"} and is_loopback(address)
    except ValueError:
        return False


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False


def _service(parts: Mapping[str, str], service: str, account: str) -> str:
    text = parts.get(f"{service}ServiceUri", "") or _beside(parts, service)
    if not text and account:
        return f"https://{account}.{service}.core.windows.net"
    try:
        url = urlsplit(text)
        usable = url.scheme == "https" and bool(url.hostname) and not url.query
    except ValueError:
        usable = False
    if not usable:
        raise _wrong(
            f"__{service}ServiceUri",
            f"https://ACCOUNT.{service}.core.windows.net, where {CONNECTION}__accountName does not name the account",
        )
    return text.rstrip("/")


def _beside(parts: Mapping[str, str], service: str) -> str:
    """A service's URL by that of the account's other one, where it tells: they differ in one word of the host."""
    for other in ("blob", "queue"):
        text = parts.get(f"{other}ServiceUri", "")
        if f".{other}." in text:
            return text.replace(f".{other}.", f".{service}.", 1)
    return ""
