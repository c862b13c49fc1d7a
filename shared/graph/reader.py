"""What is read of a tenant: its SKUs and subscriptions, the accounts that matter, their numbers, and what changed.

Every result carries when its read began. A read that would outlast its time budget ends with `OutOfTime`; a delta read
keeps what it has, since the link to its next page continues it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

import msgspec
from kiota_abstractions.base_request_configuration import RequestConfiguration

from shared.graph.answers import NOT_FOUND, decode
from shared.graph.batch import error_in, get_all
from shared.graph.transport import UNCERTAIN, GraphTransport, Request
from shared.graph.wire import (
    DELTA_FIELDS,
    USER_FIELDS,
    Page,
    WireCommerceSubscription,
    WireNumber,
    WireSku,
    WireUser,
    WireUserConfiguration,
)
from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account, AccountChange, Departed
from shared.model.errors import Denied, NotThere, OutOfTime, SourceError
from shared.model.licences import CommerceSubscription, Sku
from shared.model.numbers import FAILED_ACTIVATIONS, VOICE_APPLICATION, CallingState, PhoneNumber

PAGE_SIZE = 999
"""The largest page of users that Graph gives."""

NUMBERS_PAGE_SIZE = 1000
"""The largest page of number assignments that Graph gives."""

BUDGET = timedelta(seconds=60)
"""How long one read may take: a function ends after ten minutes, and there are several reads in some."""

Clock = Callable[[], datetime]
Row = TypeVar("Row")
Value = TypeVar("Value")


class LicencesRead(msgspec.Struct, frozen=True, kw_only=True):
    """The tenant's SKUs; `subscriptions` is None where they may not be read."""

    begun: datetime
    skus: tuple[Sku, ...]
    subscriptions: tuple[CommerceSubscription, ...] | None


class AccountsRead(msgspec.Struct, frozen=True, kw_only=True):
    """Single accounts read directly: those found, those deleted or gone, and those that Graph failed to answer for."""

    begun: datetime
    found: tuple[Account, ...] = ()
    departed: tuple[Departed, ...] = ()
    unanswered: tuple[str, ...] = ()


class NumbersRead(msgspec.Struct, frozen=True, kw_only=True):
    """All numbers that lead to resource accounts; `numbers` is None where this cloud has no such API."""

    begun: datetime
    numbers: tuple[PhoneNumber, ...] | None


class CallingRead(msgspec.Struct, frozen=True, kw_only=True):
    """The calling state of people, by id; None where this cloud has no such API."""

    begun: datetime
    people: dict[str, CallingState] | None


class DeltaRead(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since `base`, and the link that continues from here; not all of it where it is not `complete`."""

    begun: datetime
    base: str
    link: str
    changes: tuple[AccountChange, ...]
    complete: bool = True


class GraphReader:
    """Reads one tenant, by the given clock."""

    def __init__(self, transport: GraphTransport, clock: Clock, budget: timedelta = BUDGET) -> None:
        self._transport = transport
        self._client = transport.client
        self._clock = clock
        self._budget = budget

    async def licences(self) -> LicencesRead:
        """The tenant's SKUs and, where permitted, the commerce subscriptions behind them."""
        begun = self._clock()
        request = self._client.subscribed_skus.to_get_request_information()
        skus = tuple(await self._rows(request, WireSku, begun, WireSku.sku))
        try:
            request = self._client.directory.subscriptions.to_get_request_information()
            rows = await self._rows(request, WireCommerceSubscription, begun, WireCommerceSubscription.subscription)
        except NotThere:
            return LicencesRead(begun=begun, skus=skus, subscriptions=None)
        except Denied as problem:
            if not problem.forbidden:
                raise
            return LicencesRead(begun=begun, skus=skus, subscriptions=None)
        return LicencesRead(begun=begun, skus=skus, subscriptions=tuple(rows))

    async def delta_from_now(self) -> str:
        """A delta link that brings what changes from now on, without reading what is there."""
        url = f"{self._transport.url}/users/delta?$select={','.join(DELTA_FIELDS)}&$deltatoken=latest"
        return (await self.delta(url)).link

    async def delta(self, link: str) -> DeltaRead:
        """What changed since a delta link.

        Raises:
            DeltaExpired: the link is no longer honoured.
        """
        begun = self._clock()
        changes: list[AccountChange] = []
        following = link
        while True:
            page = await self._transport.fetch(self._transport.follow(following), Page[WireUser])
            changes.extend(user.change() for user in page.value)
            ended = page.next_link is None
            following = page.delta_link or "" if ended else page.next_link or ""
            if not following:
                raise SourceError("Microsoft Graph ended a delta read without a link to continue from.")
            if ended or self._out_of_time(begun):
                return DeltaRead(begun=begun, base=link, link=following, changes=tuple(changes), complete=ended)

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
            accounts = await self._rows(request, WireUser, begun, lambda user: user.account(begun))
            found.update({account.id: account for account in accounts})
        return tuple(found.values())

    async def accounts(self, ids: Sequence[str]) -> AccountsRead:
        """Users by id; those that are no live users are looked for among the deleted."""
        begun = self._clock()
        answers = await self._get_users("/users/{}", USER_FIELDS, ids, begun)
        found = tuple(user.account(begun) for user in answers.values() if user is not None)
        missing = [user_id for user_id, user in answers.items() if user is None]
        deleted = await self._get_users("/directory/deletedItems/{}", ("id", "displayName"), missing, begun)
        departed = tuple(
            Departed(id=user_id, name=_name(user), restorable=user is not None, read_at=begun)
            for user_id, user in deleted.items()
        )
        unanswered = tuple(user_id for user_id in ids if answers.get(user_id) is None and user_id not in deleted)
        return AccountsRead(begun=begun, found=found, departed=departed, unanswered=unanswered)

    async def numbers(self) -> NumbersRead:
        """The numbers that attendants and queues answer, and those whose assignment failed on the way there."""
        begun = self._clock()
        builder = self._client.admin.teams.telephone_number_management.number_assignments
        conditions = [f"assignmentStatus eq '{VOICE_APPLICATION}'"]
        conditions.extend(f"activationState eq '{state}'" for state in sorted(FAILED_ACTIVATIONS))
        found: dict[str, PhoneNumber] = {}
        for condition in conditions:
            query = builder.NumberAssignmentsRequestBuilderGetQueryParameters(filter=condition, top=NUMBERS_PAGE_SIZE)
            request = builder.to_get_request_information(RequestConfiguration(query_parameters=query))
            try:
                rows = await self._rows(request, WireNumber, begun, WireNumber.phone_number)
            except NotThere:
                return NumbersRead(begun=begun, numbers=None)
            found.update({number.number: number for number in rows})
        return NumbersRead(begun=begun, numbers=tuple(found[number] for number in sorted(found)))

    async def calling(self, ids: Sequence[str]) -> CallingRead:
        """Whether people can answer calls. People whom Teams does not know are left out."""
        begun = self._clock()
        builder = self._client.admin.teams.user_configurations
        query = builder.UserConfigurationsRequestBuilderGetQueryParameters(top=1)
        try:
            # Whether the API is there and may be read shows even where nobody is to be asked about.
            probe = builder.to_get_request_information(RequestConfiguration(query_parameters=query))
            await self._transport.fetch(probe, Page[WireUserConfiguration])
        except NotThere:
            return CallingRead(begun=begun, people=None)
        paths = {user: f"/admin/teams/userConfigurations/{user}" for user in ids}
        found = await self._get_each(paths, WireUserConfiguration, begun)
        return CallingRead(begun=begun, people={user: row.state() for user, row in found.items() if row is not None})

    async def _get_users(
        self, path: str, fields: Iterable[str], ids: Sequence[str], begun: datetime
    ) -> dict[str, WireUser | None]:
        select = ",".join(fields)
        paths = {user_id: f"{path.format(quote(user_id))}?$select={select}" for user_id in ids}
        return await self._get_each(paths, WireUser, begun)

    async def _get_each(self, paths: dict[str, str], row: type[Row], begun: datetime) -> dict[str, Row | None]:
        """What each path leads to, by its id; None where there is nothing.

        One object that Graph fails to give does not hide the others: its id is left out, unless all fail.
        """
        found: dict[str, Row | None] = {}
        failed: SourceError | None = None
        answers = await get_all(self._transport, paths, out_of_time=lambda: self._out_of_time(begun))
        for key, answer in answers.items():
            problem = error_in(answer)
            if problem is None or answer.status == NOT_FOUND:
                found[key] = decode(bytes(answer.body), row) if problem is None else None
            elif answer.status in UNCERTAIN:
                failed = problem
            else:
                raise problem
        if failed is not None and not found:
            raise failed
        return found

    async def _rows(
        self, request: Request, row: type[Row], begun: datetime, read: Callable[[Row], Value]
    ) -> list[Value]:
        """All rows of a collection, each page of them turned into values before the next is asked for."""
        values: list[Value] = []
        following: Request | None = request
        while following is not None:
            page = await self._transport.fetch(following, Page[row])  # type: ignore[valid-type]
            values.extend([read(each) for each in page.value])
            following = self._transport.follow(page.next_link) if page.next_link else None
            if following is not None and self._out_of_time(begun):
                raise OutOfTime(f"the read took longer than its {self._budget.total_seconds():.0f} seconds.")
        return values

    def _out_of_time(self, begun: datetime) -> bool:
        return self._clock() - begun > self._budget


def _name(user: WireUser | None) -> str:
    return user.display_name if user is not None and isinstance(user.display_name, str) else ""
