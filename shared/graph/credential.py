"""Who we are to Graph: azure-identity's default chain, an app registration of many tenants, or a fixed token.

The fixed token is for a stand-in on this machine. A managed identity belongs to one tenant, whatever tenant it is asked
for: other tenants are read as an application that they have consented to, which proves itself by a secret or a
certificate, or without either by a managed identity of its own tenant (Microsoft Entra, "Configure an application to
trust a managed identity").
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken

DEVELOPMENT_TOKEN = "linekeeper-development"  # noqa: S105 - a stand-in on loopback takes any token
_AN_HOUR = 3600

TOKEN_EXCHANGE = "api://AzureADTokenExchange/.default"  # noqa: S105 - the scope of such tokens
TOKEN_EXCHANGES = {
    ".us": "api://AzureADTokenExchangeUSGov/.default",
    ".cn": "api://AzureADTokenExchangeChina/.default",
}
"""The scope of a managed identity's token that is to be exchanged, by the end of Graph's host; else the one above."""


class Credential(Protocol):
    """What the SDK asks a token of (azure-core's AsyncTokenCredential)."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's own shape
        """A token for the scopes."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class DevelopmentCredential:
    """The token for a Graph on loopback, and for nothing else; it says of which tenant it is, where that is said."""

    def __init__(self, tenant: str = "") -> None:
        self._token = f"{DEVELOPMENT_TOKEN}.{tenant}" if tenant else DEVELOPMENT_TOKEN

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's own shape
        """Always the same token."""
        return AccessToken(self._token, int(time.time()) + _AN_HOUR)

    async def close(self) -> None:
        """Nothing to let go of."""


class TenantCredential:
    """Asks another credential for tokens of one tenant: the SDK itself never says which it wants."""

    def __init__(self, inner: Credential, tenant: str) -> None:
        self._inner = inner
        self._tenant = tenant

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's own shape
        """A token of the tenant."""
        return await self._inner.get_token(*scopes, **options | {"tenant_id": self._tenant})

    async def close(self) -> None:
        """Let go of connections."""
        await self._inner.close()


class FederatedCredential:
    """An application that proves itself by a managed identity's token, in place of a secret.

    Args:
        identity: the managed identity.
        application: makes the application's credential, given what it calls for the token that it shows.
        exchange: the scope of that token.
    """

    def __init__(
        self, identity: Credential, application: Callable[[Callable[[], str]], Credential], exchange: str
    ) -> None:
        self._identity = identity
        self._exchange = exchange
        self._assertion = ""
        self._application = application(lambda: self._assertion)

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's own shape
        """A token of the application."""
        # Beforehand, since the application's credential cannot wait for it; the identity keeps its token for hours.
        self._assertion = (await self._identity.get_token(self._exchange)).token
        return await self._application.get_token(*scopes, **options)

    async def close(self) -> None:
        """Let go of connections."""
        await self._application.close()
        await self._identity.close()


def credential_for(
    *, local: bool, tenant: str = "", app_id: str = "", managed_identity: str = "", graph_url: str = ""
) -> Credential:
    """The credential for a Graph on loopback (`local`) or for the real one.

    Args:
        local: whether Graph is a stand-in on this machine.
        tenant: the tenant whose tokens are wanted; "" is the one that the identity belongs to.
        app_id: the application that is to prove itself by a managed identity; it needs a tenant.
        managed_identity: that identity's client id; "" is the system's.
        graph_url: where Graph is, which tells the cloud.
    """
    if local:
        return DevelopmentCredential(tenant)
    if app_id:
        return _federated(tenant, app_id, managed_identity, token_exchange(graph_url))
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - 160 ms that only the real Graph needs

    if not tenant:
        return DefaultAzureCredential()
    # Left out are those that give tokens of their own tenant whatever they are asked for: its lines would be taken for
    # those of the tenant that is meant.
    chain = DefaultAzureCredential(
        additionally_allowed_tenants=[tenant],
        exclude_managed_identity_credential=True,
        exclude_shared_token_cache_credential=True,
        exclude_visual_studio_code_credential=True,
    )
    return TenantCredential(chain, tenant)


def token_exchange(graph_url: str) -> str:
    """The scope of a managed identity's token that is to be exchanged, in the cloud of a Graph."""
    host = urlsplit(graph_url).hostname or ""
    return next((scope for end, scope in TOKEN_EXCHANGES.items() if host.endswith(end)), TOKEN_EXCHANGE)


def _federated(tenant: str, app_id: str, managed_identity: str, exchange: str) -> Credential:
    from azure.identity.aio import ClientAssertionCredential, ManagedIdentityCredential  # noqa: PLC0415 - as above

    identity = ManagedIdentityCredential(client_id=managed_identity or None)
    return FederatedCredential(identity, lambda token: ClientAssertionCredential(tenant, app_id, token), exchange)
