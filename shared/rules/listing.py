"""What it means that the voice export does not list an account: nothing, unless it could have done so.

Teams lists resource accounts by their licences, so that one that lost its own drops out of the list.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.model.directory import Account
from shared.rules.snapshot import Snapshot

GRACE = timedelta(days=1)
"""How long an account may take until Teams lists it: it is made in the directory first."""

RESOURCE_ACCOUNTS = "Teams admin center: Voice > Resource accounts"


def listed_at(snapshot: Snapshot) -> datetime | None:
    """When the last complete list of resource accounts was exported; None where there never was one."""
    voice, read = snapshot.voice, snapshot.state.source("voice").complete_as_of
    if voice is None or voice.instances is None or read is None:
        return None
    # Behind an export that is not complete stands an older one that was: only that one proves an absence.
    return min(voice.exported_at, read)


def is_listed(snapshot: Snapshot, account: Account) -> bool:
    """Whether Teams lists the account, and not as deleted."""
    return snapshot.lines is not None and account.id in snapshot.lines.instances


def left_out(snapshot: Snapshot) -> tuple[Account, ...]:
    """The resource accounts that a complete export, made after their creation, does not list, not even as deleted."""
    at = listed_at(snapshot)
    if at is None or snapshot.voice is None:
        return ()
    listed = {each.id for each in snapshot.voice.instances or ()}
    return tuple(
        account
        for account in snapshot.resource_accounts
        if account.created is not None and account.created < at and account.id not in listed
    )


def dropped(snapshot: Snapshot) -> tuple[Account, ...]:
    """Those of them that the monitor knew, and that existed, long enough before the export to be in it.

    A user can be made a resource account years after its creation: then it was first seen a short while ago.
    """
    at = listed_at(snapshot)
    if at is None:
        return ()
    return tuple(account for account in left_out(snapshot) if at - _known_since(snapshot, account, at) >= GRACE)


def _known_since(snapshot: Snapshot, account: Account, at: datetime) -> datetime:
    history = snapshot.state.licence_histories.get(account.id)
    seen = history.changes[0].since if history is not None and history.changes else None
    return max(each for each in (account.created or at, seen) if each is not None)
