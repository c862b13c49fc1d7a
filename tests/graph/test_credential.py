"""Who we are to Graph: a token of one tenant is never taken for another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.identity.aio import DefaultAzureCredential

from shared.graph.credential import (
    DEVELOPMENT_TOKEN,
    DevelopmentCredential,
    FederatedCredential,
    TenantCredential,
    credential_for,
    token_exchange,
)

CONTOSO = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
FABRIKAM = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
APP = "0f5c1a52-7a3f-4f6e-9a39-1c5f3d1f8a11"
GRAPH = "https://graph.microsoft.com/.default"
EXCHANGE = "api://AzureADTokenExchange/.default"


class Identity:
    """A credential that keeps what it was asked for, and numbers its tokens."""

    def __init__(self, name: str = "token") -> None:
        self.name = name
        self.asked: list[tuple[tuple[str, ...], dict[str, Any]]] = []
        self.closed = False

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's own shape
        self.asked.append((scopes, options))
        return AccessToken(f"{self.name}-{len(self.asked)}", 0)

    async def close(self) -> None:
        self.closed = True


class Application(Identity):
    """An application's credential, which calls for its assertion as azure-identity's does: while it is asked."""

    def __init__(self, assertion: Callable[[], str]) -> None:
        super().__init__("application")
        self._assertion = assertion
        self.shown: list[str] = []

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's own shape
        self.shown.append(self._assertion())
        return await super().get_token(*scopes, **options)


async def test_a_stand_in_on_this_machine_gets_the_fixed_token_whatever_else_is_set() -> None:
    for credential, token in (
        (credential_for(local=True), DEVELOPMENT_TOKEN),
        (credential_for(local=True, tenant=FABRIKAM), f"{DEVELOPMENT_TOKEN}.{FABRIKAM}"),
        (credential_for(local=True, tenant=CONTOSO, app_id=APP), f"{DEVELOPMENT_TOKEN}.{CONTOSO}"),
    ):
        assert isinstance(credential, DevelopmentCredential)
        assert (await credential.get_token(GRAPH)).token == token
        await credential.close()


async def test_each_tenants_tokens_are_asked_for_by_its_id() -> None:
    identity = Identity()
    contoso, fabrikam = (TenantCredential(identity, tenant) for tenant in (CONTOSO, FABRIKAM))
    await contoso.get_token(GRAPH, enable_cae=True)
    await fabrikam.get_token(GRAPH)
    assert identity.asked == [
        ((GRAPH,), {"enable_cae": True, "tenant_id": CONTOSO}),
        ((GRAPH,), {"tenant_id": FABRIKAM}),
    ]


async def test_nobody_gets_another_tenants_token_by_asking_for_it() -> None:
    identity = Identity()
    await TenantCredential(identity, FABRIKAM).get_token(GRAPH, tenant_id=CONTOSO)
    assert identity.asked == [((GRAPH,), {"tenant_id": FABRIKAM})]


async def test_closing_a_tenants_credential_closes_what_it_asks() -> None:
    identity = Identity()
    await TenantCredential(identity, FABRIKAM).close()
    assert identity.closed


async def test_the_one_tenant_of_the_identity_is_asked_for_by_the_whole_chain() -> None:
    credential = credential_for(local=False)
    assert isinstance(credential, DefaultAzureCredential)
    assert "ManagedIdentityCredential" in chain_of(credential)
    await credential.close()


async def test_of_another_tenant_nothing_is_asked_that_would_answer_with_its_own() -> None:
    credential = credential_for(local=False, tenant=FABRIKAM)
    assert isinstance(credential, TenantCredential)
    own: Any = credential
    asked = chain_of(own._inner)
    # They take no tenant, or ignore it.
    assert not asked & {"ManagedIdentityCredential", "SharedTokenCacheCredential", "VisualStudioCodeCredential"}
    assert asked >= {"EnvironmentCredential", "AzureCliCredential"}
    await credential.close()


def chain_of(credential: Any) -> set[str]:  # noqa: ANN401 - azure-identity's own
    return {type(each).__name__ for each in credential.credentials}


async def test_an_application_without_a_secret_shows_the_token_of_a_managed_identity() -> None:
    identity, made = Identity("identity"), []

    def application(assertion: Callable[[], str]) -> Application:
        made.append(Application(assertion))
        return made[0]

    credential = FederatedCredential(identity, application, EXCHANGE)
    assert (await credential.get_token(GRAPH, enable_cae=True)).token == "application-1"
    assert (await credential.get_token(GRAPH)).token == "application-2"
    # A fresh one each time: what was shown first may have run out.
    assert made[0].shown == ["identity-1", "identity-2"]
    assert [scopes for scopes, _ in identity.asked] == [(EXCHANGE,)] * 2
    assert made[0].asked == [((GRAPH,), {"enable_cae": True}), ((GRAPH,), {})]
    await credential.close()
    assert (identity.closed, made[0].closed) == (True, True)


async def test_with_an_application_its_tokens_are_those_of_the_tenant_that_is_meant() -> None:
    credential = credential_for(local=False, tenant=FABRIKAM, app_id=APP, managed_identity=CONTOSO)
    assert isinstance(credential, FederatedCredential)
    await credential.close()


@pytest.mark.parametrize(
    ("graph_url", "scope"),
    [
        ("https://graph.microsoft.com/v1.0", "api://AzureADTokenExchange/.default"),
        ("https://graph.microsoft.us/v1.0", "api://AzureADTokenExchangeUSGov/.default"),
        ("https://dod-graph.microsoft.us/v1.0", "api://AzureADTokenExchangeUSGov/.default"),
        ("https://microsoftgraph.chinacloudapi.cn/v1.0", "api://AzureADTokenExchangeChina/.default"),
        ("", "api://AzureADTokenExchange/.default"),
    ],
)
def test_the_token_that_is_exchanged_is_of_the_cloud_that_graph_is_in(graph_url: str, scope: str) -> None:
    assert token_exchange(graph_url) == scope
