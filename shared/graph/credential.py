"""Who we are to Graph: azure-identity's default chain, or a fixed token for a stand-in on this machine."""

from __future__ import annotations

import time
from typing import Any, Protocol

from azure.core.credentials import AccessToken

DEVELOPMENT_TOKEN = "linekeeper-development"  # noqa: S105 - a stand-in on loopback takes any token
_AN_HOUR = 3600


class Credential(Protocol):
    """What the SDK asks a token of (azure-core's AsyncTokenCredential)."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's own shape
        """A token for the scopes."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class DevelopmentCredential:
    """The token for a Graph on loopback, and for nothing else."""

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's own shape
        """Always the same token."""
        return AccessToken(DEVELOPMENT_TOKEN, int(time.time()) + _AN_HOUR)

    async def close(self) -> None:
        """Nothing to let go of."""


def credential_for(*, local: bool) -> Credential:
    """The credential for a Graph on loopback (`local`) or for the real one."""
    if local:
        return DevelopmentCredential()
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - 160 ms that only the real Graph needs

    return DefaultAzureCredential()
