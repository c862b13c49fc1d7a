"""What is read of a tenant: its SKUs and subscriptions, the accounts that matter, their numbers, and what changed.

Every result carries when its read began. A read that would outlast its time budget ends with `OutOfTime`; a delta read
keeps what it has, since the link to its next page continues it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method

from shared.graph.answers import NOT_FOUND, decode
from shared.graph.batch import error_in, get_all
from shared.graph.reads import (
    AccountsRead,
    CallingRead,
    DeltaRead,
    LicencesRead,
    NumbersRead,
    ObjectsRead,
)
from shared.graph.transport import UNCERTAIN, GraphTransport, Request
from shared.graph.wire import (
    DELTA_FIELDS,
    OBJECT_FIELDS,
    USER_FIELDS,
    Page,
    WireCommerceSubscription,
    WireDirectoryObject,
    WireNumber,
    WireSku,
    WireUser,
    WireUserConfiguration,
    guid,
)
from shared.model.directory import RESOURCE_ACCOUNT_DEPARTMENT, Account, AccountChange, Departed
from shared.model.errors import Denied, NotThere, OutOfTime, SourceError, Throttled
from shared.model.numbers import FAILED_ACTIVATIONS, VOICE_APPLICATION, PhoneNumber
from shared.model.referenced import DirectoryObject

PAGE_SIZE = 999
"""The largest page of users that Graph gives."""

TELEPHONY_PAGE_SIZE = 1000
"""The largest page of number assignments that Graph gives, and of user configurations."""

OBJECTS_AT_ONCE = 1000
"""How many ids one look-up takes (Microsoft Graph, "directoryObject: getByIds")."""

OBJECTS_ONE_BY_ONE = 400
CONFIGURATIONS_ONE_BY_ONE = 400
"""Up to how many objects are asked for one by one, in batches, in one read."""

BUDGET = timedelta(seconds=60)
"""How long one read may take: a function ends after ten minutes, and there are several reads in some."""

Clock = Callable[[], datetime]
Row = TypeVar("Row")
Value = TypeVar("Value")


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
            query = builder.NumberAssignmentsRequestBuilderGetQueryParameters(filter=condition, top=TELEPHONY_PAGE_SIZE)
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
        if len(ids) > CONFIGURATIONS_ONE_BY_ONE:
            return await self._every_calling_state(frozenset(ids), begun)
        paths = {user: f"/admin/teams/userConfigurations/{user}" for user in ids}
        found = await self._get_each(paths, WireUserConfiguration, begun)
        return CallingRead(begun=begun, people={user: row.state() for user, row in found.items() if row is not None})

    async def _every_calling_state(self, ids: frozenset[str], begun: datetime) -> CallingRead:
        """The calling state of many people: to list everybody's takes fewer requests than to ask for each."""
        builder = self._client.admin.teams.user_configurations
        query = builder.UserConfigurationsRequestBuilderGetQueryParameters(top=TELEPHONY_PAGE_SIZE)
        request = builder.to_get_request_information(RequestConfiguration(query_parameters=query))
        rows = await self._rows(request, WireUserConfiguration, begun, lambda row: (guid(row.id), row.state()))
        return CallingRead(begun=begun, people={user: state for user, state in rows if user in ids})

    async def objects(
        self, ids: Sequence[str], users: Collection[str] = (), groups: Collection[str] = ()
    ) -> ObjectsRead:
        """Users and groups by their ids, which are GUIDs, many at once.

        A portion that fails does not hide the others, unless all fail. An identity that may not look up objects of
        every kind may still read users one by one: then only so many are looked up in one read, and no group is.

        Args:
            ids: whom to look up, the most urgent first.
            users: those of them that are spoken of as users.
            groups: those of them that are spoken of as groups.
        """
        begun = self._clock()
        found: list[DirectoryObject] = []
        missing: list[str] = []
        failed: SourceError | None = None
        for portion in _portions(ids, OBJECTS_AT_ONCE):
            try:
                answered, is_whole = await self._objects(portion, begun)
            except Denied as problem:
                if not problem.forbidden:
                    raise
                return await self._users_as_objects(ids, users, groups, begun)
            except SourceError as problem:
                failed = problem
                answered, is_whole = [], False
            found.extend(answered)
            if is_whole:
                missing.extend(sorted(set(portion) - {each.id for each in answered}))
            if isinstance(failed, Throttled) or self._out_of_time(begun):
                break
        if failed is not None and not found and not missing:
            raise failed
        return ObjectsRead(begun=begun, found=tuple(found), missing=tuple(missing), failed=failed)

    async def _objects(self, ids: Sequence[str], begun: datetime) -> tuple[list[DirectoryObject], bool]:
        """Those of a portion that are there, and whether the answer was read to its end."""
        url = f"{self._transport.url}/directoryObjects/getByIds?$select={','.join(OBJECT_FIELDS)}"
        following: Request | None = self._transport.request(Method.POST, url, {"ids": ids, "types": ["user", "group"]})
        found: list[DirectoryObject] = []
        while following is not None:
            page = await self._transport.fetch(following, Page[WireDirectoryObject])
            found.extend(each.object() for each in page.value)
            following = self._transport.follow(page.next_link) if page.next_link else None
            if following is not None and self._out_of_time(begun):
                return found, False
        return found, True

    async def _users_as_objects(
        self, ids: Sequence[str], users: Collection[str], groups: Collection[str], begun: datetime
    ) -> ObjectsRead:
        """Those of the ids that are users. What is no user may be a group, if it is spoken of as one."""
        asked = [each for each in ids if each in users][:OBJECTS_ONE_BY_ONE]
        answers = await self._get_users("/users/{}", OBJECT_FIELDS, asked, begun)
        accounts = (user.account(begun) for user in answers.values() if user is not None)
        found = tuple(
            DirectoryObject(id=each.id, kind="user", name=each.name, enabled=each.enabled, licences=each.licences)
            for each in accounts
        )
        absent = {key for key, user in answers.items() if user is None}
        missing = (absent - set(groups)) | await self._deleted(sorted(absent & set(groups)), begun)
        unjudged = (set(asked) | (set(ids) - set(users))) - missing - {each.id for each in found}
        return ObjectsRead(
            begun=begun,
            found=found,
            missing=tuple(sorted(missing)),
            unjudged=tuple(sorted(unjudged)),
            refused=True,
        )

    async def _deleted(self, ids: Sequence[str], begun: datetime) -> set[str]:
        """Those of the ids that are known to be deleted."""
        try:
            answers = await self._get_users("/directory/deletedItems/{}", ("id",), ids, begun)
        except SourceError:
            return set()  # who is not known to be deleted is not judged
        return {key for key, item in answers.items() if item is not None}

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


def _portions(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
