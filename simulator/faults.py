"""Faults that the simulated Graph can be told to have, as Python values and as a JSON document.

The ways in which a real service fails are those of the Graph pages "Microsoft Graph throttling guidance", "Microsoft
Graph error responses and resource types" and "Use delta query to track changes in Microsoft Graph data", and those of
any network. The document is an object with a list ``faults``; what each kind takes is said by the classes below.
"""

from typing import Annotated, Literal

import msgspec

EVERY_ROUTE = "*"

DeltaExpiry = Literal["gone", "syncStateNotFound", "resyncRequired"]
"""How an expired token is told: 410 with a Location, or a 400 with one of the documented codes."""

_Count = Annotated[int, msgspec.Meta(ge=1)]
_Skipped = Annotated[int, msgspec.Meta(ge=0)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=600)]
_WholeSeconds = Annotated[int, msgspec.Meta(ge=0)]
_FailureStatus = Annotated[int, msgspec.Meta(ge=400, le=599)]
_Host = Annotated[str, msgspec.Meta(pattern=r"^https?://[^/?#\s]+$")]

CREATE_SUBSCRIPTION = "POST subscriptions"
DELTA = "GET users/delta"


class _Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """What all faults have in common.

    Attributes:
        times: How many requests meet the fault; without it, every one until the fault is taken back.
        skip: How many requests it lets through first.
    """

    times: _Count | None = None
    skip: _Skipped = 0


class RouteFault(_Fault, frozen=True, kw_only=True, omit_defaults=True):
    """A fault of one route, or of every route.

    Attributes:
        route: A name as ``graph.requests`` has it, such as ``GET users/delta``, or ``*``.
        where: Whether the fault is for requests inside a batch, for those that come alone, or for either.
    """

    route: str = EVERY_ROUTE
    where: Literal["anywhere", "alone", "batch"] = "anywhere"


class AnswerFault(_Fault, frozen=True, kw_only=True, omit_defaults=True):
    """A fault of a whole HTTP answer: a batch has it by its own route ``POST $batch``, never by an inner one.

    Attributes:
        route: A name as ``graph.requests`` has it, or ``*``.
    """

    route: str = EVERY_ROUTE


class StatusFault(RouteFault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="status"):
    """An error status: 429, 500, 503 and the like.

    Attributes:
        status: The status.
        retry_after: Seconds that ``Retry-After`` names; without it there is no such header.
        retry_after_as: Whether the header has seconds or the HTTP date that many seconds ahead.
    """

    status: _FailureStatus
    retry_after: _WholeSeconds | None = None
    retry_after_as: Literal["seconds", "date"] = "seconds"


class HangFault(RouteFault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="hang"):
    """An answer that takes its time; it comes beside other faults, not in their place."""

    seconds: _Seconds


class LostAnswerFault(RouteFault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="lostAnswer"):
    """A request that is carried out and then answered with a failure: a subscription is there and seems not to be."""

    route: str = CREATE_SUBSCRIPTION
    status: _FailureStatus = 503


class ForeignNextLinkFault(
    RouteFault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="foreignNextLink"
):
    """A listing that goes on at another host, whether or not there is more to list."""

    host: _Host = "https://graph.microsoft.example"


class ResetFault(AnswerFault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="reset"):
    """A connection that is reset in the place of an answer."""


class TruncatedFault(AnswerFault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="truncated"):
    """A body that ends in the middle of its JSON."""


class HtmlFault(AnswerFault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="html"):
    """A page for people, as proxies and portals send it.

    Attributes:
        status: The status, which may claim success.
    """

    status: Literal[200, 502, 503, 504] = 502


class ClockSkewFault(AnswerFault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="clockSkew"):
    """A server whose clock is wrong; it comes beside other faults, not in their place.

    Attributes:
        seconds: How far the ``Date`` header and the times of what happened are ahead, or behind if negative.
    """

    seconds: Annotated[int, msgspec.Meta(ge=-604_800, le=604_800)]


class DeltaExpiredFault(_Fault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="deltaExpired"):
    """Delta tokens that are forgotten when one of them is presented.

    Attributes:
        form: How the answer says so.
    """

    form: DeltaExpiry = "gone"


class DeniedFault(_Fault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="denied"):
    """A permission that the application does not have: every route that needs it answers 403.

    Attributes:
        permission: The permission's name, such as ``User.Read.All``.
    """

    permission: str


class QuotaFault(_Fault, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="quota"):
    """A quota of subscriptions that is used up: no subscription can be made."""


Damage = ResetFault | TruncatedFault | HtmlFault
"""Faults of the answer's bytes."""

Fault = (
    StatusFault
    | HangFault
    | LostAnswerFault
    | ForeignNextLinkFault
    | ResetFault
    | TruncatedFault
    | HtmlFault
    | ClockSkewFault
    | DeltaExpiredFault
    | DeniedFault
    | QuotaFault
)


class FaultsDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The faults as JSON: what is listed, and what takes their place."""

    faults: tuple[Fault, ...]
