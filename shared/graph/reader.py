"""What is read of a tenant: its SKUs and subscriptions, the accounts that matter, and what changed since."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from urllib.parse import quote

import msgspec
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method

from shared.graph.transport import NOT_FOUND, OK, GraphTransport, decode, error_of
from shared.graph.wire import (
    USER_FIELDS,
    Page,
    WireBatch,
    WireCommerceSubscription,
    WireSku,
    WireUser,
)
from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account, AccountChange
from shared.model.errors import Denied, SourceError
from shared.model.licences import CommerceSubscription, Sku

BATCH_LIMIT = 20
"""Requests in one JSON batch (Microsoft Graph, "Combine multiple requests in one HTTP call")."""

PAGE_SIZE = 999
"""The largest page of users that Graph gives."""

Clock = Callable[[], datetime]


class LicencesRead(msgspec.Struct, frozen=True, kw_only=True):
    """The tenant's SKUs; `subscriptions` is None where they may not be read."""

    begun: datetime
    skus: tuple[Sku, ...]
    subscriptions: tuple[CommerceSubscription, ...] | None


class AccountsRead(msgspec.Struct, frozen=True, kw_only=True):
    """Single accounts read directly: those found, and the ids that no live user has."""

    begun: datetime
    found: tuple[Account, ...] = ()
    missing: tuple[str, ...] = ()


class DeltaRead(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since `base`, and the link that continues from here."""

    begun: datetime
    base: str
    link: str
    changes: tuple[AccountChange, ...]


class GraphReader:
    """Reads one tenant. Every result carries when its read began, by the given clock."""

    def __init__(self, transport: GraphTransport, clock: Clock) -> None:
        self._transport = transport
        self._client = transport.client
        self._clock = clock

    async def licences(self) -> LicencesRead:
        """The tenant's SKUs and, where permitted, the commerce subscriptions behind them."""
        begun = self._clock()
        request = self._client.subscribed_skus.to_get_request_information()
        skus = [row.sku() async for row in self._rows(request, WireSku)]
        try:
            request = self._client.directory.subscriptions.to_get_request_information()
            subscriptions = tuple([row.subscription() async for row in self._rows(request, WireCommerceSubscription)])
        except Denied:
            return LicencesRead(begun=begun, skus=tuple(skus), subscriptions=None)
        return LicencesRead(begun=begun, skus=tuple(skus), subscriptions=subscriptions)

    async def delta_from_now(self) -> str:
        """A delta link that brings what changes from now on, without reading what is there."""
        url = f"{self._transport.url}/users/delta?$select={','.join(USER_FIELDS)}&$deltatoken=latest"
        return (await self.delta(url)).link

    async def delta(self, link: str) -> DeltaRead:
        """What changed since a delta link.

        Raises:
            DeltaExpired: the link is no longer honoured.
        """
        begun = self._clock()
        changes: list[AccountChange] = []
        following: str | None = link
        end: str | None = None
        while following is not None:
            page = await self._transport.fetch(self._transport.follow(following), Page[WireUser])
            changes.extend(user.change() for user in page.value)
            following, end = page.next_link, page.delta_link
        if end is None:
            raise SourceError("Microsoft Graph ended a delta read without a link to continue from.")
        return DeltaRead(begun=begun, base=link, link=end, changes=tuple(changes))

    async def resource_accounts(self, licence_skus: Iterable[str]) -> tuple[Account, ...]:
        """All users with Teams' department marker, and all holders of the given SKUs."""
        begun = self._clock()
        filters = [f"department eq '{RESOURCE_ACCOUNT_DEPARTMENT}'"]
        filters.extend(f"assignedLicenses/any(x:x/skuId eq {sku_id})" for sku_id in licence_skus)
        found: dict[str, Account] = {}
        for condition in filters:
            query = self._client.users.UsersRequestBuilderGetQueryParameters(
                filter=condition, select=list(USER_FIELDS), top=PAGE_SIZE
            )
            request = self._client.users.to_get_request_information(RequestConfiguration(query_parameters=query))
            async for user in self._rows(request, WireUser):
                found[user.id.lower()] = user.account(begun)
        return tuple(found.values())

    async def accounts(self, ids: Sequence[str]) -> AccountsRead:
        """Users by id, twenty in a request."""
        begun = self._clock()
        found: list[Account] = []
        missing: list[str] = []
        remaining = iter(ids)
        while portion := list(islice(remaining, BATCH_LIMIT)):
            for user_id, user in await self._batch(portion):
                if user is None:
                    missing.append(user_id)
                else:
                    found.append(user.account(begun))
        return AccountsRead(begun=begun, found=tuple(found), missing=tuple(missing))

    async def _batch(self, ids: Sequence[str]) -> list[tuple[str, WireUser | None]]:
        select = ",".join(USER_FIELDS)
        requests = [
            {"id": user_id, "method": "GET", "url": f"/users/{quote(user_id)}?$select={select}"} for user_id in ids
        ]
        request = self._transport.request(Method.POST, f"{self._transport.url}/$batch", {"requests": requests})
        batch = await self._transport.fetch(request, WireBatch)
        if {answer.id for answer in batch.responses} != set(ids):
            raise SourceError("Microsoft Graph did not answer every request of a batch.")
        answers: list[tuple[str, WireUser | None]] = []
        for answer in batch.responses:
            if answer.status == OK:
                answers.append((answer.id, decode(bytes(answer.body), WireUser)))
            elif answer.status == NOT_FOUND:
                answers.append((answer.id, None))
            else:
                raise error_of(answer.status, bytes(answer.body), answer.header("Retry-After"))
        return answers

    async def _rows(self, request: object, row: type) -> AsyncIterator:  # type: ignore[type-arg]
        following = request
        while following is not None:
            page = await self._transport.fetch(following, Page[row])  # type: ignore[arg-type,valid-type]
            for each in page.value:
                yield each
            following = self._transport.follow(page.next_link) if page.next_link else None
