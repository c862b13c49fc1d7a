"""The change subscription: exactly one of ours on `users`, found again by listing, renewed before it ends.

Source: Microsoft Graph, "Create subscription" and "Change notifications". Lifetime of a subscription on users: under 29
days; renewing reauthorises it too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import msgspec
from kiota_abstractions.method import Method

from shared.graph.answers import CONFLICT, CREATED, FORBIDDEN, NO_CONTENT, NOT_FOUND, OK, decode, error_from
from shared.graph.transport import GraphTransport, Request
from shared.graph.wire import Page, WireChangeSubscription
from shared.model.errors import SourceError

LIFETIME = timedelta(days=25)
RENEW_BEFORE = timedelta(days=7)
RESOURCE = "users"
OUTCOME_UNKNOWN = frozenset({CONFLICT, 500, 502, 503, 504})
"""Answers to a creation behind which there may be a subscription all the same."""
CHANGE_TYPES = "updated,deleted"
"""Creation and soft deletion arrive as `updated`; Graph refuses `created` for users."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The subscription as it stands now. `created` is true where there was none: what changed before it is not told."""

    id: str
    expires: datetime | None
    created: bool = False


class ChangeSubscription:
    """Keeps our subscription alive."""

    def __init__(
        self, transport: GraphTransport, *, notification_url: str, client_state: str, clock: Callable[[], datetime]
    ) -> None:
        self._transport = transport
        self._notification_url = notification_url
        self._client_state = client_state
        self._clock = clock

    async def keep(self, *, renew: bool = False, anew: bool = False, known: str = "") -> Kept:
        """Make sure that exactly one subscription of ours lives, and for long enough.

        Args:
            renew: renew even where there is time left, as Graph asks for by `reauthorizationRequired`.
            anew: replace it even so: a client state cannot be changed in place.
            known: the id of the one that was ours last; where it leads to another URL, it is replaced, since Graph
                allows an application only one.

        Raises:
            SourceError: Graph cannot be reached, or refuses, or cannot validate our URL.
        """
        listed = await self._ours(known)
        former = [each for each in listed if each.notification_url != self._notification_url]
        ours = sorted((each for each in listed if each not in former), key=_end, reverse=True)
        surplus = [*former, *(ours if anew else ours[1:])]
        for each in surplus:
            await self._delete(each.id)
        if not ours or anew:
            return await self._create(deleted=frozenset(each.id for each in surplus))
        first = ours[0]
        ends = first.expiration_date_time
        if not renew and ends is not None and ends - self._clock() > RENEW_BEFORE:
            return Kept(id=first.id, expires=ends)
        return await self._renew(first.id)

    async def _ours(self, known: str = "") -> list[WireChangeSubscription]:
        mine: list[WireChangeSubscription] = []
        request: Request | None = self._transport.client.subscriptions.to_get_request_information()
        while request is not None:
            page = await self._transport.fetch(request, Page[WireChangeSubscription])
            mine.extend(
                each
                for each in page.value
                if (each.notification_url == self._notification_url or each.id == known)
                and each.resource.strip("/").lower() == RESOURCE
            )
            request = self._transport.follow(page.next_link) if page.next_link else None
        return mine

    async def _create(self, deleted: frozenset[str] = frozenset()) -> Kept:
        body = {
            "changeType": CHANGE_TYPES,
            "resource": RESOURCE,
            "notificationUrl": self._notification_url,
            "lifecycleNotificationUrl": self._notification_url,
            "expirationDateTime": self._clock() + LIFETIME,
            "clientState": self._client_state,
        }
        # Not repeated where nobody knows whether it was carried out: the listing of the next round tells.
        response = await self._transport.send(self._request(Method.POST, "", body), repeatable=False)
        if response.status_code == CREATED:
            made = decode(response.content, WireChangeSubscription)
            return Kept(id=made.id, expires=made.expiration_date_time, created=True)
        unknown = response.status_code in OUTCOME_UNKNOWN
        # A listing that lags may still name what has just been deleted.
        made_after_all = [each for each in await self._ours() if each.id not in deleted] if unknown else []
        if made_after_all:
            first = max(made_after_all, key=_end)
            return Kept(id=first.id, expires=first.expiration_date_time, created=True)
        raise SourceError(f"no subscription could be made: {_why(response)}")

    async def _renew(self, subscription_id: str) -> Kept:
        body = {"expirationDateTime": self._clock() + LIFETIME}
        response = await self._transport.send(self._request(Method.PATCH, f"/{subscription_id}", body))
        if response.status_code == NOT_FOUND:
            return await self._create()
        if response.status_code != OK:
            raise error_from(response)
        renewed = decode(response.content, WireChangeSubscription)
        return Kept(id=renewed.id, expires=renewed.expiration_date_time)

    async def _delete(self, subscription_id: str) -> None:
        response = await self._transport.send(self._request(Method.DELETE, f"/{subscription_id}"))
        if response.status_code not in {OK, NO_CONTENT, NOT_FOUND}:
            raise error_from(response)

    def _request(self, method: Method, path: str, body: object = None) -> Request:
        return self._transport.request(method, f"{self._transport.url}/subscriptions{path}", body)


def _why(response: httpx.Response) -> str:
    if response.status_code == CONFLICT:
        return "this application has another one on users, with another notification URL; delete it first."
    if response.status_code == FORBIDDEN:
        return "Microsoft Graph refuses it (403): the permission User.Read.All is missing, or a quota is used up."
    return str(error_from(response))


def _end(subscription: WireChangeSubscription) -> float:
    ends = subscription.expiration_date_time
    return ends.timestamp() if ends is not None else 0.0
