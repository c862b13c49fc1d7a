"""What the reads of a tenant give. Every result carries when its read began, by the monitor's clock."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.model.directory import Account, AccountChange, Departed
from shared.model.errors import SourceError
from shared.model.licences import CommerceSubscription, Sku
from shared.model.numbers import CallingState, PhoneNumber
from shared.model.referenced import DirectoryObject


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


class ObjectsRead(msgspec.Struct, frozen=True, kw_only=True):
    """Users and groups looked up by their ids: what was found, and which ids the directory does not have.

    An id that is in neither was not judged: `unjudged` are those for which it would not help to ask again at once,
    the others were not reached. `failed` is why a part was not answered; `refused` that objects of every kind may not
    be looked up, so that users were read one by one, and no group was.
    """

    begun: datetime
    found: tuple[DirectoryObject, ...] = ()
    missing: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    failed: SourceError | None = None
    refused: bool = False


class DeltaRead(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since `base`, and the link that continues from here; not all of it where it is not `complete`."""

    begun: datetime
    base: str
    link: str
    changes: tuple[AccountChange, ...]
    complete: bool = True
