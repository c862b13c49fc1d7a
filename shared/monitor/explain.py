"""One account, explained: the tenant is read anew upon what is remembered of it, and nothing is kept or sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import msgspec

from shared.graph.wire import USER_FIELDS, WireUser
from shared.model.directory import Account, Departed
from shared.model.errors import LinekeeperError, NotThere, SourceError
from shared.model.sources import REQUIRED, Source
from shared.model.tenant import TenantState
from shared.monitor.baseline import read_everything
from shared.monitor.lookup import guid, ids_of, nearest, telephone_number
from shared.monitor.monitor import Monitor
from shared.monitor.occasion import snapshot_of
from shared.rules.catalogue import RULES
from shared.rules.explanation import Explanation, explain

LISTED = 10
"""How many ids an error names."""


class Explained(msgspec.Struct, frozen=True):
    """An explanation; `is_blind` tells that licences or accounts could not be read, so that parts of it may be old."""

    explanation: Explanation
    is_blind: bool


async def explain_account(monitor: Monitor, text: str) -> Explained:
    """Read the tenant, and explain the account that is meant by an id, a UPN, a telephone number or a display name.

    Raises:
        LinekeeperError: nobody is known by that, or several are.
    """
    before = await monitor.load()
    await read_everything(monitor)
    state = await monitor.load()
    account = await _found(monitor, state, text, before.accounts)
    if isinstance(account, Account) and account.id not in state.accounts:
        state = msgspec.structs.replace(state, accounts=state.accounts | {account.id: account})
    return Explained(
        explain(snapshot_of(state, monitor.occasion()), account, RULES),
        is_blind=any(state.source(source).state != "complete" for source in REQUIRED),
    )


async def _found(monitor: Monitor, state: TenantState, text: str, before: Mapping[str, Account]) -> Account | Departed:
    ids = ids_of(state, text, before)
    if len(ids) > 1:
        more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
        raise LinekeeperError(
            f"{text!r} may be any of {len(ids)} accounts: give one id of {_listed(state, ids)}{more}."
        )
    if ids:
        known = state.accounts.get(ids[0]) or state.departed.get(ids[0])
        found = known or await _read(monitor, ids[0], text)
    else:
        found = await _read(monitor, text.strip(), text) if "@" in text else None
    if found is None:
        raise _unknown(state, text)
    return found


def _listed(state: TenantState, ids: tuple[str, ...]) -> str:
    return ", ".join(f"{each} (deleted)" if each in state.departed else each for each in ids[:LISTED])


def _unknown(state: TenantState, text: str) -> LinekeeperError:
    near = nearest(state, text)
    meant = f" The nearest known is {near!r}." if near else ""
    unread = "".join(f" The {source} {why}" for source, why in _unread(state, text))
    return LinekeeperError(
        f"no account is known by {text!r}.{unread}{meant} Give a user principal name, an id, the telephone number of a "
        "line, or the display name of a resource account."
    )


def _unread(state: TenantState, text: str) -> Iterator[tuple[Source, str]]:
    """The sources that would tell who is meant, and why they do not."""
    telling: tuple[Source, ...] = ("accounts", "numbers") if telephone_number(text) else ("accounts",)
    for source in telling:
        known = state.source(source)
        if known.state == "absent":
            yield source, "are not read."
        elif known.state != "complete":
            yield source, f"could not be read: {known.problem}"


async def _read(monitor: Monitor, key: str, text: str) -> Account | Departed | None:
    """Read somebody who is not followed: anybody may be asked for."""
    try:
        return await (_read_by_id(monitor, key) if guid(key) else _read_by_principal_name(monitor, key))
    except SourceError as problem:
        raise LinekeeperError(
            f"{text!r} is not among the followed accounts, and cannot be looked up: {problem}"
        ) from None


async def _read_by_id(monitor: Monitor, user_id: str) -> Account | Departed | None:
    read = await monitor.reader.accounts([user_id])
    restorable = (each for each in read.departed if each.restorable)
    return next(iter(read.found), None) or next(restorable, None)


async def _read_by_principal_name(monitor: Monitor, name: str) -> Account | None:
    """A live user by its principal name. Deleted ones are known to Graph by id alone."""
    url = f"{monitor.transport.url}/users/{quote(name, safe='')}?$select={','.join(USER_FIELDS)}"
    begun = monitor.clock()
    try:
        user = await monitor.transport.fetch(monitor.transport.follow(url), WireUser)
    except NotThere:
        return None
    return user.account(begun)
